"""Who may do what: random roles and deputies against a rule written down a second time."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import product

from django.contrib.auth.models import AnonymousUser
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from boroughs.actions import deputies
from boroughs.actions.roles import change_role
from boroughs.authorization import GRANTS, Permission, Role, can, resolve
from boroughs.models import Delegation, Membership
from tests import factories as new
from tests.factories import AT

FIRST = date(2014, 6, 1)
DAYS = 6  # a grid so small that periods meet, overlap and miss each other
COUNCIL_ROLES = [Role.APPROVER, Role.BUYER, Role.FINANCE, Role.AUDITOR, Role.VIEWER]
PROGRAMME_ROLES = [Role.ADMINISTRATOR, Role.PROGRAMME_OFFICER, Role.AUDITOR, Role.VIEWER]
AMOUNTS = [None, Decimal("0.01"), Decimal(100), Decimal("100.01"), Decimal(10**6)]
LIMITS = [None, Decimal(0), Decimal(100), Decimal(1000)]

day = st.integers(0, DAYS - 1)


@st.composite
def periods(draw, *, is_closed=False) -> tuple[int, int | None]:
    start = draw(day)
    ends = st.integers(start + 1, DAYS)
    return start, draw(ends if is_closed else st.none() | ends)


@st.composite
def memberships(draw) -> dict:
    council = draw(st.sampled_from([0, 1, None]))  # None is the whole programme
    role = draw(st.sampled_from(PROGRAMME_ROLES if council is None else COUNCIL_ROLES))
    limit = draw(st.sampled_from(LIMITS)) if role == Role.APPROVER else None
    start, end = draw(periods())
    who, ended_on = draw(st.integers(0, 2)), draw(st.none() | st.integers(0, DAYS))
    days = {"start": start, "end": end, "ended_on": ended_on}
    return {"who": who, "role": role, "at": council, "limit": limit} | days


@st.composite
def delegations(draw) -> dict:
    start, end = draw(periods(is_closed=True))
    of, deputy = draw(st.integers(0, 5)), draw(st.integers(0, 2))
    revoked_on = draw(st.none() | st.integers(0, DAYS))
    return {"of": of, "deputy": deputy, "start": start, "end": end, "revoked_on": revoked_on}


def on(number: int | None) -> date | None:
    return None if number is None else FIRST + timedelta(days=number)


def overlap(one: dict, other: dict) -> bool:
    return all(a["end"] is None or b["start"] < a["end"] for a, b in ((one, other), (other, one)))


def without_overlaps(rows: list[dict], *same: str) -> list[dict]:
    """Leave out what the database refuses: the same thing twice on one day."""
    kept: list[dict] = []
    for row in rows:
        like = [one for one in kept if all(one[name] == row[name] for name in same)]
        if not any(overlap(one, row) for one in like):
            kept.append(row)
    return kept


# The rule, as one would tell it: no query, no table of grants worked out beforehand.


def holds(row: dict, number: int) -> bool:
    return row["start"] <= number and (row["end"] is None or number < row["end"])


def may(roles, passed, left, who, permission, council, amount, number) -> bool:
    """Does the person, on the day, hold a role that allows it there, and up to so much?"""
    if who in left:
        return False
    own = [role for role in roles if role["who"] == who and holds(role, number)]
    others = [
        roles[one["of"]]
        for one in passed
        if one["deputy"] == who
        and holds(one, number)
        and roles[one["of"]]["who"] not in left
        and any(role["at"] == roles[one["of"]]["at"] for role in own)  # works there themselves
    ]
    return any(
        holds(role, number)
        and permission in GRANTS[role["role"]]
        and (role["at"] is None or (council is not None and role["at"] == council))
        and (amount is None or role["limit"] is None or amount <= role["limit"])
        for role in (*own, *others)
    )


class Authorization(TestCase):
    @settings(max_examples=60)
    @given(
        roles=st.lists(memberships(), min_size=3, max_size=6),
        passed=st.lists(delegations(), min_size=2, max_size=5),
        left=st.sets(st.integers(0, 2), max_size=1),
    )
    def test_can_equals_the_rule_and_what_is_over_not_begun_or_revoked_never_grants(
        self, roles, passed, left
    ):
        roles = without_overlaps(roles, "who", "role", "at")
        passed = [one | {"of": one["of"] % len(roles)} for one in passed]
        passed = without_overlaps(passed, "of", "deputy")
        passed = [one for one in passed if roles[one["of"]]["who"] != one["deputy"]]
        users, councils = self.write(roles, passed, left)
        passed = [revoked(one) for one in passed]
        roles = [ended(role) for role in roles]

        for number, (who, user) in product(range(DAYS + 1), enumerate(users)):
            resolve(user, on(number))
            for permission, at, amount in product(Permission, (0, 1, None), AMOUNTS):
                expected = may(roles, passed, left, who, permission, at, amount, number)
                council = None if at is None else councils[at]
                assert self.answer(user, permission, council, amount) == expected

    def answer(self, user, permission, council, amount) -> bool:
        """Who may not sign in any more comes to the portal as nobody."""
        return can(user if user.is_active else AnonymousUser(), permission, council, amount)

    def write(self, roles, passed, left):
        """Write it all down, end and revoke by the actions, and return people and councils."""
        users = [new.new_user(is_active=who not in left) for who in range(3)]
        councils = [new.new_council(), new.new_council()]
        held = [
            Membership.objects.create(
                user=users[role["who"]],
                role=role["role"],
                council=None if role["at"] is None else councils[role["at"]],
                programme_wide=role["at"] is None,
                limit=role["limit"],
                starts_on=on(role["start"]),
                ends_on=on(role["end"]),
            )
            for role in roles
        ]
        for one in passed:
            days = {"starts_on": on(one["start"]), "ends_on": on(one["end"])}
            row = Delegation.objects.create(
                membership=held[one["of"]], deputy=users[one["deputy"]], reason="leave", **days
            )
            revoked_on = one["revoked_on"]
            if revoked_on is not None and revoked_on < one["end"]:
                giver = resolve(row.membership.user, row.starts_on)
                deputies.end_delegation(delegation_id=row.pk, by=giver, at=AT, today=on(revoked_on))
        for role, row in zip(roles, held, strict=True):
            if is_cut_short(role):
                days = {"ends_on": on(role["ended_on"]), "today": on(role["ended_on"])}
                change_role(membership_id=row.pk, limit=row.limit, by=None, at=AT, **days)
        return users, councils


def is_cut_short(role: dict) -> bool:
    """Was the role ended on a day that lies in it? On its first one nothing is left of it."""
    return role["ended_on"] is not None and holds(role, role["ended_on"])


def ended(role: dict) -> dict:
    """What is left of a role that was ended, whoever stands in for it until when."""
    return role | {"end": role["ended_on"]} if is_cut_short(role) else role


def revoked(one: dict) -> dict:
    """What is left of a deputy's days when they are ended on a day: those before it."""
    if one["revoked_on"] is None:
        return one
    end = max(one["start"], min(one["end"], one["revoked_on"]))
    return one | {"end": end}
