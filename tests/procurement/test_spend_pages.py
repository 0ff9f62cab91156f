"""Spend: real payments by month, and the lists that bring them, first looked over."""

import csv
import io
import os
import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook, load_workbook

from boroughs.models import Council
from londonpsn.common import uploads
from procurement.models import Payment, PaymentFile
from tests import factories as new
from tests.conftest import person, sign_in
from tests.londonpsn.test_pages import BUDGET, queries_of

PAGE = "/c/camden/spend/"
UPLOAD = "/c/camden/spend/upload/"
BT = "British Telecommunications Plc"
LIST = f"Supplier Name,Date,Net Amount\n{BT},05/09/2011,100.00\nA Carer,05/09/2011,7\n{BT},x,1\n"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """Uploads wait in a folder of each test's own."""
    settings.UPLOADS = tmp_path / "uploads"
    return settings.UPLOADS


@pytest.fixture
def camden(council):
    return council("CMD")


def pay(council, month, amount, **fields):
    return new.new_payment(council, month=month, amount=Decimal(amount), **fields)


def waiting(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def send(client, content=LIST, name="payments.csv", page=UPLOAD, **fields):
    content = content.encode() if isinstance(content, str) else content
    return client.post(page, {"file": SimpleUploadedFile(name, content), **fields})


def signed(response) -> str:
    return re.search(r'name="kept" value="([^"]+)"', response.content.decode())[1]


def errors(response) -> str:
    found = re.search(r'error-summary__list">(.*?)</ul>', response.content.decode(), re.DOTALL)
    return re.sub(r"<[^>]+>", " ", found[1]).strip() if found else ""


# The page


def test_payments_stand_by_month_and_supplier_and_say_that_they_are_real(camden, browse):
    bt = new.new_supplier_alias("BT Test")
    pay(camden, date(2011, 9, 1), "100.00", alias=bt)
    pay(camden, date(2011, 9, 1), "-20.50", alias=bt)
    pay(camden, date(2011, 10, 1), "7.00")

    text = browse("viewer@camden").get(PAGE).content.decode()

    assert "£79.50" in text
    assert "£86.50" in text
    assert "September 2011" in text
    assert "These are real payments, net of VAT" in text
    assert len(re.findall("<h1", text)) == 1


def test_two_lists_never_stand_in_one_sum(camden, browse):
    pay(camden, date(2011, 9, 1), "100.00")
    pay(camden, date(2011, 9, 1), "11.00", series="PURCHASING_CARDS")
    client = browse("viewer@camden")

    suppliers, cards = (
        client.get(f"{PAGE}?series={series}").content.decode()
        for series in ("SUPPLIER_PAYMENTS", "PURCHASING_CARDS")
    )

    assert ("£100.00" in suppliers, "£11.00" in suppliers) == (True, False)
    assert ("£100.00" in cards, "£11.00" in cards) == (False, True)
    assert "£111.00" not in suppliers + cards


def test_months_narrow_the_page_and_its_files(camden, browse):
    for month in (8, 9, 10):
        pay(camden, date(2011, month, 1), f"{month}.00")
    client = browse("viewer@camden")
    address = f"{PAGE}?from=2011-09&to=2011-09"

    text = client.get(address).content.decode()
    rows = list(csv.reader(io.StringIO(read(client.get(f"{address}&format=csv")))))

    assert "£9.00" in text
    assert "£8.00" not in text
    assert rows[0] == ["supplier", "name", "month", "amount", "rows"]
    assert [row[2:] for row in rows[1:]] == [["2011-09", "9.00", "1"]]


def read(response) -> str:
    return b"".join(response.streaming_content).decode("utf-8-sig")


def test_the_spreadsheet_has_the_same_rows(camden, browse):
    pay(camden, date(2011, 9, 1), "9.25")

    response = browse("viewer@camden").get(f"{PAGE}?format=xlsx")

    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    assert [cell.value for cell in sheet[2]][2:] == ["2011-09", 9.25, 1]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=last+year", "“last year” is not a month"),
        ("from=2011-10&to=2011-09", "lies before the first one"),
    ],
)
def test_a_month_that_cannot_be_read_is_said_and_no_figure_shown(camden, browse, query, sentence):
    pay(camden, date(2011, 9, 1), "9.00")
    client = browse("viewer@camden")

    page = client.get(f"{PAGE}?{query}")

    assert sentence in errors(page)
    assert "£9.00" not in page.content.decode()
    assert client.get(f"{PAGE}?{query}&format=csv").status_code == 400


def test_nothing_held_says_who_can_load(camden, browse):
    viewer = browse("viewer@camden").get(PAGE).content.decode()
    finance = browse("finance@camden").get(PAGE).content.decode()

    assert "No payments to suppliers of Camden are held. Finance officers" in viewer
    assert UPLOAD not in viewer
    assert f'href="{UPLOAD}"' in finance


def test_months_without_payments_lead_back_to_all(camden, browse):
    pay(camden, date(2011, 9, 1), "9.00")

    text = browse("viewer@camden").get(f"{PAGE}?from=2013-01").content.decode()

    assert "No payment of these months is held." in text


def test_files_say_who_loaded_them_and_what_came_of_it(camden, browse):
    loader = new.new_user(name="Pat Finance")
    new.new_payment_file(camden, name="sept.csv", rows_read=612, loaded_by=loader)
    new.new_payment_file(camden, name="oct.csv")
    client = browse("viewer@camden")

    text = client.get(PAGE).content.decode()

    assert "Pat Finance" in text
    assert "612" in text
    assert "the server’s console" in text
    assert "sept.csv" in read(client.get(f"{PAGE}?format=csv&table=files"))


def test_another_councils_payments_do_not_exist(camden, browse):
    pay(camden, date(2011, 9, 1), "123.45")
    new.new_payment_file(camden, name="camden.csv")

    assert browse("viewer@sutton").get(PAGE).status_code == 404
    assert browse("finance@sutton").get(UPLOAD).status_code == 404
    text = browse("viewer@sutton").get("/c/all/spend/").content.decode()
    assert "£123.45" not in text
    assert "camden.csv" not in text


def test_suppliers_people_see_no_payments(db, browse):
    assert browse("agent1@virgin-media-business").get("/c/all/spend/").status_code == 403


@pytest.mark.parametrize("page", [PAGE, "/c/all/spend/", UPLOAD.replace("camden", "sutton")])
def test_at_most_twelve_queries_however_many_payments(camden, browse, page):
    client = browse("programme@london-grid")
    pay(camden, date(2010, 1, 1), "9.00")
    few = queries_of(client, page)
    for month in range(1, 13):
        pay(camden, date(2011, month, 1), "9.00")

    assert queries_of(client, page) == few <= BUDGET


# Looking over, and loading


def test_a_list_is_looked_over_first_and_nothing_is_kept(camden, browse, folder):
    response = send(browse("finance@camden"))

    text = response.content.decode()
    assert "Nothing has been kept yet. 1 row would be stored for Camden." in text
    assert "Line 4" in text
    assert "this is not a date" in text
    assert not PaymentFile.objects.exists()
    (name,) = waiting(folder)
    assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_a_confirmed_list_is_loaded_once_in_the_persons_name(camden, browse, folder):
    client = browse("finance@camden")
    kept = signed(send(client))

    response = client.post(UPLOAD, {"kept": kept}, follow=True)

    assert response.redirect_chain == [(f"{PAGE}?series=SUPPLIER_PAYMENTS", 302)]
    assert "payments.csv: 3 rows read, 1 stored, 0 already held" in response.content.decode()
    assert Payment.objects.get().amount == Decimal("100.00")
    assert PaymentFile.objects.get().loaded_by == person("finance@camden")
    assert waiting(folder) == []
    assert "is no longer here" in errors(client.post(UPLOAD, {"kept": kept}))
    assert Payment.objects.count() == 1


def test_the_same_list_again_says_that_its_rows_are_held(camden, browse, folder):
    client = browse("finance@camden")
    client.post(UPLOAD, {"kept": signed(send(client))})

    text = send(client).content.decode()

    assert "The one row of a known supplier is held already" in text
    assert 'name="kept"' not in text
    assert waiting(folder) == []


def test_a_workbook_loads_like_csv(camden, browse):
    book, file = Workbook(), io.BytesIO()
    for row in (["Supplier Name", "Date", "Net Amount"], [BT, date(2011, 9, 5), 1234.56]):
        book.active.append(row)
    book.save(file)
    client = browse("finance@camden")

    response = send(client, file.getvalue(), "payments.xlsx")

    assert "Excel workbook" in response.content.decode()
    client.post(UPLOAD, {"kept": signed(response)})
    assert Payment.objects.get().amount == Decimal("1234.56")


def test_the_month_is_asked_for_where_the_list_has_none_and_kept_until_the_confirm(camden, browse):
    client, rows = browse("finance@camden"), f"Supplier,Total\n{BT},5\n"

    refused = send(client, rows)
    client.post(UPLOAD, {"kept": signed(send(client, rows, month="2011-12"))})

    assert "Say which month it is" in errors(refused)
    assert Payment.objects.get().month == date(2011, 12, 1)


@pytest.mark.parametrize(
    ("content", "fields", "sentence"),
    [
        (b"", {}, "The file is empty"),
        (b"%PDF-1.7", {}, "The file is a PDF"),
        (b"\xd0\xcf\x11\xe0", {}, "an old Excel workbook"),
        (b"PK\x03\x04rest", {}, "it is damaged"),
        (b"just,words\n", {}, "No row names the columns"),
        (LIST.encode(), {"month": "Sept"}, "“Sept” is not a month"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_kept(
    camden, browse, folder, content, fields, sentence
):
    response = send(browse("finance@camden"), content, **fields)

    assert sentence in errors(response)
    assert "<title>Error: " in response.content.decode()
    assert waiting(folder) == []
    assert not PaymentFile.objects.exists()


def test_no_file_is_said(camden, browse):
    assert errors(browse("finance@camden").post(UPLOAD, {})) == "Choose a file."


def test_a_file_over_the_limit_is_refused_and_its_end_never_kept(
    camden, browse, folder, monkeypatch
):
    taken = []
    write = uploads.TemporaryFileUploadHandler.receive_data_chunk
    monkeypatch.setattr(
        uploads.TemporaryFileUploadHandler,
        "receive_data_chunk",
        lambda handler, raw, start: taken.append(len(raw)) or write(handler, raw, start),
    )

    response = send(browse("finance@camden"), b"x" * (24 * 1024 * 1024))

    assert "The file has 24 MB. The limit is 20 MB" in errors(response)
    assert sum(taken) < 21 * 1024 * 1024
    assert waiting(folder) == []


def test_only_who_may_load_comes_here(camden, browse):
    response = browse("viewer@camden").get(UPLOAD)

    assert response.status_code == 403
    assert "load published payments for Camden" in response.content.decode()
    assert send(browse("viewer@camden")).status_code == 403
    assert browse("programme@london-grid").get("/c/all/spend/upload/").status_code == 404


def test_what_one_person_looked_over_nobody_else_and_no_other_council_gets(camden, browse, folder):
    kept = signed(send(browse("finance@camden")))
    programme = browse("programme@london-grid")

    for client, page in (
        (programme, UPLOAD),
        (browse("finance@sutton"), "/c/sutton/spend/upload/"),
    ):
        assert "is no longer here" in errors(client.post(page, {"kept": kept}))

    forged = kept[:-2] + ("AA" if kept[-2:] != "AA" else "BB")
    assert "is no longer here" in errors(browse("finance@camden").post(UPLOAD, {"kept": forged}))
    assert len(waiting(folder)) == 1
    assert not Payment.objects.exists()


def test_what_nobody_confirms_is_gone_after_a_day(camden, browse, folder):
    client = browse("finance@camden")
    send(client)
    (old,) = folder.iterdir()
    os.utime(old, (0, 0))

    send(client)

    assert len(waiting(folder)) == 1
    assert not old.exists()


def test_a_form_from_elsewhere_is_not_taken(camden):
    client = Client(enforce_csrf_checks=True)
    sign_in(client, person("finance@camden"))

    response = client.post(UPLOAD, {})

    assert response.status_code == 403
    assert "Nothing was saved" in response.content.decode()


@pytest.mark.parametrize(
    ("folder_name", "code", "series"),
    [
        ("lambeth-supplier-payments", "LBH", "SUPPLIER_PAYMENTS"),
        ("barnet-purchasing-cards", "BNE", "PURCHASING_CARDS"),
    ],
)
def test_lists_that_councils_really_published_load(shared, db, browse, folder_name, code, series):
    client = browse("programme@london-grid")
    council = Council.objects.get(register_code=code)
    page = f"/c/{council.slug}/spend/upload/"

    for path in sorted((shared / "data" / "real-inputs" / folder_name).glob("*.csv")):
        client.post(page, {"kept": signed(send(client, path.read_bytes(), path.name, page))})

    text = client.get(f"/c/{council.slug}/spend/?series={series}").content.decode()
    held = Payment.objects.filter(council=council)
    assert set(held.values_list("series", flat=True)) == {series}
    assert f"{sum(payment.amount for payment in held):,.2f}" in text
