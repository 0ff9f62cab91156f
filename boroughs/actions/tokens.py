"""Every write of API tokens."""

from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction

from boroughs import audit
from boroughs.authorization import Permission, can
from boroughs.models import ApiToken, AuditEvent, Council, User
from londonpsn.common.errors import BadInput, Refused
from londonpsn.common.periods import end_of

LONGEST = timedelta(days=366)
USUAL_DAYS, MOST_DAYS = timedelta(days=90), timedelta(days=365)
IN_FORCE_AT_ONCE = 20  # of one person


def works_until(last_day: date, today: date) -> datetime:
    """Return when a token expires whose last day is chosen on the real day ``today``.

    Raises BadInput for a day that is over or too far.
    """
    if not today <= last_day <= today + MOST_DAYS:
        raise BadInput("Choose a day from today on, at most a year from now.")
    return end_of(last_day)


@transaction.atomic
def create_token(
    *,
    user: User,
    name: str,
    at: datetime,
    expires_at: datetime,
    scope: ApiToken.Scope = ApiToken.Scope.READ,
    council: Council | None = None,
    by: User | None = None,
) -> str:
    """Make a token for the API in the person's name and return its secret, which is not kept.

    ``by`` None is the portal's console. Raises BadInput for a name that says nothing or a time
    that is over or too far, PermissionDenied for another person's or another council's, and
    Refused for too many.
    """
    if by is not None and by.pk != user.pk:
        raise PermissionDenied("A token is made by the person in whose name it works.")
    if by is not None and council and not can(by, Permission.RECORD_VIEW, council):
        raise PermissionDenied("A token is for a council of yours, or for all of yours.")
    if not name.strip():
        raise BadInput("Say what the token is for, so that it can be found again.")
    if not at < expires_at <= at + LONGEST:
        raise BadInput("A token expires after now, and within a year. Choose a nearer day.")
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.api_tokens.in_force(at).count() >= IN_FORCE_AT_ONCE:
        raise Refused(f"{IN_FORCE_AT_ONCE} tokens are in force already. Revoke one first.")
    secret, digest = ApiToken.new_secret()
    token = ApiToken.objects.create(
        user=user,
        name=name.strip()[:80],
        digest=digest,
        scope=scope,
        council=council,
        created_at=at,
        expires_at=expires_at,
    )
    after = {"user": user.pk, "scope": scope, "expires_at": expires_at}
    audit.record(
        AuditEvent.Type.TOKEN_MADE, by=by, at=at, council=council, subject=token, after=after
    )
    return secret


@transaction.atomic
def revoke_token(*, token_id: int, by: User, at: datetime) -> ApiToken:
    """End a token for good; one that is over already stays as it is.

    Raises ApiToken.DoesNotExist for one that the person may not see: their own, or any for whoever
    keeps people.
    """
    tokens = ApiToken.objects.visible_to(by).select_related("council")
    token = tokens.select_for_update(of=["self"]).get(pk=token_id)
    if token.revoked_at is None:
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        audit.record(
            AuditEvent.Type.TOKEN_REVOKED,
            by=by,
            at=at,
            council=token.council,
            subject=token,
            after={"user": token.user_id},
        )
    return token
