"""Which contracts could end together, on which day and at what cost. Pure: no clock, no query.

A contract can end on its own end, after each option to extend it, and as often as it rolls on. To
end with others on a later day it runs on; to end with them on an earlier one it is paid for longer
than it is used. Both cost its pounds a month for the time between.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from londonpsn.common.money import ZERO, to_the_penny
from londonpsn.common.periods import Period, add_months, month_of, month_period
from services.charges import month_share
from services.terms import months_later

TOGETHER_WITHIN = 12  # months between the first end and the last


@dataclass(frozen=True, slots=True)
class Running:
    """A contract that still runs.

    ``ends_on`` is the first day without, as it stands today. ``monthly`` is pounds a month, None
    where they are not known. ``options`` are the months of the extensions not taken yet, in their
    order. Before ``minimum_term_ends_on`` it is paid in any case; without one, until its end.
    """

    key: int
    ends_on: date
    monthly: Decimal | None
    options: tuple[int, ...] = ()
    roll_on_months: int | None = None
    minimum_term_ends_on: date | None = None

    def ends(self, until: date) -> Iterator[date]:
        """Yield the days on which it can end, up to the first that is not before ``until``."""
        end = self.ends_on
        yield end
        for months in self.options:
            if end >= until:
                return
            end = months_later(end, months)
            yield end
        while self.roll_on_months and end < until:
            end = months_later(end, self.roll_on_months)
            yield end

    def paid_until(self, day: date) -> date | None:
        """Return until when it is paid if its services stop on ``day``; None: it cannot last so."""
        if day <= self.ends_on:
            return max(day, min(self.minimum_term_ends_on or self.ends_on, self.ends_on))
        return next((end for end in self.ends(day) if end >= day), None)


@dataclass(frozen=True, slots=True)
class Part:
    """What one contract costs more when all end on a day.

    ``longer`` are the days beyond its own end for which it is extended or rolls on; ``unused``
    those that are still to be paid after all have ended. ``cost`` is None where it is not known.
    """

    contract: Running
    longer: Period | None
    unused: Period | None
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class JointEnd:
    """A day on which all could end together, as the first day without, and each one's part."""

    ends_on: date
    parts: tuple[Part, ...]
    cost: Decimal | None


def joint_ends(contracts: Sequence[Running]) -> list[JointEnd]:
    """Return the days on which the contracts could end together, the cheapest first.

    Those are the days on which one of them can end, up to a year after the last one's own end. Of
    days that cost the same the earlier is first; those of which a cost is not known are last.
    """
    limit = add_months(max(one.ends_on for one in contracts), TOGETHER_WITHIN)
    days = {end for one in contracts for end in one.ends(limit) if end <= limit}
    found = [joint for day in days if (joint := _joint_end(contracts, day))]
    return sorted(found, key=lambda one: (one.cost is None, one.cost or ZERO, one.ends_on))


def _joint_end(contracts: Sequence[Running], day: date) -> JointEnd | None:
    parts = []
    for one in contracts:
        paid_until = one.paid_until(day)
        if paid_until is None:
            return None
        longer = Period(one.ends_on, day) if one.ends_on < day else None
        unused = Period(day, paid_until) if day < paid_until else None
        parts.append(Part(one, longer, unused, _cost(one.monthly, longer, unused)))
    costs = [part.cost for part in parts]
    return JointEnd(day, tuple(parts), None if None in costs else sum(costs, ZERO))


def _cost(monthly: Decimal | None, *periods: Period | None) -> Decimal | None:
    paid_for = [period for period in periods if period]
    if not paid_for:
        return ZERO
    return None if monthly is None else sum(paid(monthly, period) for period in paid_for)


def within_a_year(ends: Sequence[date]) -> list[range]:
    """Return which of the sorted days lie within 12 months of each other, as positions.

    Each range begins with the first day that no range before it holds, and has two days at least.
    """
    found, start = [], 0
    while start < len(ends):
        limit = add_months(ends[start], TOGETHER_WITHIN)
        stop = next((n for n in range(start, len(ends)) if ends[n] > limit), len(ends))
        if stop - start > 1:
            found.append(range(start, stop))
        start = stop
    return found


def paid(monthly: Decimal, period: Period) -> Decimal:
    """Return the pounds that so much a month comes to over a closed period, by charges' rule."""
    first, last = month_of(period.start), month_of(period.end)
    if first == last:
        return month_share(monthly, period, month_period(first))
    between = _months_from(first, last) - 1
    return (
        month_share(monthly, period, month_period(first))
        + between * to_the_penny(monthly)
        + month_share(monthly, period, month_period(last))
    )


def months_and_days(period: Period) -> tuple[int, int]:
    """Return how long a closed period is: whole months from its first day, and days beside."""
    months = _months_from(month_of(period.start), month_of(period.end))
    if months_later(period.start, months) > period.end:
        months -= 1
    return months, (period.end - months_later(period.start, months)).days


def _months_from(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month
