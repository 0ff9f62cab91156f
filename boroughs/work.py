"""What jobs ask of those who may have figures worked out again, and roles of who confirms them."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce, Greatest, Now
from django.urls import reverse

from boroughs.authorization import Permission
from boroughs.models import JobRun
from boroughs.queries import MONTHS_CONFIRMED, roles_to_confirm
from londonpsn.common.periods import add_months
from londonpsn.common.work import Band, Item

PATIENCE = timedelta(minutes=15)  # what a worker that is up needs for all that waits


def jobs_to_look_at(user, today: date) -> Iterator[Item]:
    """Yield figures that wait for too long, by the database's clock, and those that failed."""
    if not user.access.allows_anywhere(Permission.JOB_REQUEST):
        return
    last = JobRun.objects.visible_to(user).exclude(council=None)
    last = last.order_by("kind", "council", "-pk").distinct("kind", "council")
    waits = Q(finished_at=None, requested_at__lt=Now() - PATIENCE)
    failed = Q(finished_at__isnull=False) & ~Q(error="")
    runs = (
        JobRun.objects.filter(waits | failed, pk__in=last.values("pk"))
        .select_related("council")
        .order_by("council__short_name", "kind")
    )
    for run in runs:
        if not user.access.allows(Permission.JOB_REQUEST, run.council_id):
            continue
        name = run.get_kind_display()
        has_failed = run.finished_at is not None
        yield Item(
            kind="Figures not worked out" if has_failed else "Figures that wait",
            band=Band.LATE if has_failed else Band.WAITING,
            what=f"{name} could not be worked out" if has_failed else f"{name} wait for a worker",
            why="The figures before are shown with their time"
            if has_failed
            else "For more than 15 minutes; nobody may be at work on it",
            place=run.council.short_name,
            reference=f"{name}, {run.council.short_name}",
            address=reverse("jobs"),
            action="Look at the jobs",
            for_whom="Whoever may have figures worked out again",
        )


def roles_to_look_over(user, today: date) -> Iterator[Item]:
    """Yield one item a council for roles of which nobody has said for a year that they are needed.

    Who confirms for all councils has one item.
    """
    if not user.access.allows_anywhere(Permission.ACCESS_CONFIRM):
        return
    roles = roles_to_confirm(user, today)
    since = Min(Greatest("starts_on", Coalesce("confirmed_on", "starts_on")))
    counted = {"count": Count("pk"), "since": since}
    if user.access.allows(Permission.ACCESS_CONFIRM):
        groups = [("all councils", "all", *roles.aggregate(**counted).values())]
    else:
        place = ("council__short_name", "council__slug")
        groups = roles.values_list(*place).annotate(**counted).order_by(*place)
    for council, slug, count, first in groups:
        if count:
            yield _to_look_over(council, slug, count, add_months(first, MONTHS_CONFIRMED))


def _to_look_over(council: str, slug: str, count: int, due: date) -> Item:
    return Item(
        kind="Roles to confirm",
        band=Band.LATE,
        what="Say who still needs their role",
        why="Nobody has said so for a year",
        place=council,
        reference=f"{count:,} role{'' if count == 1 else 's'}",
        address=f"{reverse('access', args=[slug])}?review=1",
        action="Look at the roles",
        for_whom="Approvers and administrators",
        due=due,
    )
