"""The register of contracts and the answer to requests, for programs: as their pages have it."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from boroughs.models import ApiToken, AuditEvent
from services.models import Contract, RegisterEdition
from services.register import as_file
from tests import factories as new
from tests.conftest import sign_in
from tests.factories import member
from tests.services.test_publish import LINK, PROGRAMME, body, entries, hackney, publish, whole

__all__ = ["body", "hackney"]  # fixtures
ROWS, STATE, FILE, PUBLISH, FOI = (
    *(f"/api/v1/register/{verb}" for verb in ("", "state/", "file/", "publish/")),
    "/api/v1/foi-answer/",
)
SAID = {"council": "HCK", "quarter": "2014-01", "published_on": "2014-04-28", "link": LINK}
AGENT = "agent1@virgin-media-business"


@pytest.fixture
def buyer(hackney):
    return sign_in(Client(), member(hackney, "BUYER"))


def post(client, key: str, **changed):
    how = {"content_type": "application/json", "headers": {"Idempotency-Key": key}}
    return client.post(PUBLISH, SAID | changed, **how)


def results(client, address: str) -> list[dict]:
    response = client.get(address)
    assert response.status_code == 200, response.content
    return response.json()["results"]


# The rows and the state


def test_the_rows_have_what_the_code_wants_and_what_is_missing(hackney, browse):
    contract = whole(hackney)
    new.new_contract(hackney, reference="HCK/2", title="Bare", supplier=contract.supplier)

    first, bare = results(browse(PROGRAMME), f"{ROWS}?council=HCK&quarter=2014-01")

    assert first == {
        "council": "HCK",
        "contract": contract.pk,
        "reference": "HCK/1",
        "title": "Lines",
        "organisational_unit": "Corporate resources",
        "description": "Lines,\nand what they hang on",
        "supplier": "Acme Lines",
        "charity_number": "",
        "starts_on": "2013-04-01",
        "ends_on": "2018-04-01",
        "review_on": "2017-04-01",
        "value": "25123.00",
        "irrecoverable_vat": "0.00",
        "is_sme": True,
        "is_vcse": False,
        "route": "FURTHER_COMPETITION",
        "process_type": "Invitation to quote",
        "missing": [],
    }
    assert bare["missing"] == next(one.missing for one in entries(hackney) if one.missing)


def test_without_a_quarter_it_is_the_last_that_is_over(hackney, browse):
    whole(hackney, ends_on=date(2014, 5, 1))
    client = browse(PROGRAMME)

    assert len(results(client, f"{ROWS}?council=HCK")) == 1
    (state,) = results(client, f"{STATE}?council=HCK")
    assert state["quarter"] == "2014-01"


def test_the_state_says_how_many_rows_and_when_and_where_it_was_published(hackney, browse):
    contract = whole(hackney)
    new.new_contract(hackney, reference="HCK/2")
    edition = publish(hackney)
    client = browse(PROGRAMME)
    published = {"version": 1, "published_on": "2014-04-28", "link": LINK, "rows": 2}
    expected = {
        "council": "HCK",
        "quarter": "2014-01",
        "rows": 2,
        "incomplete": 1,
        "is_published": True,
        "published_on": "2014-04-28",
        "link": LINK,
        "has_changed": False,
        "editions": [published | {"sha256": edition.sha256}],
    }

    (state,) = results(client, f"{STATE}?council=HCK")
    assert state == expected
    every = {one["council"]: one for one in results(client, f"{STATE}?quarter=2014-01")}
    assert every["HCK"] == expected | {"has_changed": None}
    assert every["CMD"] | {"rows": 0, "incomplete": 0} == {
        "council": "CMD",
        "quarter": "2014-01",
        "rows": 0,
        "incomplete": 0,
        "is_published": False,
        "published_on": None,
        "link": None,
        "has_changed": None,
        "editions": [],
    }
    Contract.objects.filter(pk=contract.pk).update(title="Other lines")
    (state,) = results(client, f"{STATE}?council=HCK")
    assert state["has_changed"] is True


def test_the_file_is_that_of_the_page_for_a_token_and_that_is_in_the_trail(hackney):
    contract = whole(hackney)
    publish(hackney)
    published = as_file(entries(hackney))
    Contract.objects.filter(pk=contract.pk).update(title="Other lines")
    secret, digest = ApiToken.new_secret()
    new.new_api_token(user=member(hackney, "BUYER"), digest=digest, council=hackney)
    client = Client(headers={"Authorization": f"Token {secret}"})

    now, then = (client.get(f"{FILE}?council=HCK{more}") for more in ("", "&version=1"))

    assert (now.content, then.content) == (as_file(entries(hackney)), published)
    assert now["Content-Type"] == "text/csv; charset=utf-8"
    assert "contracts-hackney-2014-01-1.csv" in then["Content-Disposition"]
    told = AuditEvent.objects.filter(type="LIST_DOWNLOADED")
    assert [(one.chain, one.after["list"], one.after["format"]) for one in told] == [
        ("HCK", "contracts-register", "csv")
    ] * 2
    assert client.get(f"{FILE}?council=HCK&version=2").status_code == 404


# Marking


def test_the_buyer_marks_it_as_published_once_for_a_key(hackney, buyer):
    whole(hackney)

    first, again = post(buyer, "one"), post(buyer, "one")
    same = post(buyer, "two")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    state = first.json()
    assert (state["is_published"], state["published_on"], state["link"]) == (
        *(True, "2014-04-28"),
        LINK,
    )
    assert (same.status_code, "the same as then" in same.json()["detail"]) == (409, True)
    assert RegisterEdition.objects.count() == 1
    assert AuditEvent.objects.get(type="REGISTER_PUBLISHED").chain == "HCK"


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"quarter": "2014-02"}, 400, "No quarter begins in 2014-02"),
        ({"quarter": "2014-04", "published_on": "2014-06-30"}, 409, "not over yet"),
        ({"published_on": "2014-07-01"}, 409, "not in the future"),
        ({"link": "x y"}, 400, "link"),
        ({"council": "CMD"}, 404, "There is no council “CMD”"),
    ],
)
def test_what_does_not_fit_is_a_problem_in_words(hackney, buyer, changed, status, words):
    answer = post(buyer, "one", **changed)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]
    assert not RegisterEdition.objects.exists()


def test_who_may_not_mark_it_is_403_and_needs_a_key(hackney, buyer):
    finance = sign_in(Client(), member(hackney, "FINANCE"))

    assert post(finance, "one").status_code == 403
    assert post(buyer, "").status_code == 400
    assert not RegisterEdition.objects.exists()


# The answer to a request for information


def test_the_answer_has_the_facts_of_the_page_and_nothing_else(hackney, body, browse):
    contract = new.new_contract(hackney, ends_on=date(2015, 4, 1), starts_on=date(2013, 4, 1))
    kind = new.new_service_type(name="A voice")
    line = new.new_line(body, contract=contract, supplier=contract.supplier, service_type=kind)
    new.new_charge(line, amount=Decimal("10.50"))

    rows = results(browse(PROGRAMME), f"{FOI}?council=HCK")

    assert [row for row in rows if row["service"] == "A voice"] == [
        {
            "supplier": contract.supplier.name,
            "contract_ends_on": "2015-04-01",
            "term": 24,
            "service": "A voice",
            "lines": 1,
            "yearly_spend": "126.00",
        }
    ]
    event = AuditEvent.objects.get(type="LIST_DOWNLOADED")
    assert (event.chain, event.after["list"]) == ("HCK", "api-foi-answer-list")


# Who


@pytest.mark.parametrize("address", [ROWS, STATE, FILE, FOI])
def test_another_council_is_404_and_one_has_to_be_named(hackney, browse, address):
    client = browse("buyer@camden")

    assert client.get(f"{address}?council=HCK").status_code == 404
    assert client.get(f"{address}?council=CMD").status_code == 200
    assert client.get(address).status_code == (200 if address == STATE else 400)
    assert {one["council"] for one in results(client, STATE)} == {"CMD"}


def test_suppliers_are_told_whom_it_is_for_and_see_no_council(db, browse):
    client = browse(AGENT)

    for address in (ROWS, STATE):
        answer = client.get(f"{address}?council=CMD")
        assert answer.status_code == 403
        assert "for councils and London Grid" in answer.json()["detail"]
    for address in (FILE, FOI):
        assert client.get(f"{address}?council=CMD").status_code == 404
