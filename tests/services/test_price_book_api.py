"""A price book is loaded and sent as a file by programs too: as its pages do."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from boroughs.models import ApiToken, AuditEvent
from services.models import Price
from tests import factories as new
from tests.conftest import person, sign_in
from tests.services.test_price_book import (
    HEADER,
    JULY,
    OFFICER,
    book,
    held,
    row,
    whole_book,
)

__all__ = ["book"]  # a fixture
BOOK = "/api/v1/price-book/"


def send(client, rows: str, key: str = "one", **said):
    file = SimpleUploadedFile("book.csv", (HEADER + rows).encode(), "text/csv")
    return client.post(BOOK, {"file": file, **said}, headers={"Idempotency-Key": key})


def token_of(address: str, **facts) -> Client:
    secret, digest = ApiToken.new_secret()
    new.new_api_token(user=person(address), digest=digest, scope="WRITE", **facts)
    return Client(headers={"Authorization": f"Token {secret}"})


RAISED = row("100.00", last_day="2014-06-30") + row("110.00", JULY)


def test_a_dry_run_reports_and_keeps_nothing_and_then_it_is_loaded(book, browse):
    client, before = browse(OFFICER), held(book.contract)

    looked_over = send(client, RAISED, "look", dry_run="true")
    report = looked_over.json()

    assert looked_over.status_code == 200
    assert (report["dry_run"], report["is_done"]) == (True, False)
    assert held(book.contract) == before
    difference = {"council": book.contract.council.short_name, "contract": "ZED/1"}
    difference |= {"item": "LINE-10", "kind": "RECURRING", "from_quantity": 1}
    assert report["differences"] == [
        difference
        | {
            "what": "CHANGED",
            "before": "100.0000",
            "after": "110.0000",
            "on": "2014-07-01",
            "is_backdated": False,
        }
    ]

    loaded = send(client, RAISED, "load", seen=report["digest"]).json()
    assert (loaded["is_done"], loaded["changed"], loaded["digest"]) == (True, 1, report["digest"])
    assert [amount for _, _, amount, *_ in held(book.contract)] == [Decimal(100), Decimal(110)]
    assert AuditEvent.objects.filter(type="PRICES_LOADED").count() == 1


def test_it_says_whose_lines_are_affected(book, browse):
    body = new.new_body(book.contract.council, kind="COUNCIL")
    kind = book.item.service_type
    line = new.new_line(
        body, contract=book.contract, service_type=kind, billed_from=date(2013, 4, 1)
    )
    new.new_charge(line, amount=Decimal(100))
    client = browse(OFFICER)

    dearer = send(client, RAISED, "dearer", dry_run="true").json()
    ending = send(client, row("100.00", last_day="2014-06-30"), "ends", dry_run="true").json()

    whose = {"council": book.contract.council.short_name, "body_kind": "COUNCIL", "lines": 1}
    assert dearer["affected"] == [whose | {"ends": False, "monthly": "10.00"}]
    assert ending["affected"] == [whose | {"ends": True, "monthly": None}]


def test_what_cannot_be_taken_is_said_by_line_and_nothing_is_kept(book, browse):
    before = held(book.contract)

    report = send(browse(OFFICER), row("x") + row("100.00", item="NONE")).json()

    assert (report["is_done"], report["refused"], report["read"]) == (False, 2, 2)
    assert report["problems"] == [
        {
            "line": 2,
            "cell": "amount",
            "text": "“x” is no price. Write pounds from 0 on, with up to four decimals.",
        },
        {"line": 3, "cell": "item", "text": "the catalogue has no item “NONE”."},
    ]
    assert held(book.contract) == before


def test_sent_twice_under_one_key_it_is_loaded_once_and_another_file_is_refused(book, browse):
    """The marks between the fields of a form differ each time; what was sent does not."""
    client = browse(OFFICER)

    first, again = send(client, RAISED), send(client, RAISED)
    other = send(client, row("100.00"))

    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, "given to another request" in other.json()["detail"]) == (409, True)
    assert AuditEvent.objects.filter(type="PRICES_LOADED").count() == 1


def test_a_browser_with_its_form_token_and_a_program_may_send_a_large_file(book):
    """Larger than what is read into memory, and read by the check of the form before."""
    strict = sign_in(Client(enforce_csrf_checks=True), person(OFFICER))
    strict.get("/")
    form_token = strict.get("/c/all/prices/upload/").cookies["csrftoken"].value
    blank = ",,,,,,,\n" * 400_000

    by_browser = send(strict, row("100.00") + blank, csrfmiddlewaretoken=form_token)
    # The same once more, with the form's token written in another way.
    other_token = strict.get("/c/all/prices/upload/").context["csrf_token"]
    again = send(strict, row("100.00") + blank, csrfmiddlewaretoken=str(other_token))
    assert again.headers["Idempotent-Replayed"] == "true"
    by_token = send(token_of(OFFICER), row("100.00") + blank, "two")

    for answer in (by_browser, by_token):
        assert (answer.status_code, answer.json()["unchanged"]) == (200, 1)


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"seen": "x"}, 409, "changed"),
        ({"file": ""}, 400, "file"),
        ({"file": SimpleUploadedFile("b.csv", b"")}, 400, "The file is empty."),
        ({"file": SimpleUploadedFile("b.csv", b"a,b\n1,2\n")}, 400, "has no column “a”"),
        ({"council": "XXX"}, 404, "There is no council “XXX”"),
    ],
)
def test_what_cannot_be_read_at_all_is_a_problem_in_words(book, browse, said, status, words):
    answer = send(browse(OFFICER), RAISED, **said)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]
    assert Price.objects.filter(contract=book.contract).count() == 1


def test_who_may_not_load_one_is_403_and_a_foreign_council_404(book, browse):
    assert send(browse("buyer@camden"), RAISED).status_code == 403
    assert send(browse("buyer@camden"), RAISED, council="CMD").status_code == 403
    assert send(browse("buyer@camden"), RAISED, council="STN").status_code == 404
    assert send(browse("agent1@virgin-media-business"), RAISED).status_code == 403
    assert Price.objects.filter(contract=book.contract).count() == 1


def test_a_book_of_one_council_takes_no_contract_of_another(book, browse):
    report = send(browse(OFFICER), RAISED, council="CMD").json()

    assert report["refused"] == 2
    assert "there is no contract “ZED/1” here" in report["problems"][0]["text"]


# The file that goes out


def test_the_book_goes_out_to_the_byte_as_from_the_page_and_that_is_in_the_trail(db, browse):
    page = whole_book(browse(OFFICER), "csv")

    answer = token_of("buyer@camden").get(f"{BOOK}?council=CMD")

    assert b"".join(answer.streaming_content) == page
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="price-book.csv"' in answer["Content-Disposition"]
    event = AuditEvent.objects.filter(type="LIST_DOWNLOADED").latest("pk")
    assert (event.chain, event.after["list"], event.after["page"]) == ("CMD", "price-book", BOOK)


def test_the_book_that_goes_out_comes_in_again_with_no_change(db, browse):
    client = browse(OFFICER)
    whole = b"".join(client.get(BOOK).streaming_content)

    file = SimpleUploadedFile("book.csv", whole, "text/csv")
    report = client.post(BOOK, {"file": file}, headers={"Idempotency-Key": "k"}).json()

    assert (report["added"], report["changed"], report["ended"]) == (0, 0, 0)
    assert report["unchanged"] == Price.objects.filter(contract__stage="AWARDED").count()


def test_one_gets_the_book_of_ones_own_councils_and_a_supplier_its_own_prices(db, browse):
    bt = new.new_price(new.new_contract(reference="BT/1"))

    def contracts(who: str, query: str = "") -> set[str]:
        file = b"".join(browse(who).get(f"{BOOK}{query}").streaming_content).decode("utf-8-sig")
        return {line.split(",")[0] for line in file.splitlines()[1:]}

    assert contracts("buyer@camden") == {"CMD/LONDONPSN"}
    assert browse("buyer@camden").get(f"{BOOK}?council=STN").status_code == 404
    assert bt.contract.reference not in contracts("agent1@virgin-media-business")
    assert contracts("agent1@virgin-media-business", "?council=CMD") == {"CMD/LONDONPSN"}
