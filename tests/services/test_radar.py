"""What could end together and at what cost, held against one who counts month by month."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from londonpsn.common.periods import Period, add_months, month_of, month_period
from services.charges import month_share
from services.radar import Running, joint_ends, months_and_days, paid, within_a_year
from services.terms import months_later

JULY, OCTOBER, JANUARY = date(2014, 7, 1), date(2014, 10, 1), date(2015, 1, 1)
DAYS = st.dates(date(2014, 1, 1), date(2017, 12, 31))
POUNDS = st.integers(0, 9_999_99).map(lambda pence: Decimal(pence) / 100)
RUNNING = st.builds(
    Running,
    key=st.integers(1, 9),
    ends_on=st.dates(date(2014, 7, 1), date(2015, 6, 30)),
    monthly=POUNDS,
    options=st.lists(st.integers(1, 24), max_size=2).map(tuple),
    roll_on_months=st.none() | st.integers(1, 12),
    minimum_term_ends_on=st.none() | DAYS,
)


def running(key, ends_on, monthly=100, **terms):
    return Running(key, ends_on, None if monthly is None else Decimal(monthly), **terms)


def costs(contracts):
    return [(joint.ends_on, joint.cost) for joint in joint_ends(contracts)]


def test_the_cheapest_day_is_that_of_the_dearer_contract():
    """For three months: either the dear one is paid unused, or the cheap one runs on."""
    cheap = running(1, JULY, 100, options=(3,))
    dear = running(2, OCTOBER, 500)

    assert costs([cheap, dear]) == [(OCTOBER, Decimal("300.00")), (JULY, Decimal("1500.00"))]


def test_a_contract_that_cannot_run_on_decides_the_last_day():
    assert costs([running(1, JULY), running(2, OCTOBER)]) == [(JULY, Decimal("300.00"))]


def test_an_option_is_paid_whole_even_where_less_of_it_is_needed():
    """Extended for 12 months, of which 3 are used: all 12 are paid beyond its own end."""
    contracts = [running(1, JULY, 100, options=(12,)), running(2, OCTOBER, 500)]

    (joint, *_) = joint_ends(contracts)
    (part, nothing) = joint.parts

    assert (joint.ends_on, joint.cost) == (OCTOBER, Decimal("1200.00"))
    assert part.longer == Period(JULY, OCTOBER)
    assert part.unused == Period(OCTOBER, date(2015, 7, 1))
    assert (nothing.longer, nothing.unused, nothing.cost) == (None, None, Decimal("0.00"))


def test_after_its_minimum_term_a_contract_stops_without_being_paid_on():
    contracts = [running(1, JULY), running(2, JANUARY, minimum_term_ends_on=date(2014, 9, 1))]

    assert costs(contracts) == [(JULY, Decimal("200.00"))]


def test_a_contract_that_rolls_on_by_the_month_meets_any_other():
    contracts = [running(1, JULY, 40, roll_on_months=1), running(2, OCTOBER, 500)]

    assert costs(contracts)[:3] == [
        (OCTOBER, Decimal("120.00")),
        (date(2014, 9, 1), Decimal("580.00")),
        (date(2014, 8, 1), Decimal("1040.00")),
    ]


def test_a_cost_that_is_not_known_is_not_taken_for_nothing():
    contracts = [running(1, JULY, None, options=(3,)), running(2, OCTOBER, 500)]

    assert costs(contracts) == [(JULY, Decimal("1500.00")), (OCTOBER, None)]


@pytest.mark.parametrize(
    ("ends", "together"),
    [
        ([], []),
        ([JULY], []),
        ([JULY, date(2015, 7, 1)], [range(2)]),
        ([JULY, date(2015, 7, 2)], []),
        ([JULY, OCTOBER, date(2015, 7, 2), date(2016, 1, 1)], [range(2), range(2, 4)]),
    ],
)
def test_only_ends_within_12_months_of_each_other_stand_together(ends, together):
    assert within_a_year(ends) == together


@pytest.mark.parametrize(
    ("start", "end", "lasting"),
    [
        (JULY, OCTOBER, (3, 0)),
        (date(2014, 1, 31), date(2014, 3, 1), (1, 0)),  # February, to its end
        (date(2014, 6, 15), date(2014, 7, 27), (1, 12)),
        (date(2016, 2, 29), date(2016, 3, 28), (0, 28)),
    ],
)
def test_a_time_is_said_in_whole_months_and_days(start, end, lasting):
    assert months_and_days(Period(start, end)) == lasting


@given(monthly=POUNDS, start=DAYS, days=st.integers(1, 900))
def test_what_is_paid_equals_the_sum_of_each_month(monthly, start, days):
    period = Period(start, date.fromordinal(start.toordinal() + days))

    month_by_month = sum(month_share(monthly, period, month) for month in period.months())

    assert paid(monthly, period) == month_by_month


@given(contracts=st.lists(RUNNING, min_size=2, max_size=4))
def test_joint_ends_equal_those_of_one_who_lives_through_every_month(contracts):
    naive = sorted(naive_joint_ends(contracts), key=lambda one: (one[1], one[0]))

    assert costs(contracts) == naive


def naive_joint_ends(contracts):
    """Every day on which one can end, and for each contract every month until it is paid off."""
    limit = add_months(max(one.ends_on for one in contracts), 12)
    for day in {end for one in contracts for end in naive_ends(one, limit) if end <= limit}:
        total = Decimal("0.00")
        for one in contracts:
            start, stop = naive_paid(one, day, limit)
            if stop is None:
                break
            month = month_of(start)
            while month < stop:
                for piece in (Period(start, min(day, stop)), Period(max(start, day), stop)):
                    if piece.start < piece.end:
                        total += month_share(one.monthly, piece, month_period(month))
                month = add_months(month, 1)
        else:
            yield day, total


def naive_ends(one, limit):
    ends = [one.ends_on]
    for months in one.options:
        ends.append(months_later(ends[-1], months))
    while one.roll_on_months and ends[-1] < limit:
        ends.append(months_later(ends[-1], one.roll_on_months))
    return ends


def naive_paid(one, day, limit):
    """From when until when it is paid for nothing, or beyond its own end; None: it cannot."""
    if day <= one.ends_on:
        until = one.minimum_term_ends_on or one.ends_on
        return day, min(max(day, until), one.ends_on)
    later = [end for end in naive_ends(one, limit) if end >= day]
    return one.ends_on, later[0] if later else None
