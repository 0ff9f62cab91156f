"""What every page says: whose data it is, which day it takes for today, who looks, where to go."""

from dataclasses import dataclass

from django.urls import reverse

from boroughs.authorization import Permission, Role, can
from boroughs.models import JobRun
from londonpsn.common import clock

# Each entry: its label, its page, and the pages under it.
MENU = {
    "work": ("My work", "my-work", ()),
    "london": ("London", "london-default", ("london",)),
    "overview": ("Overview", "council", ("body",)),
    "lines": ("Lines", "lines", ("line", "lines-preview")),
    "sites": ("Sites", "sites", ("site", "site-protect", "connection")),
    "savings": ("Savings", "savings", ("move", "sharing")),
    "spend": ("Spend", "spend", ("spend-upload",)),
    "contracts": ("Contracts", "contracts", ("contract",)),
    "calloffs": (
        "Call-offs",
        "calloffs",
        (
            *("calloff", "calloff-award", "calloff-award-step", "calloff-extend", "calloff-change"),
            *("calloff-prices", "calloff-notice", "calloff-sign", "calloff-override"),
            *("calloff-drop", "calloff-publish-notice", "calloff-waive-notice"),
            *("radar", "frameworks", "framework"),
        ),
    ),
    "publish": ("To publish", "publish", ("foi", "register-facts")),
    "prices": (
        "Prices",
        "prices",
        ("price-book-upload", "prices-raise", "compare", "quotes", "quote-keep", "quote", "item"),
    ),
    "suppliers": ("Suppliers", "suppliers", ("supplier",)),
    "access": ("Who could do what", "access", ("access-preview",)),
    "jobs": ("Jobs", "jobs", ("job-batch",)),
    "exceptions": ("Exceptions", "exceptions", ()),
    "trail": ("Trail", "trail", ("trail-event", "trail-rows")),
}
BY_PLACE = (
    *("council", "lines", "sites", "savings", "spend", "contracts"),
    *("calloffs", "prices", "publish", "access", "exceptions", "trail"),
)
# What is open at some of a person's councils only; of the others the entry leads to all of it.
NEEDS = {
    "access": Permission.ACCESS_VIEW,
    "exceptions": Permission.TRAIL_VIEW,
    "trail": Permission.TRAIL_VIEW,
}
MENUS = {
    Role.NETWORK_OFFICER: ("work", "lines", "sites", "overview", "london", "jobs"),
    Role.BUYER: ("work", "lines", "calloffs", "prices", "publish", "savings"),
    Role.APPROVER: ("work", "savings", "lines", "access", "overview", "london"),
    Role.FINANCE: ("work", "savings", "spend", "overview", "london", "jobs"),
    Role.AUDITOR: ("exceptions", "trail", "access", "savings", "lines", "contracts"),
    Role.VIEWER: ("work", "overview", "lines", "savings", "spend", "london"),
    Role.PROGRAMME_OFFICER: (
        *("london", "suppliers", "calloffs", "prices", "savings", "spend"),
        "jobs",
    ),
    Role.ADMINISTRATOR: ("london", "lines", "access", "trail", "jobs"),
    Role.SUPPLIER_AGENT: ("lines", "calloffs", "contracts", "prices"),
}


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
    """The lists that the person's roles work with, of the council that the page is of.

    On other pages they are of the person's only council, or of all.
    """
    user, here = request.user, request.resolver_match
    own = _own_places(user)
    place = (here.kwargs.get("slug") if here else None) or _own_place(user)
    if place not in own and not user.access.all_councils:
        place = _own_place(user)
    name = here.url_name if here else ""
    items = []
    for key in _menu_of(user):
        label, view, also = MENU[key]
        if view == "council" and place == "all":
            continue
        at = place if key not in NEEDS or _may_at(user, NEEDS[key], place) else "all"
        address = reverse(view, args=[at] if view in BY_PLACE else [])
        items.append(MenuItem(label, address, name == view or name in also))
    return items


def _may_at(user, permission: Permission, slug: str) -> bool:
    """Whether the person holds it at a council of theirs; at every one where it is held for all."""
    if user.access.allows(permission):
        return True
    named = user.access.councils_named(permission)
    return slug in {held.council.slug for held in user.access.roles if held.council_id in named}


def _menu_of(user) -> list[str]:
    """The entries of all the person's roles in the order of the first that has them."""
    found = dict.fromkeys(key for held in user.access.roles for key in MENUS[Role(held.role)])
    return list(found)


def _own_place(user) -> str:
    """The slug of a person's only council, else ``all``."""
    slugs = _own_places(user)
    return slugs.pop() if len(slugs) == 1 and not user.access.all_councils else "all"


def _own_places(user) -> set[str]:
    return {held.council.slug for held in user.access.roles if held.council}
