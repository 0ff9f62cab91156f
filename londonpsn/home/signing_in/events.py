"""What the security log hears of allauth: who has signed in and out."""

from allauth.core.internal.httpkit import get_client_ip

from boroughs import audit
from boroughs.models import AuditEvent
from londonpsn.common import clock
from londonpsn.home.signing_in import openid, second_factor


def signed_in(sender, request, user, sociallogin=None, **kwargs) -> None:
    if sociallogin and openid.asserts_second_factor(sociallogin):
        second_factor.note_proved(request, user, second_factor.BY_PROVIDER)
    note = f"through {sociallogin.provider.name}" if sociallogin else ""
    _record(AuditEvent.Type.SIGNED_IN, request, user, note)


def signed_out(sender, request, user, **kwargs) -> None:
    """The portal also signs people out, when their time is over; it says so."""
    if user is not None:
        _record(AuditEvent.Type.SIGNED_OUT, request, user, getattr(request, "ended", ""))


def _record(event, request, user, note: str) -> None:
    audit.record_security(
        event,
        at=clock.now(),
        user_id=user.pk,
        address=get_client_ip(request) or "",
        note=note[:300],
    )
