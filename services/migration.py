"""Where a council stands in a programme: rates, status and reasons, from its lines' stages.

Pure: lines come in groups of equal standing, counted by one query for any number of councils and
any past day (queries.line_groups). Source: spec/orders-and-migration.md 5.3 and 5.4, decisions 23
to 26.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from londonpsn.common.money import percent
from londonpsn.common.periods import add_months, last_day, month_of
from services.models import MigrationStatus
from services.stages import Stage

Status = MigrationStatus.Status
MRC_COVERAGE = 80  # per cent of lines whose money is known, below which retired % is n/a


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Old lines of one council that stand the same on the day; ``lines`` of them.

    ``mrc`` is the pounds a month of their last recurring charge, known for ``lines_with_mrc``.
    """

    stage: Stage
    lines: int = 1
    is_required: bool = True
    is_exempt: bool = False
    is_duplicate: bool = False
    is_rolled_back: bool = False
    was_billed_lately: bool = False
    is_billed: bool = False
    is_paid_twice: bool = False
    mrc: Decimal = Decimal(0)
    lines_with_mrc: int = 0

    def has_reached(self, stage: Stage) -> bool:
        return self.stage.number >= stage.number


@dataclass(frozen=True, slots=True)
class Standing:
    """A council in a programme on a day. Counts are old lines, money pounds a month."""

    status: Status
    reasons: list[dict] = field(default_factory=list)
    lines_in_scope: int = 0
    lines_to_replace: int = 0
    lines_connected: int = 0
    lines_ceased: int = 0
    lines_with_mrc: int = 0
    mrc_in_scope: Decimal = Decimal(0)
    mrc_ceased: Decimal = Decimal(0)
    lines_billed: int = 0
    mrc_billed: Decimal = Decimal(0)
    lines_paid_twice: int = 0
    mrc_paid_twice: Decimal = Decimal(0)


def connected_percent(standing) -> Decimal | None:
    return percent(standing.lines_connected, standing.lines_to_replace)


def ceased_percent(standing) -> Decimal | None:
    return percent(standing.lines_ceased, standing.lines_in_scope)


def retired_percent(standing) -> Decimal | None:
    """Return the share of old monthly money that has ended; None when too little of it is known."""
    known = percent(standing.lines_with_mrc, standing.lines_in_scope)
    if known is None or known < MRC_COVERAGE:
        return None
    return percent(standing.mrc_ceased, standing.mrc_in_scope)


def status_words(standing) -> str:
    """Return the status as people read it; who pays for nothing old any more is told so."""
    status = Status(standing.status)
    if status == Status.CONNECTED and not standing.lines_billed:
        return "Connected, last bills to check"
    return status.label


@dataclass(slots=True)
class CouncilChanges:
    """What changed in one council, by month: lines connected more, and lines ceased more.

    ``gateways_on`` is the day on which the last gateway it needs was verified, None while one is
    not; a council that needs none has had them always.
    """

    lines_to_replace: int = 0
    gateways_on: date | None = date.min
    done: dict[date, tuple[int, int]] = field(default_factory=dict)
    ahead: dict[date, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far all councils had come by the end of a day; ``is_planned`` after the day shown."""

    on: date
    connected: int
    ceased: int
    councils: int
    is_planned: bool


def progress(councils: Collection[CouncilChanges], *, first: date, day: date) -> list[Progress]:
    """Return how far councils had come by the end of each month from ``first``, and on ``day``.

    The last row is the last month in which something changes, or that of ``day``. A council is
    connected when all its lines that have to be replaced are, and its gateways are verified.
    """
    changed = [month for one in councils for month in (*one.done, *one.ahead)]
    month, last = min([first, month_of(day), *changed]), max([month_of(day), *changed])
    ends = []
    while month <= last:
        ends.append(last_day(add_months(month, 1)))
        month = add_months(month, 1)
    return [_progress(councils, on, is_planned=on > day) for on in sorted({*ends, day})]


def _progress(councils, on: date, *, is_planned: bool) -> Progress:
    connected = ceased = reached = 0
    for one in councils:
        changes = [change for month, change in one.done.items() if month <= on]
        if is_planned:
            changes += [change for month, change in one.ahead.items() if month <= on]
        its_connected = sum(change[0] for change in changes)
        connected += its_connected
        ceased += sum(change[1] for change in changes)
        has_gateways = one.gateways_on is not None and one.gateways_on <= on
        reached += bool(one.lines_to_replace <= its_connected and its_connected and has_gateways)
    return Progress(on, connected, ceased, reached, is_planned)


def is_fully_migrated(groups: Collection[LineGroup], gateways_missing: Collection[str]) -> bool:
    """Answer the rule of FULLY_MIGRATED for the day that the groups describe (spec 5.4)."""
    scope = _in_scope(groups)
    return (
        bool(scope)
        and not gateways_missing
        and all(
            group.stage == Stage.CLOSED and not group.was_billed_lately and not group.is_rolled_back
            for group in scope
        )
    )


def standing(
    groups: Collection[LineGroup],
    gateways_missing: Collection[str] = (),
    *,
    was_fully_migrated: bool = False,
) -> Standing:
    """Return where a council stands.

    ``gateways_missing`` are the gateways it requires and has not verified on the new service;
    ``was_fully_migrated`` says that the rule of FULLY_MIGRATED was true on an earlier day.
    """
    scope = _in_scope(groups)
    to_replace = [group for group in scope if group.is_required]
    connected = [group for group in to_replace if group.has_reached(Stage.CUTOVER)]
    ceased = [group for group in scope if group.has_reached(Stage.CEASED)]
    billed = [group for group in scope if group.is_billed]
    twice = [group for group in scope if group.is_paid_twice]
    return Standing(
        status=_status(groups, gateways_missing, was_fully_migrated),
        reasons=_reasons(groups, gateways_missing),
        lines_in_scope=_lines(scope),
        lines_to_replace=_lines(to_replace),
        lines_connected=_lines(connected),
        lines_ceased=_lines(ceased),
        lines_with_mrc=sum(group.lines_with_mrc for group in scope),
        mrc_in_scope=_mrc(scope),
        mrc_ceased=_mrc(ceased),
        lines_billed=_lines(billed),
        mrc_billed=_mrc(billed),
        lines_paid_twice=_lines(twice),
        mrc_paid_twice=_mrc(twice),
    )


def _status(groups, gateways_missing, was_fully_migrated) -> Status:
    """The first of the table of spec 5.4 that matches."""
    lines = [group for group in groups if not group.is_duplicate]
    scope = _in_scope(groups)
    to_replace = [group for group in scope if group.is_required]
    if not any(group.has_reached(Stage.VALIDATED) for group in lines):
        return Status.NO_DATA
    if not scope:
        return Status.EXEMPT
    if is_fully_migrated(groups, gateways_missing):
        return Status.FULLY_MIGRATED
    if was_fully_migrated:
        return Status.REGRESSED
    if (
        to_replace
        and all(group.has_reached(Stage.CUTOVER) for group in to_replace)
        and not gateways_missing
    ):
        return Status.CONNECTED
    if any(group.has_reached(Stage.ORDERED) for group in scope):
        return Status.IN_PROGRESS
    if any(group.has_reached(Stage.QUALIFIED) for group in scope):
        return Status.PLANNING
    return Status.NOT_STARTED


def _reasons(groups, gateways_missing) -> list[dict]:
    """Say in general words what holds the status; no pounds, no names of lines (decisions 6)."""
    scope = _in_scope(groups)
    required = [group for group in scope if group.is_required]

    def at(first: Stage, last: Stage):
        return [g for g in required if first.number <= g.stage.number <= last.number]

    in_use = at(Stage.CUTOVER, Stage.CEASE_ORDERED)
    not_needed = [g for g in scope if not g.is_required and not g.has_reached(Stage.CEASED)]
    held_back = {
        "ROLLED_BACK": ([g for g in required if g.is_rolled_back], "rolled back"),
        "BILLED_AGAIN": (
            [g for g in scope if g.stage == Stage.CLOSED and g.was_billed_lately],
            "closed and billed again",
        ),
        "NOT_CONFIRMED": (
            [g for g in scope if g.stage == Stage.IDENTIFIED],
            "found, not confirmed",
        ),
        "NOT_ORDERED": (at(Stage.VALIDATED, Stage.QUALIFIED), "confirmed, not ordered"),
        "NOT_IN_USE": (at(Stage.ORDERED, Stage.ACCEPTED), "ordered, the new one not in use"),
        "PAID_TWICE": ([g for g in in_use if g.is_paid_twice], "still billed beside the new one"),
        "NOT_CEASED": (
            [g for g in in_use if not g.is_paid_twice] + not_needed,
            "to be ceased",
        ),
        "BILLS_TO_CHECK": (
            [g for g in scope if g.stage == Stage.CEASED],
            "ceased, last bills to check",
        ),
        "EXEMPT": ([g for g in groups if g.is_exempt], "exempt"),
    }
    reasons = [
        _reason(code, count, f"{count:,} old line{'' if count == 1 else 's'} {words}")
        for code, (held, words) in held_back.items()
        if (count := _lines(held))
    ]
    if gateways_missing:
        names = " and ".join(sorted(gateways_missing))
        text = f"{names} not verified on the new service"
        reasons.append(_reason("GATEWAY_NOT_VERIFIED", len(gateways_missing), text))
    if is_fully_migrated(groups, gateways_missing):
        text = "All closed, two clean billing months"
        reasons.insert(0, _reason("ALL_CLOSED", _lines(scope), text))
    return reasons


def _reason(code: str, count: int, text: str) -> dict:
    return {"code": code, "text": text, "count": count}


def _in_scope(groups) -> list[LineGroup]:
    return [group for group in groups if not group.is_exempt and not group.is_duplicate]


def _lines(groups) -> int:
    return sum(group.lines for group in groups)


def _mrc(groups) -> Decimal:
    return sum((group.mrc for group in groups), Decimal(0))
