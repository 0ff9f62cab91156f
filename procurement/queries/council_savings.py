"""Savings as pages and the API show them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db.models import Count, Sum

from boroughs.models import Body, User
from londonpsn.common.money import percent
from londonpsn.common.periods import (
    add_months,
    financial_year_code,
    month_code,
    month_of,
)
from procurement.models import SavingsByMonth, SavingsCoverage
from procurement.savings import (
    Amounts,
    pays_back,
)

# What savings can be grouped by, and the column it is kept in; time is grouped by month.
KEYS = {
    "council": "council__register_code",
    "body_kind": "body_kind",
    "service_type": "service_type__code",
}
PERIODS = {"month": month_code, "financial_year": financial_year_code}
GROUPINGS = (*PERIODS, *KEYS)
AMOUNTS = ("baseline", "legacy", "new", "one_off")


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what is in scope a saving rests on; pounds a month and old lines."""

    amount: Decimal = Decimal(0)
    amount_covered: Decimal = Decimal(0)
    lines: int = 0
    lines_covered: int = 0

    @property
    def amount_percent(self) -> Decimal | None:
        return percent(self.amount_covered, self.amount)

    @property
    def lines_percent(self) -> Decimal | None:
        return percent(self.lines_covered, self.lines)


@dataclass(frozen=True, slots=True)
class SavingsRow:
    """Pounds of one period or of one key."""

    key: str
    amounts: Amounts
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class SavingsFilter:
    """Which savings: those that ``user`` sees, of these councils, from a month to a month.

    ``user`` None is the portal itself, which sees everything; both months are included.
    """

    user: User | None
    council_ids: Collection[int] | None = None
    body_kind: str | None = None
    service_types: Collection[int] | None = None
    from_month: date | None = None
    to_month: date | None = None

    def apply(self, model, *, by_month: bool = True):
        rows = model.objects.visible_to(self.user) if self.user else model.objects.all()
        if self.council_ids is not None:
            rows = rows.filter(council__in=self.council_ids)
        if self.body_kind:
            rows = rows.filter(body_kind=self.body_kind)
        if self.service_types is not None:
            rows = rows.filter(service_type__in=self.service_types)
        if by_month and self.from_month:
            rows = rows.filter(month__gte=self.from_month)
        if by_month and self.to_month:
            rows = rows.filter(month__lte=self.to_month)
        return rows


def savings(wanted: SavingsFilter, group_by: str) -> list[SavingsRow]:
    """Return savings by period or by key, in order; every month asked for is there."""
    if group_by in PERIODS:
        return _by_period(wanted, PERIODS[group_by])
    column = KEYS[group_by]
    coverage = coverage_by(wanted, column)
    rows = wanted.apply(SavingsByMonth).values(column).annotate(**_sums(AMOUNTS))
    return [
        SavingsRow(row[column], _amounts(row), coverage.get(row[column], Coverage()))
        for row in rows.order_by(column)
    ]


def savings_by_month(wanted: SavingsFilter) -> dict[date, Amounts]:
    """Return the sums of every month of the filter, zero where nothing is held."""
    rows = wanted.apply(SavingsByMonth).values("month").annotate(**_sums(AMOUNTS))
    held = {row["month"]: _amounts(row) for row in rows.order_by("month")}
    if not held and not (wanted.from_month and wanted.to_month):
        return {}
    month = wanted.from_month or min(held)
    last = wanted.to_month or max(held)
    months = {}
    while month <= last:
        months[month] = held.get(month, Amounts())
        month = add_months(month, 1)
    return months


@dataclass(frozen=True, slots=True)
class Headline:
    """Pounds of a span of months with their coverage: expected, from contract prices."""

    amounts: Amounts
    coverage: Coverage
    from_month: date
    to_month: date


@dataclass(frozen=True, slots=True)
class TableRow:
    """One month or financial year; ``is_planned`` when no month of it has ended."""

    code: str
    first_month: date
    words: str
    is_planned: bool
    amounts: Amounts
    added_up: Decimal

    @property
    def share(self) -> Decimal | None:
        return self.amounts.share


@dataclass(frozen=True, slots=True)
class SavingsTable:
    """Savings of one kind of body, period by period. Kinds are never added to one another.

    ``councils`` is how many are in every month's sum, at the least.
    """

    body_kind: str
    councils: int
    rows: list[TableRow]
    to_date: Headline
    pays_back: date | None

    @property
    def total(self) -> Amounts:
        return sum((row.amounts for row in self.rows), Amounts())


def savings_tables(wanted: SavingsFilter, period: str, today: date) -> dict[str, SavingsTable]:
    """Return a table for each kind of body that has savings, by ``month`` or ``financial_year``.

    The council's own comes first, and no two are added up. "To date" is up to the last month ended
    by ``today``; later months are planned (decisions 16 and 17).
    """
    rows = wanted.apply(SavingsByMonth).values("body_kind", "month")
    rows = rows.annotate(councils=Count("council", distinct=True), **_sums(AMOUNTS))
    by_kind: dict[str, dict[date, Amounts]] = {}
    councils: dict[str, set[int]] = {}
    for row in rows.order_by("month"):
        by_kind.setdefault(row["body_kind"], {})[row["month"]] = _amounts(row)
        councils.setdefault(row["body_kind"], set()).add(row["councils"])
    covered = coverage_by(wanted, "body_kind")
    last = last_month_ended(today)
    return {
        kind: SavingsTable(
            kind,
            min(councils[kind]),
            _table_rows(months, PERIODS[period], last),
            Headline(
                sum((a for month, a in months.items() if month <= last), Amounts()),
                covered.get(kind, Coverage()),
                min(months),
                min(last, max(months)),
            ),
            pays_back(months),
        )
        for kind in Body.Kind.values
        if (months := by_kind.get(kind))
    }


def _table_rows(months: dict[date, Amounts], code_of, last: date) -> list[TableRow]:
    periods: dict[str, dict[date, Amounts]] = {}
    for month, amounts in months.items():
        periods.setdefault(code_of(month), {})[month] = amounts
    rows, added_up = [], Decimal("0.00")
    for code, held in periods.items():
        amounts = sum(held.values(), Amounts())
        added_up += amounts.net
        ended = sum(month <= last for month in held)
        words = _progress_words(ended, len(held))
        rows.append(TableRow(code, min(held), words, not ended, amounts, added_up))
    return rows


def _progress_words(ended: int, months: int) -> str:
    if ended == 0:
        return "planned"
    if months == 1:
        return ""
    if ended == months:
        return "year ended" if months == 12 else "ended"
    return f"{ended} month{'' if ended == 1 else 's'} to date, {months - ended} planned"


def coverage_by(wanted: SavingsFilter, column: str) -> dict[str, Coverage]:
    rows = wanted.apply(SavingsCoverage, by_month=False).values(column)
    rows = rows.annotate(**_sums(("amount", "amount_covered", "lines", "lines_covered")))
    return {row.pop(column): Coverage(**row) for row in rows.order_by(column)}


def coverage(wanted: SavingsFilter) -> Coverage:
    """Return the coverage of everything in the filter."""
    sums = _sums(("amount", "amount_covered", "lines", "lines_covered"))
    row = wanted.apply(SavingsCoverage, by_month=False).aggregate(**sums)
    return Coverage(**{name: value or 0 for name, value in row.items()})


def _by_period(wanted: SavingsFilter, code_of) -> list[SavingsRow]:
    covered = coverage(wanted)
    periods: dict[str, Amounts] = {}
    for month, amounts in savings_by_month(wanted).items():
        code = code_of(month)
        periods[code] = periods.get(code, Amounts()) + amounts
    return [SavingsRow(code, amounts, covered) for code, amounts in periods.items()]


def _sums(names: Iterable[str]) -> dict[str, Sum]:
    return {name: Sum(name) for name in names}


def _amounts(row: dict) -> Amounts:
    return Amounts(**{name: row[name] for name in AMOUNTS})


def council_shares(wanted: SavingsFilter, today: date) -> dict[str, Decimal | None]:
    """Return by register code how much less than the old price each council paid to date.

    In per cent, without one-offs.
    """
    to_date = replace(wanted, to_month=last_month_ended(today))
    rows = to_date.apply(SavingsByMonth).values("council__register_code")
    rows = rows.annotate(**_sums(AMOUNTS)).order_by("council__register_code")
    return {row["council__register_code"]: _amounts(row).share for row in rows}


def last_month_ended(today: date) -> date:
    """Return the last month that was over by the end of the day before ``today`` or on it."""
    tomorrow = date.fromordinal(today.toordinal() + 1)
    return add_months(month_of(tomorrow), -1)
