"""Raise the prices of a call-off by an index."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from boroughs import audit
from boroughs.authorization import Permission, check
from boroughs.models import AuditEvent
from boroughs.queries import find_row
from londonpsn.common.bulk import copy_rows
from londonpsn.common.errors import BadInput, Refused
from londonpsn.common.periods import check_day
from services.models import Contract, IndexationRun, Price
from services.queries.indexation import plan_rise, prices_to_raise

LOWEST, HIGHEST = Decimal(-100), Decimal(100)
PLACES = Decimal("0.001")


@transaction.atomic
def raise_prices(
    *, contract_id: int, percent: Decimal, on: date, by, at: datetime
) -> IndexationRun:
    """Raise the prices of a call-off in force on the day ``on`` by ``percent``, and return the run.

    Each ends on that day and goes on raised, as the contract's base, floor and cap have it; what is
    over, or begins on that day or later, stays as it is. A second run of the day changes nothing.
    What lines cost is not touched. Raises NotVisible, PermissionDenied, BadInput or Refused.
    """
    contracts = Contract.objects.all() if by is None else Contract.objects.visible_to(by)
    contract = find_row(
        contracts.select_related("council").select_for_update(of=["self"], no_key=True),
        pk=contract_id,
    )
    check(by, Permission.PRICES_LOAD, contract.council)
    check_rise(contract, percent, on)
    plan = plan_rise(contract, percent, on)
    if plan.done:
        return _again(plan.done, percent)
    if not plan.rises:
        raise Refused("No price of this call-off that is in force on that day would change.")
    prices_to_raise(contract, on).filter(pk__in=[r.price.pk for r in plan.rises]).update(ends_on=on)
    copy_rows(
        Price,
        [
            *("contract_id", "item_id", "kind", "from_quantity", "amount", "term_months"),
            *("starts_on", "ends_on", "raised_from_id", "original"),
        ],
        (_row(rise.price, rise.after, on) for rise in plan.rises),
    )
    run = IndexationRun.objects.create(
        contract=contract,
        on=on,
        percent=percent,
        applied=plan.applied,
        prices_raised=len(plan.rises),
        by=by,
        at=at,
    )
    audit.record(
        AuditEvent.Type.PRICES_INDEXED,
        by=by,
        at=at,
        council=contract.council,
        subject=contract,
        after={
            "on": on,
            "percent": percent,
            "applied": plan.applied,
            "prices_raised": run.prices_raised,
        },
        needs=Permission.PRICES_LOAD,
    )
    return run


def check_rise(contract: Contract, percent: Decimal, on: date) -> None:
    """Raise Refused where the contract has no indexation, BadInput for no per cent or day."""
    if not contract.index_base:
        raise Refused(
            f"{contract.reference} has no indexation: its prices hold. Load a price book where "
            "they were agreed anew."
        )
    if not LOWEST <= percent <= HIGHEST or percent != percent.quantize(PLACES):
        raise BadInput(
            f"“{percent}” is no per cent to raise prices by. Write a number from -100 to 100, with "
            "three decimals at most, for example 3.4."
        )
    check_day(on)


def _again(run: IndexationRun, percent: Decimal) -> IndexationRun:
    if run.percent != percent:
        raise Refused(
            f"The prices were raised by {run.percent.normalize():f} % on that day already, and are "
            "not raised twice. Load a price book to change them."
        )
    return run


def _row(price: Price, after: Decimal, on: date) -> tuple:
    original = price.amount if price.original is None else price.original
    return (
        *(price.contract_id, price.item_id, price.kind, price.from_quantity, after),
        *(price.term_months, on, price.ends_on, price.pk, original),
    )
