"""Pages open to everybody, pages for when something is wrong, and those that show the parts."""

import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as portal_settings
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory

from boroughs.models import Council
from londonpsn.home import gallery, public
from londonpsn.home.health import DatabaseMiddleware
from services.models import MigrationStatus
from tests import factories as new
from tests.conftest import person, sign_in
from tests.londonpsn.test_pages import BUDGET, queries_of

ROOT = Path(portal_settings.BASE_DIR)
LINKS = re.compile(r'<th scope="row"[^>]*>\s*<a href="(/c/[\w-]+/)"')
PAGES = ("/help/", "/accessibility/", "/privacy/", "/cookies/")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("address", [None, "viewer@camden", "agent1@virgin-media-business"])
def test_public_pages_open_for_strangers_and_for_people(db, client, browse, page, address):
    response = (browse(address) if address else client).get(page)

    assert response.status_code == 200
    assert len(re.findall("<h1", response.content.decode())) == 1
    assert ("Sign out" in response.content.decode()) == bool(address)


@pytest.mark.parametrize("page", PAGES)
def test_public_pages_keep_the_budget(db, browse, page):
    assert queries_of(browse("programme@london-grid"), page) <= BUDGET


# Help


def test_help_explains_only_words_that_the_portal_uses(db, client):
    text = client.get("/help/").content.decode()
    said = "\n".join(
        path.read_text(encoding="utf-8").casefold()
        for path in (*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/**/*.py"))
        if "node_modules" not in path.parts and "tests" not in path.parts
    )

    for fact in public.glossary():
        assert fact.label in text
        assert fact.label.casefold() in said, f"nothing says “{fact.label}”"


def test_the_glossary_is_in_order_and_has_each_term_once():
    terms = [fact.label.casefold() for fact in public.glossary()]

    assert terms == sorted(set(terms))


# Accessibility, privacy, cookies


def test_the_accessibility_statement_names_its_days_and_its_known_problems(db, client):
    text = client.get("/accessibility/").content.decode()

    assert re.search(r"Last tested on \d+ \w+ 20\d\d with", text)
    assert "partially compliant" in text
    assert "The page that describes the API" in text


def test_a_portal_without_a_controller_says_that_it_is_a_demonstration(db, client):
    text = client.get("/privacy/").content.decode()

    assert "This is a demonstration. No organisation" in text
    assert "mailto:" not in text


def test_a_controller_is_named_with_where_to_write_to(db, client, settings):
    settings.CONTROLLER_NAME, settings.CONTROLLER_EMAIL = "London Grid Ltd", "data@grid.example"

    for page in ("/privacy/", "/accessibility/", "/help/"):
        text = client.get(page).content.decode()
        assert 'href="mailto:data@grid.example"' in text
        assert "demonstration: nobody" not in text
    assert "London Grid Ltd is the controller" in client.get("/privacy/").content.decode()


def test_the_cookies_named_are_those_that_are_set(db, client):
    details = {"login": "viewer@camden.demo.example", "password": "demo-password"}
    client.get("/accounts/login/")
    client.post("/accounts/login/", details)

    text = client.get("/cookies/").content.decode()

    named = set(re.findall(r'rowheader" class="govuk-table__header">(\w+)<', text))
    assert named == set(client.cookies)
    assert "12 hours" in text


# security.txt


@pytest.mark.parametrize(
    ("contact", "line"),
    [
        ("", "Contact: https://londonpsn.example/"),
        ("security@grid.example", "Contact: mailto:security@grid.example"),
        ("https://grid.example/tell", "Contact: https://grid.example/tell"),
    ],
)
def test_security_txt_says_whom_to_tell_and_until_when(db, client, settings, contact, line):
    settings.SECURITY_CONTACT = contact

    response = client.get("/.well-known/security.txt")

    lines = response.content.decode().splitlines()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert line in lines
    assert "Preferred-Languages: en" in lines
    (expires,) = [row.removeprefix("Expires: ") for row in lines if row.startswith("Expires: ")]
    ahead = datetime.fromisoformat(expires) - datetime.now(UTC)
    assert 80 < ahead.days < 365


# When something is wrong


def starting(path: str) -> HttpResponse:
    return DatabaseMiddleware(lambda request: HttpResponse("in"))(RequestFactory().get(path))


@pytest.fixture
def database_down(monkeypatch):
    def refuse():
        raise OperationalError("could not connect to server")

    monkeypatch.setattr(connection, "ensure_connection", refuse)


def test_while_the_database_cannot_be_reached_a_page_says_that_the_portal_is_starting(
    database_down,
):
    response = starting("/c/camden/")

    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert "The portal is starting" in response.content.decode()
    assert "LondonPSN" in response.content.decode()


def test_programs_are_told_in_json_that_the_portal_is_starting(database_down):
    response = starting("/api/v1/lines/")

    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert "starting" in json.loads(response.content)["detail"]


def test_every_address_says_so_and_the_portal_is_still_alive(database_down, client):
    assert client.get("/c/camden/").status_code == 503
    assert client.get("/").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_with_its_database_the_portal_answers(db):
    assert starting("/").content == b"in"


def test_a_form_from_elsewhere_is_refused_in_the_portals_own_look(db):
    client = Client(enforce_csrf_checks=True)
    sign_in(client, person("viewer@camden"))

    response = client.post("/jobs/")

    text = response.content.decode()
    assert response.status_code == 403
    assert "The form could not be taken" in text
    assert "load the page again" in text
    assert "LondonPSN" in text


@pytest.mark.parametrize(
    ("page", "status", "sentence"),
    [
        ("/nope/", 404, "If you typed the address, check it"),
        ("/c/camden/lines/?format=doc", 400, "is no format of a file"),
        ("/c/camden/spend/upload/", 403, "You need the right to load published payments"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(db, browse, page, status, sentence):
    response = browse("viewer@camden").get(page)

    assert response.status_code == status
    assert sentence in response.content.decode()
    assert "Go to your start page" in response.content.decode()


def test_a_wrong_host_is_refused_without_a_word_of_settings(db, client):
    response = client.get("/help/", HTTP_HOST="elsewhere.example")

    assert response.status_code == 400
    assert "Go back, load the page again" in response.content.decode()
    assert "ALLOWED_HOSTS" not in response.content.decode()


def test_a_stranger_too_gets_a_page_for_an_unknown_address(db, client):
    response = client.get("/nope/")

    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


# Choosing a council


def test_councils_to_choose_from_are_those_that_the_person_sees(db, browse):
    everyone = browse("programme@london-grid").get("/c/").content.decode()
    camden = browse("viewer@camden").get("/c/").content.decode()

    assert len(set(LINKS.findall(everyone))) == 33
    assert LINKS.findall(camden) == ["/c/camden/"]
    assert "Fully migrated" in camden


def test_a_council_without_a_status_is_offered_all_the_same(db, browse):
    MigrationStatus.objects.all().delete()

    text = browse("viewer@camden").get("/c/").content.decode()

    assert "not worked out yet" in text
    assert 'href="/c/camden/"' in text


def test_people_of_several_councils_choose_between_them(db, client):
    user = new.new_membership(council=Council.objects.get(slug="camden")).user
    new.new_membership(user=user, council=Council.objects.get(slug="sutton"))
    sign_in(client, user)

    text = client.get("/c/").content.decode()

    assert LINKS.findall(text) == ["/c/camden/", "/c/sutton/"]


def test_who_is_at_no_council_is_led_to_the_lines(db, browse):
    text = browse("agent1@virgin-media-business").get("/c/").content.decode()

    assert "None of your roles is at a council" in text
    assert 'href="/c/all/lines/"' in text


def test_the_choice_downloads_and_keeps_the_budget(db, browse):
    client = browse("programme@london-grid")

    file = b"".join(client.get("/c/?format=csv").streaming_content).decode("utf-8-sig")

    rows = list(csv.reader(file.splitlines()))
    assert rows[0] == ["name", "status"]
    assert ["Camden", "Fully migrated"] in rows
    assert queries_of(client, "/c/") <= BUDGET


# Components


def test_every_component_is_shown_with_what_it_expects(db, browse):
    files = {path.stem for path in (ROOT / "templates/components").glob("*.html")}

    text = browse("administrator@london-grid").get("/components/").content.decode()

    assert set(re.findall(r'<h2 class="govuk-heading-m" id="(\w+)">', text)) == files
    assert text.count("Expects") == len(files)


@pytest.mark.parametrize("address", ["viewer@camden", "programme@london-grid"])
def test_nobody_but_administrators_has_the_components(db, browse, address):
    assert browse(address).get("/components/").status_code == 404


def test_the_states_of_a_component_differ(db, browse, rf):
    for name, states in gallery.shown(rf.get("/components/")).items():
        drawn = [gallery._drawn(name, context) for context in states.values()]
        assert len(set(drawn)) == len(states), name
        assert all(html.strip() for html in drawn), name
