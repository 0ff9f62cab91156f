"""Which kinds of file are taken, and whether a file is what its name says.

The name's ending says the kind, the content has to bear it out, and the kind decides the media type
that the file is served with: what a browser or a program claims about it counts for nothing.
"""

import codecs
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import PurePosixPath
from typing import BinaryIO

import puremagic

from londonpsn.common.errors import BadInput

CHUNK = 1 << 20
HEAD = 64 * 1024  # bytes that the beginning of a file is told by
MOST_MEMBERS = 10_000  # files within an Office document
OFFICE = "application/vnd.openxmlformats-officedocument"
LONGEST_NAME = 200
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
NOT_OF_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
MAIL_HEADERS = ("From", "Date", "Received", "Message-ID")


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file: its name for people, its media type, and what its content has to be."""

    label: str
    media_type: str
    is_kept_by: Callable[[BinaryIO], bool]
    remedy: str


def named(name: str) -> str:
    """Return a file's own name without folders or characters that cannot be seen, not too long."""
    own = PurePosixPath(name.replace("\\", "/")).name
    path = PurePosixPath(UNPRINTABLE.sub("", own).strip(" .") or "file")
    stem = path.stem[: LONGEST_NAME - len(path.suffix)]
    return f"{stem}{path.suffix}"[:LONGEST_NAME]


def kind_of(name: str, file: BinaryIO) -> FileKind:
    """Return the kind that name and content agree on; the file is left at its beginning.

    Raises BadInput with what to do where there is none.
    """
    ending = PurePosixPath(name).suffix.lower().removeprefix(".")
    kind = KINDS.get(ending)
    if kind is None:
        raise BadInput(
            f"“{name}” is of a kind that is not taken. Send {ENDINGS}: most programs can save one."
        )
    file.seek(0)
    is_so = kind.is_kept_by(file)
    file.seek(0)
    if not is_so:
        raise BadInput(f"The content of “{name}” is not {kind.label}. {kind.remedy}")
    return kind


def _begins_as(*endings: str) -> Callable[[BinaryIO], bool]:
    def is_so(file: BinaryIO) -> bool:
        try:
            found = puremagic.magic_string(file.read(HEAD))
        except (puremagic.PureError, ValueError):
            return False
        return any(match.extension in endings for match in found)

    return is_so


def _is_text(file: BinaryIO) -> bool:
    """Whether every byte is text in UTF-8 or, as older programs write it, in Windows' own code."""
    return any(_is_text_in(encoding, file) for encoding in ("utf-8", "cp1252"))


def _is_text_in(encoding: str, file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            if NOT_OF_TEXT.search(decoder.decode(chunk)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_mail(file: BinaryIO) -> bool:
    if not _is_text(file):
        return False
    file.seek(0)
    headers = BytesHeaderParser().parsebytes(file.read(HEAD))
    return any(name in headers for name in MAIL_HEADERS)


def _is_office(main_part: str) -> Callable[[BinaryIO], bool]:
    """Whether it is a zip with the parts of such a document, and without programs in it."""

    def is_so(file: BinaryIO) -> bool:
        try:
            with zipfile.ZipFile(file) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            return False
        has_program = any(name.lower().endswith("vbaproject.bin") for name in names)
        return (
            len(names) <= MOST_MEMBERS
            and {"[Content_Types].xml", main_part} <= set(names)
            and not has_program
        )

    return is_so


AGAIN = "Save it again in that kind, or choose the right file."
OFFICE_AGAIN = "Save it again in that kind, without a password and without macros."
TEXT_AGAIN = "Save it as text in UTF-8, or choose the right file."
KINDS = {
    "pdf": FileKind("a PDF", "application/pdf", _begins_as(".pdf"), AGAIN),
    "png": FileKind("a PNG picture", "image/png", _begins_as(".png"), AGAIN),
    "jpg": FileKind("a JPEG picture", "image/jpeg", _begins_as(".jpg"), AGAIN),
    "csv": FileKind("a CSV file", "text/csv", _is_text, TEXT_AGAIN),
    "txt": FileKind("text", "text/plain", _is_text, TEXT_AGAIN),
    "eml": FileKind("a mail", "message/rfc822", _is_mail, AGAIN),
    "xlsx": FileKind(
        "an Excel workbook",
        f"{OFFICE}.spreadsheetml.sheet",
        _is_office("xl/workbook.xml"),
        OFFICE_AGAIN,
    ),
    "docx": FileKind(
        "a Word document",
        f"{OFFICE}.wordprocessingml.document",
        _is_office("word/document.xml"),
        OFFICE_AGAIN,
    ),
}
KINDS["jpeg"] = KINDS["jpg"]
ENDINGS = "PDF, PNG, JPEG, CSV, TXT, XLSX, DOCX or EML"
ACCEPT = ",".join(f".{ending}" for ending in KINDS)  # for a form's field
