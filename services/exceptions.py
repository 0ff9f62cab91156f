"""What of lines, their moves and call-offs is out of the ordinary."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.utils import timezone

from boroughs.authorization import Permission
from boroughs.models import AuditEvent
from londonpsn.common.exceptions import ExceptionRow, moments_within, within
from londonpsn.common.periods import Period, in_words
from services.models import Charge, Contract, LineFlag, LineMove
from services.stages import Stage
from services.terms import standstill_ends

WAIVER, OVERRIDE, OWN_AWARD = "Waiver", "Override", "Award without a second person"
NO_PARALLEL_RUN = "no parallel run"
LINE = ("line", "line__reference", "line__body__council")


def waivers(user, period: Period) -> Iterator[ExceptionRow]:
    """Yield lines ceased without running beside the new ones, and lines exempt from moving.

    ``amount`` is the line's pounds a month, on the day it was let off. One query.
    """
    found = _without_parallel_run(user, period).union(_exempt(user, period), all=True)
    for what, on, line, reference, council, by, reason, monthly in found.order_by("-day", "line"):
        yield ExceptionRow(
            kind=WAIVER,
            on=on,
            council_id=council,
            what=what,
            reference=reference,
            page="line",
            key=line,
            who_id=by,
            reason=reason,
            amount=monthly,
        )


def _without_parallel_run(user, period: Period) -> QuerySet:
    same_day = LineMove.objects.filter(
        line=OuterRef("line"), on=OuterRef("on"), to_stage=Stage.CUTOVER
    )
    moves = LineMove.objects.filter(
        _readable(user), within("on", period), to_stage=Stage.CEASE_ORDERED
    ).filter(Q(reason__istartswith=NO_PARALLEL_RUN) | Exists(same_day))
    return _let_off(moves, "Ceased on the day the new line came into use", "on", F("by"))


def _exempt(user, period: Period) -> QuerySet:
    flags = LineFlag.objects.filter(
        _readable(user), within("starts_on", period), kind=LineFlag.Kind.EXEMPT
    )
    return _let_off(flags, "Exempt from moving", "starts_on", Value(None, BigIntegerField()))


def _let_off(rows: QuerySet, what: str, day: str, who) -> QuerySet:
    """Return them as plain values, the same for both kinds."""
    facts = {"what": Value(what, TextField()), "day": F(day), "who": who, "monthly": _monthly(day)}
    return rows.annotate(**facts).values_list("what", "day", *LINE, "who", "reason", "monthly")


def overrides(user, period: Period) -> Iterator[ExceptionRow]:
    """Yield what of call-offs went past a rule.

    Ceilings that orders were let go past, with the ceiling as ``amount``; notices of the law that
    were not published; awards by whoever drafted them; signatures inside a standstill, both with
    the value as ``amount``.
    """
    told = (AuditEvent.Type.CEILING_OVERRIDDEN, AuditEvent.Type.NOTICE_WAIVED)
    events = AuditEvent.objects.visible_to(user)
    for event in events.filter(moments_within("at", period), type__in=told).order_by("-at", "-pk"):
        if event.type == AuditEvent.Type.NOTICE_WAIVED:
            yield _told(event, WAIVER, f"{event.after['notice']} not published")
        else:
            amount = Decimal(event.after["ceiling"])
            what = "Orders let go past the ceiling of a call-off"
            yield _told(event, OVERRIDE, what, amount=amount)
    yield from _awards(user, period)


def _told(event: AuditEvent, kind: str, what: str, **more) -> ExceptionRow:
    return ExceptionRow(
        kind=kind,
        on=timezone.localdate(event.at),
        council_id=event.council_id,
        what=what,
        reference=event.subject,
        page="calloff",
        key=event.subject_id,
        who_id=event.user_id,
        reason=event.note,
        **more,
    )


def _awards(user, period: Period) -> Iterator[ExceptionRow]:
    """Yield awards by whoever drafted them, and those signed inside their standstill; one query."""
    is_own = Q(moments_within("awarded_at", period), awarded_by=F("drafted_by"))
    is_early = Q(
        within("signed_on", period), standstill_days__isnull=False, standstill_from__isnull=False
    )
    awards = Contract.objects.call_offs().awarded().filter(_readable(user, "council"))
    awards = awards.annotate(is_own=Case(When(is_own, then=True), default=False))
    for call_off in awards.filter(Q(is_own=True) | is_early).order_by("-awarded_at", "-pk"):
        if call_off.is_own:
            on = timezone.localdate(call_off.awarded_at)
            yield _about(call_off, on, OWN_AWARD, "Drafted and awarded by one person")
        yield from _signed_too_early(call_off, period)


def _signed_too_early(call_off: Contract, period: Period) -> Iterator[ExceptionRow]:
    signed = call_off.signed_on
    if not (signed and call_off.standstill_from and call_off.standstill_days):
        return
    ends = standstill_ends(call_off.standstill_from, call_off.standstill_days)
    if signed <= ends and period.overlap(Period(signed, signed + timedelta(days=1))):
        what = f"Signed before its standstill was over on {in_words(ends)}"
        yield _about(call_off, signed, OVERRIDE, what)


def _about(call_off: Contract, on: date, kind: str, what: str) -> ExceptionRow:
    return ExceptionRow(
        kind=kind,
        on=on,
        council_id=call_off.council_id,
        what=what,
        reference=call_off.title,
        page="calloff",
        key=call_off.pk,
        who_id=call_off.awarded_by_id,
        amount=call_off.value,
    )


def _readable(user, path: str = "line__body__council") -> Q:
    councils = user.access.councils_with(Permission.TRAIL_VIEW)
    return Q() if councils is None else Q(**{f"{path}__in": councils})


def _monthly(day: str) -> Subquery:
    """The recurring charge of the row's line that was the last to begin by a day."""
    charges = Charge.objects.filter(
        line=OuterRef("line"), kind=Charge.Kind.RECURRING, starts_on__lte=OuterRef(day)
    )
    return Subquery(charges.order_by("-starts_on").values("amount")[:1])
