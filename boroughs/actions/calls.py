"""Every write of what the API remembers of writes, so that none is done twice."""

import hashlib
from datetime import datetime

from django.db import connection

from boroughs.models import IdempotentCall, User
from londonpsn.common.errors import Refused
from londonpsn.common.locks import Lock


def remember(*, user: User, key: str, digest: str, at: datetime) -> IdempotentCall:
    """Return the call of that key: the one that was answered already, or a new one to answer.

    To be asked in the transaction that does the work; until that is over the key is taken. Raises
    Refused where the key is at work elsewhere, or was given to another request.
    """
    if not _take(user, key):
        raise Refused("This request is at work already. Wait for its answer, or ask again soon.")
    call = IdempotentCall.objects.filter(user=user, key=key).first()
    if call is None:
        return IdempotentCall.objects.create(user=user, key=key, digest=digest, at=at)
    if call.digest != digest:
        raise Refused(
            "This Idempotency-Key was given to another request, or your rights or your token have "
            "changed since. See what was done, then make a new key."
        )
    return call


def answered(*, call: IdempotentCall, status: int, body) -> None:
    """Keep what a call was answered."""
    call.status, call.body = status, body
    call.save(update_fields=["status", "body"])


def forget_calls(before: datetime) -> int:
    """Forget the calls made before a moment, and return how many there were."""
    return IdempotentCall.objects.filter(at__lt=before).delete()[0]


def _take(user: User, key: str) -> bool:
    """Take the key until the transaction is over, if it is free."""
    hashed = hashlib.sha256(f"{user.pk} {key}".encode()).digest()
    number = int.from_bytes(hashed[:4], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [int(Lock.CALL), number])
        return cursor.fetchone()[0]
