"""The days of a contract that people miss (issue: call-offs, 3; regulation 6.4)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from londonpsn.common import working_days
from services.terms import (
    Ending,
    Terms,
    days_to_end_on,
    ending,
    extended,
    months_later,
    notice_by,
    standstill_ends,
)

DAYS = st.dates(date(2012, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("published_on", "last_day"),
    [
        (date(2026, 11, 23), date(2026, 12, 2)),
        (date(2026, 12, 21), date(2027, 1, 4)),  # 25 and 28 December and 1 January are no days
    ],
)
def test_a_standstill_of_eight_working_days_ends_by_the_vectors_of_regulation_6_4(
    published_on, last_day
):
    assert standstill_ends(published_on, 8) == last_day


def test_notice_by_a_bank_holiday_is_due_on_the_working_day_before():
    """Orders and migration 5.5: off on 31 January 2027 with 30 days of notice."""
    assert notice_by(date(2027, 2, 1), 30) == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("begins", "months", "first_day_without"),
    [
        (date(2024, 2, 29), 12, date(2025, 3, 1)),  # the last day is 28 February
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2014, 1, 31), 1, date(2014, 3, 1)),
        (date(2014, 8, 1), 36, date(2017, 8, 1)),
        (date(2014, 12, 31), 2, date(2015, 3, 1)),
    ],
)
def test_a_term_of_months_ends_on_the_same_day_or_with_the_month(begins, months, first_day_without):
    assert months_later(begins, months) == first_day_without


def test_a_contract_without_a_known_end_has_no_day_for_notice():
    assert ending(Terms(None, notice_days=90), date(2014, 6, 30)).notice_by is None


def test_a_contract_that_rolls_on_does_so_once_the_last_day_for_notice_is_over():
    terms = Terms(date(2014, 8, 1), notice_days=30, roll_on_months=12)

    assert ending(terms, date(2014, 7, 1)).ends_on == date(2014, 8, 1)
    rolled = ending(terms, date(2014, 7, 2))
    assert (rolled.ends_on, rolled.has_rolled) == (date(2015, 8, 1), 1)
    assert rolled.notice_by == date(2015, 7, 1)


def test_one_that_rolls_on_with_unknown_days_of_notice_has_no_day_for_it():
    terms = Terms(date(2014, 8, 1), None, 12)

    assert ending(terms, date(2014, 7, 31)) == Ending(date(2014, 8, 1), None)
    assert ending(terms, date(2014, 8, 1)) == Ending(date(2015, 8, 1), None, 1)


@given(end=DAYS, options=st.lists(st.integers(1, 36), max_size=3), days=st.integers(-400, 900))
def test_a_term_is_changed_to_end_on_a_day_or_no_term_does(end, options, days):
    """Against a reference that tries every term of the days around."""
    terms, wanted = Terms(end, extensions=tuple(options)), end + timedelta(days=days)

    found = days_to_end_on(terms, wanted, end)

    ends = {n: extended(end + timedelta(days=n), options) for n in range(-6000, 1000)}
    assert ends[found] == wanted if found is not None else wanted not in ends.values()


def test_notice_in_time_ends_it_and_late_notice_counts_for_the_next_end():
    in_time = Terms(date(2014, 8, 1), 30, 12, notice_given_on=date(2014, 7, 1))
    late = Terms(date(2014, 8, 1), 30, 12, notice_given_on=date(2014, 7, 2))

    assert ending(in_time, date(2016, 1, 1)).ends_on == date(2014, 8, 1)
    assert ending(late, date(2016, 1, 1)).ends_on == date(2015, 8, 1)


def test_options_taken_follow_each_other():
    assert extended(date(2014, 1, 31), (1, 12)) == date(2015, 3, 1)


def naive_working_day(day: date) -> bool:
    return day.weekday() not in (5, 6) and day not in working_days.bank_holidays(day.year)


@given(day=DAYS, count=st.integers(1, 40))
def test_a_standstill_counts_day_by_day(day, count):
    end = standstill_ends(day, count)

    days = [day + timedelta(days=n) for n in range((end - day).days + 1)]
    assert sum(map(naive_working_day, days)) == count
    assert naive_working_day(end)


@given(
    end=DAYS,
    notice=st.integers(0, 200),
    roll=st.integers(1, 36),
    given_after=st.none() | st.integers(-400, 400),
    later=st.integers(-400, 1500),
)
def test_rolling_on_equals_a_reference_that_lives_through_every_day(
    end, notice, roll, given_after, later
):
    """Each morning: if the last day for notice was yesterday and none was given, it rolls on."""
    given_on = None if given_after is None else end + timedelta(days=given_after)
    today = end + timedelta(days=later)
    terms = Terms(end, notice, roll, given_on)

    lived_end = end
    day = min(notice_by(end, notice), today)
    while day <= today:
        last_day = lived_end - timedelta(days=1 + notice)
        while not naive_working_day(last_day):
            last_day -= timedelta(days=1)
        was_given = given_on is not None and given_on <= last_day
        if day > last_day and not was_given:
            lived_end = months_later(lived_end, roll)
            continue
        day += timedelta(days=1)

    assert ending(terms, today).ends_on == lived_end


@given(day=DAYS, months=st.integers(1, 120))
def test_a_term_has_its_last_day_in_the_month_before_the_same_day(day, months):
    end = months_later(day, months)
    last = end - timedelta(days=1)

    whole_months = (last.year - day.year) * 12 + last.month - day.month
    assert whole_months in (months, months - 1)
    assert end.day in (day.day, 1)
