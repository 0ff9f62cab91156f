"""Every write of who and where that is not reference data."""

from datetime import datetime

from django.db.models import QuerySet

from boroughs.models import ApiToken, User


def create_token(*, user: User, name: str, at: datetime) -> str:
    """Make a token for the API and return its secret, which is not kept."""
    secret, digest = ApiToken.new_secret()
    ApiToken.objects.create(user=user, name=name, digest=digest, created_at=at)
    return secret


def revoke_tokens(tokens: QuerySet[ApiToken], *, at: datetime) -> int:
    """End tokens for good; returns how many were in force."""
    return tokens.in_force(at).update(revoked_at=at)
