"""A price book is loaded whole or not at all, and never rewrites what was (issue: prices)."""

import io
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boroughs.models import AuditEvent
from londonpsn.common.errors import BadInput, Refused
from londonpsn.common.importers import Upload
from services.actions.prices import load
from services.models import CatalogueItem, Contract, Price
from tests import factories as new
from tests.factories import APRIL, AT, TODAY, member
from tests.services.test_calloffs import at_once

HEADER = "contract,item,kind,from_quantity,amount,term_months,starts_on,last_day\n"
JULY, AUGUST = date(2014, 7, 1), date(2014, 8, 1)
EXPORT = "/c/camden/prices/?format={}&table=price-book"
OFFICER = "programme@london-grid"


@pytest.fixture
def book(db):
    """A call-off with one price that is in force."""
    contract = new.new_contract(reference="ZED/1")
    item = new.new_catalogue_item(code="LINE-10", service_type=new.new_service_type())
    return new.new_price(contract, item, amount=Decimal("100.00"))


@pytest.fixture
def send(tmp_path):
    """Load rows as a file; returns the report."""

    def send_rows(rows: str, *, by=None, on=TODAY, dry_run=False, council=None, header=HEADER):
        path = tmp_path / "book.csv"
        path.write_text(header + rows)
        code = council and council.register_code
        return load(Upload(path, path.name, AT, by, code, on=on, dry_run=dry_run))

    return send_rows


def held(contract) -> list[tuple]:
    columns = ("from_quantity", "amount", "starts_on", "ends_on")
    prices = Price.objects.filter(contract=contract)
    return [
        (kind, *rest)
        for kind, *rest in prices.order_by("kind", "from_quantity", "starts_on").values_list(
            "kind", *columns
        )
    ]


def counts(report) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.ended, report.unchanged


def row(amount, starts_on=APRIL, last_day="", *, quantity=1, item="LINE-10", kind="RECURRING"):
    return f"ZED/1,{item},{kind},{quantity},{amount},,{starts_on},{last_day}\n"


# What a file does


def test_the_same_book_changes_nothing_and_leaves_no_trail(book, send):
    report = send(row("100.00"))

    assert counts(report) == (0, 0, 0, 1)
    assert not AuditEvent.objects.filter(type="PRICES_LOADED").exists()


def test_a_changed_price_ends_the_old_and_starts_the_new(book, send):
    report = send(row("110.00", JULY))

    assert counts(report) == (0, 1, 0, 0)
    assert held(book.contract) == [
        ("RECURRING", 1, Decimal(100), APRIL, JULY),
        ("RECURRING", 1, Decimal(110), JULY, None),
    ]
    (change,) = report.differences
    assert (change.words, change.before, change.after, change.on) == (
        *("Changed", Decimal(100), Decimal(110)),
        JULY,
    )


def test_a_price_whose_last_day_and_successor_the_file_states_is_one_change(book, send):
    report = send(row("100.00", APRIL, "2014-06-30") + row("110.00", JULY))

    assert counts(report) == (0, 1, 0, 0)
    assert held(book.contract)[0] == ("RECURRING", 1, Decimal(100), APRIL, JULY)


def test_a_price_that_the_file_lacks_has_today_as_its_last_day(book, send):
    report = send(row("7.00", kind="ONE_OFF"))

    assert counts(report) == (1, 0, 1, 0)
    book.refresh_from_db()
    assert book.ends_on == TODAY + timedelta(days=1)


def test_a_price_that_has_not_begun_is_written_anew_or_withdrawn(book, send):
    planned = {"contract": book.contract, "starts_on": JULY}
    new.new_price(item=book.item, kind="ONE_OFF", **planned)
    other = new.new_catalogue_item(code="OTHER")
    new.new_price(item=other, **planned)

    report = send(row("100") + row("55.5", JULY, kind="ONE_OFF"))

    assert counts(report) == (0, 1, 1, 1)
    assert held(book.contract) == [
        ("ONE_OFF", 1, Decimal("55.5"), JULY, None),
        ("RECURRING", 1, Decimal(100), APRIL, None),
    ]
    assert [change.words for change in report.differences] == [
        "Changed",
        "Withdrawn before it began",
    ]


def test_an_end_can_be_brought_forward_and_put_off_while_a_price_holds(book, send):
    ended = send(row("100", APRIL, "2014-07-31"))
    assert counts(ended) == (0, 0, 1, 0)
    assert held(book.contract) == [("RECURRING", 1, Decimal(100), APRIL, AUGUST)]

    prolonged = send(row("100"))
    assert counts(prolonged) == (0, 1, 0, 0)
    assert held(book.contract) == [("RECURRING", 1, Decimal(100), APRIL, None)]


def test_bands_and_kinds_are_prices_of_their_own(book, send):
    rows = row("100") + row("90", APRIL, quantity=10) + row("45", APRIL, kind="ONE_OFF")

    assert counts(send(rows)) == (2, 0, 0, 1)


@pytest.mark.parametrize("later", [0, 1, 30, 200])
def test_a_file_loaded_twice_is_a_no_op_also_on_a_later_day(book, send, later):
    gone = new.new_price(book.contract, new.new_catalogue_item(), amount=Decimal(5))
    planned = new.new_price(book.contract, gone.item, starts_on=AUGUST, kind="ONE_OFF")
    rows = row("110", AUGUST) + row("90", quantity=5)
    assert counts(send(rows)) == (1, 1, 2, 0)
    after = held(book.contract)

    again = send(rows, on=TODAY + timedelta(days=later))

    assert counts(again) == (0, 0, 0, 2)
    assert held(book.contract) == after
    assert not Price.objects.filter(pk=planned.pk).exists()
    assert AuditEvent.objects.filter(type="PRICES_LOADED").count() == 1


def test_other_call_offs_stay_as_they_are(book, send):
    other = new.new_price()

    send(row("110", JULY))

    other.refresh_from_db()
    assert other.ends_on is None


def test_the_trail_says_what_came_of_the_file_for_each_call_off(book, send):
    officer = member(role="PROGRAMME_OFFICER")

    send(row("110", JULY), by=officer)

    event = AuditEvent.objects.get(type="PRICES_LOADED")
    assert (event.user_id, event.council_id) == (officer.pk, book.contract.council_id)
    assert (event.subject_id, event.role) == (book.contract_id, "PROGRAMME_OFFICER")
    assert event.after["changed"] == 1
    assert len(event.after["sha256"]) == 64


def test_a_dry_run_tells_all_and_keeps_nothing(book, send):
    report = send(row("110", JULY), dry_run=True)

    assert counts(report) == (0, 1, 0, 0)
    assert held(book.contract) == [("RECURRING", 1, Decimal(100), APRIL, None)]
    assert not AuditEvent.objects.filter(type="PRICES_LOADED").exists()


# Who is affected


def on_the_price(book, quantity=1, price=100, kind="COUNCIL", **fields):
    council = book.contract.council
    body = council.bodies.filter(kind=kind).first() or new.new_body(council, kind=kind)
    service = {"contract": book.contract, "service_type": book.item.service_type}
    line = new.new_line(body, **service, quantity=quantity, **fields)
    new.new_charge(line, amount=Decimal(price) * quantity)
    return line


def test_the_report_says_whom_a_change_concerns_and_by_how_much_a_month(book, send):
    on_the_price(book, 3)
    on_the_price(book, 2)
    on_the_price(book, 1, kind="SCHOOL")
    on_the_price(book, 1, price=99)  # on another price
    on_the_price(book, 1, billed_until=date(2014, 6, 1))  # no longer billed

    report = send(row("110.50", JULY), dry_run=True)

    assert [(one.who, one.lines, one.monthly) for one in report.affected] == [
        ("Council", 2, Decimal("52.50")),
        ("School", 1, Decimal("10.50")),
    ]


def test_a_line_counts_once_at_the_price_of_the_most_quantity(book, send):
    new.new_price(book.contract, book.item, from_quantity=10, amount=Decimal(100))
    on_the_price(book, 12)

    report = send(row("110", JULY) + row("90", JULY, quantity=10), dry_run=True)

    assert [(one.lines, one.monthly) for one in report.affected] == [(1, Decimal(-120))]
    assert report.affected[0].difference == "£120.00 less"


def test_lines_on_a_price_that_ends_with_no_successor_are_told(book, send):
    for _ in range(3):
        on_the_price(book)

    report = send(row("7.00", kind="ONE_OFF"), dry_run=True)

    (one,) = report.affected
    assert (one.lines, one.ends, one.monthly) == (3, True, None)
    assert one.what == "Its price ends, and none follows"
    assert str(one).endswith("Council: 3 lines, the price ends and none follows")


def test_a_price_that_ends_and_is_followed_is_told_as_a_change(book, send):
    on_the_price(book)

    report = send(row("100", APRIL, "2014-07-31") + row("90", date(2014, 9, 1)), dry_run=True)

    assert [(one.lines, one.ends, one.monthly) for one in report.affected] == [(1, False, -10)]


def test_what_was_held_and_becomes_another_in_the_past_is_marked_backdated(book, send):
    rows = row("100", APRIL, "2014-01-31") + row("110", date(2014, 2, 1))

    report = send(rows)

    assert (report.changed, report.backdated) == (1, 1)
    assert [change.words for change in report.differences] == ["Changed, backdated"]
    assert AuditEvent.objects.get(type="PRICES_LOADED").after["backdated"] == 1


def test_a_first_book_with_its_past_is_not_backdated(book, send):
    new.new_catalogue_item(code="NEW")
    past = row("5", APRIL, "2014-01-31", item="NEW") + row("6", date(2014, 2, 1), item="NEW")

    report = send(row("100") + past)

    assert (report.added, report.changed, report.backdated) == (1, 1, 0)


def test_what_is_loaded_is_what_was_looked_over(book, send, tmp_path):
    rows = row("110", JULY)
    seen = send(rows, dry_run=True).digest
    send(row("105", JULY))  # another's

    upload = Upload(tmp_path / "book.csv", "book.csv", AT, on=TODAY)
    upload.path.write_text(HEADER + rows)
    with pytest.raises(Refused, match="It has changed since you looked at it"):
        load(upload, seen=seen)

    assert Price.objects.get(contract=book.contract, starts_on=JULY).amount == 105
    assert load(upload, seen=load(replace(upload, dry_run=True)).digest).changed == 1


def test_the_page_loads_nothing_that_was_not_looked_over(db, browse, send, council):
    client, page = browse(OFFICER), "/c/camden/prices/upload/"
    prices = Price.objects.filter(contract__reference="CMD/LONDONPSN")
    rows = "CMD/LONDONPSN,AUDIO,RECURRING,1,{},,2014-08-01,\n"
    file = io.BytesIO((HEADER + rows.format("30")).encode())
    file.name = "book.csv"
    looked_over = client.post(page, {"file": file}).context
    send(rows.format("31"), council=council("CMD"))

    said = {"kept": looked_over["kept"], "seen": looked_over["report"].digest}
    answer = client.post(page, said).content.decode()

    assert "It has changed since you looked at it. Look again." in answer
    assert prices.get(starts_on=AUGUST).amount == 31


# Two at once


def test_two_loads_at_once_follow_each_other_and_the_second_is_told(
    transactional_db, committed, tmp_path
):
    contract = new.new_contract(reference="ZED/1")
    item = new.new_catalogue_item(code="LINE-10")
    new.new_price(contract, item, amount=Decimal("100.00"))
    uploads = []
    for amount in ("110", "120"):
        path = tmp_path / f"{amount}.csv"
        path.write_text(HEADER + row(amount, JULY))
        uploads.append(Upload(path, path.name, AT, on=TODAY))
    seen = [load(replace(upload, dry_run=True)).digest for upload in uploads]

    found = at_once(
        lambda: load(uploads[0], seen=seen[0]).changed,
        lambda: load(uploads[1], seen=seen[1]).changed,
    )

    assert sorted(found, key=str) == [1, "It has changed since you looked at it. Look again."]
    assert len(held(contract)) == 2
    assert AuditEvent.objects.filter(type="PRICES_LOADED").count() == 1


def test_one_book_loaded_twice_at_once_is_loaded_once(transactional_db, committed, tmp_path):
    contract = new.new_contract(reference="ZED/1")
    new.new_price(contract, new.new_catalogue_item(code="LINE-10"), amount=Decimal("100.00"))
    path = tmp_path / "book.csv"
    path.write_text(HEADER + row("110", JULY))
    upload = Upload(path, path.name, AT, on=TODAY)

    found = at_once(lambda: load(upload).changed, lambda: load(upload).changed)

    assert sorted(found) == [0, 1]
    assert AuditEvent.objects.filter(type="PRICES_LOADED").count() == 1


# Files that are none


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        ((HEADER + row("110", JULY)).encode("utf-16"), "has bytes that no text has"),
        ((HEADER + row("110", JULY)).encode() + b"\0\n", "has bytes that no text has"),
        (b"PK\x03\x04 no workbook", "it is damaged"),
        (HEADER.encode() + b'"' + b"x" * 200_000, "Line 2: this row cannot be read"),
    ],
    ids=["empty", "utf-16", "nul", "damaged", "one-endless-cell"],
)
def test_a_file_that_is_no_book_gets_a_clear_sentence_and_leaves_nothing(
    book, tmp_path, content, said
):
    path = tmp_path / "book.csv"
    path.write_bytes(content)

    with pytest.raises(BadInput, match=said):
        load(Upload(path, path.name, AT, on=TODAY))

    assert held(book.contract) == [("RECURRING", 1, Decimal(100), APRIL, None)]
    assert "price_book_row" not in connection.introspection.table_names()


def test_a_file_in_cp1252_is_read_as_what_it_says(book, tmp_path):
    path = tmp_path / "book.csv"
    path.write_bytes((HEADER + row("£110", JULY)).encode("cp1252"))

    report = load(Upload(path, path.name, AT, on=TODAY))

    assert (report.encoding, report.changed) == ("cp1252", 1)


def test_a_file_of_more_than_20_mb_is_refused_before_it_is_read(db, browse):
    file = io.BytesIO(HEADER.encode() + b"x" * 20 * 1024 * 1024)
    file.name = "book.csv"

    answer = browse(OFFICER).post("/c/camden/prices/upload/", {"file": file}).content.decode()

    assert "The limit is 20 MB" in answer


def test_of_many_rows_that_cannot_be_the_first_are_told_and_all_counted(book, send):
    rows = "".join(row("1", JULY, quantity=number, item="NOPE") for number in range(1, 2_501))

    report = send(rows)

    assert (report.refused, len(report.found)) == (2_500, 1_000)
    assert report.problems()[-1].startswith("Line 1001, item: the catalogue has no item")


# What is refused, in words, all of it


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("ZED/1,LINE-10,RECURRING,1,abc,,2013-04-01,\n", "Line 2, amount: “abc” is no price."),
        ("ZED/1,LINE-10,RECURRING,1,-1,,2013-04-01,\n", "Line 2, amount: “-1” is no price."),
        ("ZED/1,LINE-10,RECURRING,1,1.23456,,2013-04-01,\n", "Line 2, amount: “1.23456” is no"),
        ("ZED/1,LINE-10,TIP,1,1,,2013-04-01,\n", "Line 2, kind: “TIP” is no kind of price."),
        ("ZED/1,LINE-10,RECURRING,0,1,,2013-04-01,\n", "Line 2, from_quantity: “0” is no quantity"),
        ("ZED/1,LINE-10,RECURRING,1,1,x,2013-04-01,\n", "Line 2, term_months: “x” is no number"),
        ("ZED/1,LINE-10,RECURRING,1,1,,soon,\n", "Line 2, starts_on: “soon” is no day."),
        ("ZED/1,LINE-10,RECURRING,1,1,,2013-04-01,2013-03-31\n", "Line 2, last_day: “2013-03-31”"),
        (",LINE-10,RECURRING,1,1,,2013-04-01,\n", "Line 2, contract: this is blank."),
        ("NOPE,LINE-10,RECURRING,1,1,,2013-04-01,\n", "Line 2, contract: there is no contract"),
        ("ZED/1,NOPE,RECURRING,1,1,,2013-04-01,\n", "Line 2, item: the catalogue has no item"),
        (row("99"), "Line 2, amount: since 1 April 2013 this is £100.00 or of another term"),
        (row("99", "2013-01-01"), "Line 2, starts_on: this price would hold over one of £100.00"),
        (
            row("100") + row("110", JULY),
            "Line 3, starts_on: this price overlaps that of line 2",
        ),
        (row("100") + row("100"), "Line 3, starts_on: this price overlaps that of line 2"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_cell_and_nothing_is_kept(book, send, rows, said):
    new.new_catalogue_item(code="GOOD")
    good = row("1", item="GOOD", kind="ONE_OFF")

    report = send(rows + good)

    assert report.is_refused
    assert any(problem.startswith(said) for problem in report.problems()), report.problems()
    assert held(book.contract) == [("RECURRING", 1, Decimal(100), APRIL, None)]
    assert not AuditEvent.objects.filter(type="PRICES_LOADED").exists()


def test_what_is_over_is_not_moved(book, send):
    Price.objects.filter(pk=book.pk).update(ends_on=date(2014, 4, 1))

    moved = send(row("100", APRIL, "2014-05-31"))
    over = send(row("90", date(2014, 1, 1)))

    assert "its last day was 31 March 2014" in moved.problems()[0]
    assert "would hold over one of £100.00 that began on 1 April 2013" in over.problems()[0]
    assert held(book.contract) == [("RECURRING", 1, Decimal(100), APRIL, date(2014, 4, 1))]


def test_an_item_that_is_priced_by_quote_has_no_price(book, send):
    new.new_catalogue_item(code="FIBRE", is_by_quote=True)

    report = send(row("100") + row("1", item="FIBRE"))

    assert report.problems() == [
        "Line 3, item: “FIBRE” is priced by quote: it has no price in the book."
    ]


def test_a_reference_of_two_councils_needs_the_council(book, send):
    new.new_contract(reference="ZED/1")

    assert "2 councils have a contract “ZED/1”" in send(row("110", JULY)).problems()[0]
    assert counts(send(row("110", JULY), council=book.contract.council)) == (0, 1, 0, 0)


def test_another_councils_contract_is_not_there(book, send):
    other = new.new_council()

    assert "there is no contract “ZED/1”" in send(row("1", JULY), council=other).problems()[0]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("contract,item,kind,from_quantity,amount,starts_on,ends_on\n", "no column “ends_on”"),
        ("contract,item,kind,amount,starts_on\n", "“from_quantity” is missing"),
        (HEADER.replace("item", "contract"), "“contract” is there twice"),
    ],
)
def test_a_file_whose_columns_are_others_is_refused_as_a_whole(book, send, header, said):
    with pytest.raises(BadInput, match=said):
        send(row("100"), header=header)


def test_a_file_without_prices_is_refused(book, send):
    with pytest.raises(BadInput, match="has no prices"):
        send("\n")


@pytest.mark.parametrize(
    "role", ["BUYER", "NETWORK_OFFICER", "FINANCE", "APPROVER", "VIEWER", "AUDITOR"]
)
def test_only_programme_officers_load_price_books(book, send, role):
    council = book.contract.council

    with pytest.raises(PermissionDenied, match="load a price book and raise prices"):
        send(row("110", JULY), by=member(council, role), council=council)

    assert held(book.contract) == [("RECURRING", 1, Decimal(100), APRIL, None)]


# The command, and both kinds of file


def test_the_command_loads_reports_and_refuses(book, tmp_path):
    path, out = tmp_path / "book.csv", io.StringIO()
    path.write_text(HEADER + row("110", JULY))
    code = book.contract.council.register_code

    call_command("load", "prices", path, "--council", code, "--dry-run", stdout=out)
    assert Price.objects.filter(contract=book.contract).count() == 1
    call_command("load", "prices", path, "--council", code, stdout=out)

    assert Price.objects.filter(contract=book.contract).count() == 2
    assert "1 would be changed" in out.getvalue()
    path.write_text(HEADER + row("x"))
    with pytest.raises(CommandError, match="was not loaded"):
        call_command("load", "prices", path, stdout=out)
    assert "Line 2, amount: “x” is no price." in out.getvalue()


def whole_book(client, how: str) -> bytes:
    return b"".join(client.get(EXPORT.format(how)).streaming_content)


@pytest.mark.parametrize("how", ["csv", "xlsx"])
def test_a_whole_book_goes_out_and_comes_in_again_equal_to_the_byte(db, browse, tmp_path, how):
    client = browse(OFFICER)
    contract = Contract.objects.get(reference="CMD/LONDONPSN")
    item = CatalogueItem.objects.get(code="MAILGW")
    bands = {"contract": contract, "item": item, "from_quantity": 500}
    new.new_price(**bands, amount=Decimal("0.4123"), ends_on=JULY, term_months=36)
    new.new_price(**bands, amount=Decimal("0.4"), starts_on=AUGUST)
    before, path = whole_book(client, "csv"), tmp_path / f"book.{how}"
    path.write_bytes(whole_book(client, how))
    upload = Upload(path, path.name, AT, council_code="CMD", on=TODAY)

    report = load(upload)
    assert counts(report) == (0, 0, 0, 46)
    assert whole_book(client, "csv") == before

    Price.objects.filter(contract=contract).delete()
    report = load(upload)
    assert counts(report) == (46, 0, 0, 0)
    assert whole_book(client, "csv") == before
    assert before.startswith(b"\xef\xbb\xbf" + HEADER.strip().encode() + b"\r\nCMD/LONDONPSN,AUDIO")


def test_a_hundred_thousand_prices_load_at_once(db, tmp_path):
    contract = new.new_contract(reference="BIG")
    items = [new.new_catalogue_item(code=f"BIG-{n}") for n in range(100)]
    path = tmp_path / "big.csv"
    with path.open("w") as file:
        file.write(HEADER)
        for item in items:
            for quantity in range(1, 1001):
                file.write(f"BIG,{item.code},RECURRING,{quantity},{quantity}.25,,2014-07-01,\n")

    report = load(Upload(path, path.name, AT, on=TODAY))

    assert (report.read, *counts(report)) == (100_000, 100_000, 0, 0, 0)
    assert len(report.differences) == 500
    prices = Price.objects.filter(contract=contract)
    assert prices.count() == 100_000
    assert set(prices.filter(from_quantity=777).values_list("amount")) == {(Decimal("777.25"),)}


# Against a naive reference


@dataclass(frozen=True)
class Row:
    band: int
    start: int
    end: int | None
    amount: int

    def overlaps(self, other: "Row") -> bool:
        ends, others = self.end or 10**6, other.end or 10**6
        return self.band == other.band and self.start < others and other.start < ends


DAY = 50  # of the load


def naive(book: list[Row], file: list[Row]) -> list[Row] | None:
    """What the book is after the file, row by row; None where the file is refused."""
    for n, one in enumerate(file):
        if any(one.overlaps(other) for other in file[:n]):
            return None
    kept, after = {(one.band, one.start): one for one in file}, []
    for old in book:
        is_over, has_begun = old.end is not None and old.end <= DAY, old.start <= DAY
        if said := kept.get((old.band, old.start)):
            if (has_begun and said.amount != old.amount) or (is_over and said.end != old.end):
                return None
            continue
        clashes = [one for one in file if one.overlaps(old)]
        if is_over:
            if clashes:
                return None
            after.append(old)
        elif has_begun:
            if any(one.start < old.start for one in clashes):
                return None
            nexts = [one.start for one in file if one.band == old.band and one.start > old.start]
            end = min([start for start in nexts if start <= (old.end or 10**6)] or [DAY + 1])
            after.append(replace(old, end=min(old.end or 10**6, end)))
    return sorted([*after, *file], key=lambda one: (one.band, one.start))


DAYS = st.integers(40, 60)


@st.composite
def books(draw, of_a_book=None):
    """Rows of two bands; of a held book without overlaps, of a file with rows taken from it."""
    rows = [*draw(st.lists(st.sampled_from(of_a_book), unique=True))] if of_a_book else []
    for _ in range(draw(st.integers(0, 5))):
        start = draw(DAYS)
        end = draw(st.none() | st.integers(start + 1, 65))
        rows.append(Row(draw(st.sampled_from([1, 10])), start, end, draw(st.integers(1, 3))))
    if of_a_book is None:
        rows = [one for n, one in enumerate(rows) if not any(map(one.overlaps, rows[:n]))]
    return rows


@st.composite
def book_and_file(draw):
    book = draw(books())
    return book, draw(books(book) if book else books())


def as_day(number: int | None) -> date | None:
    return None if number is None else APRIL + timedelta(days=number)


@given(book_and_file())
@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_random_books_come_to_what_a_naive_reference_says(book, send, both):
    held_rows, file = both
    if not file:
        return
    contract, item = book.contract, book.item
    with transaction.atomic():
        Price.objects.filter(contract=contract).delete()
        for one in held_rows:
            new.new_price(
                contract,
                item,
                from_quantity=one.band,
                starts_on=as_day(one.start),
                ends_on=as_day(one.end),
                amount=Decimal(one.amount),
            )
        text = "".join(
            row(one.amount, as_day(one.start), _said(one.end), quantity=one.band) for one in file
        )

        report = send(text, on=as_day(DAY))

        expected = naive(held_rows, file)
        assert report.is_refused == (expected is None), report.problems()
        if expected is None:
            expected = sorted(held_rows, key=lambda one: (one.band, one.start))
        assert held(contract) == [
            ("RECURRING", one.band, Decimal(one.amount), as_day(one.start), as_day(one.end))
            for one in expected
        ]
        if not report.is_refused:
            assert not send(text, on=as_day(DAY)).changes_something
        transaction.set_rollback(True)


def _said(end: int | None) -> str:
    return "" if end is None else str(as_day(end - 1))


# No two prices of one item and band overlap, by any route


def overlapping(price: Price) -> dict:
    same = {"contract": price.contract, "item": price.item, "kind": price.kind}
    return same | {"starts_on": JULY, "amount": Decimal(1)}


def test_the_database_refuses_an_overlap_by_the_orm_in_bulk_and_by_sql(book):
    raw = (
        "INSERT INTO services_price (contract_id, item_id, kind, from_quantity, amount, starts_on)"
        f" VALUES ({book.contract_id}, {book.item_id}, 'RECURRING', 1, 1, '2014-07-01')"
    )
    ended = new.new_price(**overlapping(book) | {"starts_on": date(2012, 4, 1), "ends_on": APRIL})
    for route in (
        lambda: Price.objects.create(**overlapping(book)),
        lambda: Price.objects.bulk_create([Price(**overlapping(book))]),
        lambda: Price.objects.filter(pk=ended.pk).update(ends_on=None),
        lambda: connection.cursor().execute(raw),
    ):
        with pytest.raises(IntegrityError, match="price_one_at_a_time"), transaction.atomic():
            route()


def test_the_api_has_no_way_to_write_a_price(db, browse):
    client, price = browse(OFFICER), Price.objects.first()

    for method in (client.post, client.put, client.patch, client.delete):
        assert method("/api/v1/prices/").status_code == 405
        assert method(f"/api/v1/prices/{price.pk}/").status_code == 405


def test_an_import_says_it_in_words_before_the_database_does(book, send):
    report = send(row("100") + row("1", JULY))

    assert "overlaps that of line 2" in report.problems()[0]
