"""Pure arithmetic of charges: no clock, no query, no setting."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from londonpsn.common.money import ZERO, to_the_penny
from londonpsn.common.periods import Period


@dataclass(frozen=True, slots=True)
class Price:
    """Pounds a month over a period."""

    monthly: Decimal
    period: Period


@dataclass(frozen=True, slots=True)
class OneOff:
    """Pounds on a day."""

    amount: Decimal
    on: date


def month_share(monthly: Decimal, billed: Period, month: Period) -> Decimal:
    """Return the pounds that a monthly charge comes to in one calendar month.

    Billed by the day over the days of that month, so that a whole month costs exactly ``monthly``.
    Rounded half away from zero to the penny, once, here: callers only add.

    Source: spec/savings.md 4.2 ACTUAL_MONTH; decisions 9 and 10.
    """
    counted = billed.overlap(month)
    if counted is None:
        return ZERO
    return to_the_penny(monthly * counted.days / month.days)
