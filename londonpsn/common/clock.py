"""The two clocks. Read them at the edge only: views, API, commands and the start of a task.

Everything below takes the day or the moment as an argument (decisions 19).
"""

from datetime import date, datetime

from django.conf import settings
from django.utils import timezone


def today() -> date:
    """Return the day that business dates are held against: ``PORTAL_TODAY``, else London's day."""
    return settings.PORTAL_TODAY or real_day()


def real_day() -> date:
    return timezone.localdate()


def now() -> datetime:
    """Return the real moment, for job runs, sessions and tokens."""
    return timezone.now()
