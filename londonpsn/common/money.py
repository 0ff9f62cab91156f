"""Pounds as Decimal. Rounded half away from zero, once per charge row and month (decisions 9)."""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

PENNY = Decimal("0.01")
ZERO = Decimal("0.00")
TENTH = Decimal("0.1")


def to_the_penny(pounds: Decimal) -> Decimal:
    """Round half away from zero; Decimal's HALF_UP is that, for negative pounds too."""
    return pounds.quantize(PENNY, rounding=ROUND_HALF_UP)


def in_pennies_or_finer(pounds: Decimal) -> Decimal:
    """Return the same pounds with two decimals, and with more only where they have them."""
    pennies = pounds.quantize(PENNY)
    return pennies if pennies == pounds else pounds.normalize()


def percent(part, whole) -> Decimal | None:
    """Return ``part`` of ``whole`` in per cent to one decimal, cut and never rounded up.

    None when ``whole`` is zero: zero of zero is no data, not 100 per cent (decisions 33).
    """
    if not whole:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(TENTH, rounding=ROUND_FLOOR)
