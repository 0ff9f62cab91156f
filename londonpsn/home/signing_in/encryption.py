"""Secrets of second factors, encrypted in the database by a key that is not in it."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

from londonpsn.common.errors import Refused

WHAT_FOR = "londonpsn.home.signing_in.encryption"
MARK = "fernet:"  # how what is encrypted begins
EARLIER_MARK = "gAAAA"  # and how it began until this release; no secret in clear does


class Unreadable(Refused):
    """No key of the portal reads a secret any more."""


def encrypt(text: str) -> str:
    return MARK + MultiFernet(_keys()).encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """Return what was encrypted; what an earlier release left as it is comes back as it is.

    Raises Unreadable where neither SECRET_KEY nor SECRET_KEY_FALLBACKS fits.
    """
    if not text.startswith((MARK, EARLIER_MARK)):
        return text
    try:
        return MultiFernet(_keys()).decrypt(text.removeprefix(MARK)).decode()
    except InvalidToken:
        raise Unreadable(
            "Your second step at sign-in cannot be read any more. "
            "Ask an administrator to reset it, then set up a new one."
        ) from None


def is_of_today(text: str) -> bool:
    """Answer whether it is encrypted, and by the key of today."""
    try:
        return bool(text.startswith(MARK) and _keys()[0].decrypt(text.removeprefix(MARK)))
    except InvalidToken:
        return False


def _keys() -> list[Fernet]:
    """That of today, which encrypts, and those before it, which still decrypt."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [Fernet(base64.urlsafe_b64encode(_digest(key))) for key in keys]


def _digest(key: str) -> bytes:
    return salted_hmac(WHAT_FOR, "", secret=key, algorithm="sha256").digest()
