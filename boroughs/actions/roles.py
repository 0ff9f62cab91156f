"""Every write of the roles that people hold."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from boroughs import audit
from boroughs.authorization import Permission, check
from boroughs.models import AuditEvent, Council, Membership, Supplier, User
from londonpsn.common.errors import BadInput, Refused

Type = AuditEvent.Type


def check_first_day(starts_on: date, today: date) -> None:
    """Raise BadInput for a role that would begin in the past: it was not held then."""
    if starts_on < today:
        raise BadInput("The past stays as it was. A role begins today or later.")


def check_change(was: date | None, ends_on: date | None, today: date) -> None:
    """Raise for a change of the past of a role; ``was`` is its first day without until now.

    Refused for a role that is over, BadInput for a new end that is.
    """
    if was is not None and was <= today:
        raise Refused("This role is over and stays as it was. Give a new one instead.")
    if ends_on != was and ends_on is not None and ends_on < today:
        raise BadInput("The past stays as it was. The first day without is today or later.")


@transaction.atomic
def give_role(
    *,
    user_id: int,
    role: Membership.Role,
    by: User | None,
    at: datetime,
    today: date,
    starts_on: date,
    ends_on: date | None = None,
    council: Council | None = None,
    supplier: Supplier | None = None,
    programme_wide: bool = False,
    limit: Decimal | None = None,
) -> Membership:
    """Give a person a role at a council, at a supplier or in the whole programme: one of them.

    ``limit`` is pounds. Raises Refused where they hold it already on one of these days, or where
    the role and the place do not fit, and BadInput for a day before ``today``, by which the past
    would be rewritten. The portal itself (``by`` None) may give what was held before it began.
    """
    check(by, Permission.ADMIN_USE)
    _not_oneself(by, user_id)
    if by is not None:
        check_first_day(starts_on, today)
    if ends_on is not None and ends_on <= starts_on:
        raise Refused("The end has to lie after the beginning.")
    membership = Membership(
        user_id=user_id,
        role=role,
        council=council,
        supplier=supplier,
        programme_wide=programme_wide,
        starts_on=starts_on,
        ends_on=ends_on,
        limit=limit,
        given_by=by,
    )
    try:
        with transaction.atomic():
            membership.save()
    except IntegrityError as error:
        raise Refused(_why_not(error)) from None
    audit.record(
        Type.ROLE_GIVEN,
        by=by,
        at=at,
        council=council,
        subject=membership,
        after=_facts(membership) | {"user": user_id},
        needs=Permission.ADMIN_USE,
    )
    return membership


@transaction.atomic
def change_role(
    *,
    membership_id: int,
    ends_on: date | None,
    limit: Decimal | None,
    by: User | None,
    at: datetime,
    today: date,
) -> Membership:
    """Set the first day without a role, or its limit in pounds; nothing else of it changes.

    A role is never deleted, and its past never changed: what somebody could do stays known. One
    that began today can end today, from the next request on. Raises Refused for a day or limit that
    the role cannot have and for a role that is over, BadInput for an end before ``today``; the
    portal itself (``by`` None) is held to neither.
    """
    check(by, Permission.ADMIN_USE)
    membership = Membership.objects.select_for_update(of=["self"]).get(pk=membership_id)
    _not_oneself(by, membership.user_id)
    before = _facts(membership)
    membership.ends_on, membership.limit = ends_on, limit
    after = _facts(membership)
    if after != before:
        if by is not None:
            check_change(before["ends_on"], ends_on, today)
        try:
            with transaction.atomic():
                membership.save(update_fields=["ends_on", "limit"])
        except IntegrityError as error:
            raise Refused(_why_not(error)) from None
        audit.record(
            Type.ROLE_CHANGED,
            by=by,
            at=at,
            council=membership.council,
            subject=membership,
            before=before,
            after=after | {"user": membership.user_id},
            needs=Permission.ADMIN_USE,
        )
    return membership


@transaction.atomic
def confirm_roles(*, membership_ids: Iterable[int], by: User, on: date, at: datetime) -> int:
    """Say that these people still need these roles; returns how many. Never one's own.

    Raises PermissionDenied unless the person may at every one of the councils, and Refused where a
    role is not there any more; then nothing has changed.
    """
    wanted = set(membership_ids)
    held = (
        Membership.objects.visible_to(by)
        .in_force_on(on)
        .filter(pk__in=wanted)
        .select_related("council")
        .select_for_update(of=["self"])
        .order_by("pk")
    )
    roles = list(held)
    if len(roles) != len(wanted):
        raise Refused("Some of these roles are not in force any more. Look at the list again.")
    taken = {held.pk for held in by.access.roles if getattr(held, "delegation_id", None)}
    for role in roles:
        check(by, Permission.ACCESS_CONFIRM, role.council)
        if role.user_id == by.pk or role.pk in taken:
            raise PermissionDenied("Your own roles are confirmed by somebody else.")
    Membership.objects.filter(pk__in=wanted).update(confirmed_on=on, confirmed_by=by)
    audit.record_each(
        Type.ROLE_CONFIRMED,
        by=by,
        at=at,
        of=[(role.council, role) for role in roles],
        after={"confirmed_on": on},
        needs=Permission.ACCESS_CONFIRM,
    )
    return len(roles)


def _not_oneself(by: User | None, user_id: int) -> None:
    """Raise Refused where somebody would give rights to themselves."""
    if by is not None and by.pk == user_id:
        raise Refused("Your own roles are kept by another administrator.")


def _facts(membership: Membership) -> dict:
    return {
        "role": membership.role,
        "starts_on": membership.starts_on,
        "ends_on": membership.ends_on,
        "limit": membership.limit,
    }


def _why_not(error: IntegrityError) -> str:
    """Say in words which rule of the database a role breaks."""
    broken = next(rule for rule in Membership._meta.constraints if rule.name in str(error))
    return str(broken.get_violation_error_message())
