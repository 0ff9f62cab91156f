"""Every write of what stands in the inventory of lines."""

from collections.abc import Collection
from datetime import date

from django.db import transaction

from boroughs import authorization
from boroughs.authorization import Permission
from boroughs.models import Council
from londonpsn.common.errors import Refused
from services.models import Line


@transaction.atomic
def confirm_lines(*, line_ids: Collection[int], by, on: date) -> int:
    """Record that ``by`` found these lines still right on the day ``on``; returns how many.

    Raises PermissionDenied unless the person may at the council of every one of them, and Refused
    when some do not exist for the person; then nothing has changed.
    """
    lines = Line.objects.visible_to(by).filter(pk__in=line_ids).order_by("pk")
    found = list(lines.select_for_update(of=["self"]).values_list("pk", "body__council"))
    if len(found) != len(set(line_ids)):
        raise Refused("Some of these lines are not there any more. Go back and tick them again.")
    for council in Council.objects.filter(pk__in={council for _, council in found}):
        authorization.check(by, Permission.LINE_CONFIRM, council)
    keys = [pk for pk, _ in found]
    return Line.objects.filter(pk__in=keys).update(reviewed_on=on, reviewed_by=by)
