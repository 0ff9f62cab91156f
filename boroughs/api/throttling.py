"""How much one token, or one person in a browser, may ask of the API."""

import logging

from django.conf import settings
from django.core.cache import cache
from redis import RedisError
from rest_framework.throttling import BaseThrottle

from boroughs.models import ApiToken
from londonpsn.common import clock

WINDOW = 60  # seconds
log = logging.getLogger(__name__)


class PerMinute(BaseThrottle):
    """At most ``settings.API_REQUESTS_A_MINUTE`` in each minute of the clock.

    Counted by the broker, in one step, so that no two processes count past one another. While it
    cannot be reached nobody is held up, and the log says so once.
    """

    is_blind = False

    def allow_request(self, request, view) -> bool:
        self.second = int(clock.now().timestamp())
        try:
            count = self._count(f"api:{asker(request)}:{self.second // WINDOW}")
        except RedisError:
            if not PerMinute.is_blind:
                log.warning("The broker cannot be reached: the API’s requests are not counted.")
            PerMinute.is_blind = True
            return True
        PerMinute.is_blind = False
        return count <= settings.API_REQUESTS_A_MINUTE

    def wait(self) -> int:
        """Return the seconds until the next minute."""
        return WINDOW - self.second % WINDOW

    def _count(self, key: str) -> int:
        cache.add(key, 0, 2 * WINDOW)
        return cache.incr(key)


def asker(request) -> str:
    """Return who is counted: each token by itself, and a person without one."""
    is_program = isinstance(request.auth, ApiToken)
    return f"token:{request.auth.pk}" if is_program else f"person:{request.user.pk}"
