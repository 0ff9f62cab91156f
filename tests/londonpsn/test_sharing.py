"""Saving in per cent is seen by other councils where a council shares it, and pounds never."""

import re
from operator import itemgetter

import pytest
from django.db import connection

from boroughs import kept_rows
from boroughs.models import AuditEvent, Council
from procurement.models import SavingsCoverage
from tests.conftest import person
from tests.londonpsn.test_london_page import LONDON, file_of, row_of, text_of

API = "/api/v1/migration/"


@pytest.fixture
def kingston(council):
    """Shares in the data set; Sutton does not."""
    return council("KTT")


def answer(client, code: str, query: str = "") -> tuple[bool, str | None]:
    (row,) = client.get(f"{API}?council={code}{query}").json()["results"]
    return row["shares_saving"], row["saving_percent"]


def saving_in_file(client, name: str) -> str:
    header, *rows = file_of(client, "format=csv")
    (row,) = (row for row in rows if row[0] == name)
    return row[header.index("saving_percent")]


def test_what_another_council_shares_stands_in_the_table_the_map_the_file_and_the_api(
    db, browse, kingston
):
    client = browse("viewer@camden")

    assert row_of(text_of(client), "kingston-upon-thames").count("28.8%") == 1
    assert re.search(
        r'aria-label="KNG 28.8% less than the old price, Kingston upon Thames, ',
        text_of(client, "map=saving"),
    )
    assert saving_in_file(client, "Kingston upon Thames") == "28.8"
    assert answer(client, "KTT") == (True, "28.8")


def test_what_another_council_does_not_share_is_not_shared_and_never_zero(db, browse):
    client = browse("viewer@camden")

    text = text_of(client, "map=saving")
    assert "Not shared" in row_of(text, "sutton")
    assert 'aria-label="STN Not shared, Sutton, Not shared"' in text
    assert re.search(r"Not shared<b>\d+</b>", text)
    assert saving_in_file(client, "Sutton") == "Not shared"
    assert answer(client, "STN") == (False, None)


@pytest.mark.parametrize("address", ["viewer@sutton", "programme@london-grid"])
def test_ones_own_council_and_london_grid_see_it_in_any_case(db, browse, address):
    client = browse(address)

    assert "Not shared" not in row_of(text_of(client), "sutton")
    assert answer(client, "STN") == (False, "27.9")


def test_it_is_seen_no_more_from_the_next_request_on_when_it_is_not_shared_any_more(
    db, browse, kingston
):
    client, theirs = browse("viewer@camden"), browse("finance@kingston-upon-thames")
    assert answer(client, "KTT") == (True, "28.8")

    theirs.post("/c/kingston-upon-thames/sharing/", {"shares": "no"})

    assert answer(client, "KTT") == (False, None)
    assert "Not shared" in row_of(text_of(client), "kingston-upon-thames")


# No pounds can be worked out of it


def test_of_a_past_day_another_councils_is_not_shown(db, browse, kingston):
    """Shares of many days, and the sums of all on each, would tell what each one pays."""
    client = browse("viewer@camden")

    past = row_of(text_of(client, "as_at=2014-05-31"), "kingston-upon-thames")
    assert "Shown for today alone" in past
    assert answer(client, "KTT", "&as_at=2014-05-31") == (True, None)
    assert answer(client, "CMD", "&as_at=2014-05-31")[1] is not None


def test_with_fewer_than_five_lines_behind_it_another_councils_is_not_shown(db, browse, kingston):
    """All pay the same new price: with the share of one line everybody had its old one."""
    client = browse("viewer@camden")
    held = SavingsCoverage.objects.filter(council=kingston, body_kind="COUNCIL")
    held.update(lines_covered=0)
    first = held.filter(service_type__programmes__is_default=True).first()
    SavingsCoverage.objects.filter(pk=first.pk).update(lines=5, lines_covered=4)
    assert answer(client, "KTT") == (True, None)
    assert "Too few lines to show" in row_of(text_of(client), "kingston-upon-thames")

    SavingsCoverage.objects.filter(pk=first.pk).update(lines_covered=5)

    assert answer(client, "KTT") == (True, "28.8")


def test_what_is_shared_brings_no_pounds_with_it(db, browse):
    client = browse("viewer@camden")

    assert "£" not in text_of(client, "map=saving")
    assert client.get("/c/kingston-upon-thames/savings/").status_code == 404
    assert client.get("/api/v1/savings/?council=KTT").status_code == 404


def test_a_supplier_sees_no_councils_saving(db, browse):
    client = browse("agent1@virgin-media-business")

    assert client.get(f"{LONDON}?map=saving").status_code == 403
    assert client.get(API).status_code == 403


# Who says so


@pytest.mark.parametrize(
    ("who", "status"),
    [
        *(("finance@sutton", 302), ("approver@sutton", 302), ("administrator@london-grid", 302)),
        *(("network@sutton", 403), ("buyer@sutton", 403), ("viewer@sutton", 403)),
        *(("programme@london-grid", 403), ("finance@camden", 404)),
    ],
)
def test_finance_and_approvers_of_the_council_itself_say_whether_it_is_shared(
    council, browse, who, status
):
    response = browse(who).post("/c/sutton/sharing/", {"shares": "yes"})

    assert response.status_code == status
    assert council("STN").shares_saving is (status == 302)
    assert AuditEvent.objects.filter(type="SAVING_SHARED").exists() is (status == 302)


def test_the_page_of_the_council_says_who_sees_it_and_leads_to_the_form(db, browse):
    finance, viewer = (browse(f"{who}@sutton") for who in ("finance", "viewer"))

    for client in (finance, viewer):
        assert "do not see what Sutton saves" in client.get("/c/sutton/").content.decode()
    assert b"/c/sutton/sharing/" in finance.get("/c/sutton/").content
    assert b"/c/sutton/sharing/" not in viewer.get("/c/sutton/").content
    blank = finance.post("/c/sutton/sharing/", {})
    assert "Choose yes or no." in blank.content.decode()


def test_sharing_is_an_event_with_before_and_after_and_the_row_is_kept(council, browse):
    sutton, finance = council("STN"), person("finance@sutton")

    for _ in range(2):  # the second time nothing changes
        browse("finance@sutton").post("/c/sutton/sharing/", {"shares": "yes"})

    event = AuditEvent.objects.get(type="SAVING_SHARED")
    assert (event.chain, event.user_id, event.role) == ("STN", finance.pk, "FINANCE")
    assert (event.before, event.after) == ({"shares_saving": False}, {"shares_saving": True})
    assert (event.subject_type, event.subject_id) == ("boroughs.council", sutton.pk)
    row = sutton.rows.latest("pk")
    assert (row.shares_saving, row.pgh_transaction) == (True, event.transaction)


def test_who_shares_it_by_raw_sql_leaves_a_row_of_that_council(council):
    sutton, auditor = council("STN"), person("auditor@london-grid")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE boroughs_council SET shares_saving = true WHERE id = %s", [sutton.pk]
        )

    found = max(kept_rows.about(auditor, "boroughs.council", sutton.pk), key=itemgetter("pgh_id"))

    (shown,) = kept_rows.shown(auditor, [found])
    assert (shown.name, shown.done) == (f"Council {sutton.pk}", "changed")
    assert "yes" in str(shown.changes[0])
    assert list(kept_rows.about(person("finance@camden"), "boroughs.council", sutton.pk)) == []


@pytest.mark.parametrize(
    ("who", "status"),
    [("finance@sutton", 200), ("viewer@sutton", 403), ("finance@camden", 404)],
)
def test_a_program_says_it_by_a_verb_of_its_own(council, browse, who, status):
    sutton = council("STN")

    response = browse(who).post(
        f"/api/v1/councils/{sutton.pk}/share-saving/",
        {"shares": True},
        content_type="application/json",
    )

    assert response.status_code == status
    assert council("STN").shares_saving is (status == 200)
    if status == 200:
        assert response.json()["shares_saving"] is True


def test_the_administration_says_it_through_the_action(council, browse):
    client, sutton = browse("administrator@london-grid"), council("STN")
    page = f"/admin/boroughs/council/{sutton.pk}/change/"
    form = {
        field: "" if value is None else value
        for field, value in client.get(page).context["adminform"].form.initial.items()
    }
    form["mail_domains"] = ",".join(sutton.mail_domains)

    response = client.post(page, form | {"shares_saving": "on"})

    assert response.status_code == 302
    assert council("STN").shares_saving
    (event,) = AuditEvent.objects.filter(subject_type="boroughs.council", subject_id=sutton.pk)
    assert (event.type, event.chain, event.role) == ("SAVING_SHARED", "STN", "ADMINISTRATOR")


def test_a_council_shares_nothing_until_it_says_so(db):
    facts = Council.objects.values().first() | {"id": None, "gss_code": "E0", "slug": "new"}
    facts = {name: facts[name] for name in facts if name not in ("id", "shares_saving")}

    new = Council(**facts | {"register_code": "NEW"})
    new.save()

    new.refresh_from_db()
    assert new.shares_saving is False
