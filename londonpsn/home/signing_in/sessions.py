"""How long a sign-in lasts: until nobody has used it for a while, and never more than a day's work.

Times stand in the session itself. That it was used is written once a minute at most.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from boroughs.authorization import resolve
from londonpsn.common import clock

SIGNED_IN_AT, USED_AT = "signed_in_at", "used_at"  # seconds since 1970
NOTED_EVERY = 60  # seconds
WARNED_BEFORE = 5 * 60  # seconds


@dataclass(frozen=True)
class Ending:
    """When a sign-in ends. ``is_last``: using the portal does not put it off any more."""

    at: datetime
    is_last: bool

    def seconds_left(self, now: datetime) -> int:
        return max(0, math.ceil((self.at - now).total_seconds()))


def begin(session: SessionBase, now: datetime) -> None:
    session[SIGNED_IN_AT] = session[USED_AT] = now.timestamp()


def note_use(session: SessionBase, now: datetime, every: int = NOTED_EVERY) -> None:
    """Put the end off, as far as it can be; at most once in ``every`` seconds."""
    if SIGNED_IN_AT not in session:
        begin(session, now)
    elif now.timestamp() - session[USED_AT] >= every:
        session[USED_AT] = now.timestamp()


def ending_of(session: SessionBase, now: datetime) -> Ending:
    """Return when the session ends; one without times (of an earlier release) counts from now."""
    begun = datetime.fromtimestamp(session.get(SIGNED_IN_AT, now.timestamp()), UTC)
    used = datetime.fromtimestamp(session.get(USED_AT, now.timestamp()), UTC)
    last = begun + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    idle = used + timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    return Ending(min(last, idle), last <= idle)


def forget_ended() -> None:
    """Delete the sessions that are over, and what allauth holds of sessions that there are not."""
    call_command("clearsessions")
    held = Session.objects.values("session_key")
    UserSession.objects.exclude(session_key__in=held).delete()


def told(session: SessionBase, now: datetime) -> dict:
    """Return what the page's clock needs: seconds left, when to warn, what time that is."""
    ending = ending_of(session, now)
    return {
        "seconds": ending.seconds_left(now),
        "warn": min(WARNED_BEFORE, settings.SESSION_IDLE_SECONDS // 2),
        "at": f"{timezone.localtime(ending.at):%H:%M}",
        "is_last": ending.is_last,
    }


def lengths() -> dict[str, int]:
    return {
        "minutes": settings.SESSION_IDLE_SECONDS // 60,
        "hours": settings.SESSION_COOKIE_AGE // 3600,
    }


def is_signed_in(session: SessionBase) -> bool:
    return SESSION_KEY in session


def note_sign_in(sender, request, user, **kwargs) -> None:
    """Receive Django's news that somebody has signed in; the rest of the request asks who it is."""
    begin(request.session, clock.now())
    resolve(user, clock.today())


def for_pages(request) -> dict:
    """Add to every page when the sign-in ends."""
    session = getattr(request, "session", None)
    if session is None or not is_signed_in(session):
        return {}
    return {"session_told": told(session, clock.now()), "session_lengths": lengths()}
