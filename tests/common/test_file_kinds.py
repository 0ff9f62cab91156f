"""Which files are taken: by the name's ending and by what they hold."""

import io
import zipfile

import pytest
from openpyxl import Workbook

from londonpsn.common.errors import BadInput
from londonpsn.common.file_kinds import kind_of, named

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01" + b"\0" * 40
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
MAIL = b"From: a@test.example\r\nDate: Mon, 30 Jun 2014 08:00:00 +0100\r\n\r\nHello\r\n"
EXE = b"MZ\x90\0\x03\0\0\0" + b"\0" * 200


def workbook() -> bytes:
    file = io.BytesIO()
    Workbook().save(file)
    return file.getvalue()


def archive(*members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        for member in members:
            written.writestr(member, "x")
    return file.getvalue()


WORD = archive("[Content_Types].xml", "word/document.xml")


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("A.PDF", PDF, "application/pdf"),
        ("a.png", PNG, "image/png"),
        ("a.jpg", JPEG, "image/jpeg"),
        ("a.jpeg", JPEG, "image/jpeg"),
        ("a.csv", "a,£\n1,2\n".encode(), "text/csv"),
        ("a.csv", "a,£\n1,2\n".encode("cp1252"), "text/csv"),
        ("a.txt", b"plain\tand\r\nsimple\x0c", "text/plain"),
        ("a.eml", MAIL, "message/rfc822"),
        (
            "a.xlsx",
            workbook(),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (
            "a.docx",
            WORD,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
    ],
)
def test_a_file_is_what_name_and_content_agree_on(name, content, media_type):
    assert kind_of(name, io.BytesIO(content)).media_type == media_type


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.exe", EXE, "is of a kind that is not taken. Send PDF, PNG"),
        ("a.html", b"<script>", "is of a kind that is not taken"),
        ("a.svg", b"<svg/>", "is of a kind that is not taken"),
        ("a.pdf.exe", PDF, "is of a kind that is not taken"),
        ("pdf", PDF, "is of a kind that is not taken"),
        ("a.docm", WORD, "is of a kind that is not taken"),
        ("a.pdf", EXE, "is not a PDF. Save it again"),
        ("a.pdf", b"", "is not a PDF"),
        ("a.png", JPEG, "is not a PNG picture"),
        ("a.jpg", PNG, "is not a JPEG picture"),
        ("a.txt", EXE, "is not text. Save it as text in UTF-8"),
        ("a.csv", "a,b\n".encode("utf-16"), "is not a CSV file. Save it as text in UTF-8"),
        ("a.csv", b"a\x81\x8d,b\n", "is not a CSV file"),
        ("a.txt", b"a\x1b[2Jb", "is not text"),
        ("a.eml", b"nothing like a mail", "is not a mail"),
        ("a.xlsx", WORD, "is not an Excel workbook. Save it again in that kind, without"),
        ("a.docx", workbook(), "is not a Word document"),
        ("a.docx", archive("a.txt"), "is not a Word document"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "without a password"),
        (
            "a.docx",
            archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
            "without macros",
        ),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused_with_the_remedy(name, content, sentence):
    with pytest.raises(BadInput) as refusal:
        kind_of(name, io.BytesIO(content))

    assert sentence in str(refusal.value)
    assert f"“{name}”" in str(refusal.value)


def test_text_is_looked_at_to_its_end():
    late = b"a" * (3 << 20) + b"\0"

    with pytest.raises(BadInput):
        kind_of("a.txt", io.BytesIO(late))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("bill.pdf", "bill.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("..\\..\\windows\\bill.pdf", "bill.pdf"),
        ("/var/bill.pdf", "bill.pdf"),
        ("bill\r\nSet-Cookie: a.pdf", "billSet-Cookie: a.pdf"),
        ("bill\u202efdp.exe", "billfdp.exe"),
        ("", "file"),
        ("..", "file"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        (".pdf", "pdf"),
    ],
)
def test_a_name_is_a_name_alone(sent, kept):
    assert named(sent) == kept
