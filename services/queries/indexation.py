"""A rise of prices by an index, before anything is changed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from services.charges import Base, percent_applied, raised
from services.models import Contract, IndexationRun, Price
from services.queries.price_effects import Affected, affected_by


@dataclass(frozen=True, slots=True)
class Rise:
    """One price and what it comes to after the rise."""

    price: Price
    after: Decimal


@dataclass(frozen=True)
class RisePlan:
    """What a rise by an index would do to the prices of one call-off on a day.

    ``last`` is the rise before this one, ``done`` the one of that very day, if there was one.
    """

    contract: Contract
    on: date
    percent: Decimal
    applied: Decimal
    rises: list[Rise]
    last: IndexationRun | None
    done: IndexationRun | None

    def affected(self, day: date) -> list[Affected]:
        """Return whom it concerns, by the lines that are on those prices on ``day``."""
        recurring = [rise for rise in self.rises if rise.price.kind == Price.Kind.RECURRING]
        params = {
            "contract": self.contract.pk,
            "items": [rise.price.item_id for rise in recurring],
            "bands": [rise.price.from_quantity for rise in recurring],
            "before": [rise.price.amount for rise in recurring],
            "after": [rise.after for rise in recurring],
        }
        return affected_by(RAISED, params, day)


RAISED = """
SELECT %(contract)s::bigint AS contract_id, item_id, from_quantity, old_amount, new_amount
FROM unnest(%(items)s::bigint[], %(bands)s::int[], %(before)s::numeric[], %(after)s::numeric[])
    AS r (item_id, from_quantity, old_amount, new_amount)
"""


def prices_to_raise(contract: Contract, on: date) -> QuerySet[Price]:
    """Return the prices in force on ``on`` that began before.

    One that begins on the day is what was agreed for it, or what a rise of that day left.
    """
    return Price.objects.filter(contract=contract, starts_on__lt=on).in_force_on(on)


def plan_rise(contract: Contract, percent: Decimal, on: date) -> RisePlan:
    """Work out what a rise would do; nothing is changed."""
    applied = percent_applied(percent, contract.index_floor, contract.index_cap)
    base = Base(contract.index_base) if contract.index_base else Base.PREVIOUS
    prices = prices_to_raise(contract, on).select_related("item")
    rises = []
    for price in prices.order_by("item__code", "kind", "from_quantity", "pk"):
        first_agreed = price.amount if price.original is None else price.original
        after = raised(price.amount, first_agreed, applied, base)
        if after != price.amount:
            rises.append(Rise(price, after))
    runs = list(contract.indexations.order_by("-on"))
    return RisePlan(
        contract,
        on,
        percent,
        applied,
        rises,
        last=next((run for run in runs if run.on < on), None),
        done=next((run for run in runs if run.on == on), None),
    )
