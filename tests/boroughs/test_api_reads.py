"""What programs read of pounds and contracts is written once a day, with the token's number."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from boroughs import audit, trail
from boroughs.models import ApiToken, AuditEvent, Site
from services.models import Line
from tests import factories as new
from tests.boroughs.test_tokens import program, token_of
from tests.conftest import TRIGGERS_OFF, TRIGGERS_ON, person, sign_in
from tests.factories import AT, member

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
        cursor.execute(TRIGGERS_OFF)
        cursor.execute("UPDATE boroughs_auditevent SET at = at - INTERVAL '1 day'")
        cursor.execute(TRIGGERS_ON)
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


def test_of_who_sees_all_it_stands_with_each_council_that_was_read_or_added_up(db):
    client = program(token_of("programme@london-grid"))

    ask(client, "contracts/?limit=1000")
    ask(client, "savings/?council=STN")
    ask(client, "savings/")

    told = [(event.after["list"], event.chain) for event in reads()]
    assert told[:4] == [
        ("api-contract-list", "CMD"),
        ("api-contract-list", "KTT"),
        ("api-contract-list", "STN"),
        ("api-savings-list", "STN"),
    ]
    assert len(set(told)) == len(told) == 3 + 33  # sums of all are of every council


def test_what_is_read_in_a_browser_is_an_event_once_a_day_and_person(browse):
    client = browse("finance@camden")

    for address in ("lines/", "lines/?limit=5", "contracts/"):
        ask(client, address)

    first, second = reads()
    reader = person("finance@camden").pk
    assert [(one.chain, one.after["list"]) for one in (first, second)] == [
        ("CMD", "api-line-list"),
        ("CMD", "api-contract-list"),
    ]
    assert (first.user_id, first.role) == (reader, "FINANCE")
    assert (first.subject_type, first.subject_id, first.subject) == ("boroughs.user", reader, "")
    assert first.note == "The first read of the day in a browser; later ones are not written"
    assert "token" not in first.after


@pytest.mark.parametrize(
    ("address", "route", "chains"),
    [
        ("audit-events/?council=CMD", "api-audit-event-list", ["CMD"]),
        ("audit-events/?chain=SECURITY", "api-audit-event-list", ["PROGRAMME"]),
        # Roles in the whole programme are held there too.
        ("access/?council=CMD", "api-access-list", ["CMD", "PROGRAMME"]),
    ],
)
def test_reading_the_trail_and_who_may_do_what_is_written_too(db, address, route, chains):
    audit.record_security("SIGNED_IN", at=AT)
    client = sign_in(Client(), member(None, "ADMINISTRATOR"))

    ask(client, address)
    ask(client, address)

    assert [(event.chain, event.after["list"], event.role) for event in reads()] == [
        (chain, route, "ADMINISTRATOR") for chain in chains
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
