"""What an offer comes to over a term: paid once, each month, and for leaving early. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from londonpsn.common.money import to_the_penny

ALL_OF_IT = Decimal(100)


@dataclass(frozen=True, slots=True)
class WholeLife:
    """Pounds over ``months``, for the whole quantity.

    ``exit_months`` are the months of the agreed term that are left then, and that leaving costs;
    None where no term is known, so that a charge for leaving is not known either. ``exit_percent``
    is how much of their charges that is; None where the contract does not say, and all is counted.
    """

    one_off: Decimal
    monthly: Decimal
    months: int
    exit_months: int | None
    exit_percent: Decimal | None = None

    @property
    def recurring(self) -> Decimal:
        return self.monthly * self.months

    @property
    def exit_charge(self) -> Decimal:
        share = ALL_OF_IT if self.exit_percent is None else self.exit_percent
        return to_the_penny(self.monthly * (self.exit_months or 0) * share / 100)

    @property
    def total(self) -> Decimal:
        return self.one_off + self.recurring + self.exit_charge


def whole_life(
    *,
    monthly: Decimal,
    one_off: Decimal,
    months: int,
    agreed_months: int | None = None,
    exit_percent: Decimal | None = None,
) -> WholeLife:
    """Return what is paid over ``months`` for a quantity that costs ``monthly`` and ``one_off``.

    Leaving before the agreed term is over costs ``exit_percent`` of every month that is left of it,
    all of it where the contract does not say (spec/savings.md 4.4 rule 4, E7). A month's bill is
    rounded to the penny once (decisions 9); everything else adds.
    """
    left = None if agreed_months is None else max(0, agreed_months - months)
    return WholeLife(to_the_penny(one_off), to_the_penny(monthly), months, left, exit_percent)
