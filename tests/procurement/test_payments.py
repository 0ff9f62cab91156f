"""Published payments as they really are: encodings, headings, dates, suppliers, reloads."""

import csv
import tracemalloc
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from boroughs.models import Council
from londonpsn.common.errors import BadInput
from londonpsn.common.importers import Upload
from londonpsn.common.tabular import FileRow
from procurement.actions.payments import load
from procurement.models import Payment, PaymentFile
from procurement.payments import DateReader, find_layout, month_of_name, parse_amount
from procurement.queries import payment_summary
from tests import factories as new

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEAD = "Supplier Name,Date,Net Amount\n"
BT = "British Telecommunications Plc"


@pytest.fixture
def give(tmp_path, db):
    """Load a file with these bytes for Lambeth, and return the report."""

    def load_bytes(content, name="LambethPaymentsOver500Sept2011.csv", **fields):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        upload = {"path": path, "name": name, "at": NOW, "council_code": "LBH"} | fields
        return load(Upload(**upload))

    return load_bytes


def counts(report):
    return (
        report.read,
        report.stored,
        report.already_held,
        report.unmatched,
        report.repaired,
        report.refused,
    )


# Encodings and line ends


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp1252", "cp1252")],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end_is_read(give, encoding, said, line_end):
    text = f"Supplier Name,Total\n{BT.replace(' ', chr(160), 1)},£1234.50\n{BT},£20.00\n"

    report = give(text.replace("\n", line_end).encode(encoding))

    assert report.encoding == said
    assert counts(report) == (2, 2, 0, 0, 0, 0)
    assert sum(p.amount for p in Payment.objects.all()) == Decimal("1254.50")


def test_characters_already_lost_do_not_hide_a_supplier(give):
    report = give(f"Supplier Name,Total\nBritish\ufffdTelecommunications†Plc ,10\n{BT.upper()},5\n")

    assert report.stored == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "an old Excel workbook"),
        (b"%PDF-1.4", "a PDF"),
        (b"a\0b", "not CSV"),
        (b"just,some\nother,file\n", "No row names the columns"),
        (b'Supplier Name,Total\n"' + b"x" * 140_000, "quotation mark"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_nothing_is_kept(give, content, sentence):
    with pytest.raises(BadInput, match=sentence):
        give(content)

    assert not PaymentFile.objects.exists()


# Layouts


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Supplier Name,Total", f"{BT},510.00"),
        ("Supplier,Total", f"{BT},510.00"),
        ("Supplier Name,Sum of Invoice Net Amount", f"{BT},510"),
        ("Supplier Name,Sum of Invoice Nett Amount", f"{BT},510"),
        (" Supplier Name , Total ", f' {BT} ," 510.00 "'),
        ("Net Amount,Supplier (beneficiary) name", f"£510.00,{BT}"),
        ("OrganisationLabel,BeneficiaryName,PaymentDate,Amount", f"L,{BT},2011-09-05,510.0"),
        (
            "Service Area,Creditor,Transaction Date,JV Reference,JV Date,JV Value",
            f"Childrens,{BT},15/09/2011,382,20/10/2011,510",
        ),
        (
            "Service Area,Creditor,Journal Date,Journal Reference,Total",
            f"Childrens,{BT},15/09/2011,382,510",
        ),
        (
            "FIN.TRANSACTION DATE,FIN.POSTING DATE,FIN.TRANSACTION AMOUNT,MCH.MERCHANT NAME",
            f"15/09/11,16/09/11,510.00,{BT}",
        ),
    ],
)
def test_columns_are_found_in_any_order_under_any_heading_seen(give, header, row):
    report = give(f"{header}\n{row}\n")

    payment = Payment.objects.get()
    assert counts(report) == (1, 1, 0, 0, 0, 0)
    assert (payment.amount, payment.month) == (Decimal(510), date(2011, 9, 1))
    is_card = "JV" in header or "Journal" in header or "MCH" in header
    assert payment.series == ("PURCHASING_CARDS" if is_card else "SUPPLIER_PAYMENTS")


def test_preamble_blank_and_total_rows_are_no_payments(give):
    preamble = "Sum of Invoice Net Amount,\n,\n\nPublished under the Code†,\n" + ",\n" * 5
    body = f'Supplier Name,Total\n,\n{BT},100.00\n\n,\nGrand Total,"38,864,454.90"\n,Total\n'

    report = give(preamble + body)

    assert counts(report) == (1, 1, 0, 0, 0, 0)
    assert Payment.objects.get().file_line == 12


@pytest.mark.parametrize(
    ("text", "pounds"),
    [
        ("1,234.50", "1234.50"),
        (" £1,234.50 ", "1234.50"),
        ("£ 20", "20.00"),
        ("-12.5", "-12.50"),
        ("£-12.50", "-12.50"),
        ("-£12.50", "-12.50"),
        ("(1,000.00)", "-1000.00"),
        ("12.50-", "-12.50"),
        (".5", "0.50"),
        ("750.5†", "750.50"),
    ],
)
def test_amounts_as_they_are_written(text, pounds):
    assert parse_amount(text) == Decimal(pounds)


@pytest.mark.parametrize("text", ["", "n/a", "1,23.50", "12.3.4", "1e5", "--5", "9" * 20, "9" * 40])
def test_what_is_no_amount_is_not_guessed(text):
    assert parse_amount(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("23/04/2014", date(2014, 4, 23)),
        ("1/4/2014", date(2014, 4, 1)),
        ("09/04/17", date(2017, 4, 9)),
        ("2014-04-23", date(2014, 4, 23)),
        ("2014-04-23T00:00:00", date(2014, 4, 23)),
        ("23-Apr-2014", date(2014, 4, 23)),
    ],
)
def test_dates_in_the_styles_found(text, day):
    assert DateReader(last_year=2027).read(text) == day


@pytest.mark.parametrize("text", ["31/02/2014", "04/23/2014", "01/02/0201", "01/02/2099", "x"])
def test_what_is_no_date_is_not_guessed(text):
    assert DateReader(last_year=2027).read(text) is None


# Months


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("LambethPaymentsOver500Sept2011.csv", date(2011, 9, 1)),
        ("LambethPaymentsOver500April2011.csv", date(2011, 4, 1)),
        ("spend_2014-05.csv", date(2014, 5, 1)),
        ("Payments 05-2014.csv", date(2014, 5, 1)),
        ("december_2010.txt", date(2010, 12, 1)),
        ("barnet-pcard-2014.csv", None),
        ("spend-2011-12.csv", None),  # December, or a financial year
        ("April2011toMay2011.csv", None),
        ("payments.csv", None),
        ("SummaryMay2014.csv", date(2014, 5, 1)),
        ("payments MARCH 2014.csv", date(2014, 3, 1)),
        ("2014 sept payments.csv", date(2014, 9, 1)),
        ("Marketing-2014.csv", None),
        ("Mayor2013.csv", None),
        ("Apr to June 2014.csv", None),
        ("Jan_Feb_2012.csv", None),
        ("AprJun2014.csv", None),
        ("April 2013-14.csv", None),
    ],
)
def test_the_month_that_a_name_gives(name, month):
    assert month_of_name(name) == month


def test_the_rows_own_date_goes_before_the_month_given_and_that_before_the_name(give):
    give(f"{HEAD}{BT},15/01/2012,100\n{BT},,50\n", month=date(2012, 2, 1))

    assert sorted(Payment.objects.values_list("month", "paid_on")) == [
        (date(2012, 1, 1), date(2012, 1, 15)),
        (date(2012, 2, 1), None),
    ]


def test_a_file_without_any_month_is_refused_with_a_remedy(give):
    with pytest.raises(BadInput, match="for example 2011-09"):
        give(f"Supplier Name,Total\n{BT},100\n", name="payments.csv")


# Rows that cannot be read


def test_a_row_that_cannot_be_read_is_named_and_stops_nothing_else(give):
    rows = f"{BT},15/09/2011,100\n{BT},32/09/2011,100\n{BT},15/09/2011,lots\n,15/09/2011,5\n"

    report = give(f"{HEAD}{rows}{BT},16/09/2011,7\n")

    assert counts(report) == (5, 2, 0, 0, 0, 3)
    assert report.problems() == [
        "Line 3, Date: refused, “32/09/2011”: this is not a date",
        "Line 4, Net Amount: refused, “lots”: this is not an amount",
        "Line 5, Supplier Name: refused, no supplier is named",
    ]


def test_a_row_with_more_cells_than_the_header_row_is_refused(give):
    """An amount with an unquoted comma would be read as one pound."""
    report = give(f"Supplier Name,Total\n{BT},1,234.50\n{BT},10.00,,\n")

    assert counts(report) == (2, 1, 0, 0, 0, 1)
    (problem,) = report.problems()
    assert problem.startswith("Line 2, cell 3: refused, “234.50”: the header row names 2 columns")
    assert "quotation marks" in problem


def test_a_date_and_amount_run_together_are_repaired_and_reported(give):
    report = give(f"{HEAD}{BT},01/02/2012750.5\n{BT},02/02/2012,10\n", name="p.csv")

    assert counts(report) == (2, 2, 0, 0, 1, 0)
    assert report.problems() == [
        "Line 2, Date: repaired, date and amount ran together: 01/02/2012 and 750.50"
    ]
    assert Payment.objects.get(paid_on=date(2012, 2, 1)).amount == Decimal("750.50")


def test_what_splits_in_two_ways_is_refused(give):
    """Both 01/02/2012 with £750.50 and 01/02/20 with £12,750.50 fit a file with both styles."""
    dated = f"{BT},02/02/2012,10\n{BT},03/02/20,10\n"

    report = give(f"{HEAD}{dated}{BT},01/02/2012750.5\n", name="p.csv")

    assert counts(report) == (3, 2, 0, 0, 0, 1)


# Suppliers


def test_only_whole_names_match_and_unmatched_rows_are_counted_and_not_kept(give):
    decoys = "CfBT Education Trust,900\nCBT Electrical,900\nIncasso Debt Recovery,900\nA Person,9\n"

    report = give(f"Supplier Name,Total\n{decoys}{BT},1\n")

    assert counts(report) == (5, 1, 0, 4, 0, 0)
    assert not Payment.objects.filter(published_name__icontains="person").exists()
    assert "Person" not in "".join(report.summary() + report.problems())


def test_after_an_alias_is_added_the_file_is_loaded_again(give):
    content = "Supplier Name,Total\nAcme Telecom Ltd,100\n"
    assert give(content).unmatched == 1

    new.new_supplier_alias("ACME  Telecom Ltd")

    assert counts(give(content)) == (1, 1, 0, 0, 0, 0)
    assert PaymentFile.objects.count() == 1


# Identity


def test_a_reload_adds_nothing_and_a_fuller_file_adds_the_rest(give):
    first = f"Supplier Name,Total\n{BT},100.00\n{BT},100.00\n"
    give(first)

    again = give(first.replace("100.00", ' "£100.0" ', 1).replace("\n", "\r\n"))
    fuller = give(first + f"{BT},100.00\nVirgin Media Business,5\n")

    assert counts(again) == (2, 0, 2, 0, 0, 0)
    assert counts(fuller) == (4, 2, 2, 0, 0, 0)
    assert Payment.objects.count() == 4


def test_other_cells_make_another_row(give):
    head = "Supplier Name,Total,Transaction Number\n"

    report = give(f"{head}{BT},10,1\n{BT},10,2\n")

    assert report.stored == 2


def test_a_dry_run_reports_and_keeps_nothing(give):
    report = give(f"Supplier Name,Total\n{BT},10\n", dry_run=True)

    assert counts(report) == (1, 1, 0, 0, 0, 0)
    assert any("would be stored" in line for line in report.summary())
    assert not Payment.objects.exists()
    assert not PaymentFile.objects.exists()


def test_loading_needs_the_right_at_the_council(give):
    lambeth = Council.objects.get(register_code="LBH")
    finance = new.member(lambeth, "FINANCE")
    content = f"Supplier Name,Total\n{BT},10\n"

    for person in (new.member(lambeth, "VIEWER"), new.member(new.new_council(), "FINANCE")):
        with pytest.raises(PermissionDenied):
            give(content, by=person)

    assert give(content, by=finance).stored == 1
    assert PaymentFile.objects.get().loaded_by == finance


# The command


def test_the_command_prints_the_report(tmp_path, db, capsys):
    path = tmp_path / "Sept2011.csv"
    path.write_text(f"Supplier Name,Total\n{BT},10\nSomeone,5\nBT Redcare,x\n")

    call_command("load", "payments", str(path), "--council", "LBH")

    said = capsys.readouterr().out
    assert "3 rows read" in said
    assert "1 stored" in said
    assert "Line 4, Total: refused, “x”: this is not an amount" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--council", "XXX"], "No council has the register code “XXX”"),
        ([], "--council"),
        (["--council", "LBH", "--month", "Sept"], "for example 2013-04"),
    ],
)
def test_the_command_refuses_in_a_sentence(tmp_path, db, arguments, sentence):
    path = tmp_path / "payments.csv"
    path.write_text(f"Supplier Name,Total\n{BT},10\n")

    with pytest.raises(CommandError, match=sentence):
        call_command("load", "payments", str(path), *arguments)


def test_memory_does_not_grow_with_rows_that_are_not_kept(tmp_path, db):
    """A stream: the loader holds no list of rows (budget: memory flat)."""
    path = tmp_path / "Sept2011.csv"
    peaks = []
    for rows in (2_000, 20_000):
        with path.open("w") as file:
            file.write("Supplier Name,Total\n")
            file.writelines(f"Somebody {n},{n}.00\n" for n in range(rows))
        tracemalloc.start()
        load(Upload(path=path, name=path.name, at=NOW, council_code="LBH"))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] * 1.5


# Real files

README_TOTALS = {
    "British Telecommunications Plc": "1415156.15",
    "London Grid For Learning": "809018.29",
    "Virgin Media Business": "595250.47",
    "Orange Personal Communications Services Ltd": "215240.00",
    "BT Redcare": "84321.52",
    "BT Global Services": "58538.84",
    "O2 (UK) Ltd": "10083.98",
    "Airwave Solutions": "3801.09",
    "BT Payphones Receivables": "2119.48",
    "BT Group Engineering Services": "1999.74",
    "BT Skynet Systems Ltd": "1976.73",
}


def test_all_lambeth_lists_load_and_agree_with_their_readme_to_the_penny(shared, db):
    folder = shared / "data" / "real-inputs" / "lambeth-supplier-payments"
    files = sorted(folder.glob("*.csv"))

    reports = [
        load(Upload(path=path, name=path.name, at=NOW, council_code="LBH")) for path in files
    ]

    totals: Counter = Counter()
    lambeth = Council.objects.get(register_code="LBH")
    for row in payment_summary(new.member(lambeth, "FINANCE"), lambeth):
        totals[row.name] += row.amount
    assert len(files) == 14
    assert sum(report.refused for report in reports) == 0
    assert totals == {name: Decimal(total) for name, total in README_TOTALS.items()}
    assert sum(totals.values()) == Decimal("3197506.29")
    assert set(Payment.objects.values_list("series", flat=True)) == {"SUPPLIER_PAYMENTS"}


def test_barnet_purchasing_cards_load_as_a_series_of_their_own(shared, db):
    folder = shared / "data" / "real-inputs" / "barnet-purchasing-cards"

    reports = [
        load(Upload(path=path, name=path.name, at=NOW, council_code="BNE"))
        for path in sorted(folder.glob("*.csv"))
    ]

    assert [report.refused for report in reports] == [0, 0, 0]
    assert all(report.stored for report in reports)
    assert set(Payment.objects.values_list("series", flat=True)) == {"PURCHASING_CARDS"}


def test_every_spend_heading_of_the_transparency_code_is_known(shared):
    with (shared / "data" / "real-inputs" / "transparency-code-fields.csv").open() as file:
        fields = [row for row in csv.DictReader(file) if row["schema"] == "spend"]

    for column in ("field_name", "column_title"):
        layout = find_layout(FileRow(1, [field[column] for field in fields]))
        found = {name: fields[at]["field_name"] for name, at in layout.columns.items()}
        assert found == {"supplier": "BeneficiaryName", "amount": "Amount", "date": "PaymentDate"}
