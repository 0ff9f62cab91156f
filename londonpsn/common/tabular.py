"""Reading files that people send us: CSV as it really is, in a stream, whatever its bytes."""

import codecs
import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
