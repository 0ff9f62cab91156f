"""Days, months and financial years. A period is half-open: ``end`` is the first day without.

A month is written as its first day; a financial year runs from April to March.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from londonpsn.common.errors import BadInput

FIRST_YEAR, LAST_YEAR = 1990, 2099  # what people may ask for


@dataclass(frozen=True, slots=True)
class Period:
    """The days from ``start`` up to, and without, ``end``; None is open on that side."""

    start: date | None
    end: date | None

    def overlap(self, other: "Period") -> "Period | None":
        """Return the days that are in both, or None when there are none."""
        start = _one_of(max, self.start, other.start)
        end = _one_of(min, self.end, other.end)
        if start and end and start >= end:
            return None
        return Period(start, end)

    @property
    def days(self) -> int:
        """The number of days; both sides have to be closed."""
        return (self.end - self.start).days

    def months(self) -> "Iterator[Period]":
        """Yield every calendar month that has a day in this closed period."""
        day = month_of(self.start)
        while day < self.end:
            yield month_period(day)
            day = add_months(day, 1)


def _one_of(choose: Callable, one: date | None, other: date | None) -> date | None:
    return choose(one, other) if one and other else one or other


def month_of(day: date) -> date:
    return day.replace(day=1)


def add_months(day: date, count: int) -> date:
    """Return the day ``count`` months later; the last of a month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return day.replace(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_period(month: date) -> Period:
    return Period(month, add_months(month, 1))


def parse_month(text: str) -> date:
    """Return the first day of the month written as ``2013-04``, or refuse with a sentence."""
    try:
        year, month = text.split("-")
        if len(year) == 4 and len(month) == 2:
            return check_day(date(int(year), int(month), 1))
    except ValueError:
        pass
    raise BadInput(f"“{text}” is not a month. Write it as year and month, for example 2013-04.")


def parse_quarter(text: str) -> Period:
    """Return the quarter that is named by its first month, ``2014-01``, or refuse."""
    month = parse_month(text)
    quarter = quarter_of(month)
    if quarter.start != month:
        raise BadInput(
            f"No quarter begins in {text}. Name it by its first month, for example 2014-01."
        )
    return quarter


def parse_day(text: str) -> date:
    """Return the day written as ``2014-06-30``, or refuse with a sentence."""
    try:
        return check_day(date.fromisoformat(text))
    except ValueError:
        raise BadInput(
            f"“{text}” is not a day. Write it as year, month and day, for example 2014-06-30."
        ) from None


def check_day(day: date) -> date:
    """Return the day, or refuse one of a year that nobody means."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadInput(
            f"{day.year} lies outside {FIRST_YEAR} to {LAST_YEAR}. Ask for another year."
        )
    return day


def month_code(month: date) -> str:
    return f"{month:%Y-%m}"


def financial_year_of(day: date) -> Period:
    """Return the year from 1 April to 31 March that holds ``day``."""
    start = date(day.year if day.month >= 4 else day.year - 1, 4, 1)
    return Period(start, add_months(start, 12))


def financial_year_code(day: date) -> str:
    """Return ``2013-14`` for any day from 1 April 2013 to 31 March 2014."""
    year = financial_year_of(day).start.year
    return f"{year}-{(year + 1) % 100:02d}"


def last_ended_quarter(day: date) -> Period:
    """Return the last quarter of a year that had ended before ``day``."""
    end = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return Period(add_months(end, -3), end)


def quarter_of(day: date) -> Period:
    """Return the three calendar months, from January, April, July or October on, with ``day``."""
    start = date(day.year, day.month - (day.month - 1) % 3, 1)
    return Period(start, add_months(start, 3))


def last_day(ends_on: date) -> date:
    """Return the last day *with*, as people say it, of a period that ends before ``ends_on``."""
    return ends_on - timedelta(days=1)


def end_of(day: date) -> datetime:
    """Return the moment at which a day ends in London: the next one's midnight."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def in_words(day: date) -> str:
    """Return a day as sentences have it: ``30 June 2014``."""
    return f"{day.day} {day:%B %Y}"
