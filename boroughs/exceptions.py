"""What of people, their rights and the trail itself is out of the ordinary."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from django.db.models import Q
from django.utils import timezone

from boroughs import kept_rows
from boroughs.authorization import Permission, Role, conflicts_of
from boroughs.models import AuditEvent, Council, Delegation, Membership
from londonpsn.common.exceptions import ExceptionRow, exceptions_of, moments_within
from londonpsn.common.periods import Period

SUPPORTING = (Role.ADMINISTRATOR, Role.PROGRAMME_OFFICER)


def exceptions_at(user, council: Council | None, period: Period) -> list[ExceptionRow]:
    """Return the exceptions of one council, or of all whose trail the person reads."""
    if council is None:
        return exceptions_of(user, period)
    reader = copy(user)
    reader.access = user.access.narrowed(council.pk, reading_only=True)
    return exceptions_of(reader, period)


def access_by_support(user, period: Period) -> Iterator[ExceptionRow]:
    """Yield what administrators and programme officers did, or downloaded, at a council."""
    by_support = Q()
    for role in SUPPORTING:
        by_support |= Q(role__contains=role)
    events = AuditEvent.objects.visible_to(user).exclude(council_id=None)
    for event in events.filter(by_support, moments_within("at", period)).order_by("-pk"):
        yield ExceptionRow(
            kind="Access by support",
            on=timezone.localtime(event.at).date(),
            council_id=event.council_id,
            what=event.get_type_display(),
            reference=f"{event.chain}, event {event.sequence:,}",
            page="trail-event",
            key=event.pk,
            who_id=event.user_id,
            reason=event.note,
        )


def changes_outside(user, period: Period) -> Iterator[ExceptionRow]:
    """Yield what was changed past the portal's actions: in bulk, or by raw SQL."""
    for group in kept_rows.changed_outside(user, period):
        yield ExceptionRow(
            kind="Changed outside of the portal’s actions",
            on=timezone.localtime(group.at).date(),
            council_id=group.council_id,
            what=f"{group.count:,} {group.thing} {group.done}",
            reference=f"Transaction {group.transaction}",
            page="trail-rows",
            key=group.transaction,
            reason="No event tells by whom, or why",
        )


@dataclass(frozen=True, slots=True)
class _Holding:
    """A role that somebody holds over some days, as their own or as a deputy, and who gave it."""

    user_id: int
    role: Role
    council_id: int | None  # None is every council
    period: Period
    given_by_id: int | None


def role_conflicts(user, period: Period) -> Iterator[ExceptionRow]:
    """Yield two roles of one person at one council that undo the second pair of eyes.

    Those that were in force together on a day of the period, with the first day on which they were.
    """
    of_each = defaultdict(list)
    for holding in _holdings(user, period):
        of_each[holding.user_id].append(holding)
    for holdings in of_each.values():
        for one, other in combinations(holdings, 2):
            both = _together(one, other)
            if both and both.overlap(period) and conflicts_of({one.role, other.role}):
                yield _conflict(one, other, both.start)


def _together(one: _Holding, other: _Holding) -> Period | None:
    """Return the days on which both are held at the same council; the programme's are at all."""
    if one.council_id != other.council_id and None not in (one.council_id, other.council_id):
        return None
    return one.period.overlap(other.period)


def _conflict(one: _Holding, other: _Holding, on: date) -> ExceptionRow:
    last = max(other, one, key=lambda holding: holding.period.start)
    return ExceptionRow(
        kind="Role conflict",
        on=on,
        council_id=one.council_id or other.council_id,
        what=f"{one.role.label} and {other.role.label} are held by one person",
        who_id=one.user_id,
        second_id=last.given_by_id,
    )


def _holdings(user, period: Period) -> Iterable[_Holding]:
    """Return what is held in the period at councils whose trail the person reads; two queries."""
    councils = user.access.councils_with(Permission.TRAIL_VIEW)

    def there(path: str) -> Q:
        here = Q(**{f"{path}supplier": None})
        if councils is None:
            return here
        at = Q(**{f"{path}council__in": councils})
        return here & (at | Q(**{f"{path}programme_wide": True}))

    works_there = defaultdict(list)
    own = Membership.objects.filter(there(""), _held_in(period)).order_by("pk")
    for held in own:
        days = _days_of(held)
        works_there[held.user_id, held.council_id].append(days)
        yield _Holding(held.user_id, Role(held.role), held.council_id, days, held.given_by_id)
    taken = Delegation.objects.filter(there("membership__"), _held_in(period))
    for passed in taken.select_related("membership").order_by("pk"):
        held, given_by = passed.membership, passed.given_by_id
        days = _days_of(passed).overlap(_days_of(held))
        theirs = works_there[passed.deputy_id, held.council_id]
        if days and any(days.overlap(own_days) for own_days in theirs):
            yield _Holding(passed.deputy_id, Role(held.role), held.council_id, days, given_by)


def _days_of(held: Membership | Delegation) -> Period:
    """Return the days on which it was held, if only for some hours of the first."""
    end = held.ends_on and max(held.ends_on, held.starts_on + timedelta(days=1))
    return Period(held.starts_on, end)


def _held_in(period: Period) -> Q:
    found = Q()
    if period.end:
        found &= Q(starts_on__lt=period.end)
    if period.start:
        found &= Q(ends_on=None) | Q(ends_on__gt=period.start) | Q(starts_on=period.start)
    return found
