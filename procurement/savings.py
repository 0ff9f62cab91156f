"""Savings of one replacement, month by month: the reference for the arithmetic.

Pure: the set-based query of actions/savings.py computes the same for all councils, and a property
test holds the two equal to the penny.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from londonpsn.common.money import ZERO, percent, to_the_penny
from londonpsn.common.periods import Period, month_of
from services.charges import OneOff, Price, month_share

RULE_VERSION = 1  # raised with every change of a formula; part of the fingerprint


@dataclass(frozen=True, slots=True)
class Amounts:
    """Pounds of one month (spec/savings.md 4.2): B, L, N and X."""

    baseline: Decimal = ZERO
    legacy: Decimal = ZERO
    new: Decimal = ZERO
    one_off: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        return self.baseline - self.legacy - self.new - self.one_off

    @property
    def share(self) -> Decimal | None:
        """The recurring saving in per cent of the old price, without one-offs (spec 4.2)."""
        return percent(self.baseline - self.legacy - self.new, self.baseline)

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.baseline + other.baseline,
            self.legacy + other.legacy,
            self.new + other.new,
            self.one_off + other.one_off,
        )


def pays_back(months: Mapping[date, Amounts]) -> date | None:
    """Return the first month from which the running total of net is never below zero again.

    None when it ends below zero, or there are no months (decisions 16).
    """
    total, since = ZERO, None
    for month in sorted(months):
        total += months[month].net
        if total < 0:
            since = None
        elif since is None:
            since = month
    return since


@dataclass(frozen=True, slots=True)
class LineMoney:
    """What one line is charged; an open side of its billed period is open, or not known.

    From ``let_go_on`` it takes part in another replacement, and counts in this one no more.
    """

    billed: Period
    prices: tuple[Price, ...] = ()
    one_offs: tuple[OneOff, ...] = ()
    let_go_on: date | None = None

    def taking_part(self, window: Period) -> Period | None:
        return window.overlap(Period(None, self.let_go_on))

    def in_month(self, month: Period, window: Period) -> Decimal:
        """Return the recurring pounds of a month; each charge is rounded once (decisions 9)."""
        shares = (month_share(price.monthly, price.period, month) for price in self.priced(window))
        return sum(shares, ZERO)

    def priced(self, window: Period) -> list[Price]:
        """Return its prices on the days for which they are billed and count here."""
        within = self._billed_in(window)
        return [
            Price(price.monthly, counted)
            for price in self.prices
            if within and (counted := price.period.overlap(within))
        ]

    def once_in(self, month: Period, window: Period) -> Decimal:
        taking_part = self.taking_part(window)
        counted = taking_part and month.overlap(taking_part)
        return sum(
            (
                to_the_penny(charge.amount)
                for charge in self.one_offs
                if counted and counted.start <= charge.on < counted.end
            ),
            ZERO,
        )

    def is_known(self, window: Period, is_new: bool) -> bool:
        """Answer whether every billed day of the window has a price.

        A new line whose billing start is not known yet is known by having a price at all.
        """
        within = self._billed_in(window)
        if within is None:
            return True
        priced = self.priced(window)
        if is_new and self.billed.start is None:
            return bool(priced)
        return sum(price.period.days for price in priced) == within.days

    def _billed_in(self, window: Period) -> Period | None:
        taking_part = self.taking_part(window)
        return taking_part and self.billed.overlap(taking_part)


@dataclass(frozen=True, slots=True)
class Group:
    """One replacement: its old price, the lines that go and the lines that come."""

    baseline: Price | None
    old: tuple[LineMoney, ...] = ()
    new: tuple[LineMoney, ...] = field(default=())

    @property
    def is_covered(self) -> bool:
        """Whether a saving can be worked out: it has an old price, and all its money is known."""
        window = self.baseline and self.baseline.period
        return window is not None and all(
            [
                *(line.is_known(window, is_new=False) for line in self.old),
                *(line.is_known(window, is_new=True) for line in self.new),
            ]
        )


def amounts_by_month(group: Group) -> dict[date, Amounts]:
    """Return the four amounts of every month of the group's baseline, by the month's first day.

    Everything is counted within the baseline's period: a saving does not run for ever, and an open
    charge is computed to its end (decisions 16). A group that is not covered is left out whole:
    what is not known is not zero.
    """
    if not group.is_covered:
        return {}
    window = group.baseline.period
    return {
        month_of(month.start): Amounts(
            baseline=month_share(group.baseline.monthly, window, month),
            legacy=sum((line.in_month(month, window) for line in group.old), ZERO),
            new=sum((line.in_month(month, window) for line in group.new), ZERO),
            one_off=sum((line.once_in(month, window) for line in group.old + group.new), ZERO),
        )
        for month in window.months()
    }


def paid_twice(group: Group, month: Period) -> Decimal:
    """Return the part of a month's new service for days on which an old line is still billed.

    Of a covered group. Source: spec/savings.md 4.2, DoubleRun.
    """
    window = group.baseline.period
    old = [
        counted
        for line in group.old
        for price in line.priced(window)
        if (counted := price.period.overlap(month))
    ]
    pounds = ZERO
    for price in (price for line in group.new for price in line.priced(window)):
        counted = price.period.overlap(month)
        if counted and old:
            days = (counted.start + timedelta(days=n) for n in range(counted.days))
            twice = sum(any(p.start <= day < p.end for p in old) for day in days)
            pounds += to_the_penny(price.monthly * twice / month.days)
    return pounds


def price_of(line: LineMoney, day: date) -> Decimal | None:
    """Return the pounds a month last begun by ``day``, else the first to come; None is unknown."""
    prices = sorted(line.prices, key=lambda price: price.period.start)
    begun = [price for price in prices if price.period.start <= day]
    if begun:
        return begun[-1].monthly
    return prices[0].monthly if prices else None
