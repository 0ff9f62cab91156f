"""Offers beside each other, over a term, and beside what the council pays now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, Sum

from boroughs.models import Body, Council
from londonpsn.common.money import in_pennies_or_finer, to_the_penny
from services.models import Contract, Line, Price, Quote
from services.queries.prices import price_of
from services.whole_life import WholeLife, whole_life


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that could be bought, and what it comes to; ``cost`` None says why in ``note``."""

    key: str
    label: str
    reference: str
    supplier: str
    service_type: str
    cost: WholeLife | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class PaidNow:
    """What the council itself pays now for one kind of service, schools and others apart.

    ``monthly`` is pounds of the lines whose price is known, ``unpriced`` of how many it is not.
    """

    service_type: str
    lines: int
    quantity: int
    monthly: Decimal | None
    unpriced: int

    def for_quantity(self, quantity: int, months: int) -> Decimal | None:
        """Return what so many would cost at today's average, where all prices are known."""
        if self.unpriced or not self.monthly or not self.quantity:
            return None
        return to_the_penny(self.monthly * quantity / self.quantity) * months


def offers_of(
    user, council: Council, family: str, *, day: date, quantity: int, months: int
) -> list[Offer]:
    """Return the book's items and the council's quotes of a family of services, cheapest first."""
    offers = [
        *_book_offers(user, council, family, day, quantity, months),
        *_quoted_offers(user, council, family, day, quantity, months),
    ]
    return sorted(offers, key=lambda one: (one.cost is None, one.cost and one.cost.total, one.key))


def _book_offers(user, council, family, day, quantity, months) -> Iterable[Offer]:
    held = Price.objects.visible_to(user).filter(
        contract__council=council,
        contract__stage=Contract.Stage.AWARDED,
        item__service_type__family=family,
    )
    rows = held.in_force_on(day).select_related("item__service_type", "contract__supplier")
    bands: dict[tuple, list[Price]] = {}
    for price in rows.order_by("contract__reference", "item__code", "from_quantity"):
        bands.setdefault((price.contract_id, price.item_id), []).append(price)
    for (contract, item), prices in bands.items():
        found = price_of(
            ((p.kind, p.from_quantity, p.amount, p.term_months) for p in prices), quantity
        )
        one = prices[0]
        cost, note = None, f"The book has no price for {quantity:,}, only for more."
        if found and found.recurring is None:
            note = "The book has no monthly price."
        elif found:
            note = "" if found.one_off is not None else "No one-off price is held; none is counted."
            cost = whole_life(
                monthly=found.recurring * quantity,
                one_off=(found.one_off or Decimal(0)) * quantity,
                months=months,
                agreed_months=found.term_months,
                exit_percent=one.contract.exit_percent,
            )
            if found.next_from and found.next_recurring < found.recurring:
                price = in_pennies_or_finer(found.next_recurring)
                note = f"{note} From {found.next_from:,} on one costs £{price} a month.".strip()
        yield Offer(
            key=f"p{contract}-{item}",
            label=one.item.name,
            reference=one.contract.reference,
            supplier=one.contract.supplier.name,
            service_type=one.item.service_type.name,
            cost=cost,
            note=note,
        )


def _quoted_offers(user, council, family, day, quantity, months) -> Iterable[Offer]:
    quotes = Quote.objects.visible_to(user).of_council(council).orderable_on(day)
    quotes = quotes.filter(item__service_type__family=family)
    for quote in quotes.select_related("item__service_type", "contract__supplier").order_by("pk"):
        cost, note = None, f"Quoted for {quote.quantity:,}, not for {quantity:,}."
        if quote.quantity == quantity:
            note = ""
            cost = whole_life(
                monthly=quote.monthly,
                one_off=quote.one_off,
                months=months,
                agreed_months=quote.term_months,
                exit_percent=quote.contract.exit_percent,
            )
        yield Offer(
            key=f"q{quote.pk}",
            label=f"Quote {quote.number}: {quote.item.name}",
            reference=quote.contract.reference,
            supplier=quote.contract.supplier.name,
            service_type=quote.item.service_type.name,
            cost=cost,
            note=note,
        )


def paid_now(user, council: Council, family: str, day: date) -> list[PaidNow]:
    """Return what the council's own lines of a family cost a month on a day, by kind of service."""
    lines = (
        Line.objects.visible_to(user)
        .of_council(council)
        .filter(body__kind=Body.Kind.COUNCIL, service_type__family=family)
        .billed_on(day)
        .with_monthly(day)
        .values("service_type__name")
        .annotate(
            lines=Count("pk"),
            number=Sum("quantity"),
            pounds=Sum("monthly"),
            unpriced=Count("pk", filter=Q(monthly=None)),
        )
        .order_by("service_type__name")
    )
    return [
        PaidNow(
            row["service_type__name"], row["lines"], row["number"], row["pounds"], row["unpriced"]
        )
        for row in lines
    ]
