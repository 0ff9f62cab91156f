"""One move, and one line in it, with all of their money."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Prefetch

from londonpsn.common.periods import (
    Period,
    last_day,
    month_of,
    month_period,
)
from procurement.queries.council_savings import last_month_ended
from procurement.savings import (
    Amounts,
    Group,
    LineMoney,
    amounts_by_month,
    paid_twice,
    pays_back,
    price_of,
)
from services.charges import OneOff, Price
from services.models import Baseline, Charge, Line, Replacement, ReplacementLine
from services.queries import MoveRow, move_rows, steps_of
from services.stages import Stage
from services.steps import Step


@dataclass(frozen=True, slots=True)
class Member:
    """A line that takes part in a move, with what it is charged."""

    line: Line
    side: str
    let_go_on: date | None
    money: LineMoney


@dataclass(frozen=True, slots=True)
class Move:
    """One replacement with all of its money; ``baseline`` is the version that counts, if any."""

    baseline: Baseline | None
    members: tuple[Member, ...]

    @property
    def old(self) -> list[Member]:
        return [member for member in self.members if member.side == ReplacementLine.Side.OLD]

    @property
    def new(self) -> list[Member]:
        return [member for member in self.members if member.side == ReplacementLine.Side.NEW]

    @property
    def group(self) -> Group:
        """The move as savings are worked out from it."""
        return Group(
            baseline=self.baseline and price_of_baseline(self.baseline),
            old=tuple(member.money for member in self.old),
            new=tuple(member.money for member in self.new),
        )

    @property
    def not_known(self) -> list[str]:
        """What keeps the saving from being worked out, in sentences; none when it is covered."""
        if self.baseline is None:
            return ["No old price is held for this move."]
        window = price_of_baseline(self.baseline).period
        return [
            f"What {member.line.reference} costs is not known for every day on which it is billed."
            for member in self.members
            if not member.money.is_known(window, is_new=member.side == ReplacementLine.Side.NEW)
        ]


def move_of(replacement: Replacement) -> Move:
    """Load a replacement's lines, charges and old price; three queries, whatever their number."""
    members = (
        replacement.members.select_related(
            "line__supplier", "line__service_type", "line__site", "line__contract"
        )
        .prefetch_related(Prefetch("line__charges", Charge.objects.order_by("starts_on", "pk")))
        .order_by("line__reference", "pk")
    )
    return Move(
        baseline=replacement.baselines.order_by("-version").first(),
        members=tuple(
            Member(
                member.line,
                member.side,
                member.let_go_on,
                line_money(member.line, member.line.charges.all(), member.let_go_on),
            )
            for member in members
        ),
    )


def line_money(line: Line, charges: Iterable[Charge], let_go_on: date | None) -> LineMoney:
    """Return what a line is charged, in a replacement that lets it go on that day."""
    charges = list(charges)
    return LineMoney(
        billed=Period(line.billed_from, line.billed_until),
        prices=tuple(
            Price(charge.amount, Period(charge.starts_on, charge.ends_on))
            for charge in charges
            if charge.kind == Charge.Kind.RECURRING
        ),
        one_offs=tuple(
            OneOff(charge.amount, charge.starts_on)
            for charge in charges
            if charge.kind == Charge.Kind.ONE_OFF
        ),
        let_go_on=let_go_on,
    )


def price_of_baseline(baseline: Baseline) -> Price:
    return Price(baseline.amount, Period(baseline.starts_on, baseline.ends_on))


@dataclass(frozen=True, slots=True)
class MoveMonth:
    """One month of a move; ``is_planned`` while it has not ended."""

    month: date
    is_planned: bool
    amounts: Amounts
    paid_twice: Decimal
    added_up: Decimal


def move_months(group: Group, today: date) -> list[MoveMonth]:
    """Return every month of a move, none when it is not covered (decisions 16)."""
    last, added_up, rows = last_month_ended(today), Decimal("0.00"), []
    for month, amounts in amounts_by_month(group).items():
        added_up += amounts.net
        twice = paid_twice(group, month_period(month))
        rows.append(MoveMonth(month, month > last, amounts, twice, added_up))
    return rows


@dataclass(frozen=True, slots=True)
class MoveSentence:
    """What a move costs and saves up to a month, in pounds; None is not known or none.

    ``old_until`` is the last day on which anything old is billed.
    """

    old_monthly: Decimal
    old_suppliers: str
    old_until: date | None
    new_monthly: Decimal | None
    new_since: date | None
    to_month: date | None
    net: Decimal
    pays_back: date | None
    is_never_worse: bool
    last_month: date

    @property
    def worth(self) -> Decimal:
        return abs(self.net)

    @property
    def is_ahead(self) -> bool:
        """Whether the month in which it pays back has not ended yet."""
        return self.to_month is None or (self.pays_back or self.to_month) > self.to_month


def move_sentence(move: Move, months: list[MoveMonth], today: date) -> MoveSentence | None:
    """Return what is said of a move in one sentence, None when it is not covered."""
    if not months:
        return None
    ended = [row for row in months if not row.is_planned]
    # The days for which anything old is charged; of who was let go, until then.
    old = [
        counted
        for m in move.old
        for price in m.money.prices
        if (billed := price.period.overlap(m.money.billed))
        and (counted := billed.overlap(Period(None, m.let_go_on)))
    ]
    prices = [price_of(m.money, today) for m in move.new if m.let_go_on is None]
    starts = [
        m.money.billed.start or min(price.period.start for price in m.money.prices)
        for m in move.new
        if m.let_go_on is None and m.money.prices
    ]
    end = max(period.end for period in old) if old and all(p.end for p in old) else None
    return MoveSentence(
        old_monthly=move.baseline.amount,
        old_suppliers=" and ".join(dict.fromkeys(m.line.supplier.name for m in move.old)),
        old_until=last_day(end) if end else None,
        new_monthly=sum(prices) if prices and None not in prices else None,
        new_since=min(starts, default=None),
        to_month=ended[-1].month if ended else None,
        net=ended[-1].added_up if ended else Decimal("0.00"),
        pays_back=pays_back({row.month: row.amounts for row in months}),
        is_never_worse=all(row.added_up >= 0 for row in months),
        last_month=months[-1].month,
    )


@dataclass(frozen=True, slots=True)
class Behind:
    """The old line of a move that has furthest to go: its steps and history, latest first."""

    reference: str
    of: int
    steps: list[Step]
    moves: list[MoveRow]


def furthest_behind(move: Move) -> Behind | None:
    """Return how the old lines of a move stand, by the one furthest behind; three queries.

    None when no old line of it has a stage. Who was let go counts only where no other is left.
    """
    old = [m.line.pk for m in move.old if m.let_go_on is None] or [m.line.pk for m in move.old]
    staged = [line for line in Line.objects.filter(pk__in=old).with_stage() if line.stage]
    if not staged:
        return None
    last = min(staged, key=lambda line: (Stage(line.stage).number, line.reference))
    moves = move_rows(last.moves.all())
    found = steps_of(last.pk, Stage(last.stage), moves)
    return Behind(last.reference, len(old), found, moves)


def move_title(move: Move) -> str:
    """Return what gives way to what: as lines are described, else by their kinds of service."""
    old, new = (
        " and ".join(dict.fromkeys(m.line.description or m.line.service_type.name for m in members))
        for members in (move.old, move.new)
    )
    if old and new:
        title = f"{old} to {new}"
    else:
        title = f"{old}, not replaced" if old else f"{new}, nothing replaced"
    return title[:1].upper() + title[1:]


@dataclass(frozen=True, slots=True)
class Partner:
    """Another line of a move that a line takes part in."""

    line_id: int
    reference: str
    service: str
    supplier: str
    side: str
    let_go_on: date | None


@dataclass(frozen=True, slots=True)
class Part:
    """A line's part in one move: ``side`` is its own, and ``partners`` are who else it sees."""

    replacement_id: int
    side: str
    let_go_on: date | None
    partners: list[Partner]


def parts_of(line: Line, user) -> list[Part]:
    """Return the moves that a line takes or took part in, the one in force first; one query.

    Of the other lines only those that the person sees.
    """
    members = (
        ReplacementLine.objects.filter(
            replacement__members__line=line, line__in=Line.objects.visible_to(user)
        )
        .select_related("line__service_type", "line__supplier")
        .order_by("side", "line__reference", "pk")
    )
    by_move: dict[int, list[ReplacementLine]] = {}
    for member in members:
        by_move.setdefault(member.replacement_id, []).append(member)
    parts = []
    for replacement_id, held in by_move.items():
        own = next(member for member in held if member.line_id == line.pk)
        partners = [
            Partner(
                member.line_id,
                member.line.reference,
                member.line.service_type.name,
                member.line.supplier.name,
                member.side,
                member.let_go_on,
            )
            for member in held
            if member.line_id != line.pk
        ]
        parts.append(Part(replacement_id, own.side, own.let_go_on, partners))
    return sorted(parts, key=lambda part: (part.let_go_on is not None, -part.replacement_id))


@dataclass(frozen=True, slots=True)
class LineMonth:
    """What one line comes to in one month, within the period of its move's old price."""

    month: date
    is_planned: bool
    recurring: Decimal
    once: Decimal


def line_months(line: Line, part: Part, charges: Iterable[Charge], today: date) -> list[LineMonth]:
    """Return a line's money by month in one move; none where it is not known; one query."""
    baseline = Baseline.objects.filter(replacement=part.replacement_id).order_by("-version").first()
    if baseline is None:
        return []
    window = price_of_baseline(baseline).period
    money = line_money(line, charges, part.let_go_on)
    if not money.is_known(window, is_new=part.side == ReplacementLine.Side.NEW):
        return []
    last = last_month_ended(today)
    return [
        LineMonth(
            month_of(month.start),
            month.start > last,
            money.in_month(month, window),
            money.once_in(month, window),
        )
        for month in window.months()
    ]
