"""Whether a session has proved a second factor, and the codes of those that are typed in."""

from datetime import datetime

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.db import transaction

from boroughs import audit
from boroughs.models import AuditEvent, User
from londonpsn.home.signing_in import encryption

Type = Authenticator.Type
FACTORS = (Type.TOTP, Type.WEBAUTHN)  # a recovery code stands in for one, it is none by itself
ENCRYPTED = {Type.TOTP: "secret", Type.RECOVERY_CODES: "seed"}  # where their secret stands
BY_PROVIDER = "provider"


def is_proved(request) -> bool:
    """Answer whether the person has proved a second factor in this very session."""
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" for record in records)


def note_proved(request, user: User, kind: str) -> None:
    """Note in the session that the person has just proved a factor of this kind."""
    record_authentication(request, user, "mfa", type=kind)


def is_held(user: User, but: Authenticator | None = None) -> bool:
    """Answer whether the person has a factor, one of them (``but``) aside."""
    factors = Authenticator.objects.filter(user=user, type__in=FACTORS)
    return factors.exclude(pk=but and but.pk).exists()


@transaction.atomic
def use_code(user: User, code: str) -> Authenticator | None:
    """Return what a code is of and mark it as used, None when it is of nothing.

    The rows are locked, so that of two who type the same code only one gets in. Raises Unreadable
    where it is of nothing that can be read, and something cannot.
    """
    typed = Authenticator.objects.filter(user=user, type__in=ENCRYPTED)
    lost = None
    for authenticator in typed.select_for_update().order_by("pk"):
        try:
            if _is_used_up(authenticator, code):
                return authenticator
        except encryption.Unreadable as error:
            lost = error
    if lost:
        raise lost
    return None


@transaction.atomic
def encrypt_anew(*, at: datetime) -> int:
    """Encrypt by the key of today what is in clear or by an earlier key; returns of how many.

    What no key reads any more stays as it is.
    """
    count = 0
    held = Authenticator.objects.filter(type__in=ENCRYPTED)
    for authenticator in held.select_for_update().order_by("pk"):
        secret = ENCRYPTED[authenticator.type]
        text = authenticator.data.get(secret)
        if text and not encryption.is_of_today(text) and (anew := _anew(text)):
            authenticator.data[secret] = anew
            authenticator.save(update_fields=["data"])
            count += 1
    if count:
        kind = AuditEvent.Type.SECRETS_ENCRYPTED
        audit.record_security(kind, at=at, after={"factors": count})
    return count


def _anew(text: str) -> str | None:
    try:
        return encryption.encrypt(encryption.decrypt(text))
    except encryption.Unreadable:
        return None


def _is_used_up(authenticator: Authenticator, code: str) -> bool:
    if authenticator.type == Type.RECOVERY_CODES:
        return authenticator.wrap().validate_code(code)
    step = _step_of(decrypt(authenticator.data["secret"]), code)
    if step is None or step <= authenticator.data.get("last_step", 0):
        return False
    authenticator.data["last_step"] = step
    authenticator.save(update_fields=["data"])
    return True


def _step_of(secret: str, code: str) -> int | None:
    """The half minute that a code is of, among those that the clocks may differ by."""
    digits = "".join(code.split())
    for step in totp.yield_hotp_counters_from_time():
        if totp.compare_user_code(
            actual=digits, expected=totp.format_hotp_value(totp.hotp_value(secret, step))
        ):
            return step
    return None


def code_now(authenticator: Authenticator) -> str:
    """Return the code that an authenticator app shows at this moment."""
    *_, now, _ = totp.yield_hotp_counters_from_time()
    return totp.format_hotp_value(totp.hotp_value(decrypt(authenticator.data["secret"]), now))
