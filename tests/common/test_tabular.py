"""Files of rows: what people send is read whatever wrote it, and what we write reads back."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from openpyxl import Workbook, load_workbook

from londonpsn.common import tabular
from londonpsn.common.errors import BadInput
from londonpsn.common.tabular import CHUNK, csv_file, open_rows, workbook

HEAD = ["Text", "Pounds"]
FORMULAS = ["=1+1", "+44 20", "-5", "@SUM(A1)", "\tx", "\rx", "'=1+1", "''-5", "'quoted'", "plain"]


@pytest.fixture
def put(tmp_path):
    """Write these bytes, or these rows as a workbook, and return the path."""

    def write(content):
        path = tmp_path / "file"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            book = Workbook()
            for row in content:
                book.active.append(row)
            book.save(path)
        return path

    return write


def cells(path):
    return [row.cells for row in open_rows(path).rows()]


# CSV


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"a,b\n", "UTF-8"),
        ("\ufeffa,b\n".encode(), "UTF-8"),
        ("£,b\n".encode("cp1252"), "cp1252"),
        (b"x" * (CHUNK - 1) + "£".encode(), "UTF-8"),  # the pound sign spans two chunks
        (b"x" * (CHUNK - 1) + b"\xc2", "cp1252"),
    ],
)
def test_text_is_utf_8_where_it_can_be(put, content, encoding):
    assert open_rows(put(content)).encoding == encoding


def test_rows_know_the_line_they_start_on(put):
    rows = list(open_rows(put(b'a,b\r\n"two\nlines",c\r\n\r\nd,e\r\n')).rows())

    assert [(row.line, row.cells) for row in rows] == [
        (1, ["a", "b"]),
        (2, ["two\nlines", "c"]),
        (4, []),
        (5, ["d", "e"]),
    ]


# Workbooks


def test_the_cells_of_a_workbook_are_text_as_csv_would_have_it(put):
    path = put(
        [
            ["Supplier", "Amount", "Paid on"],
            ["BT", 1234.5, date(2011, 9, 5)],
            ["Colt", 0.1 + 0.2, datetime(2011, 9, 6, 12, 30)],  # noqa: DTZ001, Excel has no zones
            [None, 1e20, True],
            ["=1+1", -0.0, 12],
        ]
    )

    assert cells(path) == [
        ["Supplier", "Amount", "Paid on"],
        ["BT", "1234.5", "2011-09-05"],
        ["Colt", "0.3", "2011-09-06"],
        ["", "100000000000000000000", "yes"],
        ["", "0", "12"],  # a formula that nobody has worked out
    ]


def test_blank_rows_count_as_lines_and_no_row_is_narrower_than_the_header(put):
    path = put([["Title"], [], ["a", "b", "c"], ["d"]])

    rows = list(open_rows(path).rows())

    assert [row.line for row in rows] == [1, 2, 3, 4]
    assert rows[1].is_blank
    assert rows[3].cells == ["d", "", ""]


def test_the_first_sheet_is_read_and_the_file_says_what_it_is(put, tmp_path):
    book = Workbook()
    book.active.append(["first"])
    book.create_sheet("Second").append(["second"])
    book.save(tmp_path / "two.xlsx")

    source = open_rows(tmp_path / "two.xlsx")

    assert [row.cells for row in source.rows()] == [["first"]]
    assert source.encoding == "Excel workbook"
    assert len(source.sha256) == 64


def test_a_size_that_the_sheet_does_not_have_is_not_believed(put):
    path = put([["a", "b"], ["c", "d"]])

    change(path, "xl/worksheets/sheet1.xml", b'ref="A1:B2"', b'ref="A1"')

    assert cells(path) == [["a", "b"], ["c", "d"]]


# Refusals


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty"),
        (b"a\0b", "not CSV"),
        (b"\xd0\xcf\x11\xe0rest", "an old Excel workbook"),
        (b"%PDF-1.7", "a PDF"),
        (b"PK\x03\x04rest", "damaged, or of another kind"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(put, content, sentence):
    with pytest.raises(BadInput, match=sentence):
        cells(put(content))


def test_an_archive_that_is_no_workbook_is_refused(put, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as parts:
        parts.writestr("letter.txt", "Dear all")

    with pytest.raises(BadInput, match="damaged, or of another kind"):
        cells(tmp_path / "a.zip")


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_a_damaged_part_is_refused(put, part):
    path = put([["a", "b"]])

    change(path, part, b"<", b"<<")

    with pytest.raises(BadInput, match="damaged, or of another kind"):
        cells(path)


def test_a_workbook_cut_short_is_refused(put):
    path = put([["a", "b"]])
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(BadInput, match="damaged, or of another kind"):
        cells(path)


@pytest.mark.parametrize(
    ("part", "limit"),
    [
        ("xl/worksheets/sheet1.xml", "MOST_BYTES_OF_SHEETS"),
        ("xl/styles.xml", "MOST_BYTES_BESIDE"),
    ],
)
def test_a_workbook_that_unfolds_to_too_much_is_refused_before_it_is(put, monkeypatch, part, limit):
    path = put([["a", "b"]])
    change(path, part, b"</", b" " * 100_000 + b"</")
    monkeypatch.setattr(tabular, limit, 90_000)

    with pytest.raises(BadInput, match="unfolds to more"):
        open_rows(path)


def test_rows_without_end_are_refused(put, monkeypatch):
    path = put([["a"], ["b"]])
    change(path, "xl/worksheets/sheet1.xml", b'r="2"', b'r="99999999"')
    monkeypatch.setattr(tabular, "MOST_ROWS", 1_000)

    with pytest.raises(BadInput, match="more than 1,000 rows"):
        cells(path)


def change(path, part, old, new):
    """Replace bytes in one part of a workbook."""
    with zipfile.ZipFile(path) as parts:
        held = {name: parts.read(name) for name in parts.namelist()}
    assert old in held[part]
    held[part] = held[part].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, content in held.items():
            parts.writestr(name, content)


# Writing


def test_csv_is_written_with_a_mark_iso_days_and_plain_pounds():
    row = [None, True, Decimal("1234.50"), date(2014, 6, 30), datetime(2014, 6, 30, 6, tzinfo=UTC)]

    text = "".join(csv_file(["a", "b", "c", "d", "e"], [row]))

    assert text == ("\ufeffa,b,c,d,e\r\n,yes,1234.50,2014-06-30,2014-06-30 06:00:00+00:00\r\n")


def test_no_cell_of_a_csv_file_starts_like_a_formula_but_a_negative_amount():
    text = "".join(csv_file(HEAD, [[words, Decimal("-5.00")] for words in FORMULAS]))

    rows = text.splitlines()[1:]
    assert "'=1+1,-5.00" in rows
    assert not any(row.lstrip('"').startswith(tabular.FORMULA) for row in rows)


def test_what_csv_guards_is_read_back_as_it_was(put):
    rows = [[words, "1.00"] for words in FORMULAS]

    path = put("".join(csv_file(HEAD, rows)).encode())

    assert cells(path) == [HEAD, *rows]


def test_a_workbook_holds_no_formula_and_reads_back_as_it_was(put):
    rows = [[words, Decimal("1234.56")] for words in FORMULAS if words != "\rx"]

    path = put(b"".join(workbook(HEAD, rows)))

    sheet = load_workbook(io.BytesIO(path.read_bytes())).active
    assert {cell.data_type for row in sheet["A2:A10"] for cell in row} == {"s"}
    assert cells(path) == [HEAD, *([words, "1234.56"] for words, _ in rows)]


def test_a_workbook_keeps_days_and_drops_what_xml_cannot_hold(put):
    rows = [["a\x00b", date(2014, 6, 30)], [None, datetime(2014, 6, 30, 6, tzinfo=UTC)]]

    path = put(b"".join(workbook(["Text", "Day"], rows)))

    assert cells(path) == [["Text", "Day"], ["a b", "2014-06-30"], ["", "2014-06-30"]]
