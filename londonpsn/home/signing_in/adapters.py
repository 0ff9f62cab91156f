"""What allauth asks the portal: who may sign in, how tries are limited, what is written down."""

import time

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.app_settings import REAUTHENTICATION_TIMEOUT
from allauth.account.authentication import get_authentication_records
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from django.contrib.auth import authenticate
from django.db import transaction
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from boroughs import audit
from boroughs.models import AuditEvent, User
from londonpsn.common import clock
from londonpsn.home import views
from londonpsn.home.signing_in import encryption, second_factor, tries

NOT_RIGHT = "The mail address or the password is not right. Check both and try again."
CODE_NOT_RIGHT = "This code is not right, or was used before. Wait for the next one and enter that."
MAY_NOT_SIGN_IN = "You may not sign in any more. Ask an administrator of your council."


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators or by a council's own sign-in, never by oneself."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": NOT_RIGHT,
        "incorrect_password": "This password is not right. Check it and try again.",
        "enter_current_password": "This password is not right. Check it and try again.",
        "incorrect_code": CODE_NOT_RIGHT,
        "rate_limited": tries.TRY_LATER,
        "too_many_login_attempts": tries.TRY_LATER,
    }

    def is_open_for_signup(self, request):
        return False

    def is_safe_url(self, url):
        """Lead on to this very host only."""
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )

    def authenticate(self, request, **credentials):
        """Return the person, or None. Raises TooManyTries.

        Whether there is such an account, may sign in or has a password makes no difference to
        what is done, so none to the time it takes.
        """
        mail, at = credentials["email"], clock.now()
        attempt = tries.begin(account=tries.account_of(mail), address=get_client_ip(request), at=at)
        user = authenticate(request, **credentials)
        known = User.objects.filter(email=mail.strip().lower()).values_list("pk", flat=True).first()
        tries.settle(attempt, is_wrong=user is None, at=at, user_id=known)
        return user

    def reauthenticate(self, user, password):
        return self.authenticate(self.request, email=user.email, password=password) == user

    @transaction.atomic
    def set_password(self, user, password):
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.record_security(
            AuditEvent.Type.PASSWORD_CHANGED,
            at=clock.now(),
            user_id=user.pk,
            address=get_client_ip(self.request) or "",
        )

    def get_password_change_redirect_url(self, request):
        return reverse("mfa_index")

    def respond_user_inactive(self, request, user):
        return views.not_signed_in(request, MAY_NOT_SIGN_IN)

    def get_login_stages(self):
        return ["londonpsn.home.signing_in.openid.SecondFactorStage"]

    def is_reauthentication_required(self, *, app, **kwargs):
        """Not in the minutes after signing in, if that was with all that the person has."""
        user, records = (
            self.request.user,
            get_authentication_records(self.request, self.request.user),
        )
        if second_factor.is_held(user) and not second_factor.is_proved(self.request):
            return True
        return not records or time.time() - records[-1]["at"] >= REAUTHENTICATION_TIMEOUT

    def get_reauthentication_methods(self, user):
        """Who has a second factor proves that one: whoever has the password may not remove it."""
        methods = super().get_reauthentication_methods(user)
        return [one for one in methods if one["id"] != "reauthenticate"] or methods


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": (
            "Your role needs a second step at sign-in. Add another one before you remove this."
        ),
        "incorrect_code": CODE_NOT_RIGHT,
    }

    def encrypt(self, text):
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text):
        return encryption.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator):
        person = self.request.user
        return not person.access.needs_second_factor or second_factor.is_held(
            person, but=authenticator
        )

    def generate_authenticator_name(self, user, type):
        held = second_factor.Authenticator.objects.filter(user=user, type=type).count()
        return f"Security key {held + 1}"

    def _get_site_name(self):
        return "LondonPSN"


class SessionsAdapter(DefaultUserSessionsAdapter):
    @transaction.atomic
    def end_sessions(self, sessions):
        super().end_sessions(sessions)
        if sessions:
            audit.record_security(
                AuditEvent.Type.SESSIONS_ENDED,
                at=clock.now(),
                user_id=self.request.user.pk,
                address=get_client_ip(self.request) or "",
                after={"sessions": len(sessions)},
            )
