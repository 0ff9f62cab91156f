"""What programs read of pounds and contracts is written once a day, with the token's number."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from boroughs import trail
from boroughs.models import ApiToken, AuditEvent, Site
from services.models import Line
from tests import factories as new
from tests.boroughs.test_tokens import program, token_of
from tests.conftest import person

ROUTES = {
    "lines/": "api-line-list",
    "contracts/": "api-contract-list",
    "savings/": "api-savings-list",
}


@pytest.fixture(autouse=True)
def nothing_counted_yet(db):
    cache.clear()


def reads() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(type="LIST_DOWNLOADED").order_by("pk"))


def ask(client: Client, address: str) -> None:
    assert client.get(f"/api/v1/{address}").status_code == 200, address


@pytest.mark.parametrize(("address", "route"), ROUTES.items())
def test_the_first_read_of_a_day_by_a_token_is_an_event_in_the_councils_chain(address, route):
    client = program(token_of("finance@camden"))

    for query in ("limit=5", "limit=5&offset=5", "limit=7"):
        ask(client, f"{address}?{query}")

    (event,) = reads()
    token = ApiToken.objects.get()
    assert (event.chain, event.role) == ("CMD", "FINANCE")
    assert event.user_id == person("finance@camden").pk
    assert event.after == {
        "list": route,
        "format": "json",
        "page": f"/api/v1/{address}",
        "query": "limit=5",
        "token": token.pk,
    }
    # By its number: what a token is called may name a person.
    assert (event.subject_type, event.subject_id) == ("boroughs.apitoken", token.pk)
    assert event.subject == ""
    assert trail.problems() == []


def test_published_payments_are_among_what_is_written(council):
    new.new_payment(council("CMD"))

    ask(program(token_of("finance@camden")), "payments/summary/")

    (event,) = reads()
    assert (event.chain, event.after["list"]) == ("CMD", "api-payments-summary-list")


def test_another_token_another_route_and_another_day_are_events_of_their_own(db):
    first, second = (program(token_of("finance@camden")) for _ in range(2))
    line = Line.objects.filter(body__council__register_code="CMD").first()
    for client, address in (
        *((first, "lines/"), (second, "lines/")),
        *((first, f"lines/{line.pk}/"), (first, "contracts/")),
    ):
        ask(client, address)
    assert len(reads()) == 4

    with connection.cursor() as cursor:  # as if all that had been a day before
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE boroughs_auditevent SET at = at - INTERVAL '1 day'")
        cursor.execute("SET LOCAL session_replication_role = origin")
    ask(first, "lines/")
    ask(first, "lines/")

    assert len(reads()) == 5


def test_it_stands_in_the_chains_of_the_councils_that_were_read(council):
    """Of whose rows there were, and not of whose there could have been."""
    new.new_membership(user=person("finance@camden"), council=council("STN"), role="FINANCE")
    client = program(token_of("finance@camden"))

    ask(client, "lines/?council=STN&limit=1")
    assert [event.chain for event in reads()] == ["STN"]
    ask(client, "lines/?limit=1000")
    assert [event.chain for event in reads()] == ["STN", "CMD"]
    ask(client, "savings/")

    added_up = [event.chain for event in reads() if event.after["list"] == "api-savings-list"]
    assert sorted(added_up) == ["CMD", "STN"]


def test_of_who_sees_all_it_stands_with_each_council_and_sums_of_all_with_london_grid(db):
    client = program(token_of("programme@london-grid"))

    ask(client, "contracts/?limit=1000")
    ask(client, "savings/")
    ask(client, "savings/?council=STN")

    assert [(event.after["list"], event.chain) for event in reads()] == [
        ("api-contract-list", "CMD"),
        ("api-contract-list", "KTT"),
        ("api-contract-list", "STN"),
        ("api-savings-list", "PROGRAMME"),
        ("api-savings-list", "STN"),
    ]


def test_sums_by_a_token_for_one_council_stand_with_that_council(council):
    ask(program(token_of("programme@london-grid", council=council("STN"))), "savings/")

    assert [event.chain for event in reads()] == ["STN"]


def test_nothing_is_written_where_nothing_was_read(db):
    client = program(token_of("finance@camden"))

    ask(client, "lines/?reference=no-such-line")
    assert client.get("/api/v1/lines/?council=STN").status_code == 404
    ask(client, "councils/")
    ask(client, "migration/")

    assert reads() == []


def test_a_later_read_costs_one_statement_more(db):
    client = program(token_of("finance@camden"))
    ask(client, "lines/")

    with CaptureQueriesContext(connection) as asked:
        ask(client, "lines/")

    (of_the_trail,) = (query["sql"] for query in asked if "boroughs_auditevent" in query["sql"])
    assert of_the_trail.startswith("SELECT")


def test_every_event_made_through_a_token_has_the_tokens_number(browse):
    client = program(token_of("network@camden", scope=ApiToken.Scope.WRITE))
    site = Site.objects.get(code="CMD-LIB01")
    note = {"subject_kind": "site", "subject_id": site.pk, "text": "Ring twice."}

    assert client.post("/api/v1/notes/", note).status_code == 201
    browse("network@camden").post(f"/attach/site/{site.pk}/note/", {"text": "Ring once."})

    by_token, by_hand = AuditEvent.objects.filter(type="NOTE_ADDED").order_by("pk")
    assert by_token.after["token"] == ApiToken.objects.get().pk
    assert "token" not in by_hand.after


def test_the_page_of_an_event_says_that_it_was_made_through_a_token(browse):
    ask(program(token_of("finance@camden")), "lines/?limit=1")
    (event,) = reads()

    page = browse("auditor@london-grid").get(f"/trail/{event.pk}/").content.decode()

    assert f"Api token {ApiToken.objects.get().pk}" in page
    assert "later ones are not written" in page
