"""Real payments as pages and the API show them."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from boroughs.models import Council, User
from procurement.models import Payment, PaymentFile, Series


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """Real payments of one published name in one month; pounds net of VAT."""

    supplier: str
    name: str
    month: date
    amount: Decimal
    rows: int


def payment_summary(
    user: User,
    council: Council | None = None,
    *,
    series: Series = Series.SUPPLIER_PAYMENTS,
    from_month: date | None = None,
    to_month: date | None = None,
) -> list[PaymentRow]:
    """Return the real payments that the person sees, by supplier, published name and month.

    Of one series: a payment can stand in two of them, so they are never added up.
    """
    payments = Payment.objects.visible_to(user).filter(series=series)
    if council:
        payments = payments.of_council(council)
    if from_month:
        payments = payments.filter(month__gte=from_month)
    if to_month:
        payments = payments.filter(month__lte=to_month)
    names = ("supplier__name", "published_name", "month")
    rows = payments.values(*names).annotate(total=Sum("amount"), rows=Count("pk")).order_by(*names)
    return [
        PaymentRow(
            row["supplier__name"], row["published_name"], row["month"], row["total"], row["rows"]
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Spend:
    """Real payments of one series as a table: months down, suppliers across, dearest first."""

    suppliers: list[str]
    months: list[tuple[date, list[Decimal | None], Decimal]]
    totals: list[Decimal]
    total: Decimal
    rows: int


def spend_table(rows: Collection[PaymentRow]) -> Spend | None:
    """Return the payments by month and supplier, None when there are none."""
    if not rows:
        return None
    cells: Counter = Counter()
    for row in rows:
        cells[row.month, row.supplier] += row.amount
    by_supplier: Counter = Counter()
    for (_, supplier), amount in cells.items():
        by_supplier[supplier] += amount
    suppliers = [supplier for supplier, _ in by_supplier.most_common()]
    months = sorted({month for month, _ in cells})
    return Spend(
        suppliers=suppliers,
        months=[
            (
                month,
                [cells.get((month, supplier)) for supplier in suppliers],
                sum(cells[month, supplier] for supplier in suppliers),
            )
            for month in months
        ],
        totals=[by_supplier[supplier] for supplier in suppliers],
        total=sum(by_supplier.values()),
        rows=sum(row.rows for row in rows),
    )


def payment_files(user: User, council: Council | None, series: Series) -> QuerySet[PaymentFile]:
    """Return the files of one series that the person sees, with their council and loader."""
    files = PaymentFile.objects.visible_to(user).filter(series=series)
    if council:
        files = files.of_council(council)
    return files.select_related("council", "loaded_by")
