"""The days of a contract that people miss: when it ends, until when notice can be given.

Pure: the day is an argument. Stored ends are first days without; what is said to people is the last
day with.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from londonpsn.common.periods import add_months
from londonpsn.common.working_days import nth_working_day, on_or_before


def months_later(day: date, months: int) -> date:
    """Return the first day without of a term of whole months that begins on ``day``.

    The same day of the month; where that month has no such day, the first of the next, so that the
    term's last day is the end of the month.
    """
    first = add_months(day.replace(day=1), months)
    same = first + timedelta(days=day.day - 1)
    return same if same.month == first.month else add_months(first, 1)


def notice_by(ends_on: date, notice_days: int) -> date:
    """Return the last day on which notice can be given for a contract to end then.

    ``notice_days`` before its last day; where that is no working day, the working day before
    (orders-and-migration, 5.5: off on 31 January 2027 with 30 days is 1 January, so 31 December).
    """
    return on_or_before(ends_on - timedelta(days=1 + notice_days))


def standstill_ends(published_on: date, working_days: int) -> date:
    """Return the last day of a standstill of so many working days, the day of publication included.

    Source: regulation 6.4.
    """
    return nth_working_day(published_on, working_days)


@dataclass(frozen=True, slots=True)
class Terms:
    """How a contract ends. A day of None is not known; ``ends_on`` is the first day without.

    ``roll_on_months`` are set where it rolls on unless notice is given; ``extensions`` are the
    months of the options that were taken.
    """

    ends_on: date | None
    notice_days: int | None = None
    roll_on_months: int | None = None
    notice_given_on: date | None = None
    extensions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a contract stands on a day: when it ends, until when notice can be given for that.

    ``notice_by`` is None where no notice is needed or its days are not known. ``has_rolled`` counts
    how often it rolled on because nobody gave notice.
    """

    ends_on: date | None
    notice_by: date | None
    has_rolled: int = 0


@lru_cache(4096)  # of many contracts most have the terms of another
def ending(terms: Terms, today: date) -> Ending:
    """Return when the contract ends, as it stands on ``today``.

    One that rolls on does so, as often as it takes, once the last day for notice is over and none
    was given by then; where its days of notice are not known, once its own last day is over.
    """
    if terms.ends_on is None:
        return Ending(None, None)
    end = extended(terms.ends_on, terms.extensions)
    if not terms.roll_on_months:
        return Ending(end, None if terms.notice_days is None else notice_by(end, terms.notice_days))
    last_day, rolled = notice_by(end, terms.notice_days or 0), 0
    while last_day < today and not _was_given(terms.notice_given_on, last_day):
        end = months_later(end, terms.roll_on_months)
        last_day, rolled = notice_by(end, terms.notice_days or 0), rolled + 1
    return Ending(end, None if terms.notice_days is None else last_day, rolled)


def was_noticed(end: Ending, notice_given_on: date | None) -> bool:
    """Answer whether notice was given in time for this end."""
    return end.notice_by is not None and _was_given(notice_given_on, end.notice_by)


def notice_due(
    end: Ending, options: Sequence[int], *, ends_by_itself: bool, notice_given_on: date | None
) -> date | None:
    """Return until when somebody has to act; None where nobody has, or it is not known.

    Nobody has to where notice was given in time, and where a contract ends by itself with no option
    left, which ``options`` are.
    """
    ends_anyway = ends_by_itself and not options
    return None if ends_anyway or was_noticed(end, notice_given_on) else end.notice_by


def days_to_end_on(terms: Terms, ends_on: date, today: date) -> int | None:
    """Return by how many days the first term has to change for the contract to end on a day.

    ``ends_on`` is the first day without. Months of options and of rolling on are counted from the
    changed term, and months differ: None where they cannot come to that day.
    """
    days = 0
    for _ in range(4):  # each time what is left over is some days of a month's end
        changed = replace(terms, ends_on=terms.ends_on + timedelta(days=days))
        left_over = (ends_on - ending(changed, today).ends_on).days
        if not left_over:
            return days
        days += left_over
    return None


def extended(ends_on: date, months: Iterable[int]) -> date:
    """Return the end after the options that were taken, one after the other."""
    for some in months:
        ends_on = months_later(ends_on, some)
    return ends_on


def _was_given(notice_given_on: date | None, by: date) -> bool:
    return notice_given_on is not None and notice_given_on <= by
