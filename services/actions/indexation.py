"""Raise the prices of a call-off, or of all call-offs under a framework, by an index."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from boroughs import audit, jobs
from boroughs.authorization import Permission, check
from boroughs.models import AuditEvent, JobRun
from boroughs.queries import find_row
from londonpsn.common.bulk import copy_rows
from londonpsn.common.errors import CHANGED_SINCE, BadInput, Refused
from londonpsn.common.periods import add_months, check_day, in_words
from services.models import Contract, Framework, IndexationRun, Price
from services.queries.indexation import RisePlan, Rises, call_offs_to_raise, plan_rises

LOWEST, HIGHEST = Decimal(-100), Decimal(100)
PLACES = Decimal("0.001")
MONTHS_AHEAD = 3  # a rise that was dated wrongly stands in the way of those before it


@transaction.atomic
def raise_prices(
    *,
    contract_id: int,
    percent: Decimal,
    on: date,
    today: date,
    by,
    at: datetime,
    seen: str | None = None,
) -> IndexationRun:
    """Raise the prices of a call-off in force on the day ``on`` by ``percent``, and return the run.

    Each ends on that day and goes on raised, as the contract's base, floor and cap have it; what is
    over, or begins on that day or later, stays as it is. A second run of the day changes nothing.
    What lines cost is not touched. ``seen`` is the digest of the plan that was looked over.
    Raises NotVisible, PermissionDenied, BadInput or Refused.
    """
    contracts = Contract.objects.all() if by is None else Contract.objects.visible_to(by)
    contract = find_row(
        contracts.select_related("council").select_for_update(of=["self"], no_key=True),
        pk=contract_id,
    )
    check(by, Permission.PRICES_LOAD, contract.council)
    check_has_index(contract)
    check_rise(percent, on, today)
    planned = plan_rises([contract], percent, on)
    if planned.done:
        return planned.done[0]
    (plan,) = planned.plans
    if plan.why_not:
        raise Refused(plan.why_not)
    (run,) = _make(planned, seen, by, at)
    return run


@transaction.atomic
def raise_framework_prices(
    *,
    framework_id: int,
    percent: Decimal,
    on: date,
    today: date,
    by,
    at: datetime,
    seen: str | None = None,
) -> list[IndexationRun]:
    """Raise the prices of every call-off under a framework, and return the runs of that day.

    Each call-off is raised as ``raise_prices`` does it. Those that were raised on that day or later
    stay as they are, so that a second run changes nothing.
    """
    framework = find_row(Framework.objects.all(), pk=framework_id)
    check(by, Permission.PRICES_LOAD)
    check_rise(percent, on, today)
    call_offs = call_offs_to_raise(framework).select_related("council").order_by("pk")
    contracts = list(call_offs.select_for_update(of=["self"], no_key=True))
    planned = plan_rises(contracts, percent, on)
    if not planned.to_make and not planned.done:
        raise Refused(f"No price under {framework.name} that is in force on that day would change.")
    made = _make(planned, seen, by, at) if planned.to_make else []
    return sorted([*planned.done, *made], key=lambda run: run.contract_id)


def check_has_index(contract: Contract) -> None:
    """Raise Refused where the contract has no indexation."""
    if not contract.index_base:
        raise Refused(
            f"{contract.reference} has no indexation: its prices hold. Load a price book where "
            "they were agreed anew."
        )


def check_rise(percent: Decimal, on: date, today: date) -> None:
    """Raise BadInput for what is no per cent or day, Refused for a day too far ahead."""
    if not LOWEST <= percent <= HIGHEST or percent != percent.quantize(PLACES):
        raise BadInput(
            f"“{percent}” is no per cent to raise prices by. Write a number from -100 to 100, with "
            "three decimals at most, for example 3.4."
        )
    check_day(on)
    if on > (latest := add_months(today, MONTHS_AHEAD)):
        raise Refused(
            f"A rise is made at most {MONTHS_AHEAD} months ahead, today up to {in_words(latest)}. "
            "Come back nearer to the day."
        )


def _make(planned: Rises, seen: str | None, by, at: datetime) -> list[IndexationRun]:
    """Write what was planned, under the locks of its call-offs."""
    if seen is not None and seen != planned.digest:
        raise Refused(CHANGED_SINCE)
    plans, on = planned.to_make, planned.on
    old = [rise.price.pk for rise in planned.rises]
    Price.objects.filter(pk__in=old).update(ends_on=on)
    copy_rows(
        Price,
        [
            *("contract_id", "item_id", "kind", "from_quantity", "amount", "term_months"),
            *("starts_on", "ends_on", "raised_from_id", "original"),
        ],
        _rows(planned),
    )
    runs = IndexationRun.objects.bulk_create(_run(plan, by, at) for plan in plans)
    jobs.record_done(JobRun.Kind.INDEXATION, _done(planned), day=on, by=by, at=at)
    with audit.together():
        for plan in plans:
            _record(plan, by, at)
    return runs


def _rows(planned: Rises) -> Iterator[tuple]:
    for rise in planned.rises:
        price = rise.price
        original = price.amount if price.original is None else price.original
        yield (
            *(price.contract_id, price.item_id, price.kind, price.from_quantity, rise.after),
            *(price.term_months, planned.on, price.ends_on, price.pk, original),
        )


def _done(planned: Rises) -> dict[int, jobs.Done]:
    """Return for each council how many of its prices rose."""
    raised = Counter()
    for plan in planned.to_make:
        raised[plan.contract.council_id] += len(plan.rises)
    return {council: jobs.Done(count, planned.digest) for council, count in raised.items()}


def _run(plan: RisePlan, by, at: datetime) -> IndexationRun:
    return IndexationRun(
        contract=plan.contract,
        on=plan.on,
        percent=plan.percent,
        applied=plan.applied,
        index_month=plan.index_month,
        prices_raised=len(plan.rises),
        by=by,
        at=at,
    )


def _record(plan: RisePlan, by, at: datetime) -> None:
    audit.record(
        AuditEvent.Type.PRICES_INDEXED,
        by=by,
        at=at,
        council=plan.contract.council,
        subject=plan.contract,
        after={
            "on": plan.on,
            "percent": plan.percent,
            "applied": plan.applied,
            "index_month": plan.index_month,
            "prices_raised": len(plan.rises),
        },
        needs=Permission.PRICES_LOAD,
    )
