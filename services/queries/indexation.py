"""A rise of prices by an index, before anything is changed."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from django.db.models import QuerySet

from londonpsn.common.periods import in_words
from services.charges import Base, percent_applied, raised
from services.models import Contract, Framework, IndexationRun, Price
from services.queries.price_effects import Affected, affected_by


@dataclass(frozen=True, slots=True)
class Rise:
    """One price and what it comes to after the rise."""

    price: Price
    after: Decimal


@dataclass(frozen=True)
class RisePlan:
    """What a rise by an index would do to the prices of one call-off on a day.

    ``last`` is the rise before this one, ``done`` the one of that very day, ``later`` one after it,
    if there was one.
    """

    contract: Contract
    on: date
    percent: Decimal
    applied: Decimal
    rises: list[Rise]
    last: IndexationRun | None
    done: IndexationRun | None
    later: IndexationRun | None

    @property
    def why_not(self) -> str:
        """Why the prices cannot be raised, in a sentence; blank where they can."""
        if self.later:
            return (
                f"Prices of {self.contract.reference} were raised on {in_words(self.later.on)} "
                "already; a rise before that day cannot be made any more."
            )
        if self.done:
            return (
                f"The prices of {self.contract.reference} were raised by "
                f"{self.done.percent.normalize():f} % on that day already, and are not raised "
                "twice. Load a price book to change them."
            )
        if not self.rises:
            return (
                f"No price of {self.contract.reference} that is in force on that day would change."
            )
        return ""


@dataclass(frozen=True)
class Rises:
    """What a rise would do to some call-offs: those that it cannot touch are left as they are."""

    on: date
    percent: Decimal
    plans: list[RisePlan]

    @property
    def to_make(self) -> list[RisePlan]:
        return [plan for plan in self.plans if not plan.why_not]

    @property
    def rises(self) -> list[Rise]:
        return [rise for plan in self.to_make for rise in plan.rises]

    @property
    def done(self) -> list[IndexationRun]:
        """The rises of that day by the same per cent, that were made already."""
        return [plan.done for plan in self.plans if plan.done and plan.done.percent == self.percent]

    @property
    def digest(self) -> str:
        """What tells this plan from any other: each price, what it is and what it comes to."""
        told = [f"{self.on} {self.percent.normalize():f}"]
        told += [f"{r.price.pk} {r.price.amount} {r.price.ends_on} {r.after}" for r in self.rises]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()

    def affected(self, day: date) -> list[Affected]:
        """Return whom it concerns, by the lines that are on those prices on ``day``."""
        recurring = [rise for rise in self.rises if rise.price.kind == Price.Kind.RECURRING]
        params = {
            "contracts": [rise.price.contract_id for rise in recurring],
            "items": [rise.price.item_id for rise in recurring],
            "bands": [rise.price.from_quantity for rise in recurring],
            "before": [rise.price.amount for rise in recurring],
            "after": [rise.after for rise in recurring],
        }
        return affected_by(RAISED, params, day)


RAISED = """
SELECT contract_id, item_id, from_quantity, old_amount, new_amount
FROM unnest(%(contracts)s::bigint[], %(items)s::bigint[], %(bands)s::int[], %(before)s::numeric[],
            %(after)s::numeric[])
    AS r (contract_id, item_id, from_quantity, old_amount, new_amount)
"""
# The prices of a call-off that its last rise has ended, and what they have risen to.
RAISED_LAST = """
SELECT old.contract_id, old.item_id, old.from_quantity, old.amount AS old_amount,
       new.amount AS new_amount
FROM services_price new JOIN services_price old ON old.id = new.raised_from_id
WHERE new.contract_id = %(contract)s AND new.starts_on = %(on)s AND new.kind = 'RECURRING'
"""


def prices_to_raise(contracts: Iterable[Contract], on: date) -> QuerySet[Price]:
    """Return the prices in force on ``on`` that began before.

    One that begins on the day is what was agreed for it, or what a rise of that day left.
    """
    return Price.objects.filter(contract__in=contracts, starts_on__lt=on).in_force_on(on)


def call_offs_to_raise(framework: Framework) -> QuerySet[Contract]:
    """Return the call-offs under a framework whose prices rise with an index."""
    return framework.call_offs.awarded().exclude(index_base="")


def plan_rises(contracts: Sequence[Contract], percent: Decimal, on: date) -> Rises:
    """Work out what a rise would do to each of some call-offs; nothing is changed."""
    prices = prices_to_raise(contracts, on).select_related("item")
    in_order = prices.order_by("contract_id", "item__code", "kind", "from_quantity", "pk")
    held = {key: list(some) for key, some in groupby(in_order, lambda price: price.contract_id)}
    runs: dict[int, list[IndexationRun]] = {}
    for run in IndexationRun.objects.filter(contract__in=contracts).order_by("-on"):
        runs.setdefault(run.contract_id, []).append(run)
    plans = [
        _plan(contract, percent, on, held.get(contract.pk, []), runs.get(contract.pk, []))
        for contract in contracts
    ]
    return Rises(on, percent, plans)


def _plan(
    contract: Contract, percent: Decimal, on: date, prices: list[Price], runs: list[IndexationRun]
) -> RisePlan:
    applied = percent_applied(percent, contract.index_floor, contract.index_cap)
    base = Base(contract.index_base) if contract.index_base else Base.PREVIOUS
    rises = []
    for price in prices:
        first_agreed = price.amount if price.original is None else price.original
        after = raised(price.amount, first_agreed, applied, base)
        if after != price.amount:
            rises.append(Rise(price, after))
    return RisePlan(
        contract,
        on,
        percent,
        applied,
        rises,
        last=next((run for run in runs if run.on < on), None),
        done=next((run for run in runs if run.on == on), None),
        later=next((run for run in runs if run.on > on), None),
    )


def lines_at_old_prices(contract: Contract, day: date) -> tuple[IndexationRun, int] | None:
    """Return the last rise that has begun, and how many lines are still billed what was before it.

    None where there was no rise, or no line is left behind.
    """
    run = contract.indexations.filter(on__lte=day).order_by("-on").first()
    if run is None:
        return None
    left = affected_by(RAISED_LAST, {"contract": contract.pk, "on": run.on}, day)
    lines = sum(one.lines for one in left)
    return (run, lines) if lines else None
