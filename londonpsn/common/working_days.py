"""Working days in England: Monday to Friday without bank holidays.

The government's own list is used as far as it reaches (govuk-bank-holidays' copy of it, nothing is
fetched), and the rules of the ``holidays`` package beyond.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import holidays
from govuk_bank_holidays.bank_holidays import BankHolidays

ENGLAND = BankHolidays.ENGLAND_AND_WALES
ONE_DAY = timedelta(days=1)


@cache
def bank_holidays(year: int) -> frozenset[date]:
    """Return the bank holidays of England in one year, substitute days included."""
    listed = _listed()
    if min(listed).year <= year <= max(listed).year:
        return frozenset(day for day in listed if day.year == year)
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


@cache
def _listed() -> frozenset[date]:
    return frozenset(
        holiday["date"] for holiday in BankHolidays(use_cached_holidays=True).data[ENGLAND]
    )


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in bank_holidays(day.year)


def working_days_from(day: date) -> Iterator[date]:
    """Yield the working days from ``day`` on, itself included where it is one."""
    while True:
        if is_working_day(day):
            yield day
        day += ONE_DAY


def nth_working_day(start: date, count: int) -> date:
    """Return the ``count``-th working day from ``start`` on; it counts itself where it is one."""
    days = working_days_from(start)
    for _ in range(count - 1):
        next(days)
    return next(days)


def on_or_before(day: date) -> date:
    """Return the last working day that is not after ``day``."""
    while not is_working_day(day):
        day -= ONE_DAY
    return day
