"""Allauth's views where the portal has a rule or an event of its own, and how a session stands."""

from allauth.account.views import LoginView, PasswordChangeView
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, EditWebAuthnView, RemoveWebAuthnView
from allauth.socialaccount.adapter import get_adapter as get_provider_adapter
from django.db import transaction
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from boroughs import audit
from boroughs.models import AuditEvent, User
from londonpsn.common import clock
from londonpsn.common.errors import Refused
from londonpsn.home.signing_in import second_factor, sessions
from londonpsn.home.signing_in.adapters import SecondFactorAdapter

ENDED = {
    "idle": "You were signed out because the portal was not used for {minutes} minutes.",
    "limit": "You were signed out because a sign-in lasts {hours} hours at most.",
}
CHANGED_ELSEWHERE = (
    "Your account has no password of the portal: you sign in through your council, and change "
    "your password there."
)


class SignIn(LoginView):
    def get_context_data(self, **kwargs):
        ended = ENDED.get(self.request.GET.get("ended"), "")
        length = sessions.lengths()
        return super().get_context_data(
            ended=ended.format(**length),
            providers=get_provider_adapter().list_providers(self.request),
            **kwargs,
        )


class ChangePassword(PasswordChangeView):
    def dispatch(self, request, *args, **kwargs):
        if not request.user.has_usable_password():
            raise Refused(CHANGED_ELSEWHERE)
        return super().dispatch(request, *args, **kwargs)


class Recorded:
    """Writes to the security log in the transaction that changes a person's second factors.

    The person is locked meanwhile, so that of two factors not both are removed at once.
    """

    event = AuditEvent.Type.SECOND_FACTOR_ADDED
    kind = second_factor.Type.TOTP

    def form_valid(self, form):
        with transaction.atomic():
            User.objects.select_for_update().get(pk=self.request.user.pk)
            response = self.change(form)
            audit.record_security(
                self.event,
                at=clock.now(),
                user_id=self.request.user.pk,
                address=get_client_ip(self.request) or "",
                note=self.kind,
            )
        return response

    def change(self, form):
        """Whoever sets up a factor has just proved it."""
        response = super().form_valid(form)
        if not second_factor.is_proved(self.request):
            second_factor.note_proved(self.request, self.request.user, self.kind)
        return response


class Removed(Recorded):
    event = AuditEvent.Type.SECOND_FACTOR_REMOVED

    def change(self, form):
        if not SecondFactorAdapter().can_delete_authenticator(self.factor()):
            raise Refused(SecondFactorAdapter.error_messages["cannot_delete_authenticator"])
        return super(Recorded, self).form_valid(form)


class SetUpApp(Recorded, ActivateTOTPView):
    pass


class RemoveApp(Removed, DeactivateTOTPView):
    def factor(self):
        return self.authenticator


class AddKey(Recorded, AddWebAuthnView):
    kind = second_factor.Type.WEBAUTHN


class RemoveKey(Removed, RemoveWebAuthnView):
    kind = second_factor.Type.WEBAUTHN

    def factor(self):
        return self.get_object()

    def get_context_data(self, **kwargs):
        may = SecondFactorAdapter().can_delete_authenticator(self.get_object())
        return super().get_context_data(may_remove=may, **kwargs)


class RenameKey(Recorded, EditWebAuthnView):
    event = AuditEvent.Type.SECOND_FACTOR_RENAMED
    kind = second_factor.Type.WEBAUTHN

    def change(self, form):
        return super(Recorded, self).form_valid(form)


class MakeRecoveryCodes(Recorded, GenerateRecoveryCodesView):
    kind = second_factor.Type.RECOVERY_CODES

    def change(self, form):
        return super(Recorded, self).form_valid(form)


@never_cache
@require_http_methods(["GET", "POST"])
def session(request):
    """Tell when the sign-in ends; asking (GET) does not put it off, saying to stay (POST) does."""
    now = clock.now()
    if request.method == "POST":
        sessions.note_use(request.session, now, every=0)
    return JsonResponse(sessions.told(request.session, now))
