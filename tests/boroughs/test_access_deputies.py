"""Passing a role to a deputy for stated days, on the page and by the API (issue, 1)."""

import json
import re
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from boroughs.authorization import Permission, can, resolve
from boroughs.models import ApiToken, AuditEvent, Delegation
from tests import factories as new
from tests.conftest import person, sign_in
from tests.factories import TODAY, member
from tests.londonpsn.test_pages import BUDGET, queries_of

PAGE = "/account/deputies/"
API = "/api/v1/delegations/"
TOMORROW, LAST = date(2014, 7, 1), date(2014, 7, 14)
NOBODY = "Nobody who may sign in has this mail address."


@pytest.fixture
def zed(db):
    return new.new_council(short_name="Zedborough", slug="zedborough", register_code="ZED")


@pytest.fixture
def role(zed):
    """The role that is passed on: of an approver up to £5,000."""
    user = new.new_user(name="Ann", email="ann@zed.example")
    return new.new_membership(user=user, council=zed, role="APPROVER", limit=5000)


@pytest.fixture
def bob(zed):
    """A colleague, who has another role at the council."""
    user = new.new_user(name="Bob", email="bob@zed.example")
    new.new_membership(user=user, council=zed, role="FINANCE")
    return user


def asked(role, /, **fields) -> dict:
    """What the form sends: from today to 14 July, the last day with."""
    days = {"starts_on": TODAY, "last_day": LAST}
    return {"role": role.pk, "deputy": "bob@zed.example", "reason": "leave"} | days | fields


def pass_on(role, /, **fields):
    return sign_in(Client(), role.user).post(PAGE, asked(role, **fields), follow=True)


def visit(user, address, code=200) -> str:
    answer = sign_in(Client(), user).get(address)
    assert answer.status_code == code
    return answer.content.decode()


# On the page


def test_a_role_is_passed_on_until_the_last_day_and_both_see_it(role, bob):
    answer = pass_on(role, deputy=" Bob@Zed.example ")

    assert answer.redirect_chain == [(PAGE, 302)]
    assert "Bob is your deputy." in answer.content.decode()
    passed = Delegation.objects.get()
    assert (passed.membership, passed.deputy, passed.given_by) == (role, bob, role.user)
    assert (passed.starts_on, passed.ends_on) == (TODAY, date(2014, 7, 15))  # stored half-open
    for user, words in ((role.user, "Who stands in for you"), (bob, "For whom you stand in")):
        text = visit(user, PAGE)
        found = text[text.index(words) :]
        for said in ("Ann", "Bob", "30 June 2014", "14 July 2014", "leave"):
            assert said in found
    event = AuditEvent.objects.filter(type="ROLE_DELEGATED").get()
    assert (event.user_id, event.council_id) == (role.user_id, role.council_id)


def test_the_deputy_may_from_the_next_request_up_to_the_limit_and_no_more_after_the_end(role, bob):
    zed, client = role.council, sign_in(Client(), bob)
    approve = Permission.ORDER_APPROVE
    assert client.get("/c/zedborough/access/").status_code == 403  # finance does not see roles

    pass_on(role)

    client = sign_in(Client(), bob)
    assert client.get("/c/zedborough/access/").status_code == 200
    assert can(resolve(bob, TODAY), approve, zed, Decimal("5000.00"))
    assert not can(resolve(bob, TODAY), approve, zed, Decimal("5000.01"))
    assert can(resolve(bob, LAST), approve, zed)
    assert not can(resolve(bob, date(2014, 7, 15)), approve, zed)
    assert can(resolve(role.user, TODAY), approve, zed)  # whose role it is keeps it

    client.post(f"{PAGE}{Delegation.objects.get().pk}/end/")

    assert client.get("/c/zedborough/access/").status_code == 403
    assert not can(resolve(bob, TODAY), approve, zed)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"deputy": "ann@zed.example"}, "A deputy is somebody else."),
        ({"starts_on": "2014-06-29"}, "The days end before they begin, or are past."),
        ({"starts_on": "2014-06-01", "last_day": "2014-06-29"}, "or are past."),
        ({"last_day": "2014-06-29"}, "The last day lies before the first."),
        ({"last_day": "2014-08-01"}, "The role itself is not held on all of these days."),
        ({"last_day": "2014-09-30"}, "A deputy stands in for 92 days at most. Choose fewer."),
        ({"deputy": "not an address"}, "Enter a valid email address."),
        ({"reason": " "}, "Say why, for example “leave”."),
        ({"role": 0}, "This role is not yours any more."),
        ({"starts_on": "soon"}, "Enter a valid date."),
    ],
)
def test_what_cannot_be_passed_on_is_refused_in_words_and_what_was_typed_stays(
    role, bob, fields, said
):
    role.ends_on = date(2014, 8, 1)
    role.save()

    answer = pass_on(role, **fields)

    assert answer.status_code == 200
    text = answer.content.decode()
    assert said in text
    assert "There is a problem" in text
    assert f'value="{fields.get("deputy", "bob@zed.example")}"' in text
    assert not Delegation.objects.exists()


def test_nobody_is_the_deputy_twice_on_a_day(role, bob):
    pass_on(role)

    text = pass_on(role, starts_on=LAST, last_day="2014-08-01").content.decode()
    assert "This person is the deputy on one of these days already." in text
    pass_on(role, starts_on="2014-07-15", last_day="2014-08-01")

    assert Delegation.objects.count() == 2


def test_days_that_follow_one_another_are_92_at_most_together(role, bob):
    pass_on(role, last_day="2014-08-31")

    text = pass_on(role, starts_on="2014-09-01", last_day="2014-09-30").content.decode()
    assert "would stand in for more than 92 days in a row. Choose fewer." in text
    assert Delegation.objects.count() == 1

    pass_on(role, starts_on="2014-09-01", last_day="2014-09-29")
    pass_on(role, starts_on="2014-10-01", last_day="2014-10-31")  # not at once after
    assert Delegation.objects.count() == 3


def test_a_deputy_may_nothing_once_their_own_role_there_has_ended(role, bob):
    """Bob moves to another council: what he may there gives him nothing here."""
    pass_on(role)
    approve, zed = Permission.ORDER_APPROVE, role.council
    assert can(resolve(bob, TODAY), approve, zed)

    bob.memberships.update(ends_on=TODAY)
    new.new_membership(user=bob, role="APPROVER")

    assert not can(resolve(bob, TODAY), approve, zed)
    assert visit(bob, "/c/zedborough/", code=404)


def test_a_deputy_who_began_this_morning_is_ended_at_once_and_stays_known(role, bob):
    pass_on(role)
    passed = Delegation.objects.get()

    sign_in(Client(), role.user).post(f"{PAGE}{passed.pk}/end/")

    passed.refresh_from_db()
    assert (passed.starts_on, passed.ends_on) == (TODAY, TODAY)
    assert not can(resolve(bob, TODAY), Permission.ORDER_APPROVE, role.council)
    event = AuditEvent.objects.get(type="DELEGATION_ENDED")
    assert (event.subject_id, event.after) == (passed.pk, {"ends_on": "2014-06-30"})
    pass_on(role)  # on the same day again
    assert can(resolve(bob, TODAY), Permission.ORDER_APPROVE, role.council)


def test_who_works_elsewhere_has_left_or_does_not_exist_is_answered_in_the_same_words(role):
    new.new_membership(user=new.new_user(email="elsewhere@sutton.example"), role="APPROVER")
    grid = new.new_user(email="officer@grid.example")
    new.new_membership(user=grid, programme_wide=True, role="PROGRAMME_OFFICER")
    gone = new.new_user(email="gone@zed.example", is_active=False)
    new.new_membership(user=gone, council=role.council)
    former = new.new_user(email="former@zed.example")
    new.new_membership(user=former, council=role.council, ends_on=TODAY)

    pages = set()
    for who in ("elsewhere@sutton", "officer@grid", "gone@zed", "former@zed", "no@body"):
        address = f"{who}.example"
        text = pass_on(role, deputy=address).content.decode()
        assert NOBODY in text
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)
        main = text[text.index("<main") : text.index("</main")]  # below it stands the time of day
        pages.add(main.replace(address, "ADDRESS"))
    assert len(pages) == 1
    assert not Delegation.objects.exists()


def test_the_role_of_somebody_else_and_one_held_as_a_deputy_cannot_be_passed_on(role, bob):
    pass_on(role)
    carl = new.new_user(email="carl@zed.example")
    new.new_membership(user=carl, council=role.council)

    answer = sign_in(Client(), bob).post(PAGE, asked(role, deputy="carl@zed.example"))

    assert "This role is not yours any more." in answer.content.decode()
    assert Delegation.objects.count() == 1


def test_agents_of_one_supplier_and_people_of_the_programme_stand_in_for_each_other(db):
    supplier = new.new_supplier()
    for place in ({"supplier": supplier}, {"programme_wide": True}):
        kind = "SUPPLIER_AGENT" if "supplier" in place else "PROGRAMME_OFFICER"
        role = new.new_membership(role=kind, **place)
        other = new.new_membership(role=kind, **place).user

        pass_on(role, deputy=other.email)

        assert Delegation.objects.get(membership=role).deputy == other


def test_either_of_the_two_ends_it_and_one_that_has_not_begun_never_was(role, bob):
    for user, starts_on, is_kept in (
        (role.user, date(2014, 6, 1), True),
        (bob, date(2014, 6, 1), True),
        (bob, TOMORROW, False),
    ):
        passed = new.new_delegation(membership=role, deputy=bob, starts_on=starts_on)

        answer = sign_in(Client(), user).post(f"{PAGE}{passed.pk}/end/", follow=True)

        assert "Ended. It counts from the next page that is opened." in answer.content.decode()
        found = Delegation.objects.filter(pk=passed.pk)
        assert [one.ends_on for one in found] == [TODAY] * is_kept
        found.delete()


def test_nobody_else_ends_it_and_to_strangers_it_is_not_there(role, bob):
    passed = new.new_delegation(membership=role, deputy=bob)

    for user, code in (
        (member(role.council, "AUDITOR"), 403),
        (member(role.council, "VIEWER"), 404),
        (member(role="AUDITOR"), 403),
        (member(new.new_council(), "APPROVER"), 404),
    ):
        answer = sign_in(Client(), user).post(f"{PAGE}{passed.pk}/end/")
        assert answer.status_code == code
    assert sign_in(Client(), bob).get(f"{PAGE}{passed.pk}/end/").status_code == 405
    passed.refresh_from_db()
    assert passed.ends_on == date(2015, 4, 1)


def test_ending_twice_is_refused(role, bob):
    passed = new.new_delegation(membership=role, deputy=bob, ends_on=TODAY)

    assert sign_in(Client(), bob).post(f"{PAGE}{passed.pk}/end/").status_code == 409


def test_the_pages_take_no_more_queries_for_twenty_deputies(role):
    client = sign_in(Client(), role.user)
    for _ in range(20):
        new.new_delegation(membership=role)

    assert queries_of(client, PAGE) <= BUDGET
    assert queries_of(client, "/account/") <= BUDGET


# By the API


def by_api(user, path, data=None, code=200):
    client = sign_in(Client(), user)
    if data is None:
        answer = client.get(path)
    else:
        answer = client.post(path, json.dumps(data, default=str), content_type="application/json")
    assert answer.status_code == code, answer.content
    return answer.json() if answer.content else None


def wanted(role, **fields) -> dict:
    days = {"starts_on": TODAY, "ends_on": date(2014, 7, 15)}
    return {"membership": role.pk, "deputy": "bob@zed.example", "reason": "leave"} | days | fields


def test_a_program_passes_a_role_on_and_ends_it(role, bob):
    made = by_api(role.user, API, wanted(role), code=201)

    assert made | {"id": 0, "membership": 0} == {
        "id": 0,
        "membership": 0,
        "role": "APPROVER",
        "council": "ZED",
        "place": "Zedborough",
        "person": "Ann",
        "deputy": "Bob",
        "starts_on": "2014-06-30",
        "ends_on": "2014-07-15",
        "reason": "leave",
    }
    assert by_api(bob, API)["results"] == [made]
    assert can(resolve(bob, TODAY), Permission.ORDER_APPROVE, role.council)

    by_api(bob, f"{API}{made['id']}/end/", {}, code=204)

    assert not can(resolve(bob, TODAY), Permission.ORDER_APPROVE, role.council)
    (ended,) = by_api(bob, API)["results"]
    assert (ended["starts_on"], ended["ends_on"]) == ("2014-06-30", "2014-06-30")


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"deputy": "ann@zed.example"}, 409, "A deputy is somebody else."),
        ({"starts_on": "2014-06-29"}, 400, "or are past."),
        ({"ends_on": "2014-06-30"}, 400, "The days end before they begin"),
        ({"ends_on": "2014-08-02"}, 409, "The role itself is not held on all of these days."),
        ({"ends_on": "2014-10-01"}, 400, "A deputy stands in for 92 days at most. Choose fewer."),
        ({"deputy": "no@body.example"}, 400, NOBODY),
        ({"membership": 0}, 400, "greater than or equal to 1"),
        ({"membership": 1}, 404, "There is no membership"),
        ({"reason": ""}, 400, "blank"),
    ],
)
def test_the_api_refuses_in_the_same_words(role, bob, fields, code, said):
    role.ends_on = date(2014, 8, 1)
    role.save()

    answer = by_api(role.user, API, wanted(role, **fields), code=code)

    assert said in json.dumps(answer)
    assert not Delegation.objects.exists()


def test_an_overlap_by_the_api_is_refused(role, bob):
    by_api(role.user, API, wanted(role), code=201)

    answer = by_api(role.user, API, wanted(role, starts_on="2014-07-14"), code=409)

    assert answer["detail"] == "This person is the deputy on one of these days already."


def test_the_api_lists_own_deputies_and_those_of_councils_where_one_sees_roles(role, bob):
    passed = new.new_delegation(membership=role, deputy=bob)

    for user, sees in (
        (role.user, True),
        (bob, True),
        (member(role.council, "AUDITOR"), True),
        (person("administrator@london-grid"), True),
        (member(role.council, "BUYER"), False),
        (member(new.new_council(), "AUDITOR"), False),
    ):
        assert by_api(user, API)["count"] == sees
        by_api(user, f"{API}{passed.pk}/", code=200 if sees else 404)
    by_api(member(new.new_council(), "AUDITOR"), f"{API}{passed.pk}/end/", {}, code=404)
    by_api(member(role.council, "AUDITOR"), f"{API}{passed.pk}/end/", {}, code=403)


def test_no_token_passes_a_role_on_whatever_it_may_write(role, bob):
    new.new_second_factor(role.user)
    secret, digest = ApiToken.new_secret()
    new.new_api_token(user=role.user, digest=digest, scope="WRITE")
    program = Client(headers={"Authorization": f"Token {secret}"})
    data = json.dumps(wanted(role), default=str)

    answer = program.post(API, data, content_type="application/json")

    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("A token cannot pass a role on.")
    assert not Delegation.objects.exists()
    assert program.get(API).status_code == 200  # it may read who stands in for whom


# Who could do what, by the API


def test_the_api_lists_who_could_do_what_as_the_page_does(role, bob):
    new.new_delegation(membership=role, deputy=bob, ends_on="2014-07-15")
    auditor = member(role.council, "AUDITOR")

    answer = by_api(auditor, "/api/v1/access/?council=ZED&role=APPROVER")

    own, passed = sorted(answer["results"], key=lambda row: row["person"])
    assert own | {"membership": 0, "user": 0} == {
        "membership": 0,
        "delegation": None,
        "user": 0,
        "person": "Ann",
        "email": "ann@zed.example",
        "role": "APPROVER",
        "council": "ZED",
        "place": "Zedborough",
        "limit": "5000.00",
        "starts_on": "2013-04-01",
        "ends_on": None,
        "given_by": None,
        "deputy_of": "",
        "deputies": [{"deputy": "Bob", "ends_on": "2014-07-15"}],
        "last_sign_in": None,
        "second_factor": "MISSING",
        "conflicts": [],
        "confirmed_on": None,
        "confirmed_by": None,
        "is_due": True,
    }
    assert (passed["deputy_of"], passed["conflicts"]) == ("Ann", [["APPROVER", "FINANCE"]])
    before = by_api(auditor, "/api/v1/access/?on=2013-03-31")
    assert before["count"] == 0
    assert by_api(auditor, "/api/v1/access/?only=CONFLICT")["count"] == 2


@pytest.mark.parametrize(
    ("address", "query", "code"),
    [
        ("approver@camden", "council=CMD", 200),
        ("approver@camden", "council=STN", 404),
        ("approver@camden", "on=soon", 400),
        ("approver@camden", "only=ALL", 400),
        ("viewer@camden", "", 403),
        ("agent1@virgin-media-business", "council=CMD", 403),
    ],
)
def test_the_api_keeps_councils_apart(db, address, query, code):
    by_api(person(address), f"/api/v1/access/?{query}", code=code)


# One's own account


def test_the_account_page_says_what_one_holds_and_as_whose_deputy(role, bob):
    new.new_delegation(membership=role, deputy=bob, ends_on="2014-07-15")

    text = visit(bob, "/account/")

    for words in (
        *("Bob", "bob@zed.example", "Finance", "Zedborough"),
        *("as deputy of Ann", "£5,000.00", "14 July 2014", 'href="/account/deputies/"'),
    ):
        assert words in text
    assert 'href="/account/">Bob</a>' in text  # in the head of every page


def test_who_holds_nothing_has_an_account_page_too(db):
    user = resolve(new.new_user(), TODAY)

    assert "You hold no role today." in visit(user, "/account/")
    assert "No role yet" in visit(user, "/account/")
    assert "You hold no role of your own" in visit(user, PAGE)


# Several councils


def test_all_my_councils_is_the_default_of_who_has_several_a_deputys_among_them(role):
    other = new.new_council(short_name="Yborough", slug="yborough")
    user = member(other, "BUYER")
    assert "All my councils" not in visit(user, "/my-work/")

    new.new_membership(user=user, council=role.council)
    new.new_delegation(membership=role, deputy=user)

    assert "<b>All my councils</b>" in visit(user, "/my-work/")
    there = visit(user, "/c/zedborough/")
    assert "<b>Zedborough</b>" in there
    assert '<a href="/c/all/">All my councils</a>' in there
    choices = visit(user, "/c/")
    assert choices.index("All my councils</a>") < choices.index("Yborough</a>")
    assert sign_in(Client(), user).get("/c/all/", follow=True).redirect_chain[-1][0] == "/my-work/"


def test_people_of_the_whole_programme_keep_all_33_councils(db):
    officer = person("programme@london-grid")

    text = visit(officer, "/jobs/")

    assert "<b>All 33 councils</b>" in text
    assert "All my councils" not in text
