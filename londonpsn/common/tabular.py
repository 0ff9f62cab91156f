"""Files of rows: reading those that people send us as they really are, and writing ours."""

import codecs
import csv
import hashlib
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from londonpsn.common.errors import BadInput

CHUNK = 1 << 20
NOT_TEXT = {b"PK\x03\x04": "an Excel workbook", b"\xd0\xcf\x11\xe0": "an old Excel workbook"}
NOT_TEXT |= {b"%PDF": "a PDF"}


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
    """A file that can be read: how its bytes become text, and the digest of the bytes."""

    path: Path
    encoding: str
    sha256: str

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows, whichever of CR, LF and CRLF ends them; memory stays flat.

        Raises BadInput where the quotation marks do not close.
        """
        errors = "strict" if self.encoding == "utf-8-sig" else "replace"
        with self.path.open(encoding=self.encoding, errors=errors, newline="") as file:
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
                yield FileRow(line, cells)
                line = reader.line_num + 1


def open_text(path: Path) -> TextFile:
    """Find out how a file's bytes become text: UTF-8, with or without a mark, else cp1252.

    Raises BadInput for a file that is empty or no text.
    """
    decoder, digest, is_utf8 = codecs.getincrementaldecoder("utf-8")(), hashlib.sha256(), True
    with path.open("rb") as file:
        start = file.read(4)
        if not start:
            raise BadInput("The file is empty. Choose the file that has the rows.")
        if kind := NOT_TEXT.get(start):
            raise BadInput(f"The file is {kind}. Save its sheet as CSV, and load that.")
        file.seek(0)
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
    return TextFile(path, "utf-8-sig" if is_utf8 else "cp1252", digest.hexdigest())


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
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA) else text


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
