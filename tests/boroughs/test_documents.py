"""Documents and notes: who sees them, what is taken, and that no file is ever half there."""

import re
import stat
import threading
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from boroughs import attachments
from boroughs.actions import documents
from boroughs.authorization import resolve
from boroughs.models import AuditEvent, Body, Council, Document, Note, Supplier
from londonpsn.common import clock, kept_files
from londonpsn.common.errors import BadInput, NotVisible
from services.models import Contract, Line, Quote, Replacement
from tests import factories as new
from tests.common.test_file_kinds import EXE, PDF
from tests.conftest import ADVISORY_LOCKS, person
from tests.factories import AT, TODAY, member
from tests.journeys.conftest import wait_for
from tests.londonpsn.test_pages import BUDGET, queries_of

NETWORK, VIEWER, AUDITOR = "network@camden", "viewer@camden", "auditor@london-grid"
PROGRAMME, AGENT, STRANGER = "programme@london-grid", "agent1@virgin-media-business", "buyer@sutton"


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.DOCUMENTS = tmp_path / "documents"
    return settings.DOCUMENTS


@pytest.fixture
def line(db):
    """A line of Camden that Virgin Media Business provides."""
    return Line.objects.get(reference="CMD-HQ01|w1/NEW")


def sent(content=PDF, name="bill.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def add(subject, by=None, content=PDF, name="bill.pdf", **fields) -> Document:
    facts = {"kind": "QUOTE", "title": "Quote of June", "at": AT, "by": by}
    return documents.add_document(
        subject=subject, file=ContentFile(content, name), **facts | fields
    )


def files(folder) -> list:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def of_type(kind: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(type=kind).order_by("pk"))


# Adding


def test_a_document_is_kept_by_its_content_and_written_in_the_trail(line, folder):
    officer = person(NETWORK)

    document = add(line, officer, for_london_grid=True, supplier=line.supplier)

    assert line.documents.get() == document
    assert document.council == line.body.council
    assert (document.name, document.media_type) == ("bill.pdf", "application/pdf")
    assert (document.size, document.added_by, document.added_at) == (len(PDF), officer, AT)
    (file,) = files(folder)
    assert file == folder / document.sha256[:2] / document.sha256
    assert file.read_bytes() == PDF
    (event,) = of_type("DOCUMENT_ADDED")
    assert (event.chain, event.role, event.subject_id) == ("CMD", "NETWORK_OFFICER", document.pk)
    assert event.after == {
        "about": f"line {line.pk}",
        "kind": "QUOTE",
        "size": len(PDF),
        "sha256": document.sha256,
        "for_london_grid": True,
        "supplier": line.supplier_id,
        "retention": "BUSINESS",
    }


def test_only_the_servers_account_can_read_a_file(line, folder):
    add(line)

    (file,) = files(folder)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for directory in (folder, file.parent):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_the_same_content_twice_is_stored_once(line, folder):
    first, second = add(line), add(line.site, name="other.pdf")

    assert first.sha256 == second.sha256
    assert first.pk != second.pk
    assert len(files(folder)) == 1


def test_the_page_adds_a_document_and_leads_back(line, browse):
    client = browse(NETWORK)
    address = f"/attach/line/{line.pk}/document/"
    form = {"file": sent(), "title": "Quote of June", "kind": "QUOTE"}
    form |= {"for_london_grid": "yes", "supplier": line.supplier_id, "retention": "SHORT"}

    response = client.post(address, form, follow=True)

    text = response.content.decode()
    assert response.redirect_chain == [(f"/lines/{line.pk}/", 302)]
    assert "“Quote of June” is added." in text
    assert "Camden, London Grid, Virgin Media Business" in text
    assert f'href="/documents/{line.documents.get().pk}/"' in text
    assert line.documents.get().retention == "SHORT"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"file": None}, "Choose a file."),
        ({"file": sent(b"")}, "The file is empty."),
        ({"file": sent(EXE)}, "The content of “bill.pdf” is not a PDF. Save it again"),
        ({"file": sent(EXE, "bill.exe")}, "is of a kind that is not taken"),
        ({"file": sent(b"x" * (21 << 20), "bill.txt")}, "has 21.0 MB. The limit is 20 MB"),
        ({"title": " "}, "Give the document a title."),
        ({"kind": ""}, "Choose what the document proves."),
    ],
)
def test_what_is_wrong_with_a_document_is_said_beside_it(line, browse, folder, changed, sentence):
    form = {"file": sent(), "title": "Quote", "kind": "QUOTE", "for_london_grid": "no"}
    form |= {"retention": "BUSINESS"} | changed
    form = {name: value for name, value in form.items() if value is not None}

    response = browse(NETWORK).post(f"/attach/line/{line.pk}/document/", form)

    text = response.content.decode()
    assert response.status_code == 200
    assert "There is a problem" in text
    assert text.count(sentence) >= 2  # in the summary and beside the field
    assert not Document.objects.exists()
    assert not files(folder)


@pytest.mark.parametrize("name", ["../../../tmp/evil.pdf", "..\\evil.pdf", "/etc/evil.pdf"])
def test_a_name_leads_to_no_other_folder(line, browse, folder, name):
    document = add(line, name=name)

    assert document.name == "evil.pdf"
    assert files(folder) == [folder / document.sha256[:2] / document.sha256]
    answer = browse(NETWORK).get(f"/documents/{document.pk}/")
    assert answer.getvalue() == PDF
    assert answer.headers["Content-Disposition"] == 'attachment; filename="evil.pdf"'


@pytest.mark.parametrize(
    ("who", "status"), [(VIEWER, 403), (AUDITOR, 403), (PROGRAMME, 403), (AGENT, 403)]
)
def test_only_who_works_on_the_records_adds_documents(line, browse, who, status):
    client = browse(who)
    form = {"file": sent(), "title": "Quote", "kind": "QUOTE", "for_london_grid": "no"}

    assert client.get(f"/attach/line/{line.pk}/document/").status_code == status
    assert client.post(f"/attach/line/{line.pk}/document/", form).status_code == status
    api = {"file": sent(), "title": "Quote", "kind": "QUOTE", "subject_kind": "line"}
    api["subject_id"] = line.pk
    assert client.post("/api/v1/documents/", api).status_code == status
    assert not Document.objects.exists()


def test_nothing_is_added_to_what_one_does_not_see(line, browse):
    client = browse(STRANGER)

    for address in (f"/attach/line/{line.pk}/document/", f"/attach/line/{line.pk}/note/"):
        assert client.get(address).status_code == 404
        assert client.post(address, {"text": "x"}).status_code == 404
    assert client.get("/attach/moon/1/note/").status_code == 404
    with pytest.raises(NotVisible):
        add(line, person(STRANGER))
    with pytest.raises(NotVisible):
        documents.add_note(subject=line, text="x", by=person(STRANGER), at=AT)
    assert not Document.objects.exists()
    assert not Note.objects.exists()


# Nothing half done


def test_a_transaction_that_is_rolled_back_leaves_no_row_and_its_file_is_swept(line, folder):
    with pytest.raises(RuntimeError), transaction.atomic():
        add(line)
        raise RuntimeError

    assert not Document.objects.exists()
    assert not of_type("DOCUMENT_ADDED")
    assert len(files(folder)) == 1  # whole, and nobody’s
    documents.delete_expired(today=TODAY, at=later(timedelta(hours=23)))
    assert len(files(folder)) == 1  # its transaction may still be open
    documents.delete_expired(today=TODAY, at=later(timedelta(hours=25)))
    assert files(folder) == []


def later(after: timedelta):
    """A moment after now by the clock that files are written by."""
    return clock.now() + after


def test_a_file_that_cannot_be_written_leaves_no_row(line, folder, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_files.os, "fsync", full)

    with pytest.raises(OSError, match="No space left"):
        add(line)

    assert not Document.objects.exists()
    assert files(folder) == []


def test_what_was_never_written_to_its_end_is_swept(line, folder):
    add(line)
    (folder / kept_files.INCOMING / "half").write_bytes(b"%PDF")

    documents.delete_expired(today=TODAY, at=later(timedelta(hours=25)))

    assert [file.name for file in files(folder)] == [Document.objects.get().sha256]


def test_a_file_that_is_being_added_again_is_not_swept(transactional_db, folder):
    """The sweep waits for the transaction that is about to name the file."""
    site = new.new_site()
    with pytest.raises(RuntimeError), transaction.atomic():
        add(site)
        raise RuntimeError
    swept = threading.Thread(
        target=lambda: (
            documents._forget_file(files(folder)[0].name),
            connection.close(),
        )
    )
    with transaction.atomic():
        document = add(site)
        swept.start()
        wait_for_lock()
    swept.join()

    assert [file.name for file in files(folder)] == [document.sha256]


def wait_for_lock() -> None:
    def waits():
        with connection.cursor() as cursor:
            cursor.execute(f"{ADVISORY_LOCKS} AND NOT granted")
            return cursor.fetchone()

    wait_for(waits)


# Who sees them


@pytest.fixture
def opened(line):
    """Documents of a line: the council's own, London Grid's too, its supplier's too."""
    officer = person(NETWORK)
    rival = new.new_contract(line.body.council, supplier=new.new_supplier()).supplier
    return SimpleNamespace(
        own=add(line, officer, content=PDF + b"1"),
        grid=add(line, officer, content=PDF + b"2", for_london_grid=True),
        supplier=add(line, officer, content=PDF + b"3", supplier=line.supplier),
        rival=add(line, officer, content=PDF + b"4", supplier=rival),
    )


def status_of(client, address: str) -> int:
    """What an address answers; a file that is read to its end is closed."""
    response = client.get(address)
    response.getvalue()
    return response.status_code


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        (NETWORK, {"own", "grid", "supplier", "rival"}),
        ("buyer@camden", {"own", "grid", "supplier", "rival"}),
        (VIEWER, set()),
        ("viewer@london-grid", set()),
        ("administrator@london-grid", set()),
        (PROGRAMME, {"grid"}),
        (AUDITOR, {"grid"}),
        (AGENT, {"supplier"}),
        (STRANGER, set()),
    ],
)
def test_a_document_is_for_whom_the_council_says(opened, browse, who, seen):
    client = browse(who)
    names = vars(opened)
    expected = {names[name].pk for name in seen}

    listed = client.get("/api/v1/documents/").json()
    assert {row["id"] for row in listed["results"]} == expected
    for document in names.values():
        status = 200 if document.pk in expected else 404
        for address in (
            f"/documents/{document.pk}/",
            f"/api/v1/documents/{document.pk}/",
            f"/api/v1/documents/{document.pk}/content/",
        ):
            assert status_of(client, address) == status


def test_a_program_of_london_grid_for_one_council_sees_no_more_than_its_person(opened):
    officer = person(PROGRAMME)
    officer.access = officer.access.narrowed(opened.own.council_id, reading_only=True)

    assert list(Document.objects.visible_to(officer)) == [opened.grid]


def suppliers_offered(client, address: str) -> list[str]:
    """The suppliers that the form lets a document be shown to, by name."""
    text = client.get(address).content.decode()
    select = text.split('name="supplier"')[1].split("</select>")[0]
    return [words.strip() for words in re.findall(r'<option value="\d+"[^>]*>([^<]*)', select)]


def test_a_document_can_be_shown_to_the_suppliers_of_its_council_alone(line, browse):
    """Those of its lines, old and new, and of its contracts; no other council's."""
    council, officer = line.body.council, person(NETWORK)
    by_contract = new.new_contract(council, supplier=new.new_supplier(name="By contract")).supplier
    new.new_line(line.body, supplier=new.new_supplier(name="By line"))
    elsewhere = new.new_supplier(name="Elsewhere alone")
    new.new_line(Body.objects.get(council__slug="sutton", kind="COUNCIL"), supplier=elsewhere)
    client, page = browse(NETWORK), f"/attach/line/{line.pk}/document/"

    offered = suppliers_offered(client, page)

    assert {"By contract", "By line", "Virgin Media Business", "BT"} <= set(offered)
    assert "Elsewhere alone" not in offered
    assert len(offered) < Supplier.objects.count()
    facts = {"title": "Quote", "kind": "QUOTE", "for_london_grid": "no", "retention": "BUSINESS"}
    answer = client.post(page, facts | {"file": sent(), "supplier": elsewhere.pk})
    assert "Select a valid choice" in answer.content.decode()
    with pytest.raises(BadInput, match="Elsewhere alone has no line or contract of Camden"):
        add(line, officer, supplier=elsewhere)
    program = {"subject_kind": "line", "subject_id": line.pk, "supplier": elsewhere.code}
    facts = {"title": "Quote", "kind": "QUOTE", "file": sent()}
    assert client.post("/api/v1/documents/", program | facts).status_code == 400
    assert not Document.objects.exists()
    assert add(line, officer, supplier=by_contract).supplier == by_contract


def test_an_auditor_of_the_council_sees_all_of_its_documents(opened):
    auditor = member(opened.own.council, "AUDITOR")

    assert Document.objects.visible_to(auditor).count() == 4


def test_the_page_shows_each_person_what_is_for_them(opened, line, browse):
    page = f"/lines/{line.pk}/"

    def text(who):
        return browse(who).get(page).content.decode()

    own, viewer, agent, grid = text(NETWORK), text(VIEWER), text(AGENT), text(PROGRAMME)
    assert own.count('href="/documents/') == 4
    assert f'href="/attach/line/{line.pk}/document/"' in own
    assert "/documents/" not in viewer
    assert "/attach/" not in viewer
    assert "No document" not in viewer
    assert agent.count('href="/documents/') == 1
    assert "Added by" not in agent  # nobody's name for a supplier
    assert "Notes" not in agent
    assert grid.count('href="/documents/') == 1
    assert f'href="/attach/line/{line.pk}/note/"' in grid
    assert f'href="/attach/line/{line.pk}/document/"' not in grid


def test_the_api_tells_a_supplier_nobodys_name_and_no_thing_that_it_does_not_see(opened, browse):
    other = new.new_line(opened.own.council.bodies.first())
    other.documents.add(opened.supplier)

    (row,) = browse(AGENT).get("/api/v1/documents/").json()["results"]

    assert row["added_by"] is None
    assert [about["id"] for about in row["about"]] != []
    assert other.pk not in [about["id"] for about in row["about"]]


def things_of(line) -> dict[str, object]:
    """One thing of each kind that carries documents, of the line's council."""
    council = line.body.council
    call_off = Contract.objects.call_offs().filter(council=council).first()
    return {
        "line": line,
        "site": line.site,
        "contract": Contract.objects.filter(council=council, kind="CONTRACT").first(),
        "move": Replacement.objects.filter(body=line.body).first(),
        "quote": Quote.objects.filter(council=council).first() or new.new_quote(call_off),
    }


def test_every_kind_of_thing_shows_what_hangs_on_it(line, browse):
    things = things_of(line)
    assert things.keys() == attachments.carriers_of("notes").keys()

    for kind, thing in things.items():
        add(thing, person(NETWORK), title=f"Proof of {kind}")
        documents.add_note(subject=thing, text=f"Note of {kind}", by=person(NETWORK), at=AT)
        page = attachments.CARRIERS[kind].address(thing)
        text = browse(NETWORK).get(page, follow=True).content.decode()
        assert f"Proof of {kind}" in text
        assert f"Note of {kind}" in text
        assert f'href="/attach/{kind}/{thing.pk}/document/"' in text


@pytest.mark.parametrize("kind", ["line", "site", "contract", "move", "quote"])
def test_many_documents_and_notes_cost_no_more_queries(line, browse, kind):
    thing = things_of(line)[kind]
    for number in range(20):
        add(thing, person(NETWORK), title=f"Proof {number}")
        documents.add_note(subject=thing, text=f"Note {number}", by=person(NETWORK), at=AT)

    assert queries_of(browse(NETWORK), attachments.CARRIERS[kind].address(thing)) <= BUDGET
    for path in ("documents", "notes"):
        assert queries_of(browse(NETWORK), f"/api/v1/{path}/") <= BUDGET


# Opening


def test_a_document_is_sent_as_a_file_and_never_as_a_page(line, browse):
    document = add(line, content=b"<script>alert(1)</script>", name="a “quoted” näme.txt")
    client = browse(NETWORK)

    for address in (
        f"/documents/{document.pk}/",
        f"/api/v1/documents/{document.pk}/content/",
    ):
        answer = client.get(address)
        assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
        headers = answer.headers
        assert headers["Content-Type"] == "text/plain"
        assert headers["Content-Disposition"].startswith("attachment; filename*=utf-8''a%20")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert headers["Cache-Control"] == "private, no-store"
    events = of_type("DOCUMENT_DOWNLOADED")
    assert [(e.subject_id, e.role) for e in events] == [(document.pk, "NETWORK_OFFICER")] * 2


def test_a_document_without_its_file_says_so_and_what_to_do(line, browse, folder):
    document = add(line)
    files(folder)[0].unlink()

    response = browse(NETWORK).get(f"/documents/{document.pk}/")

    assert response.status_code == 409
    assert "it has to come back from a backup" in response.content.decode()
    assert not of_type("DOCUMENT_DOWNLOADED")


# Notes


def test_a_note_is_added_and_its_text_stays_out_of_the_trail(line, browse):
    client, text = browse(NETWORK), "Ring <b>twice</b>.\nThen go."

    response = client.post(f"/attach/line/{line.pk}/note/", {"text": text})

    assert response.url == f"/lines/{line.pk}/"
    note = line.notes.get()
    assert (note.text, note.council.register_code) == (text, "CMD")
    (event,) = of_type("NOTE_ADDED")
    assert event.subject == line.reference
    assert event.after == {"note": note.pk, "about": f"line {line.pk}"}
    page = client.get(f"/lines/{line.pk}/").content.decode()
    assert "Ring &lt;b&gt;twice&lt;/b&gt;.<br>Then go." in page


@pytest.mark.parametrize(("text", "sentence"), [("", "Write the note."), ("x" * 4001, "4000")])
def test_a_note_that_says_nothing_or_too_much_is_refused(line, browse, text, sentence):
    response = browse(NETWORK).post(f"/attach/line/{line.pk}/note/", {"text": text})

    assert sentence in response.content.decode()
    with pytest.raises(BadInput):
        documents.add_note(subject=line, text=text, by=person(NETWORK), at=AT)
    assert not Note.objects.exists()


def test_london_grid_may_note_and_a_viewer_may_not(line, browse):
    address = f"/attach/line/{line.pk}/note/"

    assert browse(PROGRAMME).post(address, {"text": "Seen."}).status_code == 302
    assert browse(VIEWER).post(address, {"text": "Seen."}).status_code == 403
    assert Note.objects.count() == 1


# The API


def test_a_document_is_added_by_the_api(line, browse):
    form = {"file": sent(), "title": "Quote", "kind": "QUOTE", "subject_kind": "line"}
    form |= {"subject_id": line.pk, "supplier": "virgin-media-business"}

    response = browse(NETWORK).post("/api/v1/documents/", form)

    assert response.status_code == 201
    document = line.documents.get()
    answer = response.json()
    assert answer.pop("added_at")
    assert answer == {
        "id": document.pk,
        "council": "CMD",
        "about": [{"kind": "line", "id": line.pk}],
        "kind": "QUOTE",
        "title": "Quote",
        "name": "bill.pdf",
        "media_type": "application/pdf",
        "size": len(PDF),
        "sha256": document.sha256,
        "for_london_grid": False,
        "supplier": "virgin-media-business",
        "retention": "BUSINESS",
        "added_by": person(NETWORK).name,
    }


@pytest.mark.parametrize(
    ("changed", "status", "sentence"),
    [
        ({"file": sent(EXE)}, 400, "is not a PDF"),
        ({"file": sent(b"")}, 400, "“bill.pdf” is empty. Choose the file"),
        ({"subject_kind": "moon"}, 400, "subject_kind"),
        ({"subject_id": 0}, 400, "subject_id"),
        ({"subject_id": 999_999}, 404, "There is no line “999999” among yours."),
        ({"title": ""}, 400, "title"),
    ],
)
def test_what_is_wrong_with_a_document_is_answered(line, browse, changed, status, sentence):
    form = {"file": sent(), "title": "Quote", "kind": "QUOTE", "subject_kind": "line"}
    form |= {"subject_id": line.pk} | changed

    response = browse(NETWORK).post("/api/v1/documents/", form)

    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert sentence in response.json()["detail"]
    assert not Document.objects.exists()


def test_notes_are_listed_and_added_by_the_api(line, browse):
    new.new_note(Council.objects.get(slug="sutton"))
    body = {"subject_kind": "line", "subject_id": line.pk, "text": "Ring twice."}

    response = browse(NETWORK).post("/api/v1/notes/", body, content_type="application/json")

    assert response.status_code == 201
    listed = browse(NETWORK).get("/api/v1/notes/").json()["results"]
    assert listed == [response.json()]
    assert listed[0]["about"] == [{"kind": "line", "id": line.pk}]
    assert browse(AGENT).get("/api/v1/notes/").json()["count"] == 0


def test_lists_are_narrowed_to_one_thing_that_one_sees(line, browse):
    add(line, person(NETWORK))
    add(line.site, person(NETWORK))
    client = browse(NETWORK)

    def ask(query, who=client):
        return who.get(f"/api/v1/documents/?{query}")

    assert ask(f"subject_kind=line&subject_id={line.pk}").json()["count"] == 1
    assert ask(f"subject_kind=line&subject_id={line.pk}", browse(STRANGER)).status_code == 404
    assert ask("subject_kind=line").status_code == 400
    assert ask("subject_kind=moon&subject_id=1").status_code == 404


# Retention


@pytest.mark.parametrize(
    ("retention", "added", "today", "is_deleted"),
    [
        ("SHORT", "2014-06-30", "2015-06-29", False),
        ("SHORT", "2014-06-30", "2015-06-30", True),
        ("BUSINESS", "2014-06-30", "2021-06-29", False),
        ("BUSINESS", "2014-06-30", "2021-06-30", True),
        ("CONTRACT", "2014-06-30", "2099-01-01", False),
    ],
)
def test_a_document_goes_when_its_time_since_it_was_added_is_over(
    line, folder, django_capture_on_commit_callbacks, retention, added, today, is_deleted
):
    document = add(line.site, retention=retention)

    with django_capture_on_commit_callbacks(execute=True):
        count = documents.delete_expired(today=day(today), at=AT)

    assert count == (1 if is_deleted else 0)
    assert Document.objects.filter(pk=document.pk).exists() != is_deleted
    assert bool(files(folder)) != is_deleted
    deleted = of_type("DOCUMENT_DELETED")
    assert [event.subject_id for event in deleted] == ([document.pk] if is_deleted else [])


@pytest.mark.parametrize(
    ("ends_on", "today", "is_deleted"),
    [
        ("2014-04-01", "2020-03-31", False),
        ("2014-04-01", "2020-04-01", True),
        (None, "2099-01-01", False),
    ],
)
def test_a_document_of_a_contract_is_kept_six_years_after_it(line, ends_on, today, is_deleted):
    contract = new.new_contract(line.body.council, ends_on=ends_on)
    document = add(contract, retention="CONTRACT")

    documents.delete_expired(today=day(today), at=AT)

    assert Document.objects.filter(pk=document.pk).exists() != is_deleted


@pytest.mark.parametrize(
    ("today", "is_deleted"),
    [("2020-04-01", False), ("2022-03-31", False), ("2022-04-01", True)],
)
def test_an_option_that_was_taken_keeps_a_contracts_documents_longer(line, today, is_deleted):
    """It ends on 1 April 2014 as signed, and two years later by its option."""
    contract = new.new_contract(line.body.council, ends_on=date(2014, 4, 1))
    new.new_contract_extension(contract=contract, number=1, months=24, taken_on=date(2014, 1, 1))
    document = add(contract, retention="CONTRACT")

    documents.delete_expired(today=day(today), at=AT)

    assert Document.objects.filter(pk=document.pk).exists() != is_deleted


@pytest.mark.parametrize(
    ("notice_given_on", "today", "is_deleted"),
    [
        (None, "2026-04-01", False),
        (None, "2099-01-01", False),
        ("2014-02-03", "2020-03-31", False),
        ("2014-02-03", "2020-04-01", True),
    ],
)
def test_a_contract_that_rolls_on_keeps_its_documents_until_notice_is_given(
    line, notice_given_on, today, is_deleted
):
    contract = new.new_contract(
        line.body.council,
        ends_on=date(2014, 4, 1),
        renewal="ROLLS_ON",
        roll_on_months=12,
        notice_days=30,
        notice_given_on=notice_given_on,
    )
    under_it = new.new_line(line.body, contract=contract)
    waivers = [add(one, retention="CONTRACT") for one in (contract, under_it)]

    documents.delete_expired(today=day(today), at=AT)

    kept = Document.objects.filter(pk__in=[waiver.pk for waiver in waivers])
    assert kept.count() == (0 if is_deleted else 2)


def test_the_title_of_a_document_stays_out_of_the_trail(line):
    """Somebody chose its words, and the trail cannot be changed."""
    add(line, title="Letter of Jo Bloggs")

    [event] = of_type("DOCUMENT_ADDED")
    assert (event.subject_type, event.subject) == ("boroughs.document", "")
    assert "Bloggs" not in str(event.after)


def test_a_file_that_another_document_names_stays(line, folder, django_capture_on_commit_callbacks):
    add(line, retention="SHORT")
    kept = add(line)

    with django_capture_on_commit_callbacks(execute=True):
        documents.delete_expired(today=day("2016-01-01"), at=AT)

    assert Document.objects.get() == kept
    assert [file.name for file in files(folder)] == [kept.sha256]


def day(text: str):
    return date.fromisoformat(text)


def test_a_person_whose_role_has_ended_opens_nothing(line, browse):
    document = add(line)
    client = browse(NETWORK)
    person(NETWORK).memberships.update(ends_on=TODAY)

    assert client.get(f"/documents/{document.pk}/").status_code == 404
    with pytest.raises(NotVisible):
        documents.open_document(document_id=document.pk, by=resolve(person(NETWORK), TODAY), at=AT)


def test_an_action_asks_for_the_right_itself(line):
    with pytest.raises(PermissionDenied):
        add(line, person(VIEWER))


# Documents of all councils


@pytest.fixture
def framework(db):
    return new.new_framework(code="zed-1", name="Zed lines")


def add_by_page(client, framework):
    facts = {"title": "Terms of the lots", "kind": "CONTRACT", "retention": "CONTRACT"}
    address = f"/attach/framework/{framework.pk}/document/"
    return client.post(address, facts | {"file": sent()})


def test_london_grid_keeps_the_documents_of_a_framework_for_all_councils(framework, browse):
    answer = add_by_page(browse(PROGRAMME), framework)

    document = framework.documents.get()
    assert answer.url == "/frameworks/zed-1/"
    assert (document.council, document.for_london_grid, document.supplier) == (None, False, None)
    (event,) = of_type("DOCUMENT_ADDED")
    assert (event.chain, event.role) == ("PROGRAMME", "PROGRAMME_OFFICER")
    for address in (NETWORK, STRANGER, AUDITOR, PROGRAMME):
        client = browse(address)
        page = client.get("/frameworks/zed-1/").content.decode()
        assert "Terms of the lots" in page
        assert "All councils" in page
        assert b"".join(client.get(f"/documents/{document.pk}/").streaming_content) == PDF
        assert of_type("DOCUMENT_DOWNLOADED")[-1].role != ""
        (told,) = client.get(
            f"/api/v1/documents/?subject_kind=framework&subject_id={framework.pk}"
        ).json()["results"]
        assert (told["council"], told["title"]) == (None, "Terms of the lots")


@pytest.mark.parametrize("address", [VIEWER, AGENT])
def test_who_sees_no_documents_sees_none_of_a_framework(framework, browse, address):
    document = add(framework)

    client = browse(address)

    assert "Quote of June" not in client.get("/frameworks/zed-1/").content.decode()
    assert client.get(f"/documents/{document.pk}/").status_code == 404


@pytest.mark.parametrize("address", [NETWORK, VIEWER, AGENT, AUDITOR])
def test_nobody_else_adds_a_document_to_a_framework(framework, browse, address):
    client = browse(address)

    assert add_by_page(client, framework).status_code == 403
    assert "Add a document" not in client.get("/frameworks/zed-1/").content.decode()
    assert not framework.documents.exists()


def test_a_framework_carries_no_notes(framework, browse):
    client, about = browse(PROGRAMME), {"subject_kind": "framework", "subject_id": framework.pk}

    assert client.get(f"/attach/framework/{framework.pk}/note/").status_code == 404
    assert client.get("/api/v1/notes/", about).status_code == 404
    answer = client.post("/api/v1/notes/", about | {"text": "Ring twice."})
    assert (answer.status_code, Note.objects.count()) == (400, 0)


@pytest.mark.parametrize("more", [{"for_london_grid": True}, {"supplier": True}])
def test_a_document_of_all_councils_is_opened_to_nobody_more(framework, line, more):
    more = {"supplier": line.supplier} if "supplier" in more else more

    with pytest.raises(BadInput, match="The people of all councils see it already"):
        add(framework, **more)


def test_the_documents_of_a_framework_are_kept_as_long_as_a_call_off_under_it(framework):
    document = add(framework, retention="CONTRACT")
    framework.ends_on = date(2014, 1, 1)
    framework.save(update_fields=["ends_on"])
    assert attachments.contract_ends(document.pk, TODAY) == [date(2014, 1, 1)]

    new.new_call_off(framework=framework, ends_on=date(2018, 1, 1))

    assert attachments.contract_ends(document.pk, TODAY) == [date(2018, 1, 1)]
