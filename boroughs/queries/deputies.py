"""Who stands in for whom, and who may."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from boroughs.authorization import Role
from boroughs.models import Delegation, Membership, User
from londonpsn.common.errors import BadInput

NO_SUCH_DEPUTY = "Nobody who may sign in has this mail address."


@dataclass(frozen=True, slots=True)
class OwnRole:
    """What a person holds today; ``limit`` is pounds, ``ends_on`` the first day without.

    Where they hold it as the deputy of somebody the days are those of the deputy.
    """

    role: Role
    place: str
    limit: Decimal | None
    starts_on: date
    ends_on: date | None
    deputy_of: str


def own_roles(user, today: date) -> list[OwnRole]:
    """Return what the person holds today, in the order of ``user.access``."""
    taken = {passed.pk: passed for passed in stood_in_for(user, today)}
    return [_own_role(held, taken.get(held.delegation_id)) for held in user.access.roles]


def _own_role(held: Membership, passed: Delegation | None) -> OwnRole:
    days = passed or held
    giver = passed.membership.user.name if passed else ""
    return OwnRole(Role(held.role), held.place, held.limit, days.starts_on, days.ends_on, giver)


def roles_to_pass(user, today: date) -> QuerySet[Membership]:
    """Return the person's own roles that are not over."""
    own = Membership.objects.filter(Q(ends_on=None) | Q(ends_on__gt=today), user=user)
    return own.select_related("council", "supplier").order_by("starts_on", "pk")


def deputies_of(user, today: date) -> QuerySet[Delegation]:
    """Return who stands in for the person, now or later."""
    return _delegations(today).filter(membership__user=user)


def stood_in_for(user, today: date) -> QuerySet[Delegation]:
    """Return for whom the person stands in, now or later."""
    return _delegations(today).filter(deputy=user)


def _delegations(today: date) -> QuerySet[Delegation]:
    related = ("membership__council", "membership__supplier", "membership__user", "deputy")
    return (
        Delegation.objects.filter(ends_on__gt=today)
        .select_related(*related)
        .order_by("starts_on", "pk")
    )


def possible_deputies(membership: Membership, today: date) -> QuerySet[User]:
    """Return who may sign in and holds a role of their own at the very same place."""
    beside = Membership.objects.in_force_on(today).beside(membership)
    return User.objects.filter(Exists(beside.filter(user=OuterRef("pk"))), is_active=True)


def find_deputy(membership: Membership, email: str, today: date) -> User:
    """Return the person with this mail address who may be the deputy in a role.

    Only who holds a role at the very same place is found, so that nobody learns who works at
    another council. Raises BadInput, in the same words whatever the reason.
    """
    deputy = possible_deputies(membership, today).filter(email=email.strip().lower()).first()
    if deputy is None:
        raise BadInput(NO_SUCH_DEPUTY)
    return deputy
