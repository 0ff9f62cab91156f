"""Events of the trail as pages and the API show them, and how far each chain has been checked."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from boroughs import subjects
from boroughs.authorization import Permission, Role
from boroughs.changes import Change, changes, model_called, people_in
from boroughs.models import AuditEvent, Council, Site
from boroughs.models.audit import PROGRAMME, SECURITY
from boroughs.queries import people_named

OTHER_CHAINS = {PROGRAMME: "London Grid", SECURITY: "Security log"}
THE_PORTAL = "the portal"
# Fields of a site that are nobody's business where it may be protected (decisions 6).
WHEREABOUTS = {"address", "postcode", "uprn", "latitude", "longitude", "position"}
HIDDEN = "not shown to you"
# The last event and the last check of some chains; two look-ups in an index for each.
STATES = """
SELECT c.chain, head.sequence, head.hash, done.sequence, done.checked_at, done.problems
FROM unnest(%s) WITH ORDINALITY AS c(chain, place)
LEFT JOIN LATERAL (
    SELECT sequence, hash FROM boroughs_auditevent e
    WHERE e.chain = c.chain ORDER BY sequence DESC LIMIT 1
) head ON true
LEFT JOIN LATERAL (
    SELECT sequence, checked_at, problems::text FROM boroughs_trailcheck t
    WHERE t.chain = c.chain ORDER BY id DESC LIMIT 1
) done ON true
ORDER BY c.place
"""


@dataclass(frozen=True, slots=True)
class ChainState:
    """One chain: its last event, and up to which event it was checked, when, with what result.

    ``sequence`` None is a chain without an event, ``checked_at`` None one that has not been
    checked yet.
    """

    chain: str
    name: str
    sequence: int | None
    hash: str
    checked_to: int | None
    checked_at: datetime | None
    problems: list[str]

    @property
    def short_hash(self) -> str:
        return self.hash[:12]


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event in words; ``address`` is the page of what it is about, empty where there is none.

    ``role`` are the names of the roles by which it was allowed. ``before`` and ``after`` are what
    the event holds, without what the person may not see.
    """

    event: AuditEvent
    before: dict | None
    after: dict | None
    who: str
    role: str
    council: str
    address: str
    changes: list[Change]

    @property
    def subject(self) -> str:
        """What it is about, in words; a person's number where it is about a person."""
        event = self.event
        if event.subject or not event.subject_type:
            return event.subject
        return f"{subject_name(event.subject_type)} {event.subject_id}"


def chain_states(user, councils: Iterable[Council], *, others: bool) -> list[ChainState]:
    """Return the chains of councils, and London Grid's where ``others``; one query."""
    names = {council.register_code: council.short_name for council in councils}
    if others and user.access.allows(Permission.TRAIL_VIEW):
        names |= OTHER_CHAINS
    with connection.cursor() as cursor:
        cursor.execute(STATES, [list(names)])
        return [
            ChainState(chain, names[chain], at, hash or "", to, when, _texts(problems))
            for chain, at, hash, to, when, problems in cursor.fetchall()
        ]


def shown(user, events: Sequence[AuditEvent], councils: dict[int, Council]) -> list[EventRow]:
    """Return events in words; one query for the names of people."""
    models = {event.subject_type: model_called(event.subject_type) for event in events}
    people = {event.user_id for event in events}
    told = {event.pk: states_told(user, event) for event in events}
    for event in events:
        people.update(people_in(models[event.subject_type], *told[event.pk]))
    names = people_named(user, people)
    return [
        EventRow(
            event=event,
            before=told[event.pk][0],
            after=told[event.pk][1],
            who=names[event.user_id] if event.user_id else THE_PORTAL,
            role=role_words(event.role),
            council=place_of(event, councils),
            address=subjects.page_of(event.subject_type, event.subject_id),
            changes=changes(models[event.subject_type], *told[event.pk], names),
        )
        for event in events
    ]


def states_told(user, event: AuditEvent) -> tuple[dict | None, dict | None]:
    """Return what an event holds of before and after, as far as the person may see it.

    Where a site is stays with those who may know it of a protected one: the event does not tell
    whether the site was protected then, or is now.
    """
    if event.subject_type != Site._meta.label_lower or user.access.allows(
        Permission.ADDRESS_VIEW, event.council_id
    ):
        return event.before, event.after
    return tuple(
        state and {name: HIDDEN if name in WHEREABOUTS else state[name] for name in state}
        for state in (event.before, event.after)
    )


def place_of(event: AuditEvent, councils: dict[int, Council]) -> str:
    council = councils.get(event.council_id)
    return council.short_name if council else OTHER_CHAINS.get(event.chain, event.chain)


def role_words(codes: str) -> str:
    """Return the names of roles for the codes that an event holds: ``BUYER (deputy), …``."""
    labels = dict(Role.choices)
    words = []
    for code in filter(None, codes.split(", ")):
        role, deputy, _ = code.partition(" (")
        words.append(labels.get(role, role) + (" (deputy)" if deputy else ""))
    return ", ".join(words)


def subject_name(label: str) -> str:
    """Return what a kind of thing is called: ``Line`` for ``services.line``."""
    model = model_called(label)
    words = str(model._meta.verbose_name) if model else label.partition(".")[2]
    return words[:1].upper() + words[1:]


def _texts(problems: str | None) -> list[str]:
    return json.loads(problems) if problems else []
