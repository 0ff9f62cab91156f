"""Giving, changing and passing on roles: not into the past, and not past the rules (issue, 1)."""

from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from boroughs.actions import deputies, roles
from boroughs.authorization import Permission, can, resolve
from boroughs.models import AuditEvent, Delegation, Membership
from londonpsn.common.errors import BadInput, Refused
from tests import factories as new
from tests.conftest import person
from tests.factories import AT, TODAY

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
NOW = {"at": AT, "today": TODAY}


@pytest.fixture
def administrator(db):
    return person("administrator@london-grid")


@pytest.fixture
def zed(db):
    return new.new_council(short_name="Zedborough")


def events() -> list[str]:
    return list(AuditEvent.objects.exclude(type="DATA_LOADED").values_list("type", flat=True))


# The past stays as it was


def test_a_role_is_given_from_today_on_and_never_for_a_day_that_is_over(administrator, zed):
    user = new.new_user()
    role = {"user_id": user.pk, "role": "BUYER", "council": zed, "by": administrator} | NOW

    with pytest.raises(BadInput, match="A role begins today or later"):
        roles.give_role(starts_on=YESTERDAY, **role)
    assert not user.memberships.exists()
    assert events() == []

    assert roles.give_role(starts_on=TODAY, **role).starts_on == TODAY


def test_the_portal_itself_may_write_down_what_was_held_before(zed):
    user = new.new_user()

    given = roles.give_role(
        user_id=user.pk,
        role="BUYER",
        council=zed,
        starts_on=date(2013, 4, 1),
        ends_on=YESTERDAY,
        by=None,
        **NOW,
    )
    roles.change_role(membership_id=given.pk, ends_on=None, limit=None, by=None, **NOW)

    assert user.memberships.get().ends_on is None
    assert events() == ["ROLE_GIVEN", "ROLE_CHANGED"]


@pytest.mark.parametrize(
    ("ends_on", "is_taken"),
    [(YESTERDAY, False), (TODAY, True), (TOMORROW, True), (None, True)],
)
def test_a_role_ends_today_at_the_earliest(administrator, zed, ends_on, is_taken):
    role = new.new_membership(council=zed, role="BUYER", ends_on="2015-01-01")
    change = {"membership_id": role.pk, "ends_on": ends_on, "limit": None, "by": administrator}

    if is_taken:
        roles.change_role(**change, **NOW)
    else:
        with pytest.raises(BadInput, match="The first day without is today or later"):
            roles.change_role(**change, **NOW)

    role.refresh_from_db()
    assert role.ends_on == (ends_on if is_taken else date(2015, 1, 1))
    assert events() == ["ROLE_CHANGED"] * is_taken


@pytest.mark.parametrize("change", [{"ends_on": None}, {"ends_on": TOMORROW}, {"limit": 9}])
def test_a_role_that_is_over_is_not_opened_again_nor_its_limit_changed(administrator, zed, change):
    role = new.new_membership(council=zed, role="APPROVER", ends_on=TODAY, limit=5)
    facts = {"ends_on": TODAY, "limit": Decimal(5)}

    with pytest.raises(Refused, match="This role is over and stays as it was"):
        roles.change_role(membership_id=role.pk, by=administrator, **facts | change, **NOW)

    role.refresh_from_db()
    assert {"ends_on": role.ends_on, "limit": role.limit} == facts
    assert events() == []


def test_who_held_a_role_is_given_a_new_one_beside_it(administrator, zed):
    old = new.new_membership(council=zed, role="BUYER", ends_on=TODAY)

    roles.give_role(
        user_id=old.user_id, role="BUYER", council=zed, starts_on=TODAY, by=administrator, **NOW
    )

    held = Membership.objects.filter(user=old.user_id).order_by("starts_on")
    assert [(one.starts_on, one.ends_on) for one in held] == [
        (date(2013, 4, 1), TODAY),
        (TODAY, None),
    ]


def test_a_role_that_was_given_today_to_the_wrong_person_ends_today(administrator, zed):
    user, approve = new.new_user(), Permission.ORDER_APPROVE
    role = {"user_id": user.pk, "role": "APPROVER", "council": zed, "starts_on": TODAY}
    given = roles.give_role(by=administrator, **role, **NOW)
    assert can(resolve(user, TODAY), approve, zed)

    roles.change_role(membership_id=given.pk, ends_on=TODAY, limit=None, by=administrator, **NOW)

    assert not can(resolve(user, TODAY), approve, zed)
    given.refresh_from_db()
    assert (given.starts_on, given.ends_on) == (TODAY, TODAY)
    assert events() == ["ROLE_GIVEN", "ROLE_CHANGED"]
    roles.give_role(by=administrator, **role, **NOW)  # the right one after all
    assert can(resolve(user, TODAY), approve, zed)


def test_a_role_that_has_not_begun_can_be_called_off_and_none_ends_before_it_begins(
    administrator, zed
):
    role = new.new_membership(council=zed, role="BUYER", starts_on=TOMORROW)
    change = {"membership_id": role.pk, "limit": None, "by": administrator}

    with pytest.raises(Refused, match="The end cannot lie before the beginning"):
        roles.change_role(ends_on=TODAY, **change, **NOW)
    roles.change_role(ends_on=TOMORROW, **change, **NOW)

    assert not role.user.memberships.in_force_on(TOMORROW).exists()


def test_a_role_is_given_for_a_day_at_least(administrator, zed):
    with pytest.raises(Refused, match="The end has to lie after the beginning"):
        roles.give_role(
            user_id=new.new_user().pk,
            role="BUYER",
            council=zed,
            starts_on=TODAY,
            ends_on=TODAY,
            by=administrator,
            **NOW,
        )


# For the whole programme


def test_that_a_role_is_for_the_whole_programme_is_said_and_never_guessed(administrator):
    user = new.new_user()
    role = {"user_id": user.pk, "role": "VIEWER", "starts_on": TODAY, "by": administrator} | NOW

    with pytest.raises(Refused, match="choose one of them"):
        roles.give_role(**role)
    assert not user.memberships.exists()

    assert roles.give_role(programme_wide=True, **role).programme_wide


@pytest.mark.parametrize("role", ["NETWORK_OFFICER", "BUYER", "APPROVER", "FINANCE"])
def test_nobody_acts_for_every_council_at_once(administrator, role):
    user = new.new_user()

    with pytest.raises(Refused, match="Name the council where this role is held"):
        roles.give_role(
            user_id=user.pk,
            role=role,
            programme_wide=True,
            starts_on=TODAY,
            by=administrator,
            **NOW,
        )

    assert not user.memberships.exists()


# Deputies, whatever way they are asked for


@pytest.fixture
def role(zed):
    return new.new_membership(council=zed, role="APPROVER", limit=5000)


@pytest.fixture
def colleague(zed):
    return new.new_membership(council=zed, role="BUYER").user


def pass_on(role, deputy, *, by=None, days=14, **facts):
    facts = {"starts_on": TODAY, "ends_on": TODAY + timedelta(days=days)} | facts
    return deputies.delegate(
        membership_id=role.pk,
        deputy=deputy,
        reason="Ann Smith is ill",
        by=by or resolve(role.user, TODAY),
        **facts,
        **NOW,
    )


def test_the_action_itself_takes_no_deputy_who_works_elsewhere_or_has_left(role, zed):
    gone = new.new_user(is_active=False)
    new.new_membership(user=gone, council=zed)
    former = new.new_membership(council=zed, ends_on=TODAY).user
    elsewhere = new.new_membership(role="APPROVER").user
    everywhere = person("programme@london-grid")

    for deputy in (gone, former, elsewhere, everywhere, new.new_user()):
        with pytest.raises(Refused, match="A deputy works at the same place and may sign in"):
            pass_on(role, deputy)

    assert not Delegation.objects.exists()
    assert events() == []


def test_a_deputy_stands_in_for_92_days_at_most(role, colleague):
    with pytest.raises(BadInput, match="A deputy stands in for 92 days at most"):
        pass_on(role, colleague, days=93)
    assert not Delegation.objects.exists()

    assert pass_on(role, colleague, days=92).ends_on == date(2014, 9, 30)


def test_nobody_passes_another_persons_role_to_themselves(administrator):
    officer = new.new_membership(role="PROGRAMME_OFFICER", programme_wide=True)
    auditor = new.new_membership(role="AUDITOR", programme_wide=True)

    with pytest.raises(Refused, match="Nobody passes another person’s role to themselves"):
        pass_on(officer, administrator, by=administrator)
    with pytest.raises(PermissionDenied):
        pass_on(officer, auditor.user, by=resolve(auditor.user, TODAY))

    assert not Delegation.objects.exists()


def test_why_a_role_is_passed_on_stays_with_the_deputy_and_out_of_the_trail(role, colleague):
    passed = pass_on(role, colleague)

    assert Delegation.objects.get(pk=passed.pk).reason == "Ann Smith is ill"
    event = AuditEvent.objects.get(type="ROLE_DELEGATED")
    assert event.note == ""
    assert "Ann Smith" not in str([event.before, event.after, event.subject])


def test_a_deputy_may_nothing_once_the_role_itself_has_ended_however_it_did(role, colleague, zed):
    pass_on(role, colleague)
    approve = Permission.ORDER_APPROVE
    assert can(resolve(colleague, TODAY), approve, zed)

    roles.change_role(
        membership_id=role.pk,
        ends_on=TODAY,
        limit=role.limit,
        by=person("administrator@london-grid"),
        **NOW,
    )
    assert not can(resolve(colleague, TODAY), approve, zed)
    assert can(resolve(colleague, YESTERDAY), approve, zed) is False  # not begun then

    Membership.objects.filter(pk=role.pk).update(ends_on=TOMORROW)
    assert can(resolve(colleague, TODAY), approve, zed)
    assert not can(resolve(colleague, TOMORROW), approve, zed)


# Before there was a rule


def test_a_role_of_the_whole_programme_that_is_none_of_its_own_ends_at_the_migration(db):
    """It could be given once; it is not removed, and no other is written any more."""
    migration = import_module(
        "boroughs.migrations.0013_roles_of_the_programme_and_events_of_people"
    )
    [check] = [
        one.constraint
        for one in migration.Migration.operations
        if getattr(one, "model_name", "") == "membership"
    ]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Membership, check)
    held = new.new_membership(role="BUYER", programme_wide=True)
    own = new.new_membership(role="AUDITOR", programme_wide=True)

    with connection.cursor() as cursor:
        cursor.execute(migration.END_OTHERS)
        cursor.execute("SELECT CURRENT_DATE")
        [today] = cursor.fetchone()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor() as editor:
        editor.execute(f"{check.create_sql(Membership, editor)} NOT VALID", params=None)

    for row in (held, own):
        row.refresh_from_db()
    assert (held.ends_on, own.ends_on) == (today, None)
    with pytest.raises(IntegrityError, match=check.name), transaction.atomic():
        new.new_membership(role="BUYER", programme_wide=True)
