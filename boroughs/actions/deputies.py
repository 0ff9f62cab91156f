"""Every write of deputies: roles passed on for stated days."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from boroughs import audit
from boroughs.authorization import Permission, check
from boroughs.models import AuditEvent, Delegation, Membership, User
from boroughs.queries import possible_deputies
from londonpsn.common.errors import BadInput, Refused

Type = AuditEvent.Type
MOST_DAYS = 92  # a quarter of a year: who is away for longer has a successor


@transaction.atomic
def delegate(
    *,
    membership_id: int,
    deputy: User,
    starts_on: date,
    ends_on: date,
    reason: str,
    by: User,
    at: datetime,
    today: date,
) -> Delegation:
    """Pass a role and its limit to a deputy for stated days.

    By the person whose role it is, or whoever keeps people, never to themselves. Raises Refused
    for somebody who does not work at the same place or may not sign in, the same deputy twice on a
    day, or days on which the role is not held; BadInput for days that are over or, with those of
    the same deputy just before or after, too many. It begins today at the earliest: nobody is made
    to have held what they did not. ``reason`` is free text, which may name people, so it stays out
    of the trail (decisions 31).
    """
    membership = (
        Membership.objects.select_for_update(of=["self"])
        .select_related("council", "user")
        .get(pk=membership_id)
    )
    if membership.user_id != by.pk:
        check(by, Permission.ADMIN_USE)
    _check_deputy(membership, deputy, by, today)
    if not reason.strip():
        raise BadInput("Say why, for example “leave” or “training”.")
    _check_days(membership, starts_on, ends_on, today)
    _check_days_in_a_row(membership, deputy, starts_on, ends_on)
    delegation = Delegation(
        membership=membership,
        deputy=deputy,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=reason.strip()[:200],
        given_by=by,
    )
    try:
        with transaction.atomic():
            delegation.save()
    except IntegrityError:
        raise Refused("This person is the deputy on one of these days already.") from None
    audit.record(
        Type.ROLE_DELEGATED,
        by=by,
        at=at,
        council=membership.council,
        subject=delegation,
        after={"deputy": deputy.pk, "starts_on": starts_on, "ends_on": ends_on},
    )
    return delegation


@transaction.atomic
def end_delegation(*, delegation_id: int, by: User, at: datetime, today: date) -> Delegation:
    """End a deputy's role with the day before ``today``; one that has not begun never will.

    One that began today ends at once, and stays known. By the person whose role it is, the deputy,
    or whoever keeps people.
    """
    delegation = (
        Delegation.objects.select_for_update(of=["self"])
        .select_related("membership__council")
        .get(pk=delegation_id)
    )
    if by.pk not in (delegation.membership.user_id, delegation.deputy_id):
        check(by, Permission.ADMIN_USE)
    if delegation.ends_on <= today:
        raise Refused("It has ended already.")
    before = {"ends_on": delegation.ends_on}
    has_begun = delegation.starts_on <= today
    if has_begun:
        delegation.ends_on = today
        delegation.save(update_fields=["ends_on"])
    audit.record(
        Type.DELEGATION_ENDED,
        by=by,
        at=at,
        council=delegation.membership.council,
        subject=delegation,
        before=before,
        after={"ends_on": today if has_begun else None},
    )
    if not has_begun:
        delegation.delete()
    return delegation


def _check_deputy(membership: Membership, deputy: User, by: User, today: date) -> None:
    if deputy.pk == membership.user_id:
        raise Refused("A deputy is somebody else. Choose another person.")
    if deputy.pk == by.pk:
        raise Refused("Nobody passes another person’s role to themselves. Ask whose role it is.")
    if not possible_deputies(membership, today).filter(pk=deputy.pk).exists():
        raise Refused("A deputy works at the same place and may sign in. Choose another person.")


def _check_days(membership: Membership, starts_on: date, ends_on: date, today: date) -> None:
    if not today <= starts_on < ends_on:
        raise BadInput("The days end before they begin, or are past. Choose today or days to come.")
    if (ends_on - starts_on).days > MOST_DAYS:
        raise BadInput(f"A deputy stands in for {MOST_DAYS} days at most. Choose fewer.")
    is_held = membership.starts_on <= starts_on and (
        membership.ends_on is None or ends_on <= membership.ends_on
    )
    if not is_held:
        raise Refused("The role itself is not held on all of these days. Choose others.")


def _check_days_in_a_row(
    membership: Membership, deputy: User, starts_on: date, ends_on: date
) -> None:
    """Raise BadInput where days that follow one another at once come to too many in all."""
    held = membership.delegations.filter(deputy=deputy).values_list("starts_on", "ends_on")
    days = sorted(held)
    first, end = starts_on, ends_on
    for began_on, ended_on in reversed(days):
        first = began_on if ended_on == first else first
    for begins_on, goes_on_until in days:
        end = goes_on_until if begins_on == end else end
    if (end - first).days > MOST_DAYS:
        raise BadInput(
            f"With the days just before or after, this person would stand in for more than "
            f"{MOST_DAYS} days in a row. Choose fewer."
        )
