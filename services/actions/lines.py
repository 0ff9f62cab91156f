"""Every write of what stands in the inventory of lines."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction

from boroughs import audit, authorization
from boroughs.authorization import Permission
from boroughs.models import AuditEvent, Council
from londonpsn.common.errors import Refused
from services.models import Line


@transaction.atomic
def confirm_lines(*, line_ids: Collection[int], by, on: date, at: datetime) -> int:
    """Record that ``by`` found these lines still right on the day ``on``; returns how many.

    Raises PermissionDenied unless the person may at the council of every one of them, and Refused
    when some do not exist for the person; then nothing has changed.
    """
    visible = Line.objects.visible_to(by).filter(pk__in=line_ids).order_by("pk")
    lines = list(visible.select_related("body").select_for_update(of=["self"]))
    if len(lines) != len(set(line_ids)):
        raise Refused("Some of these lines are not there any more. Go back and tick them again.")
    councils = Council.objects.in_bulk({line.body.council_id for line in lines})
    for council in councils.values():
        authorization.check(by, Permission.LINE_CONFIRM, council)
    Line.objects.filter(pk__in=[line.pk for line in lines]).update(reviewed_on=on, reviewed_by=by)
    audit.record_each(
        AuditEvent.Type.LINES_CONFIRMED,
        by=by,
        at=at,
        of=[(councils[line.body.council_id], line) for line in lines],
        after={"reviewed_on": on},
        needs=Permission.LINE_CONFIRM,
    )
    return len(lines)
