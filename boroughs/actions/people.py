"""Every write of people, their roles and their deputies."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from boroughs import audit
from boroughs.authorization import Permission, check
from boroughs.models import ApiToken, AuditEvent, Council, Delegation, Membership, Supplier, User
from londonpsn.common.errors import BadInput, Refused

Type = AuditEvent.Type


@transaction.atomic
def invite(*, email: str, name: str, by: User, at: datetime) -> User:
    """Add a person, who has no role and no password yet. Raises Refused for an address held."""
    check(by, Permission.ADMIN_USE)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, None, name=name.strip(), created_at=at)
    except IntegrityError:
        raise Refused("Somebody with this mail address is held already.") from None
    audit.record(Type.PERSON_INVITED, by=by, at=at, subject=user, needs=Permission.ADMIN_USE)
    return user


@transaction.atomic
def change_person(*, user_id: int, email: str, name: str, by: User, at: datetime) -> User:
    """Correct a person's name or mail address; which of them is written, never what it is."""
    check(by, Permission.ADMIN_USE)
    user = User.objects.select_for_update().get(pk=user_id)
    new = {"email": email.strip().lower(), "name": name.strip()}
    changed = [field for field, value in new.items() if getattr(user, field) != value]
    if changed:
        for field in changed:
            setattr(user, field, new[field])
        user.save(update_fields=changed)
        audit.record(
            Type.PERSON_CHANGED,
            by=by,
            at=at,
            subject=user,
            note="Changed: " + " and ".join(changed),
            needs=Permission.ADMIN_USE,
        )
    return user


@transaction.atomic
def give_role(
    *,
    user_id: int,
    role: Membership.Role,
    by: User | None,
    at: datetime,
    starts_on: date,
    ends_on: date | None = None,
    council: Council | None = None,
    supplier: Supplier | None = None,
    limit: Decimal | None = None,
) -> Membership:
    """Give a person a role at a council, at a supplier or, with neither, in the programme.

    ``limit`` is pounds. Raises Refused where they hold it already on one of these days, or where
    the role and the place do not fit.
    """
    check(by, Permission.ADMIN_USE)
    _not_oneself(by, user_id)
    membership = Membership(
        user_id=user_id,
        role=role,
        council=council,
        supplier=supplier,
        programme_wide=not (council or supplier),
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
    *, membership_id: int, ends_on: date | None, limit: Decimal | None, by: User, at: datetime
) -> Membership:
    """Set the first day without a role, or its limit in pounds; nothing else of it changes.

    A role is never deleted: what somebody could do stays known. Raises Refused for a day or limit
    that the role cannot have.
    """
    check(by, Permission.ADMIN_USE)
    membership = Membership.objects.select_for_update(of=["self"]).get(pk=membership_id)
    _not_oneself(by, membership.user_id)
    before = _facts(membership)
    membership.ends_on, membership.limit = ends_on, limit
    after = _facts(membership)
    if after != before:
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


@transaction.atomic
def delegate(
    *,
    membership_id: int,
    deputy: User,
    starts_on: date,
    ends_on: date,
    reason: str,
    by: User,
    at: datetime,
    today: date,
) -> Delegation:
    """Pass a role and its limit to a deputy for stated days.

    By the person whose role it is, or whoever keeps people. Raises Refused for oneself, days that
    are over, another deputy's overlap, or a role that was itself only passed on. It begins today
    at the earliest: nobody is made to have held what they did not.
    """
    membership = (
        Membership.objects.select_for_update(of=["self"])
        .select_related("council", "user")
        .get(pk=membership_id)
    )
    if membership.user_id != by.pk:
        check(by, Permission.ADMIN_USE)
    if deputy.pk == membership.user_id:
        raise Refused("A deputy is somebody else. Choose another person.")
    if not reason.strip():
        raise BadInput("Say why, for example “leave” or “training”.")
    if not today <= starts_on < ends_on:
        raise BadInput("The days end before they begin, or are past. Choose today or days to come.")
    if not membership_lasts(membership, starts_on, ends_on):
        raise Refused("The role itself is not held on all of these days. Choose others.")
    delegation = Delegation(
        membership=membership,
        deputy=deputy,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason.strip()[:200],
        given_by=by,
    )
    try:
        with transaction.atomic():
            delegation.save()
    except IntegrityError:
        raise Refused("This person is the deputy on one of these days already.") from None
    audit.record(
        Type.ROLE_DELEGATED,
        by=by,
        at=at,
        council=membership.council,
        subject=delegation,
        after={"deputy": deputy.pk, "starts_on": starts_on, "ends_on": ends_on},
        note=reason,
    )
    return delegation


def membership_lasts(membership: Membership, starts_on: date, ends_on: date) -> bool:
    """Answer whether the role is held on every day from ``starts_on`` until before ``ends_on``."""
    return membership.starts_on <= starts_on and (
        membership.ends_on is None or ends_on <= membership.ends_on
    )


@transaction.atomic
def end_delegation(*, delegation_id: int, by: User, at: datetime, today: date) -> Delegation:
    """End a deputy's role with the day before ``today``; one that has not begun never will.

    By the person whose role it is, the deputy, or whoever keeps people.
    """
    delegation = (
        Delegation.objects.select_for_update(of=["self"])
        .select_related("membership__council")
        .get(pk=delegation_id)
    )
    if by.pk not in (delegation.membership.user_id, delegation.deputy_id):
        check(by, Permission.ADMIN_USE)
    if delegation.ends_on <= today:
        raise Refused("It has ended already.")
    before = {"ends_on": delegation.ends_on}
    has_begun = delegation.starts_on < today
    if has_begun:
        delegation.ends_on = today
        delegation.save(update_fields=["ends_on"])
    audit.record(
        Type.DELEGATION_ENDED,
        by=by,
        at=at,
        council=delegation.membership.council,
        subject=delegation,
        before=before,
        after={"ends_on": today if has_begun else None},
    )
    if not has_begun:
        delegation.delete()
    return delegation


@transaction.atomic
def leave(*, user_id: int, by: User, at: datetime, today: date) -> User:
    """Let a person go: from the next request on they can do nothing; what they did stays.

    Ends every role and deputy's role with the day before ``today`` and every API token.
    """
    check(by, Permission.ADMIN_USE)
    user = User.objects.select_for_update().get(pk=user_id)
    if user.pk == by.pk:
        raise Refused("You cannot let yourself go. Ask another administrator.")
    user.is_active = False
    user.save(update_fields=["is_active"])
    for membership in user.memberships.all():
        if membership.ends_on is None or membership.ends_on > today:
            # A role holds one day at least: one that begins later keeps its first.
            ends_on = max(today, membership.starts_on + timedelta(days=1))
            change_role(
                membership_id=membership.pk, ends_on=ends_on, limit=membership.limit, by=by, at=at
            )
    taken = Delegation.objects.filter(deputy=user, ends_on__gt=today)
    for delegation in taken.order_by("pk"):
        end_delegation(delegation_id=delegation.pk, by=by, at=at, today=today)
    ApiToken.objects.filter(user=user).in_force(at).update(revoked_at=at)
    audit.record(Type.PERSON_LEFT, by=by, at=at, subject=user, needs=Permission.ADMIN_USE)
    return user


@transaction.atomic
def anonymize(*, user_id: int, by: User, at: datetime) -> User:
    """Take a leaver's name, mail address and what they signed in with away; what they did stays.

    Raises Refused for somebody who may still sign in.
    """
    check(by, Permission.ADMIN_USE)
    user = User.objects.select_for_update().get(pk=user_id)
    if user.is_active:
        raise Refused("Only who has left can be made anonymous. Let the person go first.")
    user.email, user.name = f"former-{user.pk}@nowhere.invalid", f"Former person {user.pk}"
    user.set_unusable_password()
    user.last_login = None
    user.save(update_fields=["email", "name", "password", "last_login"])
    for held in (EmailAddress, SocialAccount, Authenticator, UserSession):
        held.objects.filter(user=user).delete()
    audit.record(Type.PERSON_ANONYMIZED, by=by, at=at, subject=user, needs=Permission.ADMIN_USE)
    return user


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
