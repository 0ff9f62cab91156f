"""Every write of people: who they are, how they sign in, and that they leave."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction
from django.db.models import TextChoices

from boroughs import audit, mails
from boroughs.actions.deputies import end_delegation
from boroughs.actions.roles import change_role, give_role
from boroughs.authorization import Permission, check
from boroughs.models import ApiToken, AuditEvent, Delegation, Membership, User
from londonpsn.common.errors import Refused

Type = AuditEvent.Type
NOBODY = "@nowhere.invalid"  # the address of who was made anonymous


class ResetReason(TextChoices):
    """Why somebody's second factor is taken away; a choice, because free text may name people."""

    LOST = "LOST", "The phone or key is lost or broken"
    REPLACED = "REPLACED", "The phone or key was replaced, and the old one is gone"
    EXPOSED = "EXPOSED", "Somebody else may have it"


@transaction.atomic
def invite(*, email: str, name: str, by: User | None, at: datetime) -> User:
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
def set_up_administrator(
    *, email: str, name: str, password: str, at: datetime, today: date
) -> User:
    """Add the first administrator of a portal, who invites everybody else: at its console alone.

    Both events are the portal's own. Raises Refused for an address held.
    """
    user = invite(email=email, name=name, by=None, at=at)
    user.set_password(password)
    user.save(update_fields=["password"])
    role = {"role": Membership.Role.ADMINISTRATOR, "programme_wide": True, "starts_on": today}
    give_role(user_id=user.pk, by=None, at=at, today=today, **role)
    return user


@audit.together()
def change_person(*, user_id: int, email: str, name: str, by: User, at: datetime) -> User:
    """Correct a person's name or mail address; which of them is written, never what it is.

    Whoever has the new address can ask for a new password: so the person is signed out, their API
    tokens end, and the old address is told. Whoever came by the old one through a council does not
    come back: what a provider knows the person by goes. Raises Refused for one's own address.
    """
    check(by, Permission.ADMIN_USE)
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    was = user.email
    new = {"email": email.strip().lower(), "name": name.strip()}
    changed = [field for field, value in new.items() if getattr(user, field) != value]
    if not changed:
        return user
    if "email" in changed and user.pk == by.pk:
        raise Refused("Your own mail address is changed by another administrator.")
    for field in changed:
        setattr(user, field, new[field])
    user.save(update_fields=changed)
    ended = _shut_out(user, at) if "email" in changed else None
    audit.record(
        Type.PERSON_CHANGED,
        by=by,
        at=at,
        subject=user,
        note="Changed: " + " and ".join(changed),
        needs=Permission.ADMIN_USE,
    )
    if ended is not None:
        audit.record_security(Type.MAIL_CHANGED, at=at, user_id=user.pk, after=ended)
        _mail(partial(mails.send_mail_changed, user, to=was))
    return user


@audit.together()
def reset_second_factor(*, user_id: int, reason: ResetReason, by: User, at: datetime) -> User:
    """Take the second factors of somebody who has lost theirs away, recovery codes among them.

    The person is signed out and told by mail. Where their role needs a factor they set up a new
    one when they sign in next, and no API token of theirs works before. Raises Refused for one's
    own, and where there is none.
    """
    check(by, Permission.ADMIN_USE)
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if user.pk == by.pk:
        raise Refused("Your own second step is reset by another administrator.")
    removed, _ = Authenticator.objects.filter(user=user).delete()
    if not removed:
        raise Refused("There is no second step to reset.")
    sessions = _sign_out(user)
    facts = {"note": ResetReason(reason).label, "after": {"sessions": sessions}}
    kind = Type.SECOND_FACTOR_RESET
    audit.record(kind, by=by, at=at, subject=user, needs=Permission.ADMIN_USE, **facts)
    audit.record_security(kind, at=at, user_id=user.pk, **facts)
    _mail(partial(mails.send_second_factor_reset, user))
    return user


@audit.together()
def unlink_provider(*, user_id: int, by: User, at: datetime) -> User:
    """Undo a person's link to the sign-in of a council, and sign them out.

    Who comes from there next with the person's verified mail address is linked anew. Raises
    Refused where there is no link.
    """
    check(by, Permission.ADMIN_USE)
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if not _unlink(user):
        raise Refused("There is no link to the sign-in of a council.")
    facts = {"after": {"sessions": _sign_out(user)}}
    kind = Type.PROVIDER_UNLINKED
    audit.record(kind, by=by, at=at, subject=user, needs=Permission.ADMIN_USE, **facts)
    audit.record_security(kind, at=at, user_id=user.pk, **facts)
    return user


@audit.together()
def leave(*, user_id: int, by: User, at: datetime, today: date) -> User:
    """Let a person go: from the next request on they can do nothing; what they did stays.

    Ends every role and deputy's role with the day before ``today``, every API token, and what a
    provider knows the person by.
    """
    check(by, Permission.ADMIN_USE)
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if user.pk == by.pk:
        raise Refused("You cannot let yourself go. Ask another administrator.")
    user.is_active = False
    user.save(update_fields=["is_active"])
    for membership in user.memberships.order_by("pk"):
        if membership.ends_on is None or membership.ends_on > today:
            change_role(
                membership_id=membership.pk,
                ends_on=max(today, membership.starts_on),  # of one to begin later: it never does
                limit=membership.limit,
                by=by,
                at=at,
                today=today,
            )
    taken = Delegation.objects.filter(deputy=user, ends_on__gt=today)
    for delegation in taken.order_by("pk"):
        end_delegation(delegation_id=delegation.pk, by=by, at=at, today=today)
    ended = _shut_out(user, at)
    audit.record(
        Type.PERSON_LEFT, by=by, at=at, subject=user, after=ended, needs=Permission.ADMIN_USE
    )
    return user


@transaction.atomic
def come_back(*, user_id: int, by: User, at: datetime) -> User:
    """Invite a leaver again, who has no password and none of the roles of before.

    Raises Refused for somebody who may sign in, and for who was made anonymous.
    """
    check(by, Permission.ADMIN_USE)
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if user.is_active:
        raise Refused("This person may sign in. Give them a role instead.")
    if user.email.endswith(NOBODY):
        raise Refused("This person was made anonymous. Invite them as somebody new.")
    user.is_active = True
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    audit.record(Type.PERSON_RETURNED, by=by, at=at, subject=user, needs=Permission.ADMIN_USE)
    return user


@transaction.atomic
def anonymize(*, user_id: int, by: User, at: datetime) -> User:
    """Take a leaver's name, mail address and what they signed in with away; what they did stays.

    Raises Refused for somebody who may still sign in.
    """
    check(by, Permission.ADMIN_USE)
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if user.is_active:
        raise Refused("Only who has left can be made anonymous. Let the person go first.")
    user.email, user.name = f"former-{user.pk}{NOBODY}", f"Former person {user.pk}"
    user.set_unusable_password()
    user.last_login = None
    user.save(update_fields=["email", "name", "password", "last_login"])
    for held in (EmailAddress, SocialAccount, Authenticator, UserSession):
        held.objects.filter(user=user).delete()
    audit.record(Type.PERSON_ANONYMIZED, by=by, at=at, subject=user, needs=Permission.ADMIN_USE)
    return user


def _sign_out(user: User) -> int:
    """End the person's sessions everywhere, and return how many there were."""
    sessions = list(UserSession.objects.filter(user=user))
    for session in sessions:
        session.end()
    return len(sessions)


def _shut_out(user: User, at: datetime) -> dict[str, int]:
    """End the person's sessions, API tokens and links to providers; returns how many of each."""
    tokens = ApiToken.objects.filter(user=user).in_force(at).update(revoked_at=at)
    return {"sessions": _sign_out(user), "tokens": tokens, "providers": _unlink(user)}


def _unlink(user: User) -> int:
    """Forget what providers know the person by, and return how many links there were."""
    links = SocialAccount.objects.filter(user=user)
    count = links.count()
    links.delete()
    return count


def _mail(send: Callable[[], None]) -> None:
    """Mail on commit; what was done stays done while mail cannot be sent, and the log says so."""
    transaction.on_commit(send, robust=True)
