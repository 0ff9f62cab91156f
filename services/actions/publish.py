"""Writing that a council's register of contracts was published."""

from datetime import date, datetime
from hashlib import sha256

from django.db import transaction

from boroughs import audit, authorization
from boroughs.authorization import Permission
from boroughs.models import AuditEvent, Council, User
from londonpsn.common.errors import Refused
from londonpsn.common.periods import Period
from services.models import Contract, RegisterEdition
from services.queries.register import publish_threshold, register_entries
from services.register import as_file


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
    """Write where and when the register of a quarter was published, with the digest of its file.

    Raises PermissionDenied, and Refused where the quarter is not over, the day does not fit, or it
    was published before; then nothing has changed.
    """
    council = Council.objects.select_for_update().get(pk=council_id)
    authorization.check(by, Permission.REGISTER_PUBLISH, council)
    if today < quarter.end:
        raise Refused("This quarter is not over yet. Publish its register when it is.")
    if not quarter.end <= published_on <= today:
        raise Refused("The day of publication lies after the quarter, and not in the future.")
    editions = RegisterEdition.objects.of_council(council)
    if editions.filter(quarter=quarter.start).exists():
        raise Refused("This quarter is marked as published already. Each quarter is, once.")
    contracts = Contract.objects.of_council(council)
    entries = register_entries(contracts, quarter, publish_threshold(quarter))
    ours = entries.get(council.pk, [])
    edition = RegisterEdition.objects.create(
        council=council,
        quarter=quarter.start,
        published_on=published_on,
        link=link,
        rows=len(ours),
        sha256=sha256(as_file(ours)).hexdigest(),
        by=by,
        at=at,
    )
    said = ("quarter", "published_on", "link", "rows", "sha256")
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
