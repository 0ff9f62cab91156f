"""What every page says: whose data it is, which day it takes for today, who looks, where to go."""

from dataclasses import dataclass

from django.urls import reverse

from boroughs.authorization import Permission, can
from boroughs.models import JobRun
from boroughs.queries import sees_summaries
from londonpsn.common import clock


@dataclass(frozen=True)
class MenuItem:
    label: str
    address: str
    is_current: bool


def portal(request):
    """Add the portal's day, whether it holds synthetic data, and the person's menu."""
    demo = JobRun.objects.filter(kind=JobRun.Kind.DEMO_DATA).exclude(note="none")
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    return {
        "portal_day": clock.today(),
        "is_real_day": clock.today() == clock.real_day(),
        "is_synthetic": demo.exists(),
        "menu": _menu(request) if signed_in else [],
        "may_administer": signed_in and can(user, Permission.ADMIN_USE),
        "has_several_councils": signed_in and _has_several(user),
    }


def _has_several(user) -> bool:
    return user.access.all_councils or len(user.access.council_ids) > 1


def _menu(request) -> list[MenuItem]:
    """The lists of one council on its pages, else of all councils the person sees."""
    user, here = request.user, request.resolver_match
    place = (here.kwargs.get("slug") if here else None) or _own_place(user)
    items = []
    if sees_summaries(user):
        items.append(("London", "london-default", [], ("london", "london-default")))
    sees_record = place in _own_places(user) or user.access.all_councils
    if place != "all" and sees_record:
        items.append(("Overview", "council", [place], ("council",)))
    items.append(("Lines", "lines", [place], ("lines",)))
    if user.access.allows_anywhere(Permission.RECORD_VIEW):
        items.append(("Savings", "savings", [place if sees_record else "all"], ("savings",)))
        items.append(("Jobs", "jobs", [], ("jobs", "job-batch")))
    name = here.url_name if here else ""
    return [
        MenuItem(label, reverse(view, args=arguments), name in names)
        for label, view, arguments, names in items
    ]


def _own_place(user) -> str:
    """The slug of a person's only council, else ``all``."""
    slugs = _own_places(user)
    return slugs.pop() if len(slugs) == 1 and not user.access.all_councils else "all"


def _own_places(user) -> set[str]:
    return {held.council.slug for held in user.access.roles if held.council}
