"""A protected site: nobody learns from the portal where it is, but who works with its records."""

import pytest
from django.test import Client

from boroughs.models import AuditEvent, Body, Council, Site
from londonpsn.home.search import search
from tests import factories as new
from tests.conftest import person, sign_in
from tests.factories import member
from tests.services.test_object_pages import csv_of, text_of

WHERE = ("7 Hidden Row", "NW1 7QQ", "NW17QQ", "100099887766", "51.54321", "-0.12345")


@pytest.fixture
def refuge(db):
    body = Body.objects.get(council__slug="camden", kind="COUNCIL")
    site = new.new_site(
        body,
        code="CMD-SAFE1",
        name="Fig house",
        address="7 Hidden Row",
        postcode="NW1 7QQ",
        uprn="100099887766",
        latitude="51.54321",
        longitude="-0.12345",
        position="SURVEYED",
        protection="REFUGE",
    )
    new.new_contact(site, access_notes="Ring at 7 Hidden Row")
    connection = new.new_connection(site, reference="CON-SAFE")
    new.new_line(body, site=site, connection=connection, reference="SAFE-1")
    return site


def pages_with(site) -> list[str]:
    line = site.lines.get()
    return [
        *("/c/camden/sites/", "/c/camden/sites/?sort=postcode", "/c/all/sites/?sort=-postcode"),
        *(f"/bodies/{site.body_id}/", f"/connections/{line.connection_id}/", f"/lines/{line.pk}/"),
        *("/search/?q=Fig+house", "/search/?q=CMD-SAFE1", "/search/?q=NW1+7QQ"),
        *("/c/camden/lines/?q=SAFE-1", "/c/camden/lines/?q=NW1+7QQ"),
        *(f"/api/v1/sites/{site.pk}/", "/api/v1/sites/?limit=1000"),
        *("/api/v1/search/?q=fig+house", "/api/v1/search/?q=nw17qq"),
    ]


def told(text: str, *, asked: str) -> set[str]:
    """What of the place a page tells that was not in the question."""
    said = {words for words in WHERE if words in text}
    return {words for words in said if words.replace(" ", "+") not in asked}


@pytest.mark.parametrize("account", ["network@camden", "viewer@camden", "programme@london-grid"])
def test_only_its_own_page_tells_where_it_is(refuge, browse, account):
    client = browse(account)

    for page in pages_with(refuge):
        assert told(text_of(client, page), asked=page) == set(), page
    for how in ("csv", "xlsx"):
        response = client.get(f"/c/camden/sites/?format={how}&sort=postcode")
        assert response.status_code == 200
    rows = csv_of(client, "/c/camden/sites/?format=csv")
    (row,) = [row for row in rows if row[0] == "CMD-SAFE1"]
    assert row[rows[0].index("postcode")] == "protected"


@pytest.mark.parametrize("words", ["NW1 7QQ", "nw17qq", "NW1 7", "nw17q"])
def test_nothing_finds_it_by_its_postcode(refuge, words):
    found = {
        hit.title for group in search(person("network@camden"), words).groups for hit in group.hits
    }

    assert not found & {"Fig house", "SAFE-1"}


def test_its_place_in_a_list_sorted_by_postcode_does_not_tell_its_postcode(refuge, browse):
    """Unprotected sites stand by their postcode, protected ones before all of them."""
    new.new_site(refuge.body, code="CMD-Z1", name="Z1", postcode="NW1 7QP")
    new.new_site(refuge.body, code="CMD-Z2", name="Z2", postcode="NW1 7QR")

    rows = csv_of(browse("network@camden"), "/c/camden/sites/?format=csv&sort=postcode")[1:]

    codes = [row[0] for row in rows]
    assert codes.index("CMD-SAFE1") < codes.index("CMD-Z1") - 1


@pytest.mark.parametrize("role", ["NETWORK_OFFICER", "BUYER", "APPROVER", "FINANCE", "AUDITOR"])
def test_who_works_with_its_records_sees_it_on_its_own_page(refuge, role):
    client = sign_in(Client(), member(refuge.body.council, role))

    text = text_of(client, f"/sites/{refuge.pk}/")

    for words in ("7 Hidden Row", "NW1 7QQ", "100099887766", "51.54321, -0.12345", "Refuge"):
        assert words in text


@pytest.mark.parametrize("role", ["VIEWER", "PROGRAMME_OFFICER", "ADMINISTRATOR"])
def test_others_see_on_its_own_page_only_that_it_is_protected(refuge, role):
    place = refuge.body.council if role == "VIEWER" else None
    client = sign_in(Client(), member(place, role))

    text = text_of(client, f"/sites/{refuge.pk}/")

    assert told(text, asked="") == set()
    assert "protected: not shown to you" in text
    assert "Refuge" not in text


def test_the_administration_does_not_tell_where_it_is(refuge, browse):
    client = browse("administrator@london-grid")

    for page in (f"/admin/boroughs/site/{refuge.pk}/change/", "/admin/boroughs/site/"):
        assert told(text_of(client, page), asked="") == set()


def test_the_api_says_that_it_is_protected(refuge, browse):
    row = browse("network@camden").get(f"/api/v1/sites/{refuge.pk}/").json()

    assert row["is_protected"] is True
    blank = {"address": "", "postcode": "", "uprn": "", "position": ""}
    assert row == row | blank | {"latitude": None, "longitude": None}


# What is written about it


@pytest.fixture
def note(refuge):
    written = new.new_note(refuge.body.council, text="Ring at 7 Hidden Row")
    refuge.notes.add(written)
    return written


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        *(("NETWORK_OFFICER", True), ("BUYER", True), ("APPROVER", True), ("FINANCE", True)),
        *(("AUDITOR", True), ("VIEWER", False)),
        *(("PROGRAMME_OFFICER", False), ("ADMINISTRATOR", False)),
    ],
)
def test_a_note_about_it_is_for_who_may_see_its_address(refuge, note, role, sees):
    of_london_grid = role in ("PROGRAMME_OFFICER", "ADMINISTRATOR")
    place = None if of_london_grid else refuge.body.council
    client = sign_in(Client(), member(place, role))
    of_it = f"/api/v1/notes/?subject_kind=site&subject_id={refuge.pk}"

    assert ("Ring at 7 Hidden Row" in text_of(client, f"/sites/{refuge.pk}/")) is sees
    for page in (of_it, "/api/v1/notes/?limit=1000"):
        assert ("Ring at 7 Hidden Row" in text_of(client, page)) is sees
    assert client.get(f"/api/v1/notes/{note.pk}/").status_code == (200 if sees else 404)
    assert told(text_of(client, "/search/?q=Ring+at"), asked="") == set()


def test_a_note_is_seen_again_when_its_site_is_protected_no_more(refuge, note, browse):
    client = browse("viewer@camden")
    assert client.get(f"/api/v1/notes/{note.pk}/").status_code == 404

    Site.objects.filter(pk=refuge.pk).update(protection="")

    assert client.get(f"/api/v1/notes/{note.pk}/").status_code == 200
    assert "Ring at 7 Hidden Row" in text_of(client, f"/sites/{refuge.pk}/")


def things_at(site) -> dict[str, object]:
    """A line, a quote and a move of something at the site."""
    line = site.lines.get()
    return {
        "line": line,
        "quote": new.new_quote(council=site.body.council, site=site),
        "move": new.new_replacement(old=[line]),
    }


@pytest.mark.parametrize("kind", ["line", "quote", "move"])
def test_a_note_about_what_is_at_it_is_for_who_may_see_its_address(refuge, browse, kind):
    thing = things_at(refuge)[kind]
    note = new.new_note(refuge.body.council, text="Ring at 7 Hidden Row")
    thing.notes.add(note)
    sent = {"subject_kind": kind, "subject_id": thing.pk, "text": "Ring."}

    for account, sees in (("network@camden", True), ("viewer@camden", False)):
        client = browse(account)
        listed = f"/api/v1/notes/?subject_kind={kind}&subject_id={thing.pk}"
        for page in (listed, "/api/v1/notes/?limit=1000"):
            assert ("Ring at 7 Hidden Row" in text_of(client, page)) is sees
        assert client.get(f"/api/v1/notes/{note.pk}/").status_code == (200 if sees else 404)
    officer = browse("programme@london-grid")
    assert officer.get(f"/attach/{kind}/{thing.pk}/note/").status_code == 403
    assert officer.post("/api/v1/notes/", sent).status_code == 403
    assert thing.notes.count() == 1


def test_who_may_not_read_notes_about_it_writes_none(refuge, browse):
    client, page = browse("programme@london-grid"), f"/attach/site/{refuge.pk}/note/"
    sent = {"subject_kind": "site", "subject_id": refuge.pk, "text": "Ring."}

    assert client.get(page).status_code == 403
    assert client.post(page, {"text": "Ring."}).status_code == 403
    assert client.post("/api/v1/notes/", sent).status_code == 403
    assert not refuge.notes.exists()
    assert page not in text_of(client, f"/sites/{refuge.pk}/")
    other = Site.objects.get(code="CMD-LIB01")
    assert client.post(f"/attach/site/{other.pk}/note/", {"text": "Ring."}).status_code == 302


@pytest.mark.parametrize("account", ["viewer@camden", "programme@london-grid"])
def test_a_document_about_it_is_not_for_them_either(refuge, browse, account):
    document = new.new_document(refuge.body.council, title="Plan of 7 Hidden Row")
    refuge.documents.add(document)
    client = browse(account)

    assert told(text_of(client, f"/sites/{refuge.pk}/"), asked="") == set()
    assert client.get("/api/v1/documents/").json()["count"] == 0
    assert client.get(f"/documents/{document.pk}/").status_code == 404


# Saying so


def test_a_network_officer_protects_a_site_and_lifts_it_again(db, browse):
    site, client = Site.objects.get(code="CMD-LIB01"), browse("network@camden")
    page = f"/sites/{site.pk}/protection/"
    assert f'href="{page}"' in text_of(client, f"/sites/{site.pk}/")

    for answer, held in (("CHILDRENS_HOME", "CHILDRENS_HOME"), ("NONE", "")):
        response = client.post(page, {"protection": answer})

        assert response.url == f"/sites/{site.pk}/"
        site.refresh_from_db()
        assert site.protection == held
    events = AuditEvent.objects.filter(type="SITE_PROTECTED").order_by("pk")
    assert [event.after for event in events] == [
        {"protection": "CHILDRENS_HOME"},
        {"protection": ""},
    ]


@pytest.mark.parametrize("answer", [{}, {"protection": ""}, {"protection": "SECRET"}])
def test_without_an_answer_nothing_changes(refuge, browse, answer):
    response = browse("network@camden").post(f"/sites/{refuge.pk}/protection/", answer)

    assert response.status_code == 200
    assert "govuk-error-summary" in response.content.decode()
    refuge.refresh_from_db()
    assert refuge.protection == "REFUGE"


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ("viewer@camden", 403),
        ("buyer@camden", 403),
        ("programme@london-grid", 403),
        ("network@sutton", 404),
        ("agent1@virgin-media-business", 404),
    ],
)
def test_others_cannot_say_so(refuge, browse, account, code):
    client, page = browse(account), f"/sites/{refuge.pk}/protection/"

    assert client.get(page).status_code == code
    assert client.post(page, {"protection": "NONE"}).status_code == code
    refuge.refresh_from_db()
    assert refuge.protection == "REFUGE"
    assert f'href="{page}"' not in client.get(f"/sites/{refuge.pk}/").content.decode()


def test_the_control_rooms_of_the_demo_are_protected(db):
    rooms = Site.objects.filter(kind__icontains="control")

    assert {site.protection for site in rooms} == {"CONTROL_ROOM"}
    assert Council.objects.filter(bodies__sites__in=rooms).distinct().count() == 3
