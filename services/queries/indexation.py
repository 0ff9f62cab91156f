"""A rise of prices by an index, before anything is changed."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from django.db.models import DateField, IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from londonpsn.common.periods import in_words
from services.charges import Base, Rounding, index_month, percent_applied, raised
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
    def index_month(self) -> date | None:
        """The first day of the month whose index it takes, where the contract says it."""
        return index_month(self.on, self.contract.index_lag_months)

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
# How many lines of a call-off are billed on a day what was before its last rise: by the rule of
# price_effects, from within a query of call-offs.
LAST_RISE = """
SELECT max(run."on") FROM services_indexationrun run
WHERE run.contract_id = services_contract.id AND run."on" <= %s
"""
LEFT_BEHIND = f"""
SELECT count(DISTINCT l.id)
FROM services_price new JOIN services_price old ON old.id = new.raised_from_id
JOIN services_catalogueitem i ON i.id = new.item_id
JOIN services_line l
  ON l.contract_id = new.contract_id AND l.service_type_id = i.service_type_id
 AND l.quantity >= old.from_quantity
JOIN services_charge c
  ON c.line_id = l.id AND c.kind = 'RECURRING' AND c.amount = old.amount * l.quantity
 AND c.starts_on <= %s AND (c.ends_on IS NULL OR c.ends_on > %s)
WHERE new.contract_id = services_contract.id AND new.kind = 'RECURRING'
  AND new.starts_on = ({LAST_RISE})
  AND (l.billed_from IS NULL OR l.billed_from <= %s)
  AND (l.billed_until IS NULL OR l.billed_until > %s)
"""  # noqa: S608, made of the constant above


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
    rounding = Rounding(contract.index_rounding)
    rises = []
    for price in prices:
        first_agreed = price.amount if price.original is None else price.original
        after = raised(price.amount, first_agreed, applied, base, rounding)
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


def with_left_behind(contracts: QuerySet[Contract], day: date) -> QuerySet[Contract]:
    """Add ``raised_on`` and ``left_behind`` to call-offs, without a query more.

    The day of the last rise that has begun, None for none, and how many lines are still billed what
    was before it.
    """
    return contracts.annotate(
        raised_on=RawSQL(LAST_RISE, [day], DateField()),  # noqa: S611, a constant
        left_behind=RawSQL(LEFT_BEHIND, [day] * 5, IntegerField()),  # noqa: S611, a constant
    )
