"""Exceptions for auditors: what is out of the ordinary, of which kind, by whom and when."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from boroughs import audit
from boroughs.authorization import resolve
from boroughs.exceptions import exceptions_at
from boroughs.models import AuditEvent, Body
from londonpsn.common import clock
from londonpsn.common.periods import Period, last_ended_quarter
from services.models import Charge, Contract, Line
from tests import factories as new
from tests.boroughs.test_trail_pages import auditor, camden, file_of, sutton, text_of
from tests.factories import AT, TODAY

__all__ = ["auditor", "camden", "sutton"]  # fixtures

Type = AuditEvent.Type
SPRING = Period(date(2014, 4, 1), date(2014, 7, 1))
CEASED = date(2014, 5, 12)


@pytest.fixture
def here(db):
    """A council of which nothing is held but its own body."""
    council = new.new_council()
    new.new_body(council, kind="COUNCIL")
    return council


def reader_of(council):
    return new.member(council, "AUDITOR")


def of_kind(kind: str, council, period: Period = SPRING) -> list:
    rows = exceptions_at(reader_of(council), council, period)
    return [row for row in rows if row.kind_code == kind]


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        (date(2014, 6, 30), date(2014, 1, 1), date(2014, 4, 1)),
        (date(2014, 7, 1), date(2014, 4, 1), date(2014, 7, 1)),
        (date(2014, 1, 1), date(2013, 10, 1), date(2014, 1, 1)),
        (date(2014, 12, 31), date(2014, 7, 1), date(2014, 10, 1)),
    ],
)
def test_a_quarter_is_the_last_one_that_has_ended(day, start, end):
    assert last_ended_quarter(day) == Period(start, end)


# Waivers


def test_a_line_ceased_on_the_day_of_its_cutover_is_a_waiver(here):
    officer = new.new_user()
    line = new.new_line(Body.objects.get(council=here), reference="OLD-1")
    new.new_charge(line, amount=Decimal("120.00"))
    new.new_line_move(line, to_stage="CUTOVER", on=CEASED)
    new.new_line_move(line, to_stage="CEASE_ORDERED", on=CEASED, by=officer, reason="same kit")

    [waiver] = of_kind("waiver", here)

    assert (waiver.on, waiver.council_id, waiver.reference) == (CEASED, here.pk, "OLD-1")
    assert (waiver.who_id, waiver.second_id, waiver.reason) == (officer.pk, None, "same kit")
    assert (waiver.amount, waiver.address) == (Decimal("120.0000"), f"/lines/{line.pk}/")


def test_a_line_said_to_need_no_parallel_run_is_a_waiver_on_any_day(here):
    line = new.new_line(Body.objects.get(council=here))
    new.new_line_move(line, to_stage="CUTOVER", on=date(2014, 5, 1))
    reason = "No parallel run: like-for-like change"
    new.new_line_move(line, to_stage="CEASE_ORDERED", on=CEASED, reason=reason)

    assert [(row.on, row.reason, row.amount) for row in of_kind("waiver", here)] == [
        (CEASED, reason, None)
    ]


def test_a_line_that_ran_in_parallel_is_no_waiver_and_other_days_are_left_out(here):
    ran, early = (new.new_line(Body.objects.get(council=here)) for _ in range(2))
    new.new_line_move(ran, to_stage="CUTOVER", on=date(2014, 5, 1))
    new.new_line_move(ran, to_stage="CEASE_ORDERED", on=CEASED)
    for stage in ("CUTOVER", "CEASE_ORDERED"):
        new.new_line_move(early, to_stage=stage, on=date(2014, 3, 31))

    assert of_kind("waiver", here) == []


def test_a_line_exempt_from_moving_is_a_waiver(here):
    line = new.new_line(Body.objects.get(council=here))
    new.new_line_flag(line, kind="EXEMPT", starts_on=CEASED, reason="lift alarm")
    new.new_line_flag(line, kind="DISPUTED", starts_on=CEASED)

    assert [(row.what, row.reason) for row in of_kind("waiver", here)] == [
        ("Exempt from moving", "lift alarm")
    ]


# Conflicting roles


def test_two_roles_that_undo_the_second_pair_of_eyes_are_told_with_who_gave_the_later(here):
    person, giver = new.new_user(), new.new_user()
    held = {"user": person, "council": here}
    new.new_membership(role="BUYER", **held)
    new.new_membership(role="APPROVER", starts_on=date(2014, 5, 1), given_by=giver, **held)

    [conflict] = of_kind("role-conflict", here)

    assert conflict.what == "Buyer and Approver are held by one person"
    assert (conflict.on, conflict.council_id) == (date(2014, 5, 1), here.pk)
    assert (conflict.who_id, conflict.second_id) == (person.pk, giver.pk)


def test_a_deputys_role_and_one_of_the_whole_programme_conflict_too(here):
    deputy, support = new.new_user(), new.new_user()
    new.new_membership(user=deputy, council=here, role="FINANCE")
    passed = new.new_membership(council=here, role="APPROVER")
    new.new_delegation(membership=passed, deputy=deputy, starts_on=date(2014, 6, 1))
    new.new_membership(user=support, programme_wide=True, role="ADMINISTRATOR")
    new.new_membership(user=support, council=here, role="BUYER")

    found = of_kind("role-conflict", here)

    assert [(row.who_id, row.on) for row in found] == [
        (deputy.pk, date(2014, 6, 1)),
        (support.pk, new.APRIL),
    ]


def test_a_role_that_was_ended_on_its_first_day_conflicted_on_that_day(here):
    held = {"user": new.new_user(), "council": here}
    day = date(2014, 5, 1)
    new.new_membership(role="BUYER", **held)
    new.new_membership(role="APPROVER", starts_on=day, ends_on=day, **held)

    assert [row.on for row in of_kind("role-conflict", here)] == [day]


def test_what_a_deputy_takes_who_does_not_work_there_conflicts_with_nothing(here):
    deputy = new.new_user()
    new.new_membership(user=deputy, programme_wide=True, role="ADMINISTRATOR")
    passed = new.new_membership(council=here, role="APPROVER")
    new.new_delegation(membership=passed, deputy=deputy)

    assert of_kind("role-conflict", here) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"ends_on": date(2014, 5, 1)}, {"starts_on": date(2014, 5, 1)}),  # one after the other
        ({"ends_on": date(2014, 4, 1)}, {}),  # over before the period
        ({}, {"starts_on": date(2014, 7, 1)}),  # not yet in it
    ],
)
def test_roles_that_are_not_held_together_in_the_period_do_not_conflict(here, first, second):
    held = {"user": new.new_user(), "council": here}
    new.new_membership(role="BUYER", **held, **first)
    new.new_membership(role="APPROVER", **held, **second)

    assert of_kind("role-conflict", here) == []


def test_roles_at_two_councils_do_not_conflict(here):
    person = new.new_user()
    new.new_membership(user=person, council=here, role="BUYER")
    new.new_membership(user=person, council=new.new_council(), role="APPROVER")

    assert of_kind("role-conflict", here) == []


# Support


def test_what_support_did_at_a_council_is_told_with_downloads(here, browse):
    administrator = new.member(None, "ADMINISTRATOR")
    officer = new.member(here, "NETWORK_OFFICER")
    audit.record(Type.NOTE_ADDED, by=administrator, at=AT, council=here, note="asked by phone")
    audit.record(Type.NOTE_ADDED, by=officer, at=AT, council=here)
    audit.record(Type.NOTE_ADDED, by=administrator, at=AT)

    [row] = of_kind("access-by-support", here)

    event = AuditEvent.objects.get(council_id=here.pk, user_id=administrator.pk)
    assert (row.what, row.reason, row.who_id) == ("Note added", "asked by phone", administrator.pk)
    assert (row.on, row.address) == (TODAY, f"/trail/{event.pk}/")


def test_a_list_of_a_council_that_support_downloads_is_access_by_support(camden, browse):
    list(browse("programme@london-grid").get("/c/camden/lines/?format=csv").streaming_content)

    rows = of_kind("access-by-support", camden, Period(date(2014, 4, 1), None))

    assert [row.what for row in rows] == ["List downloaded"]


@pytest.mark.parametrize("page", ["/c/all/lines/?format=csv", "/c/all/contracts/?format=csv"])
def test_a_list_of_all_councils_that_support_downloads_is_told_at_each_of_them(
    camden, sutton, browse, page
):
    list(browse("programme@london-grid").get(page).streaming_content)

    for council in (camden, sutton):
        [row] = of_kind("access-by-support", council, Period(date(2014, 4, 1), None))
        assert row.what == "List downloaded"
    chains = AuditEvent.objects.filter(type="LIST_DOWNLOADED").values_list("chain", flat=True)
    assert len(set(chains)) == len(chains) == 33


# Past the actions


def test_a_change_by_raw_sql_is_told_and_its_rows_say_before_and_after(camden, auditor):
    charge = Charge.objects.filter(line__body__council=camden, kind="RECURRING").first()
    line = charge.line
    with connection.cursor() as cursor:
        cursor.execute("UPDATE services_line SET quantity = 77 WHERE id = %s", [line.pk])
        cursor.execute("DELETE FROM services_charge WHERE id = %s", [charge.pk])
    transaction = line.rows.latest("pgh_id").pgh_transaction

    told = of_kind("changed-outside-of-the-portals-actions", camden, Period(TODAY, None))

    assert {row.what for row in told} >= {"1 line changed", "1 charge removed"}
    assert {row.address for row in told} == {f"/trail/rows/{transaction}/"}
    text = text_of(auditor, f"/trail/rows/{transaction}/")
    assert "Changed outside of the portal’s actions." in text
    assert f"Quantity: <del>{line.quantity}</del>" in text
    assert "<b>77</b>" in text


def test_many_rows_of_one_change_are_told_as_one(here):
    contracts = [new.new_contract(here) for _ in range(3)]
    Contract.objects.filter(council=here).update(notice_days=30)

    told = of_kind("changed-outside-of-the-portals-actions", here, Period(TODAY, None))

    assert {row.what for row in told} >= {"3 contracts added", "3 contracts changed"}
    assert len(contracts) == 3


def test_what_was_changed_with_an_event_was_not_changed_outside(here):
    new.new_contract(here)
    audit.record(Type.REFERENCE_ADDED, by=None, at=clock.now(), council=here)

    assert of_kind("changed-outside-of-the-portals-actions", here, Period(None, None)) == []


def test_an_event_of_another_time_explains_no_change_of_the_same_number(here):
    """A database that is restored elsewhere counts its transactions anew."""
    new.new_contract(here)
    audit.record(Type.REFERENCE_ADDED, by=None, at=AT, council=here)

    told = of_kind("changed-outside-of-the-portals-actions", here, Period(None, None))

    assert "1 contract added" in {row.what for row in told}


def test_what_is_told_of_another_council_or_of_a_sign_in_explains_no_change(here, sutton):
    new.new_contract(here)
    audit.record(Type.REFERENCE_ADDED, by=None, at=clock.now(), council=sutton)
    audit.record_security(Type.SIGNED_IN, at=clock.now())

    told = of_kind("changed-outside-of-the-portals-actions", here, Period(None, None))
    assert "1 contract added" in {row.what for row in told}

    audit.record(Type.REFERENCE_ADDED, by=None, at=clock.now())
    assert of_kind("changed-outside-of-the-portals-actions", here, Period(None, None)) == []


def test_the_demo_was_loaded_with_an_event(camden):
    loaded = Line.objects.filter(body__council=camden).first().rows.first().pgh_transaction

    assert AuditEvent.objects.filter(chain="CMD", transaction=loaded, type="DATA_LOADED").exists()
    told = of_kind("changed-outside-of-the-portals-actions", camden, Period(None, None))
    assert all(str(loaded) not in row.reference for row in told)


# The page


def test_exceptions_are_of_ones_own_councils(camden, sutton, auditor):
    line = Line.objects.filter(body__council=sutton).first()
    new.new_line_flag(line, kind="EXEMPT", starts_on=date(2014, 2, 1), reason="of Sutton")

    assert "of Sutton" not in text_of(auditor, "/c/all/exceptions/")
    assert auditor.get("/c/sutton/exceptions/").status_code == 404
    reader = resolve(new.new_membership(council=sutton, role="AUDITOR").user, TODAY)
    assert "of Sutton" in {row.reason for row in exceptions_at(reader, None, Period(None, None))}


def test_the_page_names_both_people_and_shows_the_last_ended_quarter(camden, auditor):
    person, giver = new.new_user(name="Ann Example"), new.new_user(name="Bea Example")
    new.new_membership(user=person, council=camden, role="BUYER")
    new.new_membership(user=person, council=camden, role="FINANCE", given_by=giver)
    line = Line.objects.filter(body__council=camden).first()
    new.new_line_flag(line, kind="EXEMPT", starts_on=date(2014, 3, 31), reason="in March")
    new.new_line_flag(line, kind="EXEMPT", starts_on=date(2014, 4, 1), reason="in April")

    text = text_of(auditor, "/c/camden/exceptions/")

    assert "from 1 January 2014 to 31 March 2014" in text
    assert "Ann Example" in text
    assert "Bea Example" in text
    assert "in March" in text
    assert "in April" not in text


def test_exceptions_are_filtered_by_kind_and_day_and_downloaded_so(camden, auditor):
    line = Line.objects.filter(body__council=camden).first()
    new.new_line_flag(line, kind="EXEMPT", starts_on=date(2015, 1, 31), reason="in January")
    address = "/c/camden/exceptions/?from=2015-01-01&to=2015-01-31"

    waived = file_of(auditor, f"{address}&kind=waiver&format=csv")[1]

    assert [(row["on"], row["reason"]) for row in waived] == [("2015-01-31", "in January")]
    assert auditor.get(f"{address}&kind=made-up&format=csv").status_code == 400
    assert "There is a problem" in text_of(auditor, "/c/camden/exceptions/?from=x")
    assert auditor.get("/c/camden/exceptions/?from=x&format=csv").status_code == 400


def test_the_api_gives_exceptions_by_number_of_the_person(camden, auditor):
    person = new.new_user(name="Ann Example")
    for role in ("BUYER", "APPROVER"):
        new.new_membership(user=person, council=camden, role=role)

    answer = auditor.get("/api/v1/exceptions/?kind=role-conflict&council=CMD").json()

    [row] = answer["results"]
    assert (row["council"], row["user_id"], row["amount"]) == ("CMD", person.pk, None)
    assert "Ann Example" not in str(answer)
    for query in ("from=x", "from=2014-02-01&to=2014-01-01"):
        assert auditor.get(f"/api/v1/exceptions/?{query}").status_code == 400
