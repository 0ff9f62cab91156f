"""A program that calls the API in a person's name."""

from datetime import timedelta

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import get_authorization_header as header_of
from rest_framework.exceptions import AuthenticationFailed

from boroughs.authorization import resolve
from boroughs.models import ApiToken
from londonpsn.common import clock

USE_IS_NOTED_EVERY = timedelta(minutes=1)


class ApiTokenAuthentication(BaseAuthentication):
    """``Authorization: Token SECRET``, as `manage.py create_token` prints it."""

    keyword = "Token"

    def authenticate(self, request):
        words = header_of(request).decode("latin-1").split()
        if len(words) != 2 or words[0] != self.keyword:
            return None
        now = clock.now()
        tokens = ApiToken.objects.with_secret(words[1]).in_force(now).select_related("user")
        token = tokens.filter(user__is_active=True).first()
        if token is None:
            raise AuthenticationFailed("This token does not exist, has expired or was revoked.")
        if token.last_used_at is None or now - token.last_used_at > USE_IS_NOTED_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        user = resolve(token.user, clock.today())
        reading_only = token.scope == ApiToken.Scope.READ
        user.access = user.access.narrowed(token.council_id, reading_only=reading_only)
        return user, token

    def authenticate_header(self, request):
        return self.keyword


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
