"""At most ten wrong tries in five minutes (rules of the portal, 6.3), however many come at once.

Each try is written before the password or code is looked at, under the account's lock, so that
those that are still being looked at count too. What nobody has finished counts as wrong.
"""

import hashlib
import ipaddress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from boroughs import audit
from boroughs.models import AuditEvent, SignInTry
from londonpsn.common.errors import TooManyTries
from londonpsn.common.locks import Lock, hold_until_commit

WINDOW = timedelta(minutes=5)
TRIES = 10
KEPT = timedelta(days=1)
TRY_LATER = (
    "There were too many tries that did not succeed. Wait five minutes and try again. "
    "If you have forgotten your password, ask for a new one."
)


def account_of(mail: str, what: str = "") -> str:
    """Return the key that tries are counted by; codes and reset mails (``what``) count apart.

    Who only knows a mail address can use up the tries of its password, not those of its codes.
    """
    return hashlib.sha256(f"{what}{mail.strip().lower()}".encode()).hexdigest()


def network_of(address: str | None) -> str | None:
    """Return what tries from one place are counted by: one person holds a whole /64 of IPv6."""
    if not address:
        return None
    parsed = ipaddress.ip_address(address)
    if parsed.version == 6:
        parsed = ipaddress.ip_network((parsed, 64), strict=False).network_address
    return str(parsed)


@transaction.atomic(durable=True)
def begin(*, account: str, address: str | None, at: datetime) -> SignInTry:
    """Write down a try that is about to be looked at. Raises TooManyTries."""
    address = network_of(address)
    _lock(account, address)
    if _wrong(at, account=account) >= TRIES:
        raise TooManyTries(TRY_LATER)
    if address and _wrong(at, address=address) >= settings.SIGN_IN_TRIES_PER_ADDRESS:
        raise TooManyTries(TRY_LATER)
    return SignInTry.objects.create(account=account, address=address, at=at)


@transaction.atomic(durable=True)
def settle(attempt: SignInTry, *, is_wrong: bool, at: datetime, user_id: int | None) -> None:
    """Note how a try has ended; the security log gets what was wrong, and when a limit is met."""
    _lock(attempt.account, attempt.address)
    SignInTry.objects.filter(pk=attempt.pk).update(is_wrong=is_wrong)
    if not is_wrong:
        return
    who = {"at": at, "user_id": user_id, "address": attempt.address or ""}
    audit.record_security(AuditEvent.Type.SIGN_IN_FAILED, **who)
    if _wrong(at, account=attempt.account) >= TRIES:
        audit.record_security(AuditEvent.Type.SIGN_IN_THROTTLED, note="account", **who)
    elif (
        attempt.address
        and _wrong(at, address=attempt.address) >= settings.SIGN_IN_TRIES_PER_ADDRESS
    ):
        audit.record_security(AuditEvent.Type.SIGN_IN_THROTTLED, note="address", **who)


def forget_tries(*, before: datetime) -> int:
    """Delete the tries from before a moment; returns how many. The security log keeps its own."""
    return SignInTry.objects.filter(at__lt=before).delete()[0]


def _wrong(at: datetime, **whose) -> int:
    tries = SignInTry.objects.filter(at__gt=at - WINDOW, **whose)
    return tries.exclude(is_wrong=False).count()


def _lock(account: str, address: str | None) -> None:
    """Account first, then address: whoever holds an address waits for nobody."""
    hold_until_commit(Lock.SIGN_IN_ACCOUNT, _number(account))
    if address:
        digest = hashlib.sha256(address.encode()).hexdigest()
        hold_until_commit(Lock.SIGN_IN_ADDRESS, _number(digest))


def _number(digest: str) -> int:
    return int.from_bytes(bytes.fromhex(digest[:8]), signed=True)
