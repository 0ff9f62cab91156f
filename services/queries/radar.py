"""Contracts that still run: when each ends, until when to give notice, what it costs a month."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import (
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)

from boroughs.models import Body
from londonpsn.common.money import ZERO
from services.models import Charge, Contract, ContractExtension, Line, ReplacementLine
from services.models.contract import EndsByTerms
from services.models.line import billed_on, in_use_on
from services.radar import Running
from services.terms import Ending, notice_due

SOON = timedelta(days=90)  # for notice that is due
SLACK = timedelta(days=14)  # more than ever lies between two working days


@dataclass(slots=True)
class Signed(EndsByTerms):
    """A signed contract by those of its many columns that are shown: there are many contracts."""

    pk: int
    council_slug: str
    council_code: str
    council_name: str
    supplier_id: int
    supplier_code: str
    supplier_name: str
    reference: str
    title: str
    kind: str
    ends_on: date | None
    minimum_term_ends_on: date | None
    notice_days: int | None
    notice_given_on: date | None
    renewal: str
    roll_on_months: int | None
    options: Sequence[ContractExtension]


NAMES = {
    "council_slug": F("council__slug"),
    "council_code": F("council__register_code"),
    "council_name": F("council__short_name"),
    "supplier_code": F("supplier__code"),
    "supplier_name": F("supplier__name"),
}
SHOWN = [one.name for one in fields(Signed) if one.name != "options"]  # options are the last


@dataclass(slots=True)
class Standing:
    """A contract as it stands on a day, with the months of its options not taken yet.

    ``notice_by`` is until when somebody has to act, as Contract.notice_due() has it.
    """

    contract: Signed
    ending: Ending
    options: tuple[int, ...]
    notice_by: date | None
    today: date

    @property
    def notice_given_on(self) -> date | None:
        """The day of a notice that was given in time for this end."""
        day, given = self.contract.notice_given_on, self.ending.notice_by
        return day if day and given and day <= given else None

    @property
    def is_late(self) -> bool:
        return self.notice_by is not None and self.notice_by < self.today

    @property
    def is_due_soon(self) -> bool:
        return self.notice_by is not None and self.today <= self.notice_by <= self.today + SOON

    def is_due_before(self, day: date) -> bool:
        """Answer whether its last day, or that for notice, lies before ``day``."""
        ends_on, notice_by = self.ending.ends_on, self.notice_by
        ends = ends_on is not None and ends_on <= day  # it is the first day without
        return ends or (notice_by is not None and notice_by < day)


def may_run(contracts: QuerySet[Contract], day: date) -> QuerySet[Contract]:
    """Leave out most contracts that ended before a day.

    Plain columns alone decide here, so that the many old contracts that are long over are not
    fetched; Contract.ending() says the rest.
    """
    later = Q(ends_on=None) | Q(ends_on__gt=day) | Q(renewal=Contract.Renewal.ROLLS_ON)
    extended = ContractExtension.objects.filter(contract=OuterRef("pk"), taken_on__isnull=False)
    return contracts.filter(later | Exists(extended))


def due_before(contracts: QuerySet[Contract], day: date) -> QuerySet[Contract]:
    """Leave out what cannot end, or need notice, before a day; what has no end is kept.

    By the end first signed: what was extended or rolled on ends later still.
    """
    last_day_for_notice = ExpressionWrapper(F("ends_on") - F("notice_days"), DateField())
    return contracts.alias(notice_on=last_day_for_notice).filter(
        Q(ends_on=None) | Q(ends_on__lte=day) | Q(notice_on__lte=day + SLACK)
    )


def standings_of(contracts: QuerySet[Contract], today: date) -> list[Standing]:
    """Return the signed contracts that run on the day, the first to end first; two queries.

    Those of which no end is known are last.
    """
    found = []
    for contract in _signed(may_run(contracts.awarded(), today)):
        ends = contract.ending(today)
        if ends.ends_on is None or ends.ends_on > today:
            options = contract.options_left(today)
            act_by = notice_due(
                ends,
                options,
                ends_by_itself=contract.renewal == Contract.Renewal.ENDS,
                notice_given_on=contract.notice_given_on,
            )
            found.append(Standing(contract, ends, options, act_by, today))
    return sorted(found, key=lambda one: (one.ending.ends_on or date.max, one.contract.pk))


def _signed(contracts: QuerySet[Contract]) -> Iterator[Signed]:
    options: dict[int, list[ContractExtension]] = defaultdict(list)
    for one in ContractExtension.objects.filter(contract__in=contracts).order_by("number"):
        options[one.contract_id].append(one)
    for row in contracts.annotate(**NAMES).values_list(*SHOWN):
        yield Signed(*row, options.get(row[0], ()))


@dataclass(slots=True)
class Provided:
    """What a contract provides to one kind of body on a day.

    ``monthly`` is pounds a month billed, None where that of a line is not known. ``families`` are
    codes.
    """

    monthly: Decimal | None = ZERO
    families: set[str] = field(default_factory=set)


def provided_by(contracts: QuerySet[Contract], day: date) -> dict[str, dict[int, Provided]]:
    """Return what the contracts' lines in use come to, by kind of body and contract; one query."""
    recurring = Q(charges__kind=Charge.Kind.RECURRING, charges__starts_on__lte=day)
    open_end = Q(charges__ends_on=None) | Q(charges__ends_on__gt=day)
    rows = (
        Line.objects.filter(in_use_on(day), contract__in=contracts)
        .annotate(price=FilteredRelation("charges", condition=recurring & open_end))
        .values_list("contract", "body__kind", "service_type__family")
        .annotate(
            known=Sum("price__amount", filter=billed_on(day)),
            unpriced=Count("pk", filter=billed_on(day) & Q(price=None)),
        )
        .order_by()
    )
    found: dict[str, dict[int, Provided]] = defaultdict(lambda: defaultdict(Provided))
    for contract, kind, family, known, unpriced in rows:
        sums = found[kind][contract]
        sums.families.add(family)
        sums.monthly = None if unpriced else _plus(sums.monthly, known or ZERO)
    return found


def new_prices(contracts: Collection[int], kind: str, day: date) -> dict[int, Decimal | None]:
    """Return for each contract the pounds a month of the new lines that its old ones give way to.

    None where one of its billed lines gives way to nothing of which a price is known, or shares its
    new line with a line of another contract, or of none. A contract without billed old lines is
    left out. Two queries.
    """
    is_open = Q(let_go_on=None) | Q(let_go_on__gt=day)
    members = ReplacementLine.objects.filter(is_open)
    old = members.filter(side=ReplacementLine.Side.OLD)
    billed = old.filter(billed_on(day, "line__"), line__body__kind=kind)
    ours = billed.filter(line__contract__in=contracts)
    holders = billed.filter(replacement__in=ours.values("replacement"))
    asked = set(contracts)
    replaced: dict[int, set[int]] = defaultdict(set)
    contracts_of: dict[int, set[int | None]] = defaultdict(set)
    for replacement, contract in holders.values_list("replacement", "line__contract"):
        contracts_of[replacement].add(contract)
        if contract in asked:
            replaced[contract].add(replacement)
    to_come = (
        Charge.objects.filter(line=OuterRef("line"), kind=Charge.Kind.RECURRING)
        .exclude(ends_on__lte=day)
        .order_by("starts_on")
    )
    new = members.filter(side=ReplacementLine.Side.NEW, replacement__in=list(contracts_of))
    price = Subquery(to_come.values("amount")[:1])
    prices: dict[int, Decimal | None] = {}
    for replacement, amount in new.annotate(price=price).values_list("replacement", "price"):
        prices[replacement] = _plus(prices.get(replacement, ZERO), amount)
    return {
        contract: _sum(
            prices.get(one) if len(contracts_of[one]) == 1 else None for one in replacements
        )
        for contract, replacements in replaced.items()
    }


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    total: Decimal | None = ZERO
    for amount in amounts:
        total = _plus(total, amount)
    return total


def _plus(total: Decimal | None, amount: Decimal | None) -> Decimal | None:
    return None if total is None or amount is None else total + amount


@dataclass(slots=True)
class RadarRow:
    """One contract on the radar.

    ``monthly`` is pounds a month now, ``waiting`` what each month costs until its lines have moved:
    that less the price of their new lines. None is not known.
    """

    standing: Standing
    provided: Provided
    waiting: Decimal | None = None

    @property
    def contract(self) -> Contract:
        return self.standing.contract

    @property
    def council(self) -> str:
        return self.contract.council_name

    @property
    def supplier(self) -> str:
        return self.contract.supplier_name

    @property
    def ends_on(self) -> date | None:
        return self.standing.ending.ends_on

    @property
    def notice_by(self) -> date | None:
        return self.standing.notice_by

    @property
    def monthly(self) -> Decimal | None:
        return self.provided.monthly

    def as_running(self) -> Running:
        contract = self.contract
        rolls_on = contract.renewal == Contract.Renewal.ROLLS_ON
        return Running(
            key=contract.pk,
            ends_on=self.ends_on,
            monthly=self.monthly,
            options=self.standing.options,
            roll_on_months=contract.roll_on_months if rolls_on else None,
            minimum_term_ends_on=contract.minimum_term_ends_on,
        )


def radar_rows(
    standings: Sequence[Standing], contracts: QuerySet[Contract], kind: Body.Kind, day: date
) -> list[RadarRow]:
    """Return standings of contracts by what they provide to one kind of body; one query.

    One that provides lines to other kinds alone is left out: kinds are never one sum (decisions
    17). One that provides no line yet is kept.
    """
    provided = provided_by(contracts, day)
    ours, others = provided.pop(kind, {}), set().union(*provided.values())
    return [
        RadarRow(one, ours.get(one.contract.pk) or Provided())
        for one in standings
        if one.contract.pk in ours or one.contract.pk not in others
    ]


def with_waiting(rows: Sequence[RadarRow], kind: Body.Kind, day: date) -> Sequence[RadarRow]:
    """Have the rows say what each month of waiting costs; two queries."""
    prices = new_prices([row.contract.pk for row in rows], kind, day)
    for row in rows:
        price = prices.get(row.contract.pk)
        if price is not None and row.monthly is not None:
            row.waiting = row.monthly - price
    return rows


def notices_asked(contracts: QuerySet[Contract], before: date, today: date) -> Iterator[Standing]:
    """Yield the contracts of which notice is late or due before a day, the oldest day first."""
    dated = contracts.filter(ends_on__isnull=False, notice_days__isnull=False)
    asked = [
        one
        for one in standings_of(due_before(dated, before), today)
        if one.notice_by is not None and one.notice_by < before
    ]
    yield from sorted(asked, key=lambda one: (one.notice_by, one.contract.pk))
