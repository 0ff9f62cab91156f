"""Every write of deputies: roles passed on for stated days."""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from boroughs import audit
from boroughs.authorization import Permission, check
from boroughs.models import AuditEvent, Delegation, Membership, User
from londonpsn.common.errors import BadInput, Refused

Type = AuditEvent.Type


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

    By the person whose role it is, or whoever keeps people. Raises Refused for oneself, days that
    are over, another deputy's overlap, or a role that was itself only passed on. It begins today
    at the earliest: nobody is made to have held what they did not.
    """
    membership = (
        Membership.objects.select_for_update(of=["self"])
        .select_related("council", "user")
        .get(pk=membership_id)
    )
    if membership.user_id != by.pk:
        check(by, Permission.ADMIN_USE)
    if deputy.pk == membership.user_id:
        raise Refused("A deputy is somebody else. Choose another person.")
    if not reason.strip():
        raise BadInput("Say why, for example “leave” or “training”.")
    if not today <= starts_on < ends_on:
        raise BadInput("The days end before they begin, or are past. Choose today or days to come.")
    if not membership_lasts(membership, starts_on, ends_on):
        raise Refused("The role itself is not held on all of these days. Choose others.")
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
        note=reason,
    )
    return delegation


def membership_lasts(membership: Membership, starts_on: date, ends_on: date) -> bool:
    """Answer whether the role is held on every day from ``starts_on`` until before ``ends_on``."""
    return membership.starts_on <= starts_on and (
        membership.ends_on is None or ends_on <= membership.ends_on
    )


@transaction.atomic
def end_delegation(*, delegation_id: int, by: User, at: datetime, today: date) -> Delegation:
    """End a deputy's role with the day before ``today``; one that has not begun never will.

    By the person whose role it is, the deputy, or whoever keeps people.
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
    has_begun = delegation.starts_on < today
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
