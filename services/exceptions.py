"""What of lines, their moves and call-offs is out of the ordinary."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, Subquery
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

    ``amount`` is the line's pounds a month, on the day it was let off.
    """
    yield from _without_parallel_run(user, period)
    yield from _exempt(user, period)


def _without_parallel_run(user, period: Period) -> Iterator[ExceptionRow]:
    same_day = LineMove.objects.filter(
        line=OuterRef("line"), on=OuterRef("on"), to_stage=Stage.CUTOVER
    )
    moves = (
        LineMove.objects.filter(_readable(user), within("on", period))
        .filter(to_stage=Stage.CEASE_ORDERED)
        .filter(Q(reason__istartswith=NO_PARALLEL_RUN) | Exists(same_day))
        .annotate(monthly=_monthly("on"))
        .order_by("-on", "-pk")
        .values_list("on", *LINE, "by", "reason", "monthly")
    )
    for on, line, reference, council, by, reason, monthly in moves:
        yield ExceptionRow(
            kind=WAIVER,
            on=on,
            council_id=council,
            what="Ceased on the day the new line came into use",
            reference=reference,
            page="line",
            key=line,
            who_id=by,
            reason=reason,
            amount=monthly,
        )


def _exempt(user, period: Period) -> Iterator[ExceptionRow]:
    flags = (
        LineFlag.objects.filter(_readable(user), within("starts_on", period))
        .filter(kind=LineFlag.Kind.EXEMPT)
        .annotate(monthly=_monthly("starts_on"))
        .order_by("-starts_on", "-pk")
        .values_list("starts_on", *LINE, "reason", "monthly")
    )
    for on, line, reference, council, reason, monthly in flags:
        yield ExceptionRow(
            kind=WAIVER,
            on=on,
            council_id=council,
            what="Exempt from moving",
            reference=reference,
            page="line",
            key=line,
            reason=reason,
            amount=monthly,
        )


def overrides(user, period: Period) -> Iterator[ExceptionRow]:
    """Yield what of call-offs went past a rule.

    Ceilings that orders were let go past, with the ceiling as ``amount``; notices of the law that
    were not published; awards by whoever drafted them; signatures inside a standstill, both with
    the value as ``amount``.
    """
    for event in _events(user, period, AuditEvent.Type.CEILING_OVERRIDDEN):
        amount = Decimal(event.after["ceiling"])
        what = "Orders let go past the ceiling of a call-off"
        yield _told(event, OVERRIDE, what, amount=amount)
    for event in _events(user, period, AuditEvent.Type.NOTICE_WAIVED):
        yield _told(event, WAIVER, f"{event.after['notice']} not published")
    yield from _own_awards(user, period)
    yield from _signed_too_early(user, period)


def _events(user, period: Period, type: AuditEvent.Type):
    events = AuditEvent.objects.visible_to(user)
    return events.filter(moments_within("at", period), type=type).order_by("-at", "-pk")


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


def _own_awards(user, period: Period) -> Iterator[ExceptionRow]:
    of_one = Contract.objects.call_offs().filter(
        moments_within("awarded_at", period),
        _readable(user, "council"),
        awarded_by=F("drafted_by"),
    )
    for call_off in of_one.order_by("-awarded_at", "-pk"):
        on = timezone.localdate(call_off.awarded_at)
        yield _about(call_off, on, OWN_AWARD, "Drafted and awarded by one person")


def _signed_too_early(user, period: Period) -> Iterator[ExceptionRow]:
    signed = (
        Contract.objects.call_offs()
        .awarded()
        .filter(
            within("signed_on", period),
            _readable(user, "council"),
            standstill_days__isnull=False,
            standstill_from__isnull=False,
        )
    )
    for call_off in signed.order_by("-signed_on", "-pk"):
        ends = standstill_ends(call_off.standstill_from, call_off.standstill_days)
        if call_off.signed_on <= ends:
            what = f"Signed before its standstill was over on {in_words(ends)}"
            yield _about(call_off, call_off.signed_on, OVERRIDE, what)


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
