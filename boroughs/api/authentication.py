"""A program that calls the API in a person's name."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from allauth.core.internal.httpkit import get_client_ip
from django.core.cache import cache
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from redis import RedisError
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import get_authorization_header as header_of
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission

from boroughs import audit
from boroughs.authorization import resolve
from boroughs.models import ApiToken, AuditEvent
from boroughs.queries import second_factors
from londonpsn.common import clock

USE_IS_NOTED_EVERY = timedelta(minutes=1)
REFUSAL_IS_NOTED_EVERY = 60  # seconds
NEEDS_SECOND_FACTOR = (
    "The role of this token’s person needs a second step at sign-in, and they have none. They set "
    "one up on the portal’s page of how they sign in; then the token works again."
)
log = logging.getLogger(__name__)


class ApiTokenAuthentication(BaseAuthentication):
    """``Authorization: Token SECRET``, as `manage.py create_token` prints it."""

    keyword = "Token"

    def authenticate(self, request):
        words = header_of(request).decode("latin-1").split()
        if len(words) != 2 or words[0] != self.keyword:
            return None
        now = clock.now()
        named = ApiToken.objects.with_secret(words[1])
        tokens = named.in_force(now).select_related("user", "council")
        token = tokens.filter(user__is_active=True).first()
        if token is None:
            note_refusal(request, named.first(), now)
            raise AuthenticationFailed("This token does not exist, has expired or was revoked.")
        user = resolve(token.user, clock.today())
        if user.access.needs_second_factor and not second_factors([user.pk]):
            note_refusal(request, token, now)
            raise PermissionDenied(NEEDS_SECOND_FACTOR)
        reading_only = token.scope == ApiToken.Scope.READ
        if token.last_used_at is None or now - token.last_used_at > USE_IS_NOTED_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        narrowed = user.access.narrowed(token.council_id, reading_only=reading_only)
        user.access = replace(narrowed, token_id=token.pk)
        return user, token

    def authenticate_header(self, request):
        return self.keyword


def refuse_token(request, words: str) -> None:
    """Raise PermissionDenied where a program asks for what people alone do: give rights away."""
    if isinstance(request.auth, ApiToken):
        raise PermissionDenied(words)


def council_of_token(request) -> int | None:
    """Return the key of the one council that a request's token is for; None where it is for all."""
    token = request and request.auth
    return token.council_id if isinstance(token, ApiToken) else None


class TokenMayWrite(BasePermission):
    """A token that only reads is told so before anything else is looked at."""

    message = (
        "This token is for reading only. Make one that may write, on the portal’s page of tokens."
    )

    def has_permission(self, request, view) -> bool:
        token = request.auth
        is_reader = isinstance(token, ApiToken) and token.scope == ApiToken.Scope.READ
        return request.method in SAFE_METHODS or not is_reader


def note_refusal(request: HttpRequest, token: ApiToken | None, at: datetime) -> None:
    """Write in the security log that a token was refused.

    Once a minute for one token from one address, and for all that nobody knows from one address:
    whoever tries many fills no log. While the broker cannot be reached, the server's log has it.
    """
    address = get_client_ip(request) or ""
    key = f"token-refused:{token.pk if token else 'unknown'}:{address}"
    try:
        is_first = cache.add(key, True, REFUSAL_IS_NOTED_EVERY)
    except RedisError:
        log.warning("An API token was refused.")
        return
    if is_first:
        audit.record_security(
            AuditEvent.Type.TOKEN_REFUSED,
            at=at,
            user_id=token.user_id if token else None,
            address=address,
            note=why_refused(token, at),
        )


def why_refused(token: ApiToken | None, at: datetime) -> str:
    if token is None:
        return "no such token"
    if token.revoked_at:
        return "revoked"
    if token.expires_at and token.expires_at <= at:
        return "expired"
    if not token.user.is_active:
        return "its person has left"
    return "its person has no second factor"


class ApiTokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document describes it."""

    target_class = ApiTokenAuthentication
    name = "apiToken"

    def get_security_definition(self, auto_schema):
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "The word Token, a space, and the secret.",
        }
