"""Secrets of second factors, encrypted in the database by a key that is not in it."""

import base64

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

WHAT_FOR = "londonpsn.home.signing_in.encryption"
MARK = "gAAAA"  # how what Fernet writes begins, and no secret of an app or of recovery codes does


def encrypt(text: str) -> str:
    return _keys().encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """Return what was encrypted; what an earlier release left as it is comes back as it is.

    Raises cryptography's InvalidToken where neither SECRET_KEY nor SECRET_KEY_FALLBACKS fits.
    """
    if not text.startswith(MARK):
        return text
    return _keys().decrypt(text.encode()).decode()


def _keys() -> MultiFernet:
    """Encrypts with the key of today, and decrypts with those before it too."""
    return MultiFernet(
        Fernet(base64.urlsafe_b64encode(_digest(key)))
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def _digest(key: str) -> bytes:
    return salted_hmac(WHAT_FOR, "", secret=key, algorithm="sha256").digest()
