"""Signing in through a council's own provider (OpenID Connect), switched on by the environment.

A person is matched by the verified mail address, whose domain a council vouches for. Nobody gets a
role by that alone.
"""

import secrets

import jwt
import requests
from allauth.account.internal.decorators import login_not_required
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.stages import AuthenticateStage
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.base import AuthError
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare

from boroughs import audit
from boroughs.models import AuditEvent, Council, User
from londonpsn.common import clock
from londonpsn.common.errors import NotVisible
from londonpsn.home import views
from londonpsn.home.signing_in.adapters import MAY_NOT_SIGN_IN

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
CLAIMS = ["iss", "sub", "aud", "exp", "iat", "nonce"]
CLOCKS_DIFFER_BY = 60  # seconds
# What a provider says when it has asked for more than a password: RFC 8176, OpenID PAPE, REFEDS.
SECOND_FACTOR_AMR = "mfa"
SECOND_FACTOR_ACR = {
    "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
    "https://refeds.org/profile/mfa",
}
NO_MAIL = "{provider} did not tell the portal a mail address of yours that it has checked."
NO_COUNCIL = (
    "No council of the portal has mail addresses like yours. Sign in with the mail address that "
    "your council gave you, or ask an administrator for an account."
)
OTHER_LINK = (
    "Your account is linked to another sign-in at {provider}. Sign in with that one, or ask an "
    "administrator of the portal to undo the link."
)
FAILED = "{provider} could not sign you in. Go back and try again."


class Exchange(OpenIDConnectOAuth2Adapter):
    """Fetches and checks what the provider says. ``nonce`` is the one that the person left with."""

    nonce = ""

    def complete_login(self, request, app, token, **kwargs):
        claims = self._checked(app, kwargs["response"].get("id_token") or "")
        facts = self._fetch_user_info(token.token)
        if facts.get("sub") != claims["sub"]:
            raise OAuth2Error("The provider spoke of two people.")
        said = {"userinfo": facts, "id_token": claims}
        return self.get_provider().sociallogin_from_response(request, said)

    def _checked(self, app, id_token: str) -> dict:
        """Return the claims of a token that the provider signed for this very sign-in.

        allauth trusts TLS for the signature and knows no nonce, so it is not left to it.
        """
        try:
            claims = jwt.decode(
                id_token,
                self._key_of(id_token),
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=CLOCKS_DIFFER_BY,
                options={"require": CLAIMS},
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise OAuth2Error("The provider's token is not right.") from error
        if not constant_time_compare(claims["nonce"], self.nonce):
            raise OAuth2Error("The provider's token is of another sign-in.")
        return claims

    def _key_of(self, id_token: str) -> jwt.PyJWK:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json())
        return keys[jwt.get_unverified_header(id_token)["kid"]]


class Provider(OpenIDConnectProvider):
    """The one provider of SOCIALACCOUNT_PROVIDERS; the address asked for changes nothing of it."""

    oauth2_adapter_class = Exchange
    pkce_enabled_default = True

    def get_redirect_from_request_kwargs(self, request):
        asked = super().get_redirect_from_request_kwargs(request)
        return {"process": "login"} | {name: asked[name] for name in ("next_url",) if name in asked}

    def redirect(self, request, process, next_url=None, data=None, **kwargs):
        nonce = secrets.token_urlsafe(24)
        extra = self.get_auth_params() | {"nonce": nonce}
        return super().redirect(
            request, process, next_url, data, auth_params=extra, nonce=nonce, **kwargs
        )

    def extract_email_addresses(self, data):
        """A claim may be the word true, which is not a truth of JSON."""
        addresses = super().extract_email_addresses(data)
        for address in addresses:
            address.verified = str(address.verified).lower() == "true"
        return addresses

    def extract_extra_data(self, data):
        """Keep nothing about the person but how they proved who they are."""
        return {name: data["id_token"][name] for name in ("amr", "acr") if name in data["id_token"]}


class CallbackView(OAuth2CallbackView):
    def _get_state(self, request, provider):
        state, response = super()._get_state(request, provider)
        self.adapter.nonce = (state or {}).get("nonce", "")
        return state, response


def _named() -> list[dict]:
    return settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]


def _of(request, provider_id: str) -> Exchange:
    exchange = Exchange(request, provider_id)
    if not _named():
        raise NotVisible
    if exchange.get_provider().app.provider_id != provider_id:
        raise NotVisible
    return exchange


@login_not_required
def leave(request, provider_id):
    """Send the person to the provider; asked by GET, a page says so first."""
    return _answered(OAuth2LoginView, _of(request, provider_id))


@login_not_required
def come_back(request, provider_id):
    """Where the provider sends the person back to."""
    return _answered(CallbackView, _of(request, provider_id))


def _answered(view, exchange: Exchange):
    """Answer by one of allauth's views; a provider that is not there makes no error of ours."""
    try:
        return view.adapter_view(exchange)(exchange.request)
    except requests.RequestException:
        words = FAILED.format(provider=exchange.get_provider().name)
        return views.not_signed_in(exchange.request, words)


class OpenIDAdapter(DefaultSocialAccountAdapter):
    """Matches who comes from the provider to a person of the portal."""

    def list_apps(self, request, provider=None, client_id=None):
        """Only what the environment names: the database's table of providers is not asked."""
        return [SocialApp(provider="openid_connect", **fields) for fields in _named()]

    def is_open_for_signup(self, request, sociallogin):
        return True

    def on_authentication_error(self, request, provider, error=None, exception=None, **kwargs):
        words = "You did not sign in." if error == AuthError.CANCELLED else FAILED
        raise self._refused(words, provider)

    def authenticate_by_email(self, sociallogin):
        """Not by allauth, which would take away the password of who has one."""

    def pre_social_login(self, request, sociallogin):
        """Refuse who is of no council; else lead to the account that the mail address has."""
        mail = next((one.email for one in sociallogin.email_addresses if one.verified), "").lower()
        if not mail:
            raise self._refused(NO_MAIL, sociallogin.provider)
        domain = mail.rpartition("@")[2]
        vouched_for = Council.objects.filter(mail_domains__contains=[domain]).exists()
        if not vouched_for or (settings.OIDC_DOMAINS and domain not in settings.OIDC_DOMAINS):
            raise self._refused(NO_COUNCIL, sociallogin.provider)
        if sociallogin.is_existing:
            return
        if known := User.objects.filter(email=mail).first():
            self._link(request, sociallogin, known)
        else:
            sociallogin.user.email = mail

    @transaction.atomic
    def _link(self, request, sociallogin, known: User) -> None:
        """Note what the provider knows the person by; refuse who has left or is known otherwise."""
        known = User.objects.select_for_update(no_key=True).get(pk=known.pk)
        if not known.is_active:
            raise self._refused(MAY_NOT_SIGN_IN, sociallogin.provider)
        provider = sociallogin.account.provider
        if SocialAccount.objects.filter(user=known, provider=provider).exists():
            raise self._refused(OTHER_LINK, sociallogin.provider)
        sociallogin.connect(request, known)
        _record_link(request, sociallogin)

    def populate_user(self, request, sociallogin, data):
        names = (data.get("first_name"), data.get("last_name"))
        name = data.get("name") or " ".join(filter(None, names)) or data.get("email", "")
        sociallogin.user.name = name[:80]
        return sociallogin.user

    @audit.together()
    def save_user(self, request, sociallogin, form=None):
        """Add the person, without any role, and what the provider knows them by."""
        sociallogin.save(request, connect=True)
        audit.record(
            AuditEvent.Type.PERSON_INVITED,
            by=None,
            at=clock.now(),
            subject=sociallogin.user,
            note="Came by the sign-in of a council, without a role",
        )
        _record_link(request, sociallogin)
        return sociallogin.user

    def _refused(self, words: str, provider) -> ImmediateHttpResponse:
        return ImmediateHttpResponse(
            views.not_signed_in(self.request, words.format(provider=provider.name))
        )


def _record_link(request, sociallogin) -> None:
    audit.record_security(
        AuditEvent.Type.PROVIDER_LINKED,
        at=clock.now(),
        user_id=sociallogin.user.pk,
        address=get_client_ip(request) or "",
        note=sociallogin.provider.name[:300],
    )


def asserts_second_factor(sociallogin) -> bool:
    """Answer whether a provider that we believe says that it asked for a second factor."""
    said = sociallogin.account.extra_data
    amr = said.get("amr") or []
    proved = SECOND_FACTOR_AMR in ([amr] if isinstance(amr, str) else amr)
    return settings.OIDC_ASSERTS_SECOND_FACTOR and (proved or said.get("acr") in SECOND_FACTOR_ACR)


class SecondFactorStage(AuthenticateStage):
    """Asks for the second factor, unless the provider that the person came from has."""

    def _should_handle(self, request):
        sociallogin = (self.login.signal_kwargs or {}).get("sociallogin")
        if sociallogin and asserts_second_factor(sociallogin):
            return False
        return super()._should_handle(request)
