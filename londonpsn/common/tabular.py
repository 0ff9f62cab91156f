"""Files of rows: reading those that people send us as they really are, and writing ours."""

import codecs
import csv
import hashlib
import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from londonpsn.common.errors import BadInput

CHUNK = 1 << 20
ZIP = b"PK\x03\x04"
REFUSED = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook, or one with a password",
    b"%PDF": "a PDF",
}
UTF_8, CP1252 = "UTF-8", "cp1252"
# A small workbook can unfold to any size: what it may come to is said before it is unfolded.
MOST_BYTES_OF_SHEETS = 200_000_000
MOST_BYTES_BESIDE = 50_000_000  # texts and styles, which stand in memory while rows are read
MOST_ROWS = 300_000
MOST_COLUMNS = 256
GUARDED = re.compile(r"'+[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of a file: the line it starts on, counted from 1, and its cells as they stand."""

    line: int
    cells: list[str]

    @property
    def is_blank(self) -> bool:
        return not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A CSV file: how its bytes become text, in words, and the digest of the bytes."""

    path: Path
    encoding: str
    sha256: str

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows, whichever of CR, LF and CRLF ends them; memory stays flat.

        A quotation mark that ``csv_file`` put before a formula is taken off. Raises BadInput where
        the quotation marks around cells do not close.
        """
        codec, errors = ("utf-8-sig", "strict") if self.encoding == UTF_8 else (CP1252, "replace")
        with self.path.open(encoding=codec, errors=errors, newline="") as file:
            reader, line = csv.reader(file, skipinitialspace=True), 1
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    raise BadInput(
                        f"Line {line}: this row cannot be read ({error}). Usually a quotation mark "
                        "is opened there and not closed. Close it, or save the file as CSV again."
                    ) from None
                yield FileRow(line, [c[1:] if GUARDED.match(c) else c for c in cells])
                line = reader.line_num + 1


@dataclass(frozen=True, slots=True)
class ExcelFile:
    """An Excel workbook, of which the first sheet is read, and the digest of its bytes."""

    path: Path
    sha256: str
    encoding: str = "Excel workbook"

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows of the first sheet one by one, up to its 256th column.

        Days are ISO days, numbers plain decimals, formulas what they last came to. Every row is as
        wide as the widest before it. Raises BadInput for a workbook that is damaged or too long.
        """
        with self.path.open("rb") as file:
            width = 0
            for line, values in enumerate(_values(file), start=1):
                if line > MOST_ROWS:
                    raise BadInput(
                        f"The first sheet has more than {MOST_ROWS:,} rows. "
                        "Split it, or save it as CSV, and load that."
                    )
                columns = range(len(values), width, -1)
                width = next((n for n in columns if values[n - 1] is not None), width)
                yield FileRow(line, [_read(value) for value in values[:width]])


def open_rows(path: Path) -> TextFile | ExcelFile:
    """Find out what kind of file this is: CSV (in UTF-8, else in cp1252) or an Excel workbook.

    Raises BadInput for a file that is empty, neither, or unfolds to more than can be read.
    """
    decoder, digest, is_utf8 = codecs.getincrementaldecoder("utf-8")(), hashlib.sha256(), True
    with path.open("rb") as file:
        start = file.read(4)
        if not start:
            raise BadInput("The file is empty. Choose the file that has the rows.")
        if kind := REFUSED.get(start):
            raise BadInput(f"The file is {kind}. Save its sheet as CSV or as .xlsx, and load that.")
        file.seek(0)
        if start == ZIP:
            _refuse_bombs(path)
            return ExcelFile(path, hashlib.file_digest(file, "sha256").hexdigest())
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            if b"\0" in chunk:
                raise BadInput(
                    "The file is not CSV: it has bytes that no text has. Save it as CSV (UTF-8)."
                )
            if is_utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    return TextFile(path, UTF_8 if is_utf8 else CP1252, digest.hexdigest())


def _refuse_bombs(path: Path) -> None:
    """Hold a workbook's sizes, as it states them, against the limits; more is never unfolded."""
    try:
        with zipfile.ZipFile(path) as parts:
            sizes = [(part.filename, part.file_size) for part in parts.infolist()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise _damaged() from None
    in_sheets = sum(size for name, size in sizes if name.startswith("xl/worksheets/"))
    beside = sum(size for _, size in sizes) - in_sheets
    if in_sheets > MOST_BYTES_OF_SHEETS or beside > MOST_BYTES_BESIDE:
        raise BadInput(
            "The workbook unfolds to more than the portal reads "
            f"({(in_sheets + beside) // 1_000_000:,} MB). Save its sheet as CSV, and load that."
        )


def _values(file) -> Iterator[tuple]:
    """Yield the values of a workbook's first sheet, row by row."""
    book = None
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # some programs state a size that is not the sheet's
        yield from sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)
    except Exception:  # a damaged part surfaces as whatever the reader stumbled over
        raise _damaged() from None
    finally:
        if book:
            book.close()


def _damaged() -> BadInput:
    return BadInput(
        "The file looks like an Excel workbook and cannot be read: it is damaged, or of another "
        "kind. Open it in a spreadsheet program, save it again as .xlsx or CSV, and load that."
    )


def _read(value) -> str:
    """Return a workbook's value as CSV would have it."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float):  # Excel itself shows 15 digits; what is beyond is noise
        return f"{Decimal(f'{value:.15g}') + 0:f}" if value else "0"
    return value if isinstance(value, str) else _as_text(value)


# Writing. What starts like a formula is written so that no spreadsheet runs it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_file(header: Sequence[str], rows: Iterable[Sequence]) -> Iterator[str]:
    """Yield a CSV file row by row: UTF-8 with a mark, ISO days, plain pounds, blank for None."""
    line = io.StringIO()
    writer = csv.writer(line)
    yield codecs.BOM_UTF8.decode()
    for row in chain([header], rows):
        writer.writerow([_as_text(cell) for cell in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def workbook(header: Sequence[str], rows: Iterable[Sequence]) -> Iterator[bytes]:
    """Yield an Excel workbook of one sheet; numbers and days are what they are, text is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Rows")
    sheet.freeze_panes = "A2"
    for row in chain([header], rows):
        sheet.append([_as_cell(sheet, cell) for cell in row])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


def _as_text(cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, (date, datetime)):
        return cell.isoformat(*([" ", "seconds"] if isinstance(cell, datetime) else []))
    text = str(cell)
    guarded = isinstance(cell, str) and (text.startswith(FORMULA) or GUARDED.match(text))
    return f"'{text}" if guarded else text


def _as_cell(sheet, cell) -> WriteOnlyCell:
    if isinstance(cell, datetime):
        cell = cell.replace(tzinfo=None)  # a workbook knows no zones
    known = cell is None or isinstance(cell, (int, Decimal, date))
    made = WriteOnlyCell(sheet, cell if known else ILLEGAL_CHARACTERS_RE.sub(" ", str(cell)))
    if isinstance(cell, str):
        made.data_type = "s"
    elif isinstance(cell, Decimal):
        made.number_format = "#,##0.00"
    elif isinstance(cell, date):
        made.number_format = "d mmm yyyy hh:mm" if isinstance(cell, datetime) else "d mmm yyyy"
    return made
