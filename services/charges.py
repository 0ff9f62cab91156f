"""Pure arithmetic of charges: no clock, no query, no setting."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from londonpsn.common.money import ZERO, to_the_penny
from londonpsn.common.periods import Period, add_months


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


class Base(StrEnum):
    """What a rise by an index is worked out on; as contracts have it (models.IndexationBase)."""

    PREVIOUS = "PREVIOUS"
    ORIGINAL = "ORIGINAL"


class Rounding(StrEnum):
    """To what raised prices are rounded; as contracts have it (models.IndexationRounding)."""

    STORED = ""
    PENNY = "PENNY"
    POUND = "POUND"


STEPS = {  # a price of one is stored to a hundredth of a penny
    Rounding.STORED: Decimal("0.0001"),
    Rounding.PENNY: Decimal("0.01"),
    Rounding.POUND: Decimal(1),
}


def index_month(on: date, lag_months: int | None) -> date | None:
    """Return the first day of the month whose index a rise on a day takes; None for not known.

    Source: spec/savings.md 4.4 rule 6, lag.
    """
    return None if lag_months is None else add_months(on.replace(day=1), -lag_months)


def percent_applied(percent: Decimal, floor: Decimal | None, cap: Decimal | None) -> Decimal:
    """Return what a contract's floor and cap leave of the per cent that an index asks for."""
    if floor is not None:
        percent = max(percent, floor)
    return percent if cap is None else min(percent, cap)


def raised(
    current: Decimal,
    original: Decimal,
    percent: Decimal,
    base: Base,
    rounding: Rounding = Rounding.STORED,
) -> Decimal:
    """Return a price after a rise of ``percent`` (below zero it falls), never below zero.

    On PREVIOUS the rise is of the price before, so rises compound; on ORIGINAL it is of the price
    first agreed, so equal rises are equal pounds. Rounded half away from zero as the contract says:
    where it says nothing, to what prices are stored to and not to the penny, or a price of 45p
    would rise by another per cent than asked for. What rounding would move the other way, or to
    nothing, stays. What is billed is rounded once a month.

    Source: spec/savings.md 4.4 rule 6, E2.
    """
    of = original if base == Base.ORIGINAL else current
    risen = max(current + of * percent / 100, ZERO)
    rounded = risen.quantize(STEPS[rounding], rounding=ROUND_HALF_UP)
    goes_the_other_way = (rounded - current) * percent <= ZERO
    if goes_the_other_way or (risen and not rounded):
        return current
    return rounded
