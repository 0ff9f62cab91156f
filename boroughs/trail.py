"""Is the trail as it was written? Checks chains, keeps what it found, deletes what expires."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.utils import timezone

from boroughs import audit
from boroughs.authorization import Role
from boroughs.models import AuditEvent, Membership, TrailCheck, TrailClosing
from boroughs.models.audit import SECURITY
from londonpsn.common.periods import add_months

HEAD_MAIL = """\
These are the last events of the trails that you read, and their hashes.
Keep this mail: as long as the portal shows the same hash at the same event, \
nothing before it has been rewritten."""
# Every event beside the one before it in its chain, or beside where the chain begins now.
BROKEN = """
WITH begins AS (
    SELECT DISTINCT ON (chain) chain, sequence, hash FROM boroughs_trailclosing
    WHERE chain = 'SECURITY'
    ORDER BY chain, sequence DESC
), linked AS (
    SELECT e.chain, e.id, e.sequence, e.previous, e.hash, boroughs_trail_digest(e) AS digest,
        COALESCE(lag(e.sequence) OVER in_chain, b.sequence, 0) AS sequence_before,
        COALESCE(lag(e.hash) OVER in_chain, b.hash, repeat('0', 64)) AS hash_before
    FROM boroughs_auditevent e LEFT JOIN begins b USING (chain)
    WINDOW in_chain AS (PARTITION BY e.chain ORDER BY e.sequence, e.id)
)
SELECT chain, id, sequence, sequence_before, hash <> digest FROM linked
WHERE hash <> digest OR previous <> hash_before OR sequence <> sequence_before + 1
ORDER BY chain, sequence, id
"""

# The first event of each chain that was checked once and is gone, or another one, now. Every check
# counts: one that was made after a forgery holds the forged hash.
NOT_AS_CHECKED = """
SELECT DISTINCT ON (c.chain) c.chain, c.sequence, c.checked_at, e.id
FROM boroughs_trailcheck c LEFT JOIN boroughs_auditevent e USING (chain, sequence)
WHERE c.sequence > COALESCE(
    (SELECT max(b.sequence) FROM boroughs_trailclosing b WHERE b.chain = c.chain), 0
) AND e.hash IS DISTINCT FROM c.hash
ORDER BY c.chain, c.sequence, c.id
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a chain that is not as it was written: at which event, and what."""

    chain: str
    sequence: int
    event_id: int | None
    text: str

    def __str__(self):
        return f"{self.chain}, event {self.sequence:,}: {self.text}"


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a chain; who has it written down sees whether the trail was rewritten."""

    chain: str
    sequence: int
    hash: str


def heads() -> dict[str, Head]:
    """Return the last event of every chain."""
    rows = AuditEvent.objects.filter(
        pk__in=AuditEvent.objects.order_by("chain", "-sequence").distinct("chain").values("pk")
    )
    return {row.chain: Head(row.chain, row.sequence, row.hash) for row in rows}


def problems() -> list[Problem]:
    """Return everything that is wrong in any chain, in order; nothing when all is as written."""
    with connection.cursor() as cursor:
        cursor.execute(BROKEN)
        found = [_problem(*row) for row in cursor.fetchall()]
    return sorted(
        [*found, *_not_as_checked()], key=lambda one: (one.chain, one.sequence, one.event_id or 0)
    )


def _problem(chain, event_id, sequence, before, is_other) -> Problem:
    if is_other:
        text = "its content is not what was written"
    elif sequence <= before:
        text = "there is another event of this number"
    elif sequence > before + 1:
        text = f"the events from {before + 1:,} to {sequence - 1:,} are missing before it"
    else:
        text = "the event before it is not the one that it was written after"
    return Problem(chain, sequence, event_id, text)


def _not_as_checked() -> Iterable[Problem]:
    with connection.cursor() as cursor:
        cursor.execute(NOT_AS_CHECKED)
        for chain, sequence, checked_at, event_id in cursor.fetchall():
            day = f"{timezone.localtime(checked_at):%-d %B %Y}"
            text = f"it is not the event that was checked on {day}"
            if event_id is None:
                text = f"it is missing; it was there on {day}"
            yield Problem(chain, sequence, event_id, text)


@transaction.atomic
def check(*, at: datetime) -> list[Problem]:
    """Check every chain, and keep up to which event and what was wrong.

    Of a chain of which nothing is left that is kept too, up to no event.
    """
    found, last = problems(), heads()
    lost = {problem.chain for problem in found} - last.keys()
    TrailCheck.objects.bulk_create(
        TrailCheck(
            chain=head.chain,
            checked_at=at,
            sequence=head.sequence,
            hash=head.hash,
            problems=[str(problem) for problem in found if problem.chain == head.chain],
        )
        for head in [*last.values(), *(Head(chain, 0, "") for chain in sorted(lost))]
    )
    return found


@transaction.atomic
def forget_security_log(*, before: date, at: datetime) -> int:
    """Delete the whole months of the security log that ended before a day; returns how many events.

    The closing hash of each is kept, so that the rest of the chain still follows from it. The
    database refuses what is younger than six months.
    """
    expired = AuditEvent.objects.filter(chain=SECURITY, at__date__lt=before.replace(day=1))
    months = [moment.date() for moment in expired.datetimes("at", "month")]
    count = 0
    for month in months:
        last = expired.filter(at__date__lt=add_months(month, 1)).order_by("sequence").last()
        TrailClosing.objects.create(
            chain=SECURITY, month=month, sequence=last.sequence, hash=last.hash, closed_at=at
        )
        gone, _ = AuditEvent.objects.filter(chain=SECURITY, sequence__lte=last.sequence).delete()
        count += gone
        audit.record(
            AuditEvent.Type.TRAIL_EXPIRED,
            by=None,
            at=at,
            after={"month": f"{month:%Y-%m}", "events": gone, "hash": last.hash},
        )
    return count


def head_mails(today: date) -> Iterable[EmailMessage]:
    """Yield for each auditor a mail with the heads of the chains that they read.

    What is written down outside the portal shows whether its owner rewrote the trail since.
    """
    held = Membership.objects.in_force_on(today).filter(role=Role.AUDITOR, user__is_active=True)
    chains: dict[str, set[str]] = {}
    last = heads()
    for membership in held.select_related("user", "council").order_by("pk"):
        own = {membership.council.register_code} if membership.council else set(last)
        chains.setdefault(membership.user.email, set()).update(own & set(last))
    for address, names in chains.items():
        lines = [
            f"{name}: event {last[name].sequence:,}, {last[name].hash}" for name in sorted(names)
        ]
        text = "\n".join([HEAD_MAIL, "", *(lines or ["Nothing has been written yet."]), ""])
        yield EmailMessage(f"The trail on {today:%-d %B %Y}", text, to=[address])
