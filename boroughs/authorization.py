"""Who may do what, as a table a council officer could read.

Reads are narrowed by ``visible_to(user)``; writes are checked by the action, with ``check``. Both
look at ``user.access``, worked out once at the edge by ``resolve`` for the portal's day, so that a
role that began or ended counts from the next request.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db.models import TextChoices

from boroughs.models import Membership, User
from londonpsn.common import clock

Role = Membership.Role


class Permission(TextChoices):
    """What can be allowed; THING_VERB."""

    RECORD_VIEW = "RECORD_VIEW", "see a council's lines, prices and pounds"
    SUMMARY_VIEW = "SUMMARY_VIEW", "see every council's status and rates"
    CONTACT_VIEW = "CONTACT_VIEW", "see who to call at a site"
    ADDRESS_VIEW = "ADDRESS_VIEW", "see where a protected site is"
    DOCUMENT_VIEW = "DOCUMENT_VIEW", "open documents"
    ACCESS_VIEW = "ACCESS_VIEW", "see who may do what"
    TRAIL_VIEW = "TRAIL_VIEW", "read the trail, exceptions and samples"
    DOCUMENT_ADD = "DOCUMENT_ADD", "add documents"
    NOTE_ADD = "NOTE_ADD", "write notes"
    SITE_PROTECT = "SITE_PROTECT", "say that nobody is to learn where a site is"
    LINE_CONFIRM = "LINE_CONFIRM", "say that a line is still right"
    LINE_MOVE = "LINE_MOVE", "move a line to its next stage"
    ORDER_APPROVE = "ORDER_APPROVE", "approve an order within a limit"
    CALL_OFF_AWARD = "CALL_OFF_AWARD", "draft, award, change and extend a call-off"
    QUOTE_KEEP = "QUOTE_KEEP", "keep a supplier's quote"
    REGISTER_PUBLISH = "REGISTER_PUBLISH", "publish the register of contracts"
    PRICES_LOAD = "PRICES_LOAD", "load a price book and raise prices"
    FRAMEWORK_KEEP = "FRAMEWORK_KEEP", "keep the documents of frameworks"
    CEILING_OVERRIDE = "CEILING_OVERRIDE", "let a call-off go past its ceiling"
    PAYMENTS_LOAD = "PAYMENTS_LOAD", "load published payments"
    SAVING_SHARE = "SAVING_SHARE", "say whether other councils see its saving in per cent"
    JOB_REQUEST = "JOB_REQUEST", "have figures worked out again"
    ACCESS_CONFIRM = "ACCESS_CONFIRM", "say each year who still needs a role"
    ADMIN_USE = "ADMIN_USE", "keep people and reference data"


P = Permission
READING = {
    *(P.RECORD_VIEW, P.SUMMARY_VIEW, P.CONTACT_VIEW, P.ADDRESS_VIEW, P.DOCUMENT_VIEW),
    *(P.ACCESS_VIEW, P.TRAIL_VIEW),
}
OFFICE = {  # what everybody sees who works with a council's records
    *(P.RECORD_VIEW, P.SUMMARY_VIEW, P.CONTACT_VIEW, P.ADDRESS_VIEW, P.DOCUMENT_VIEW),
}
DESK = {*OFFICE, P.DOCUMENT_ADD, P.NOTE_ADD}  # and those who work on them
GRANTS: dict[Role, set[Permission]] = {
    Role.NETWORK_OFFICER: {
        *DESK,
        *(P.LINE_CONFIRM, P.LINE_MOVE, P.SITE_PROTECT, P.JOB_REQUEST),
    },
    Role.BUYER: {*DESK, P.CALL_OFF_AWARD, P.QUOTE_KEEP, P.REGISTER_PUBLISH},
    Role.APPROVER: {*DESK, P.ORDER_APPROVE, P.SAVING_SHARE, P.ACCESS_VIEW, P.ACCESS_CONFIRM},
    Role.FINANCE: {*DESK, P.PAYMENTS_LOAD, P.SAVING_SHARE, P.JOB_REQUEST},
    Role.AUDITOR: {*OFFICE, P.ACCESS_VIEW, P.TRAIL_VIEW},
    Role.VIEWER: {P.RECORD_VIEW, P.SUMMARY_VIEW},
    Role.PROGRAMME_OFFICER: {
        *(P.RECORD_VIEW, P.SUMMARY_VIEW, P.CONTACT_VIEW, P.DOCUMENT_VIEW, P.NOTE_ADD),
        *(P.PAYMENTS_LOAD, P.JOB_REQUEST, P.PRICES_LOAD, P.CEILING_OVERRIDE, P.FRAMEWORK_KEEP),
    },
    Role.ADMINISTRATOR: {
        *(P.RECORD_VIEW, P.SUMMARY_VIEW, P.CONTACT_VIEW, P.PAYMENTS_LOAD, P.JOB_REQUEST),
        *(P.ACCESS_VIEW, P.ACCESS_CONFIRM, P.TRAIL_VIEW, P.SITE_PROTECT, P.SAVING_SHARE),
        P.ADMIN_USE,
    },
    Role.SUPPLIER_AGENT: set(),  # sees the lines its supplier provides, by Line.visible_to
}
SECOND_FACTOR_ROLES = frozenset(
    {Role.APPROVER, Role.FINANCE, Role.PROGRAMME_OFFICER, Role.ADMINISTRATOR}
)
# Two roles of one person at one council that undo the second pair of eyes.
CONFLICTS = (
    (Role.BUYER, Role.APPROVER),
    (Role.BUYER, Role.FINANCE),
    (Role.NETWORK_OFFICER, Role.APPROVER),
    (Role.APPROVER, Role.FINANCE),
    *((Role.AUDITOR, role) for role in (Role.BUYER, Role.APPROVER, Role.FINANCE)),
    *((Role.ADMINISTRATOR, role) for role in (Role.BUYER, Role.APPROVER, Role.FINANCE)),
)


def conflicts_of(roles: Collection[Role]) -> list[tuple[Role, Role]]:
    """Return the pairs of CONFLICTS among the roles that one person holds at one council."""
    return [pair for pair in CONFLICTS if pair[0] in roles and pair[1] in roles]


@dataclass(frozen=True)
class Access:
    """What one person holds on one day; a grant at None is a grant at every council.

    ``roles`` are memberships: their own, and those they hold as a deputy (``delegation_id``).
    ``token_id`` is that of the token by which a program acts in their name.
    """

    roles: tuple[Membership, ...]
    grants: frozenset[tuple[Permission, int | None]]
    supplier_ids: frozenset[int]
    token_id: int | None = None

    @property
    def all_councils(self) -> bool:
        return (Permission.RECORD_VIEW, None) in self.grants

    @property
    def council_ids(self) -> frozenset[int]:
        return self.councils_named(Permission.RECORD_VIEW)

    @property
    def needs_second_factor(self) -> bool:
        return any(held.role in SECOND_FACTOR_ROLES for held in self.roles)

    def councils_as(self, *roles: Role) -> frozenset[int]:
        """The councils at which one of the roles is held; a role for all of them names none."""
        return frozenset(held.council_id for held in self.roles if held.role in roles) - {None}

    def councils_named(self, permission: Permission) -> frozenset[int]:
        """The councils at which it is held by a role of that very council."""
        return frozenset(council for granted, council in self.grants if granted == permission) - {
            None
        }

    def councils_of_own_role(self, permission: Permission) -> frozenset[int]:
        """The councils at which a role of that very council gives it, and none for all of them.

        Beside ``councils_named``: a role for all councils that is narrowed to one is still no role
        of that council.
        """
        own = {held.council_id for held in self.roles if permission in GRANTS[Role(held.role)]}
        return self.councils_named(permission) & own

    def councils_with(self, permission: Permission) -> frozenset[int] | None:
        """Return the councils at which it is held, None for all of them."""
        held_everywhere = (permission, None) in self.grants
        return None if held_everywhere else self.councils_named(permission)

    def allows(self, permission: Permission, council_id: int | None = None) -> bool:
        return (permission, None) in self.grants or (permission, council_id) in self.grants

    def allows_anywhere(self, permission: Permission) -> bool:
        return any(permission == granted for granted, _ in self.grants)

    def roles_for(self, permission: Permission | None, council_id: int | None) -> list[Membership]:
        """Return the roles that allow it at the council, or all held there for no permission."""
        return [
            held
            for held in self.roles
            if (held.programme_wide or (council_id and held.council_id == council_id))
            and (permission is None or permission in GRANTS[Role(held.role)])
        ]

    def roles_giving(self, permission: Permission) -> list[Membership]:
        """Return the roles that allow it anywhere."""
        return [held for held in self.roles if permission in GRANTS[Role(held.role)]]

    def narrowed(self, council_id: int | None, *, reading_only: bool) -> "Access":
        """Return what is left of it for one council (None for all), and for reading alone.

        For a program that acts in a person's name: it never gets more than the person has.
        """
        grants = self.grants
        if reading_only:
            grants = {grant for grant in grants if grant[0] in READING}
        roles, suppliers = self.roles, self.supplier_ids
        if council_id is not None:
            grants = {(granted, council_id) for granted, at in grants if at in (None, council_id)}
            roles = tuple(
                held for held in roles if held.programme_wide or held.council_id == council_id
            )
            suppliers = frozenset()
        return Access(roles, frozenset(grants), suppliers, self.token_id)


def resolve(user: User, on: date) -> User:
    """Set ``user.access`` to what the person holds on the day ``on``, and return the user."""
    user.access = access_of(
        Membership.objects.held_by(user, on).select_related("council", "supplier").order_by("pk")
    )
    return user


def access_of(memberships: Iterable[Membership]) -> Access:
    memberships = tuple(memberships)
    return Access(
        roles=memberships,
        grants=frozenset(
            (permission, None if held.programme_wide else held.council_id)
            for held in memberships
            for permission in GRANTS[Role(held.role)]
        ),
        supplier_ids=frozenset(held.supplier_id for held in memberships if held.supplier_id),
    )


def can(user, permission: Permission, council=None, amount: Decimal | None = None) -> bool:
    """Answer whether ``user`` holds ``permission`` at ``council``, or everywhere when None.

    With an ``amount`` of pounds one of the roles that allow it has to reach so far.
    """
    council_id = council.pk if council else None
    if not (user.is_authenticated and user.access.allows(permission, council_id)):
        return False
    return amount is None or any(
        held.limit is None or held.limit >= amount
        for held in user.access.roles_for(permission, council_id)
    )


def check(user, permission: Permission, council=None, amount: Decimal | None = None) -> None:
    """Raise PermissionDenied unless ``user`` holds ``permission`` at ``council``, up to ``amount``.

    ``user`` None is the portal itself: a command at the server's console, or a job.
    """
    if user is None or can(user, permission, council, amount):
        return
    where = council or "all councils"
    if amount is not None and can(user, permission, council):
        raise PermissionDenied(f"£{amount:,.2f} is above what you may approve for {where}.")
    raise PermissionDenied(f"You need the right to {permission.label} for {where}.")


class AccessMiddleware:
    """Works out once a request what the signed-in person holds."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            resolve(request.user, clock.today())
        return self.get_response(request)
