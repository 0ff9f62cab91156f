"""Days, months, pounds and shares."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from londonpsn.common import template_filters as words
from londonpsn.common.errors import BadInput
from londonpsn.common.money import percent, to_the_penny
from londonpsn.common.periods import (
    Period,
    add_months,
    financial_year_code,
    month_period,
    parse_day,
    parse_month,
)
from londonpsn.common.text import fold, tidy


def test_a_period_is_half_open():
    april = month_period(date(2013, 4, 1))

    assert april.days == 30
    assert april.overlap(Period(date(2013, 5, 1), None)) is None
    assert april.overlap(Period(None, date(2013, 4, 2))) == Period(april.start, date(2013, 4, 2))
    assert april.overlap(Period(None, None)) == april


def test_months_of_a_period_that_begins_and_ends_within_months():
    months = Period(date(2016, 1, 31), date(2016, 3, 2)).months()

    assert [month.days for month in months] == [31, 29, 31]


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2013, 4, 1), -3, date(2013, 1, 1)),
        (date(2016, 1, 31), 1, date(2016, 2, 29)),
        (date(2013, 12, 1), 1, date(2014, 1, 1)),
    ],
)
def test_months_later(day, count, expected):
    assert add_months(day, count) == expected


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)), st.integers(-1000, 1000))
def test_months_later_is_what_calendars_have(day, count):
    assert add_months(day, count) == day + relativedelta(months=count)


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2014, 3, 31), "2013-14"),
        (date(2014, 4, 1), "2014-15"),
        (date(1999, 12, 31), "1999-00"),
    ],
)
def test_a_financial_year_runs_from_april_to_march(day, code):
    assert financial_year_code(day) == code


@pytest.mark.parametrize("text", ["2013", "2013-13", "04-2013", "2013-4", "April 2013", ""])
def test_a_month_that_cannot_be_read_is_refused_with_a_remedy(text):
    with pytest.raises(BadInput, match="for example 2013-04"):
        parse_month(text)


def test_a_day_that_cannot_be_read_is_refused_with_a_remedy():
    with pytest.raises(BadInput, match="for example 2014-06-30"):
        parse_day("30/06/2014")


@pytest.mark.parametrize(
    ("pounds", "rounded"),
    [("0.005", "0.01"), ("-0.005", "-0.01"), ("2.675", "2.68"), ("1.004999", "1.00")],
)
def test_decision_9_rounds_half_away_from_zero(pounds, rounded):
    assert to_the_penny(Decimal(pounds)) == Decimal(rounded)


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (2421, 2425, Decimal("99.8")),
        (9999, 10000, Decimal("99.9")),  # cut, never rounded up to 100.0 (decisions 33)
        (10000, 10000, Decimal("100.0")),
        (-1, 3, Decimal("-33.4")),
        (0, 0, None),  # zero of zero is no data
    ],
)
def test_decision_33_shares_are_cut(part, whole, expected):
    assert percent(part, whole) == expected


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (Decimal("1234.5"), "£1,234.50"),
        (Decimal("-1531.74"), "−£1,531.74"),
        (Decimal(0), "£0.00"),
        (None, "not known"),
    ],
)
def test_pounds_on_screen(written, shown):
    assert words.pounds(written) == shown


def test_days_on_screen():
    assert words.day(date(2014, 6, 30)) == "30 June 2014"
    assert words.last_day(date(2014, 7, 1)) == "30 June 2014"
    assert words.moment(datetime(2014, 6, 30, 5, 10, tzinfo=UTC)) == "30 June 2014, 06:10"
    assert words.share(None) == "No data"
    assert words.day(None) == "not known"


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("  BT\u00a0 Redcare ", "BT Redcare"),  # non-breaking space
        ("BT\ufffdRedcare", "BT Redcare"),  # a character already lost
        ("BT†Redcare", "BT Redcare"),  # Mac Roman's non-breaking space
        ("ＢＴ\u2009Redcare\t", "BT Redcare"),  # full width, thin space, tab
    ],
)
def test_names_are_tidied(text, tidied):
    assert tidy(text) == tidied
    assert fold(text) == fold(tidied.upper())
