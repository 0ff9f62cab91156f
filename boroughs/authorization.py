"""Who may do what, as a table a council officer could read.

Reads are narrowed by ``visible_to(user)``; writes are checked by the action, with ``check``. Both
look at ``user.access``, worked out once at the edge by ``resolve`` for the portal's day, so that a
role that began or ended counts from the next request.
"""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db.models import Q, TextChoices

from boroughs.models import Membership, User
from londonpsn.common import clock

Role = Membership.Role


class Permission(TextChoices):
    """What can be allowed; THING_VERB."""

    RECORD_VIEW = "RECORD_VIEW", "see a council's lines, prices and pounds"
    SUMMARY_VIEW = "SUMMARY_VIEW", "see every council's status and rates"
    CONTACT_VIEW = "CONTACT_VIEW", "see who to call at a site"
    LINE_CONFIRM = "LINE_CONFIRM", "say that a line is still right"
    LINE_MOVE = "LINE_MOVE", "move a line to its next stage"
    PAYMENTS_LOAD = "PAYMENTS_LOAD", "load published payments"
    JOB_REQUEST = "JOB_REQUEST", "have figures worked out again"
    ADMIN_USE = "ADMIN_USE", "keep people and reference data"


P = Permission
GRANTS: dict[Role, set[Permission]] = {
    Role.NETWORK_OFFICER: {
        *(P.RECORD_VIEW, P.SUMMARY_VIEW, P.CONTACT_VIEW, P.LINE_CONFIRM, P.LINE_MOVE),
        P.JOB_REQUEST,
    },
    Role.BUYER: {P.RECORD_VIEW, P.SUMMARY_VIEW, P.CONTACT_VIEW},
    Role.APPROVER: {P.RECORD_VIEW, P.SUMMARY_VIEW, P.CONTACT_VIEW},
    Role.FINANCE: {
        *(P.RECORD_VIEW, P.SUMMARY_VIEW, P.CONTACT_VIEW, P.PAYMENTS_LOAD, P.JOB_REQUEST),
    },
    Role.AUDITOR: {P.RECORD_VIEW, P.SUMMARY_VIEW, P.CONTACT_VIEW},
    Role.VIEWER: {P.RECORD_VIEW, P.SUMMARY_VIEW},
    Role.PROGRAMME_OFFICER: {
        *(P.RECORD_VIEW, P.SUMMARY_VIEW, P.CONTACT_VIEW, P.PAYMENTS_LOAD, P.JOB_REQUEST),
    },
    Role.ADMINISTRATOR: {
        *(P.RECORD_VIEW, P.SUMMARY_VIEW, P.CONTACT_VIEW, P.PAYMENTS_LOAD, P.JOB_REQUEST),
        P.ADMIN_USE,
    },
    Role.SUPPLIER_AGENT: set(),  # sees the lines its supplier provides, by Line.visible_to
}


@dataclass(frozen=True)
class Access:
    """What one person holds on one day; a grant at None is a grant at every council."""

    roles: tuple[Membership, ...]
    grants: frozenset[tuple[Permission, int | None]]
    supplier_ids: frozenset[int]

    @property
    def all_councils(self) -> bool:
        return (Permission.RECORD_VIEW, None) in self.grants

    @property
    def council_ids(self) -> frozenset[int]:
        return frozenset(
            council for permission, council in self.grants if permission == Permission.RECORD_VIEW
        ) - {None}

    def councils_as(self, *roles: Role) -> frozenset[int]:
        """The councils at which one of the roles is held; a role for all of them names none."""
        return frozenset(held.council_id for held in self.roles if held.role in roles) - {None}

    def councils_with(self, permission: Permission) -> frozenset[int] | None:
        """Return the councils at which it is held, None for all of them."""
        held = frozenset(council for granted, council in self.grants if granted == permission)
        return None if None in held else held

    def allows(self, permission: Permission, council_id: int | None = None) -> bool:
        return (permission, None) in self.grants or (permission, council_id) in self.grants

    def allows_anywhere(self, permission: Permission) -> bool:
        return any(permission == granted for granted, _ in self.grants)


def resolve(user: User, on: date) -> User:
    """Set ``user.access`` to what the person holds on the day ``on``, and return the user."""
    memberships = tuple(
        Membership.objects.filter(Q(ends_on=None) | Q(ends_on__gt=on), user=user, starts_on__lte=on)
        .select_related("council", "supplier")
        .order_by("pk")
    )
    user.access = Access(
        roles=memberships,
        grants=frozenset(
            (permission, None if held.programme_wide else held.council_id)
            for held in memberships
            for permission in GRANTS[Role(held.role)]
        ),
        supplier_ids=frozenset(held.supplier_id for held in memberships if held.supplier_id),
    )
    return user


def can(user, permission: Permission, council=None) -> bool:
    """Answer whether ``user`` holds ``permission`` at ``council``, or everywhere when None."""
    return user.is_authenticated and user.access.allows(permission, council.pk if council else None)


def check(user, permission: Permission, council=None) -> None:
    """Raise PermissionDenied unless ``user`` holds ``permission`` at ``council``.

    ``user`` None is the portal itself: a command at the server's console, or a job.
    """
    if user is not None and not can(user, permission, council):
        where = council or "all councils"
        raise PermissionDenied(f"You need the right to {permission.label} for {where}.")


class AccessMiddleware:
    """Works out once a request what the signed-in person holds."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            resolve(request.user, clock.today())
        return self.get_response(request)
