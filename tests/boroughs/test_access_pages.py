"""Who could do what on any day, and the yearly review of roles (issue: people and trail, 4)."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from openpyxl import load_workbook

from boroughs.actions import people
from boroughs.actions.deputies import end_delegation
from boroughs.actions.roles import change_role
from boroughs.authorization import resolve
from boroughs.models import AuditEvent, Council, Membership, User
from boroughs.queries import held_rows, second_factors
from londonpsn.common.work import Band, work_of
from tests import factories as new
from tests.conftest import person, sign_in
from tests.factories import AT, TODAY, member
from tests.londonpsn.test_pages import BUDGET, queries_of

YESTERDAY = date(2014, 6, 29)
TOMORROW = date(2014, 7, 1)
LAST_YEAR = date(2013, 7, 1)  # within the year before the tests' day


@pytest.fixture
def zed(db):
    """A council of nobody else, so that its people are those that a test gives it."""
    return new.new_council(short_name="Zedborough", slug="zedborough", register_code="ZED")


@pytest.fixture
def auditor(zed):
    return member(zed, "AUDITOR")


def rows(user, on=TODAY, council=None):
    """What is held at councils; London Grid's roles, which reach them all, have tests below."""
    return [row for row in every_row(user, on, council) if row.council_id]


def every_row(user, on=TODAY, council=None):
    return held_rows(user, on, today=TODAY, council=council)


def names(user, on=TODAY, council=None) -> set[tuple[str, str]]:
    return {(row.person, row.deputy_of) for row in rows(user, on, council)} - {("A person", "")}


def page(user, address="/c/zedborough/access/", code=200) -> str:
    answer = sign_in(Client(), user).get(address)
    assert answer.status_code == code
    return answer.content.decode()


def as_csv(user, address) -> list[dict]:
    answer = sign_in(Client(), user).get(address)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def colleague(zed, role="VIEWER") -> User:
    """Somebody who works at the council, so that they may be a deputy there."""
    return new.new_membership(user=new.new_user(name="Bob"), council=zed, role=role).user


# The day


def test_a_role_is_listed_on_each_of_its_days_and_on_no_other(zed, auditor):
    jo = new.new_user(name="Jo")
    new.new_membership(user=jo, council=zed, starts_on="2014-01-01", ends_on=TODAY)

    for on, is_there in (
        (date(2013, 12, 31), False),
        (date(2014, 1, 1), True),
        (YESTERDAY, True),
        (TODAY, False),
    ):
        assert (("Jo", "") in names(auditor, on)) == is_there


def test_a_deputy_has_a_row_of_their_own_on_the_days_of_the_deputy_and_no_other(zed, auditor):
    ann, bob = new.new_user(name="Ann"), colleague(zed)
    role = new.new_membership(user=ann, council=zed, role="APPROVER", limit=5000)
    days = {"starts_on": "2014-06-01", "ends_on": TOMORROW}
    new.new_delegation(membership=role, deputy=bob, **days)

    for on, is_there in ((date(2014, 5, 31), False), (TODAY, True), (TOMORROW, False)):
        assert (("Bob", "Ann") in names(auditor, on)) == is_there
    (row,) = (row for row in rows(auditor) if row.deputy_of)
    assert (row.role, row.limit, row.place) == ("APPROVER", Decimal(5000), "Zedborough")
    assert (row.starts_on, row.ends_on) == (date(2014, 6, 1), TOMORROW)
    (row,) = (row for row in rows(auditor) if row.person == "Ann")
    assert row.deputies == (("Bob", TOMORROW),)


def test_the_deputy_of_a_role_that_is_over_is_absent(zed, auditor):
    ann, bob = new.new_user(name="Ann"), colleague(zed)
    role = new.new_membership(user=ann, council=zed, role="APPROVER", ends_on=TODAY)
    new.new_delegation(membership=role, deputy=bob)

    assert names(auditor) == {("Bob", "")}
    assert names(auditor, YESTERDAY) == {("Ann", ""), ("Bob", "Ann"), ("Bob", "")}


def test_a_deputy_who_works_elsewhere_by_now_is_absent(zed, auditor):
    ann, bob = new.new_user(name="Ann"), new.new_user(name="Bob")
    new.new_membership(user=bob, council=zed, role="BUYER", ends_on=TODAY)
    new.new_membership(user=bob, role="BUYER")
    new.new_delegation(
        membership=new.new_membership(user=ann, council=zed, role="APPROVER"), deputy=bob
    )

    assert names(auditor) == {("Ann", "")}
    (row,) = (row for row in rows(auditor) if row.person == "Ann")
    assert row.deputies == ()
    assert names(auditor, YESTERDAY) == {("Ann", ""), ("Bob", "Ann"), ("Bob", "")}


def test_what_was_ended_on_the_day_it_began_stands_there_on_that_day_and_no_other(zed, auditor):
    by = {"by": person("administrator@london-grid"), "at": AT, "today": TODAY}
    ann, bob = new.new_user(name="Ann"), colleague(zed, role="BUYER")
    wrong = new.new_membership(user=ann, council=zed, role="APPROVER", starts_on=TODAY)
    kept = new.new_membership(user=new.new_user(name="Carl"), council=zed, role="APPROVER")
    passed = new.new_delegation(membership=kept, deputy=bob, starts_on=TODAY)

    change_role(membership_id=wrong.pk, ends_on=TODAY, limit=None, **by)
    end_delegation(delegation_id=passed.pk, **by)

    ended = {(row.person, row.deputy_of) for row in rows(auditor) if row.ended_that_day}
    assert ended == {("Ann", ""), ("Bob", "Carl")}
    assert ("Bob", (("BUYER", "APPROVER"),)) in conflicts(auditor)
    text = page(auditor)
    assert text.count("ended the same day") == 2
    assert "Bob until" not in text
    found = as_csv(auditor, "/c/zedborough/access/?format=csv&person=ann")
    assert [(row["until"], row["ended"]) for row in found] == [("2014-06-30", "yes")]
    for on in (YESTERDAY, TOMORROW):
        assert names(auditor, on) == {("Bob", ""), ("Carl", "")}


def test_a_role_that_was_ended_before_it_began_was_never_held(zed, auditor):
    """The rows that the database keeps tell when it was ended: on a day long before this one."""
    first = date(2199, 1, 1)
    new.new_membership(user=new.new_user(name="Ann"), council=zed, starts_on=first, ends_on=first)

    found = held_rows(auditor, first, today=first)

    assert "Ann" not in {row.person for row in found}


def test_who_has_left_holds_nothing_today_and_what_they_held_stays_known(zed, auditor):
    ann, bob = new.new_user(name="Ann"), colleague(zed)
    role = new.new_membership(user=ann, council=zed, role="APPROVER")
    new.new_delegation(membership=role, deputy=bob)

    people.leave(user_id=ann.pk, by=person("administrator@london-grid"), at=AT, today=TODAY)

    assert names(auditor) == {("Bob", "")}
    assert names(auditor, YESTERDAY) == {("Ann", ""), ("Bob", "Ann"), ("Bob", "")}


def test_a_past_day_has_the_limit_of_that_day(zed, auditor):
    """The database keeps each row of a role; a test's day lies before them all."""
    role = new.new_membership(council=zed, role="APPROVER", limit=5000)
    Membership.objects.filter(pk=role.pk).update(limit=50000)

    (today,) = (row for row in rows(auditor) if row.role == "APPROVER")
    (before,) = (row for row in rows(auditor, YESTERDAY) if row.role == "APPROVER")

    assert (before.limit, today.limit) == (Decimal(5000), Decimal(50000))


def test_a_past_day_has_the_end_and_the_confirmation_that_stood_then(zed, auditor):
    role = new.new_membership(council=zed, role="BUYER")
    colleague = new.new_user(name="A colleague")
    Membership.objects.filter(pk=role.pk).update(
        ends_on=TOMORROW, confirmed_on=TODAY, confirmed_by=colleague
    )

    (today,) = (row for row in rows(auditor) if row.role == "BUYER")
    (before,) = (row for row in rows(auditor, YESTERDAY) if row.role == "BUYER")

    assert (today.ends_on, today.confirmed_on, today.is_due) == (TOMORROW, TODAY, False)
    assert today.confirmed_by == "A colleague"
    assert (before.ends_on, before.confirmed_on, before.is_due) == (None, None, True)
    assert before.confirmed_by is None


def test_the_page_says_which_day_it_shows(auditor):
    assert "Every role in force today, 30 June 2014" in page(auditor)
    past = page(auditor, "/c/zedborough/access/?on=2014-05-01")
    assert "As it stood on 1 May 2014, a past day." in past
    future = page(auditor, "/c/zedborough/access/?on=2014-08-01")
    assert "As it will be on 1 August 2014" in future
    assert "is not a day" in page(auditor, "/c/zedborough/access/?on=soon", code=400)


# What is said of a role


def test_a_row_says_limit_days_giver_deputy_and_who_confirmed(zed, auditor):
    ann, bob = new.new_user(name="Ann"), colleague(zed)
    role = new.new_membership(
        user=ann,
        council=zed,
        role="APPROVER",
        limit=Decimal("2500.00"),
        ends_on="2015-04-01",
        given_by=new.new_user(name="An administrator"),
        confirmed_on="2014-05-05",
        confirmed_by=new.new_user(name="A colleague"),
    )
    new.new_delegation(membership=role, deputy=bob, ends_on="2014-07-12")

    text = page(auditor)

    for words in (
        *("£2,500.00", "31 March 2015", "An administrator", "Bob until 11 July 2014"),
        *("as deputy of Ann", "5 May 2014", "by A colleague", "never", "Required but missing"),
    ):
        assert words in text


def test_an_approver_without_a_limit_is_told_from_who_does_not_approve(zed, auditor):
    new.new_membership(council=zed, role="APPROVER")

    found = as_csv(auditor, "/c/zedborough/access/?format=csv")

    here = [row for row in found if row["place"] == "Zedborough"]
    assert {row["role"]: row["limit"] for row in here} == {"Approver": "no limit", "Auditor": ""}


def test_the_last_sign_in_is_shown_with_the_days_since(zed, auditor):
    ago = datetime.now(UTC) - timedelta(days=40)
    jo = new.new_user(name="Jo", last_login=ago)
    new.new_membership(user=jo, council=zed)

    assert "40 days ago" in page(auditor)
    found = as_csv(auditor, "/c/zedborough/access/?format=csv")
    assert [row["days_since"] for row in found if row["person"] == "Jo"] == ["40"]


def test_a_second_factor_is_held_not_held_or_missing_where_a_role_needs_it(zed, auditor):
    for name, role, kind in (
        ("Held", "APPROVER", "totp"),
        ("Codes alone", "APPROVER", "recovery_codes"),
        ("Missing", "FINANCE", None),
        ("Not needed", "BUYER", None),
    ):
        user = new.new_user(name=name)
        new.new_membership(user=user, council=zed, role=role)
        if kind:
            Authenticator.objects.create(user=user, type=kind, data={})

    found = {row.person: row.second_factor.label for row in rows(auditor)}

    assert found == {
        "Held": "Yes",
        "Codes alone": "Required but missing",
        "Missing": "Required but missing",
        "Not needed": "No",
        "A person": "No",
    }
    assert len(second_factors([new.new_user().pk])) == 0


# Conflicts


def conflicts(user, council=None) -> set[tuple[str, tuple]]:
    return {(row.person, row.conflicts) for row in rows(user, council=council) if row.conflicts}


def test_two_roles_of_one_person_that_undo_the_second_pair_of_eyes_are_told(zed, auditor):
    jo = new.new_user(name="Jo")
    for role in ("BUYER", "APPROVER", "VIEWER"):
        new.new_membership(user=jo, council=zed, role=role)

    assert conflicts(auditor) == {("Jo", (("BUYER", "APPROVER"),))}
    assert page(auditor).count("Buyer and approver") == 2  # beside each of the two


def test_the_same_roles_at_two_councils_or_on_other_days_are_no_conflict(zed, auditor):
    jo = new.new_user(name="Jo")
    new.new_membership(user=jo, council=zed, role="BUYER")
    new.new_membership(user=jo, council=new.new_council(), role="APPROVER")
    new.new_membership(user=jo, council=zed, role="APPROVER", ends_on=TODAY)

    assert conflicts(auditor) == set()


def test_a_role_held_as_a_deputy_conflicts_like_ones_own(zed, auditor):
    bob = new.new_user(name="Bob")
    new.new_membership(user=bob, council=zed, role="BUYER")
    new.new_delegation(membership=new.new_membership(council=zed, role="APPROVER"), deputy=bob)

    assert conflicts(auditor) == {("Bob", (("BUYER", "APPROVER"),))}


def test_a_role_for_the_whole_programme_counts_at_every_council(zed, auditor):
    jo = new.new_user(name="Jo")
    new.new_membership(user=jo, council=zed, role="FINANCE")
    new.new_membership(user=jo, programme_wide=True, role="ADMINISTRATOR")

    assert conflicts(auditor) == {("Jo", (("ADMINISTRATOR", "FINANCE"),))}
    administrator = person("administrator@london-grid")
    there = [row for row in every_row(administrator, council=zed) if row.conflicts]
    assert {row.place for row in there} == {"Zedborough", "London Grid"}


# The filter


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("role=BUYER", {"Buyer"}),
        ("only=CONFLICT", {"Buyer", "Approver"}),
        ("only=UNCONFIRMED", {"Viewer"}),
        ("only=NO_FACTOR", {"Buyer", "Approver"}),
        ("person=old", {"Viewer"}),
        ("person=ANNA@ZED", {"Buyer", "Approver"}),
        ("role=BUYER&only=UNCONFIRMED", set()),
        ("role=KING", {"Buyer", "Approver", "Viewer", "Auditor"}),
    ],
)
def test_roles_are_filtered(zed, query, expected):
    ann = new.new_user(name="Ann", email="anna@zed.example")
    for role in ("BUYER", "APPROVER"):
        new.new_membership(user=ann, council=zed, role=role, starts_on=LAST_YEAR)
    new.new_membership(user=new.new_user(name="Old hand"), council=zed)
    reader = new.new_membership(council=zed, role="AUDITOR", starts_on=LAST_YEAR).user

    found = as_csv(reader, f"/c/zedborough/access/?format=csv&{query}")

    assert {row["role"] for row in found if row["place"] == "Zedborough"} == expected


def test_a_filter_that_nothing_fits_says_so(auditor):
    text = page(auditor, "/c/zedborough/access/?person=nobody")

    assert "No role fits all of these: Name or mail address “nobody”" in text


# Files


def test_the_files_hold_every_row_with_its_facts(zed, auditor):
    ann, bob = new.new_user(name="Ann", email="ann@zed.example"), new.new_user(name="=Bob")
    role = new.new_membership(
        user=ann, council=zed, role="APPROVER", limit=Decimal("2500.50"), ends_on="2015-04-01"
    )
    new.new_membership(user=bob, council=zed)
    new.new_delegation(membership=role, deputy=bob, ends_on="2014-07-12")

    found = as_csv(auditor, "/c/zedborough/access/?format=csv&role=APPROVER")

    assert found[0] | {"email": "b"} == {
        "person": "'=Bob",  # safe to open
        "email": "b",
        "deputy_of": "Ann",
        "role": "Approver",
        "place": "Zedborough",
        "limit": "2500.50",
        "from": "2013-04-01",
        "until": "2014-07-11",
        "ended": "",
        "given_by": "",
        "deputy": "",
        "last_sign_in": "",
        "days_since": "",
        "second_factor": "Required but missing",
        "conflicts": "",
        "confirmed_on": "",
        "confirmed_by": "",
    }
    assert (found[1]["person"], found[1]["email"]) == ("Ann", "ann@zed.example")
    assert found[1]["deputy"] == "'=Bob until 11 July 2014"
    answer = sign_in(Client(), auditor).get("/c/zedborough/access/?format=xlsx")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    of_london_grid = Membership.objects.in_force_on(TODAY).filter(programme_wide=True).count()
    assert sheet.max_row == 1 + 4 + of_london_grid
    event = AuditEvent.objects.filter(type="LIST_DOWNLOADED").last()
    assert (event.council_id, event.after["list"]) == (zed.pk, "access")


# Whose


@pytest.mark.parametrize("view", ["", "?review=1", "?format=csv", "preview/"])
def test_another_council_is_not_there(db, browse, view):
    client = browse("approver@camden")

    for slug in ("sutton", "nowhere"):
        assert client.get(f"/c/{slug}/access/{view}").status_code == 404


@pytest.mark.parametrize("account", ["viewer", "buyer", "finance", "network"])
def test_who_may_not_see_roles_is_refused(db, browse, account):
    client = browse(f"{account}@camden")

    for slug in ("camden", "all", "sutton"):
        assert client.get(f"/c/{slug}/access/").status_code == 403
        assert client.post(f"/c/{slug}/access/preview/", {"tick": 1}).status_code == 403


def test_a_council_at_which_one_may_not_see_roles_is_not_there_though_its_lines_are(zed, auditor):
    new.new_membership(user=auditor, council=new.new_council(slug="other"), role="VIEWER")

    assert page(auditor, "/c/other/lines/")
    page(auditor, "/c/other/access/", code=404)
    assert 'href="/c/all/access/"' in page(auditor, "/c/other/lines/")  # the menu leads to what is


def test_people_of_other_councils_are_in_no_list(db, browse):
    text = browse("approver@camden").get("/c/all/access/").content.decode()

    assert "Camden buyer" in text
    for word in ("Sutton", "Business agent"):
        assert word not in text


def test_who_sees_a_councils_roles_sees_those_for_the_whole_programme_that_reach_it(db, browse):
    of_grid = {"London Grid administrator", "London Grid programme officer"}

    for address in ("/c/all/access/", "/c/camden/access/"):
        text = browse("approver@camden").get(address).content.decode()
        assert all(name in text for name in of_grid)
    review = browse("approver@camden").get("/c/camden/access/?review=1").content.decode()
    assert not any(name in review for name in of_grid)  # London Grid looks over its own


def test_the_roles_of_the_whole_programme_are_not_confirmed_by_a_council(zed, approver):
    officer = Membership.objects.get(user__email="programme@london-grid.demo.example")

    answer = sign_in(Client(), approver).post(
        PREVIEW, {"tick": officer.pk, "confirm": "yes"}, follow=True
    )

    assert "Some of these roles are over, or your own." in answer.content.decode()
    officer.refresh_from_db()
    assert officer.confirmed_on is None


def test_a_person_without_the_right_sees_no_role_of_the_programme_either(zed):
    assert every_row(member(zed, "VIEWER")) == []


def test_london_grid_sees_all_and_its_own_beside_each_council(db):
    administrator = person("administrator@london-grid")

    assert len(every_row(administrator)) == Membership.objects.in_force_on(TODAY).count()
    camden = every_row(administrator, council=Council.objects.get(register_code="CMD"))
    assert {row.place for row in camden} == {"Camden", "London Grid"}


def test_twenty_people_take_no_more_queries_than_one(zed, auditor):
    client = sign_in(Client(), auditor)
    queries_of(client, "/c/zedborough/access/")
    few = queries_of(client, "/c/zedborough/access/")
    for _ in range(20):
        role = new.new_membership(council=zed, role="APPROVER")
        new.new_delegation(membership=role, deputy=new.new_membership(council=zed).user)

    assert queries_of(client, "/c/zedborough/access/") == few <= BUDGET
    assert queries_of(client, "/c/zedborough/access/?review=1&on=2014-01-01") <= BUDGET


# The yearly review


REVIEW = "/c/zedborough/access/?review=1"
PREVIEW = "/c/zedborough/access/preview/"


@pytest.fixture
def approver(zed):
    """Who confirms roles at the council; their own was given within the year."""
    user = new.new_membership(council=zed, role="APPROVER", starts_on=LAST_YEAR).user
    return resolve(user, TODAY)


def ticks(text: str) -> set[int]:
    return {int(pk) for pk in re.findall(r'name="tick" value="(\d+)" form="ticked"', text)}


def test_roles_not_confirmed_for_a_year_come_first_then_who_was_away_the_longest(zed, approver):
    for name, facts, login in (
        ("Fresh", {"starts_on": LAST_YEAR}, AT),
        ("Confirmed", {"confirmed_on": "2013-07-01", "confirmed_by": approver}, None),
        ("Due, seen", {"confirmed_on": "2013-06-30", "confirmed_by": approver}, AT),
        ("Due, never seen", {"starts_on": "2013-06-30"}, None),
    ):
        user = new.new_user(name=name, last_login=login)
        new.new_membership(user=user, council=zed, **facts)

    text = page(approver, REVIEW)

    order = re.findall(r'<th scope="row"[^>]*>([^<]+)', text)
    assert order == ["Due, never seen", "Due, seen", "Confirmed", "Fresh", "A person"]
    assert "2 roles have not been confirmed for a year." in text


def test_own_roles_and_deputies_have_no_box(zed, approver):
    other = new.new_membership(council=zed, role="BUYER")
    bob = colleague(zed)
    new.new_delegation(membership=other, deputy=bob)

    text = page(approver, REVIEW)

    assert ticks(text) == {other.pk, bob.memberships.get().pk}
    assert text.count('role="cell" class="govuk-table__cell tick"') == 0
    assert text.count('<td class="govuk-table__cell tick" role="cell"></td>') == 2


def test_ticked_roles_are_previewed_and_nothing_is_kept_yet(zed, approver):
    role = new.new_membership(user=new.new_user(name="Jo"), council=zed, role="BUYER")

    text = sign_in(Client(), approver).post(PREVIEW, {"tick": role.pk}).content.decode()

    assert "1 role ticked." in text
    assert "Jo" in text
    role.refresh_from_db()
    assert role.confirmed_on is None


def test_confirmed_roles_carry_day_and_name_and_are_not_due_any_more(zed, approver):
    some = [new.new_membership(council=zed, role="BUYER") for _ in range(2)]
    asked = {"tick": [role.pk for role in some], "confirm": "yes", "back": f"{REVIEW}&role=BUYER"}

    answer = sign_in(Client(), approver).post(PREVIEW, asked, follow=True)

    assert answer.redirect_chain == [(f"{REVIEW}&role=BUYER", 302)]
    text = answer.content.decode()
    assert "2 roles still needed, noted." in text
    assert "Every role was given or confirmed within the year." in text
    held = Membership.objects.filter(pk__in=asked["tick"])
    assert set(held.values_list("confirmed_on", "confirmed_by")) == {(TODAY, approver.pk)}
    assert AuditEvent.objects.filter(type="ROLE_CONFIRMED", council_id=zed.pk).count() == 2


def test_own_roles_deputies_other_councils_and_roles_that_are_over_are_not_confirmed(zed, approver):
    own = approver.memberships.get()
    foreign = new.new_membership(role="BUYER")
    over = new.new_membership(council=zed, role="BUYER", ends_on=TODAY)
    good = new.new_membership(council=zed, role="BUYER")
    client = sign_in(Client(), approver)

    for bad in (own, foreign, over):
        asked = {"tick": [good.pk, bad.pk], "confirm": "yes"}
        answer = client.post(PREVIEW, asked, follow=True)
        assert answer.redirect_chain == [(REVIEW, 302)]
        assert "Some of these roles are over, or your own." in answer.content.decode()
    assert "No role is ticked." in client.post(PREVIEW, follow=True).content.decode()
    assert not Membership.objects.filter(confirmed_on__isnull=False).exists()


def test_who_only_reads_has_no_boxes_in_the_review_and_its_files(zed, auditor):
    new.new_membership(council=zed, role="BUYER")

    text = page(auditor, REVIEW)

    assert not ticks(text)
    assert "Still needed</button>" not in text
    assert len(as_csv(auditor, f"{REVIEW}&format=csv")) == 2
    assert sign_in(Client(), auditor).post(PREVIEW, {"tick": 1}).status_code == 403


def test_a_get_of_the_preview_leads_back_to_the_review(approver):
    assert sign_in(Client(), approver).get(PREVIEW).url == REVIEW


def test_an_administrator_confirms_those_of_the_whole_programme(db, browse):
    officer = Membership.objects.get(user__email="programme@london-grid.demo.example")

    asked = {"tick": officer.pk, "confirm": "yes"}
    browse("administrator@london-grid").post("/c/all/access/preview/", asked)

    officer.refresh_from_db()
    assert officer.confirmed_on == TODAY


# My work


def to_confirm(user):
    return [item for item in work_of(user, TODAY) if item.kind == "Roles to confirm"]


def test_roles_to_confirm_are_work_of_who_confirms_them(zed, approver, auditor):
    for _ in range(2):
        new.new_membership(council=zed, role="BUYER", starts_on="2013-05-15")

    (item,) = to_confirm(approver)

    assert (item.reference, item.place, item.band) == ("3 roles", "Zedborough", Band.LATE)
    assert (item.address, item.due) == (REVIEW, date(2014, 4, 1))
    assert to_confirm(auditor) == []


def test_own_roles_and_those_given_or_confirmed_within_the_year_are_no_work(zed):
    approver = member(zed, "APPROVER")
    new.new_membership(council=zed, role="BUYER", starts_on=LAST_YEAR)
    facts = {"confirmed_on": LAST_YEAR, "confirmed_by": approver}
    new.new_membership(council=zed, role="BUYER", **facts)
    new.new_membership(council=zed, role="BUYER", ends_on=TODAY)

    assert to_confirm(approver) == []


def test_who_confirms_for_all_councils_has_one_item(db):
    (item,) = to_confirm(person("administrator@london-grid"))

    others = Membership.objects.in_force_on(TODAY).count() - 1
    assert (item.reference, item.address) == (f"{others} roles", "/c/all/access/?review=1")
