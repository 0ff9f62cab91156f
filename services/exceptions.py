"""What of lines, their moves and call-offs is out of the ordinary."""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from boroughs.authorization import Permission
from boroughs.models import AuditEvent
from londonpsn.common.exceptions import ExceptionRow, moments_within, within
from londonpsn.common.periods import Period
from services.models import Charge, LineFlag, LineMove
from services.stages import Stage

WAIVER, OVERRIDE = "Waiver", "Override"
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
    """Yield the ceilings of call-offs that orders were let go past; ``amount`` is the ceiling."""
    events = AuditEvent.objects.visible_to(user).filter(
        moments_within("at", period), type=AuditEvent.Type.CEILING_OVERRIDDEN
    )
    for event in events.order_by("-at", "-pk"):
        yield ExceptionRow(
            kind=OVERRIDE,
            on=timezone.localdate(event.at),
            council_id=event.council_id,
            what="Orders let go past the ceiling of a call-off",
            reference=event.subject,
            page="calloff",
            key=event.subject_id,
            who_id=event.user_id,
            reason=event.note,
            amount=Decimal(event.after["ceiling"]),
        )


def _readable(user) -> Q:
    councils = user.access.councils_with(Permission.TRAIL_VIEW)
    return Q() if councils is None else Q(line__body__council__in=councils)


def _monthly(day: str) -> Subquery:
    """The recurring charge of the row's line that was the last to begin by a day."""
    charges = Charge.objects.filter(
        line=OuterRef("line"), kind=Charge.Kind.RECURRING, starts_on__lte=OuterRef(day)
    )
    return Subquery(charges.order_by("-starts_on").values("amount")[:1])
