"""Filling in and publishing a council's register of contracts."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256

from django.db import IntegrityError, transaction

from boroughs import audit, authorization
from boroughs.authorization import Permission
from boroughs.models import AuditEvent, Council, User
from boroughs.queries import find_row
from londonpsn.common.errors import BadInput, Refused
from londonpsn.common.periods import Period, check_day
from services.models import Contract, RegisterEdition
from services.queries.register import publish_threshold, register_entries
from services.register import as_file

OF_EVERY_KIND = ("organisational_unit", "description", "review_on", "irrecoverable_vat")
REGISTER_FACTS = ("starts_on", "value", "route", *OF_EVERY_KIND)


@transaction.atomic
def publish_register(
    *,
    council_id: int,
    quarter: Period,
    published_on: date,
    link: str,
    today: date,
    by: User,
    at: datetime,
) -> RegisterEdition:
    """Keep what was published as the register of a quarter, with where and when.

    Published again, corrected, it is the next version. Raises PermissionDenied, and Refused where
    the quarter is not over, the day does not fit, or nothing has changed since it was published.
    """
    council = Council.objects.select_for_update().get(pk=council_id)
    authorization.check(by, Permission.REGISTER_PUBLISH, council)
    if today < quarter.end:
        raise Refused("This quarter is not over yet. Publish its register when it is.")
    if not quarter.end <= published_on <= today:
        raise Refused("The day of publication lies after the quarter, and not in the future.")
    contracts = Contract.objects.of_council(council)
    entries = register_entries(contracts, quarter, publish_threshold(quarter))
    ours = entries.get(council.pk, [])
    file = as_file(ours)
    digest = sha256(file).hexdigest()
    editions = RegisterEdition.objects.of_council(council).filter(quarter=quarter.start)
    last = editions.order_by("-version").first()
    if last and last.sha256 == digest:
        raise Refused("This quarter is published already, and its rows are the same as then.")
    edition = RegisterEdition.objects.create(
        council=council,
        quarter=quarter.start,
        version=last.version + 1 if last else 1,
        published_on=published_on,
        link=link,
        rows=len(ours),
        sha256=digest,
        file=file,
        by=by,
        at=at,
    )
    said = ("quarter", "version", "published_on", "link", "rows", "sha256")
    audit.record(
        AuditEvent.Type.REGISTER_PUBLISHED,
        by=by,
        at=at,
        council=council,
        subject=edition,
        after={name: getattr(edition, name) for name in said},
        needs=Permission.REGISTER_PUBLISH,
    )
    return edition


@transaction.atomic
def keep_register_facts(
    *, contract_id: int, facts: Mapping[str, object], by: User, at: datetime
) -> Contract:
    """Keep what the register wants of a signed contract: ``facts`` by the names of REGISTER_FACTS.

    What a call-off was awarded with is changed as a change of it, so only OF_EVERY_KIND are kept of
    one. Raises NotVisible, PermissionDenied, BadInput and Refused.
    """
    visible = Contract.objects.visible_to(by).awarded().select_related("council")
    contract = find_row(visible.select_for_update(of=["self"], no_key=True), pk=contract_id)
    authorization.check(by, Permission.REGISTER_PUBLISH, contract.council)
    wanted = register_facts_of(contract)
    if others := facts.keys() - wanted:
        raise Refused(
            f"{', '.join(sorted(others))}: a call-off was awarded with it. Change it on its page."
        )
    for value in facts.values():
        if isinstance(value, date):
            check_day(value)
        if isinstance(value, Decimal) and value < 0:
            raise BadInput("Pounds cannot be below nothing here.")
    changed = {name: value for name, value in facts.items() if getattr(contract, name) != value}
    before = {name: _in_trail(name, getattr(contract, name)) for name in changed}
    for name, value in changed.items():
        setattr(contract, name, value)
    if changed:
        _save(contract, changed)
        audit.record(
            AuditEvent.Type.REGISTER_COMPLETED,
            by=by,
            at=at,
            council=contract.council,
            subject=contract,
            before=before,
            after={name: _in_trail(name, value) for name, value in changed.items()},
            needs=Permission.REGISTER_PUBLISH,
        )
    return contract


def register_facts_of(contract: Contract) -> tuple[str, ...]:
    """Return which facts the register wants that are filled in for it, by their names."""
    is_call_off = contract.kind == Contract.Kind.CALL_OFF
    return OF_EVERY_KIND if is_call_off else REGISTER_FACTS


def _save(contract: Contract, changed: Iterable[str]) -> None:
    try:
        with transaction.atomic():
            contract.save(update_fields=list(changed))
    except IntegrityError as error:
        if "contract_ends_after_it_starts" not in str(error):
            raise
        raise BadInput(
            "It starts on or after the day on which it ends. Correct the start."
        ) from None


def _in_trail(name: str, value):
    """What may name people stands in the record and not in the trail."""
    return ("given" if value else "") if name == "description" else value
