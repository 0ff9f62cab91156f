"""What auditors look at first; apps register where theirs comes from when they are ready.

An exception is allowed and out of the ordinary: a waiver, an override, two roles that undo the
second pair of eyes, a change past the portal's actions.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from operator import attrgetter

from django.db.models import Q
from django.urls import reverse
from django.utils.text import slugify
from django.utils.timezone import make_aware

from londonpsn.common.periods import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionRow:
    """One thing out of the ordinary: what kind, when, at which council, by whom and why.

    ``kind`` is what such things are called together. ``council_id`` None is the whole programme.
    ``page`` is the URL name of the page about it, and ``key`` its key there.
    ``second_id`` is the other person of the two that a rule asks for, None where nobody is
    recorded. ``amount`` is pounds that hang on it, None where that is not known or nothing does.
    """

    kind: str
    on: date
    council_id: int | None
    what: str
    reference: str = ""
    page: str = ""
    key: int | None = None
    who_id: int | None = None
    second_id: int | None = None
    reason: str = ""
    amount: Decimal | None = None

    @property
    def kind_code(self) -> str:
        return slugify(self.kind)

    @property
    def address(self) -> str:
        """The address of the page about it, empty where it has none; there are many, few shown."""
        return reverse(self.page, args=[self.key]) if self.page else ""


Source = Callable[[object, Period], Iterable[ExceptionRow]]
SOURCES: list[Source] = []


def register(source: Source) -> None:
    """Let an app say what is out of the ordinary among its facts; once, when it is ready.

    A source gets a person and a period, either side of which may be open. It yields what lies at
    councils where the person reads the trail, ``access.councils_with("TRAIL_VIEW")``.
    """
    SOURCES.append(source)


def exceptions_of(user, period: Period) -> list[ExceptionRow]:
    """Return everything out of the ordinary that the person may read, latest first."""
    found = [row for source in SOURCES for row in source(user, period)]
    return sorted(found, key=attrgetter("on"), reverse=True)


def within(field: str, period: Period) -> Q:
    """The rows whose day ``field`` lies in the period."""
    return _between(field, period.start, period.end)


def moments_within(field: str, period: Period) -> Q:
    """The rows whose moment ``field`` lies on a day of the period, as days are in London."""
    return _between(field, *moments_of(period))


def moments_of(period: Period) -> tuple[datetime | None, datetime | None]:
    """Return when a period begins and ends, as days do in London; None on a side that is open."""
    days = (period.start, period.end)
    start, end = (day and make_aware(datetime.combine(day, time.min)) for day in days)
    return start, end


def _between(field: str, start, end) -> Q:
    found = Q()
    if start:
        found &= Q(**{f"{field}__gte": start})
    if end:
        found &= Q(**{f"{field}__lt": end})
    return found
