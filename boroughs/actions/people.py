"""Every write of people: who they are, how they sign in, and that they leave."""

from datetime import date, datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction

from boroughs import audit
from boroughs.actions.deputies import end_delegation
from boroughs.actions.roles import change_role
from boroughs.authorization import Permission, check
from boroughs.models import ApiToken, AuditEvent, Delegation, User
from londonpsn.common.errors import Refused

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
                membership_id=membership.pk,
                ends_on=ends_on,
                limit=membership.limit,
                by=by,
                at=at,
                today=today,
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
