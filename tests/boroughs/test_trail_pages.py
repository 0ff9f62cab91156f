"""The trail's pages: what its readers see, of which councils, and what a file carries."""

import csv
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client

from boroughs import audit, trail
from boroughs.authorization import Permission
from boroughs.kept_rows import KEPT
from boroughs.models import AuditEvent, Site, TrailCheck, User
from boroughs.models.row_history import TrackedRow
from services.models import Charge, Line
from tests import factories as new
from tests.conftest import TRIGGERS_OFF, TRIGGERS_ON
from tests.factories import AT
from tests.londonpsn.test_pages import BUDGET, queries_of

Type = AuditEvent.Type
NIGHT = datetime(2014, 7, 3, 1, 10, tzinfo=UTC)  # 02:10 in London


@pytest.fixture
def camden(council):
    return council("CMD")


@pytest.fixture
def sutton(council):
    return council("STN")


@pytest.fixture
def auditor(camden):
    """An auditor of Camden alone, signed in."""
    return signed_in(new.member(camden, "AUDITOR"))


@pytest.fixture
def line(camden):
    return Line.objects.filter(body__council=camden).order_by("pk").first()


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(client, page: str) -> str:
    response = client.get(page)
    assert response.status_code == 200, page
    return response.content.decode()


def file_of(client, page: str) -> tuple[str, list[dict]]:
    """Return the name of a CSV file and its rows."""
    response = client.get(page)
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    name = response["Content-Disposition"].partition('filename="')[2].rstrip('"')
    return name, list(csv.DictReader(text.splitlines()))


def head_of(chain: str) -> AuditEvent:
    return AuditEvent.objects.filter(chain=chain).order_by("-sequence").first()


# Whose trail


@pytest.mark.parametrize("page", ["/c/camden/trail/", "/c/all/trail/", "/c/camden/exceptions/"])
@pytest.mark.parametrize(
    "who", ["network@camden", "buyer@camden", "approver@camden", "finance@camden", "viewer@camden"]
)
def test_the_trail_is_for_its_readers(db, browse, who, page):
    assert browse(who).get(page).status_code == 403


def test_an_auditor_of_a_council_reads_its_trail_and_no_other(camden, sutton, auditor):
    audit.record(Type.NOTE_ADDED, by=None, at=AT, council=camden, note="of Camden")
    audit.record(Type.NOTE_ADDED, by=None, at=AT, council=sutton, note="of Sutton")
    audit.record(Type.NOTE_ADDED, by=None, at=AT, note="of London Grid")

    assert "of Camden" in text_of(auditor, "/c/camden/trail/")
    everything = text_of(auditor, "/c/all/trail/")
    assert "of Camden" in everything
    assert "of Sutton" not in everything
    assert "of London Grid" not in everything
    assert auditor.get("/c/sutton/trail/").status_code == 404
    assert auditor.get("/c/nowhere/trail/").status_code == 404
    for chain, status in (("CMD", 200), ("STN", 404), ("PROGRAMME", 404)):
        assert auditor.get(f"/trail/{head_of(chain).pk}/").status_code == status, chain


def test_a_foreign_subject_shows_nothing(sutton, auditor):
    theirs = Line.objects.filter(body__council=sutton).first()
    audit.record(Type.LINE_MOVED, by=None, at=AT, council=sutton, subject=theirs)

    text = text_of(auditor, f"/c/all/trail/?subject=services.line:{theirs.pk}")

    assert "No event fits." in text
    assert "Nothing was kept of it." in text
    assert theirs.reference not in text


def test_programme_wide_readers_see_london_grids_trails_too(db, browse):
    audit.record(Type.REFERENCE_CHANGED, by=None, at=AT, note="of London Grid")
    audit.record_security(Type.SIGN_IN_FAILED, at=AT, note="a try")
    client = browse("auditor@london-grid")

    assert "of London Grid" in text_of(client, "/c/all/trail/?chain=PROGRAMME")
    security = text_of(client, "/c/all/trail/?chain=SECURITY")
    assert "a try" in security
    assert "of London Grid" not in security


def test_the_api_answers_with_ones_own_chain_only(camden, sutton, auditor, browse):
    audit.record(Type.NOTE_ADDED, by=None, at=AT, council=sutton)
    theirs = head_of("STN")

    listed = auditor.get("/api/v1/audit-events/").json()
    assert {event["chain"] for event in listed["results"]} == {"CMD"}
    assert auditor.get(f"/api/v1/audit-events/{theirs.pk}/").status_code == 404
    assert auditor.get("/api/v1/audit-events/?council=STN").status_code == 404
    assert auditor.get("/api/v1/audit-events/?chain=STN").json()["count"] == 0
    checks = auditor.get("/api/v1/trail-checks/").json()["results"]
    assert [check["chain"] for check in checks] == ["CMD"]
    assert auditor.get("/api/v1/exceptions/?council=STN").status_code == 404
    for route in ("audit-events", "trail-checks", "exceptions"):
        assert browse("buyer@camden").get(f"/api/v1/{route}/").status_code == 403, route


# What it says


def test_an_event_says_who_in_which_role_what_about_what_and_what_changed(camden, line, auditor):
    officer = new.member(camden, "NETWORK_OFFICER")
    User.objects.filter(pk=officer.pk).update(name="Ann Example")
    audit.record(
        Type.LINE_MOVED,
        by=officer,
        at=NIGHT,
        council=camden,
        subject=line,
        before={"quantity": 1, "ends_on": None},
        after={"quantity": 2, "ends_on": "2014-07-31"},
        note="as ordered",
        needs=Permission.LINE_MOVE,
    )

    for page in ("/c/camden/trail/", f"/trail/{head_of('CMD').pk}/"):
        text = text_of(auditor, page)
        assert "Line moved" in text
        assert "3 July 2014, 02:10" in text
        assert "Ann Example" in text
        assert "Network officer" in text
        assert "as ordered" in text
        assert f'href="/lines/{line.pk}/"' in text
        assert "Quantity: <del>1</del>" in text
        assert "Ends on: <del>nothing</del>" in text
        assert "<b>31 July 2014</b>" in text


def test_where_a_site_is_stays_with_those_who_may_know_it(camden, auditor, browse):
    site = Site.objects.filter(body__council=camden).first()
    audit.record(
        Type.REFERENCE_CHANGED,
        by=None,
        at=AT,
        council=camden,
        subject=site,
        before={"postcode": "", "kind": "Refuge"},
        after={"postcode": "NW1 1AA", "kind": "Other"},
    )
    support = browse("administrator@london-grid")

    for page in ("/c/camden/trail/", f"/trail/{head_of('CMD').pk}/"):
        assert "NW1 1AA" in text_of(auditor, page)
        assert "NW1 1AA" not in text_of(support, page)
        assert "Refuge" in text_of(support, page)
    for address in ("/c/camden/trail/?format=csv", "/api/v1/audit-events/?chain=CMD"):
        answer = support.get(address)
        assert b"NW1 1AA" not in (b"".join(answer) if answer.streaming else answer.content)
    assert "NW1 1AA" in str(auditor.get("/api/v1/audit-events/").json())


def test_people_whose_record_is_gone_are_former_and_the_portal_is_itself(camden, auditor):
    new.new_audit_event(camden, user_id=987_654)

    text = text_of(auditor, "/c/camden/trail/")

    assert "Former person 987654" in text
    assert "the portal" in text


def test_an_event_about_a_role_names_the_person_who_got_it(camden, auditor):
    person = new.new_user(name="Bea Example")
    held = new.new_membership(user=person, council=camden, role="BUYER")
    audit.record(
        Type.ROLE_GIVEN, by=None, at=AT, council=camden, subject=held, after={"user": person.pk}
    )

    assert "User: <b>Bea Example</b>" in text_of(auditor, "/c/camden/trail/")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("type=NOTE_ADDED", {"first"}),
        ("from=2014-07-01", {"second"}),
        ("to=2014-06-30&type=NOTE_ADDED", {"first"}),
        ("from=2014-07-03&to=2014-07-03", {"second"}),
        ("request=req-2", {"second"}),
        ("subject=services.line:{line}", {"second"}),
        ("person={person}", {"first"}),
    ],
)
def test_the_trail_is_filtered_by_its_address(camden, line, auditor, query, found):
    person = new.new_user()
    new.new_audit_event(camden, type="NOTE_ADDED", note="first", user_id=person.pk)
    about = {"subject_type": "services.line", "subject_id": line.pk}
    late = datetime(2014, 7, 2, 23, 30, tzinfo=UTC)  # the 3rd in London
    new.new_audit_event(
        camden, type="LINE_MOVED", note="second", at=late, request_id="req-2", **about
    )
    query = query.format(line=line.pk, person=person.pk)

    rows = file_of(auditor, f"/c/camden/trail/?{query}&format=csv")[1]

    assert {row["note"] for row in rows} - {""} == found


@pytest.mark.parametrize(
    "query", ["from=x", "subject=nothing", "type=X", "from=2014-02-01&to=2014-01-01"]
)
def test_a_filter_that_cannot_be_read_is_said_and_gives_no_file(auditor, query):
    assert "govuk-error-summary" in text_of(auditor, f"/c/camden/trail/?{query}")
    assert auditor.get(f"/c/camden/trail/?{query}&format=csv").status_code == 400


# How far it is checked, and its head


def test_a_trail_says_up_to_which_event_it_was_checked(camden, auditor):
    assert "not been checked yet" in text_of(auditor, "/c/camden/trail/")

    head = head_of("CMD")
    new.new_trail_check(chain="CMD", checked_at=NIGHT, sequence=48_112, hash=head.hash)

    text = text_of(auditor, "/c/camden/trail/")
    assert "Trail checked to event <b>48,112</b> at 02:10 on 3 July 2014." in text
    assert head.hash[:12] in text
    assert head.hash in text


def test_problems_of_a_trail_stand_above_it_with_their_event(camden, auditor, browse):
    sentence = "CMD, event 7: its content is not what was written"
    new.new_trail_check(chain="CMD", sequence=9, problems=[sentence])

    for client, page in ((auditor, "camden"), (browse("auditor@london-grid"), "all")):
        text = text_of(client, f"/c/{page}/trail/")
        assert f'<li class="neg">{sentence}</li>' in text


def test_the_nightly_check_is_what_the_page_tells(camden, auditor):
    trail.check(at=NIGHT)

    last = TrailCheck.objects.get(chain="CMD")
    assert f"event <b>{last.sequence}</b> at 02:10" in text_of(auditor, "/c/camden/trail/")
    [check] = auditor.get("/api/v1/trail-checks/").json()["results"]
    assert (check["checked_to"], check["problems"]) == (last.sequence, [])
    assert (check["sequence"], check["hash"]) == (last.sequence, last.hash)


def test_a_file_carries_the_head_of_its_chain(camden, auditor):
    audit.record(Type.NOTE_ADDED, by=None, at=AT, council=camden)
    head = head_of("CMD")

    name, rows = file_of(auditor, "/c/camden/trail/?format=csv")

    assert name == f"trail-CMD-{head.sequence}-{head.hash[:12]}.csv"
    assert (rows[0]["sequence"], rows[0]["hash"]) == (str(head.sequence), head.hash)
    assert rows[0]["transaction"] == str(head.transaction)
    assert {row["head"] for row in rows} == {f"{head.sequence} {head.hash}"}


def test_a_file_of_all_trails_carries_the_head_of_each(db, browse):
    head = head_of("STN")

    name, rows = file_of(browse("auditor@london-grid"), "/c/all/trail/?format=csv")

    assert name == "trail-all.csv"
    theirs = [row for row in rows if row["chain"] == "STN"]
    assert {row["head"] for row in theirs} == {f"{head.sequence} {head.hash}"}


@pytest.mark.parametrize("query", ["q=&type=TOKEN_REFUSED", "from=2090-01-01"])
def test_a_file_without_any_event_carries_the_heads_all_the_same(camden, auditor, browse, query):
    heads = [head_of("CMD"), head_of("STN")]

    [row] = file_of(auditor, f"/c/camden/trail/?{query}&format=csv")[1]
    rows = file_of(browse("auditor@london-grid"), f"/c/all/trail/?{query}&format=csv")[1]

    assert row["head"] == f"{heads[0].sequence} {heads[0].hash}"
    assert (row["chain"], row["sequence"], row["type"]) == ("CMD", "", "")
    told = {row["chain"]: row["head"] for row in rows}
    assert told["STN"] == f"{heads[1].sequence} {heads[1].hash}"
    assert told["HCK"] == "0"  # a chain without an event


def test_a_file_ends_with_its_heads_whatever_the_numbers_of_its_rows(camden, auditor):
    """A row takes its number before it waits for the chain: the last of a chain need not be it."""
    for note in ("first", "second", "third"):
        audit.record(Type.NOTE_ADDED, by=None, at=AT, council=camden, note=note)
    late = AuditEvent.objects.get(note="second").pk
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS_OFF)
        cursor.execute("UPDATE boroughs_auditevent SET id = id + 1000000 WHERE id = %s", [late])
        cursor.execute(TRIGGERS_ON)

    head = head_of("CMD")

    rows = file_of(auditor, "/c/camden/trail/?format=csv")[1]

    assert sorted(int(row["sequence"]) for row in rows) == list(range(1, head.sequence + 1))


# Rows that the database kept


def test_every_model_whose_rows_are_kept_says_whose_council_they_are():
    tracked = {rows.pgh_tracked_model._meta.label_lower for rows in TrackedRow.__subclasses__()}

    assert tracked == KEPT.keys()


def test_an_events_page_shows_the_rows_changed_with_it_before_and_after(camden, line, auditor):
    charge = new.new_charge(line, kind="ONE_OFF", amount=10)
    Charge.objects.filter(pk=charge.pk).update(amount="12.5000")
    audit.record(Type.LINE_MOVED, by=None, at=AT, council=camden, subject=line)

    text = text_of(auditor, f"/trail/{head_of('CMD').pk}/")

    assert f"Charge {charge.pk}" in text
    assert "Amount: <del>10.0000</del>" in text
    assert "<b>12.5000</b>" in text
    assert "added" in text


def test_rows_of_another_council_in_the_same_transaction_are_not_shown(
    camden, sutton, auditor, browse
):
    for council in (camden, sutton):
        new.new_contract(council, title=f"Contract of {council.short_name}")
    audit.record(Type.REFERENCE_ADDED, by=None, at=AT, council=camden)
    event = head_of("CMD")

    for page in (f"/trail/{event.pk}/", f"/trail/rows/{event.transaction}/"):
        text = text_of(auditor, page)
        assert "Contract of Camden" in text
        assert "Contract of Sutton" not in text
    everything = text_of(browse("auditor@london-grid"), f"/trail/rows/{event.transaction}/")
    assert "Contract of Sutton" in everything


def test_the_rows_of_a_transaction_that_one_may_not_read_do_not_exist(db, camden):
    loaded = head_of("STN").transaction  # of Sutton, Camden and Kingston at once
    reader = signed_in(new.member(new.new_council(), "AUDITOR"))

    for transaction in (loaded, 1, 99999999999999999999):
        assert reader.get(f"/trail/rows/{transaction}/").status_code == 404


def test_what_raw_sql_removed_is_still_told(camden, line, auditor):
    charge = new.new_charge(line, kind="ONE_OFF", amount=10)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM services_charge WHERE id = %s", [charge.pk])

    text = text_of(auditor, f"/c/camden/trail/?subject=services.charge:{charge.pk}")

    assert "removed" in text
    assert "Amount: <del>10.0000</del>" in text
    assert "not held any more" in text


# The trail of one thing


def test_pages_of_things_lead_to_their_trail_for_who_may_read_it(camden, line, auditor, browse):
    pages = {
        f"/lines/{line.pk}/": f"services.line%3A{line.pk}",
        f"/moves/{line.replacements.first().replacement_id}/": "services.replacement%3A",
        f"/contracts/{line.contract_id}/": f"services.contract%3A{line.contract_id}",
        f"/bodies/{line.body_id}/": f"boroughs.body%3A{line.body_id}",
    }
    site = Site.objects.filter(body__council=camden).first()
    pages[f"/sites/{site.pk}/"] = f"boroughs.site%3A{site.pk}"
    connection_of_it = site.connections.first()
    pages[f"/connections/{connection_of_it.pk}/"] = f"boroughs.connection%3A{connection_of_it.pk}"

    for page, subject in pages.items():
        assert f"/c/camden/trail/?subject={subject}" in text_of(auditor, page), page
        assert "/c/camden/trail/" not in text_of(browse("network@camden"), page), page


def test_the_menu_of_an_auditor_leads_to_exceptions_and_trail(auditor):
    text = text_of(auditor, "/c/camden/lines/")

    assert 'href="/c/camden/exceptions/"' in text
    assert 'href="/c/camden/trail/"' in text


@pytest.mark.parametrize(
    "page",
    [
        "/c/camden/trail/",
        "/c/all/trail/",
        "/c/camden/trail/?subject=services.line:{line}",
        "/c/camden/trail/?sample=5&seed=x",
        "/trail/{event}/",
        "/trail/rows/{transaction}/",
        "/c/camden/exceptions/?from=2013-04-01",
        "/c/all/exceptions/?from=2013-04-01",
    ],
)
def test_at_most_twelve_queries(db, line, browse, page):
    event = head_of("CMD")
    keys = {"line": line.pk, "event": event.pk, "transaction": event.transaction}

    assert queries_of(browse("auditor@london-grid"), page.format(**keys)) <= BUDGET
