"""Keep a supplier's quote."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from boroughs import audit
from boroughs.authorization import Permission, check
from boroughs.models import AuditEvent, Site
from boroughs.queries import find_row
from londonpsn.common.errors import BadInput, Refused
from londonpsn.common.periods import check_day
from londonpsn.common.template_filters import last_day
from services.models import CatalogueItem, Contract, Quote

FACTS = (
    *("number", "quantity", "monthly", "one_off", "term_months", "quoted_on", "valid_until"),
    "survey",
)


@transaction.atomic
def keep_quote(
    *,
    contract_id: int,
    item: CatalogueItem,
    facts: Mapping,
    on: date,
    by,
    at: datetime,
    site_id: int | None = None,
) -> Quote:
    """Keep a quote under a call-off, as it was made: it is never changed afterwards.

    ``facts`` are FACTS by name; ``valid_until`` is the first day on which it does not hold any
    more. ``on`` is the portal's day. Raises NotVisible for a call-off or site that does not exist
    for the person, PermissionDenied, BadInput or Refused.
    """
    contracts = Contract.objects.all() if by is None else Contract.objects.visible_to(by)
    contract = find_row(
        contracts.select_related("council").select_for_update(of=["self"], no_key=True),
        pk=contract_id,
    )
    check(by, Permission.QUOTE_KEEP, contract.council)
    site = None
    if site_id is not None:
        site = find_row(Site.objects.of_council(contract.council), pk=site_id)
    if contract.stage != Contract.Stage.AWARDED:
        raise Refused("This call-off is a draft. Award it before a quote is kept under it.")
    if contract.ends_on and (ends_on := contract.ending(on).ends_on) <= on:
        raise Refused(
            f"This call-off is over: its last day was {last_day(ends_on)}. Nothing can be ordered "
            "under it any more, so no quote is kept."
        )
    _check(contract, facts, on)
    said = {name: facts[name] for name in FACTS if facts.get(name) is not None}
    quote = Quote.objects.create(
        council=contract.council, contract=contract, item=item, site=site, **said
    )
    audit.record(
        AuditEvent.Type.QUOTE_KEPT,
        by=by,
        at=at,
        council=contract.council,
        subject=quote,
        after={"contract": contract.reference, "item": item.code, **said},
        needs=Permission.QUOTE_KEEP,
    )
    return quote


def _check(contract: Contract, facts: Mapping, on: date) -> None:
    check_day(facts["quoted_on"])
    check_day(facts["valid_until"])
    if facts["quoted_on"] > on:
        raise BadInput("The quote was made on a day that is still to come. Correct the day.")
    if facts["valid_until"] <= facts["quoted_on"]:
        raise BadInput("The last day of the quote lies before the day on which it was made.")
    if contract.quotes.filter(number=facts["number"]).exists():
        raise Refused(
            f"A quote {facts['number']} is held under this call-off. A quote is not changed: keep "
            "the new one under its own number."
        )
