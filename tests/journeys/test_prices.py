"""A programme officer loads a price book by keyboard; it is refused to the buyer in words."""

from datetime import date
from decimal import Decimal

import pytest

from services.models import Price
from tests.conftest import PASSWORD, code_of
from tests.journeys.conftest import NARROW, WIDE

PROGRAMME = "programme@london-grid"
BOOK = (
    "contract,item,kind,from_quantity,amount,starts_on,last_day\n"
    "CMD/LONDONPSN,WAN-10,RECURRING,1,115.00,2013-04-01,2014-07-31\n"
    "CMD/LONDONPSN,WAN-10,RECURRING,1,120.00,2014-08-01,\n"
    "CMD/LONDONPSN,WAN-10,ONE_OFF,1,450.00,2013-04-01,2018-03-31\n"
)
WAN_10 = {"contract__reference": "CMD/LONDONPSN", "item__code": "WAN-10", "kind": "RECURRING"}


@pytest.fixture(params=[True, False], ids=["with-scripts", "without-scripts"])
def page(request, chromium, web):
    context = chromium.new_context(base_url=web, viewport=WIDE, java_script_enabled=request.param)
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text))
    yield page
    context.close()


def sign_in(page, address: str) -> None:
    page.goto("/accounts/login/")
    for label, text in (("Mail address", f"{address}.demo.example"), ("Password", PASSWORD)):
        page.get_by_label(label, exact=True).focus()
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    if address == PROGRAMME:
        page.get_by_label("Code", exact=True).focus()
        page.keyboard.type(code_of(address))
        page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/accounts/" not in url)


def follow(page, role: str, name: str) -> None:
    page.get_by_role(role, name=name, exact=True).focus()
    page.keyboard.press("Enter")


def choose_file(page, path) -> None:
    """Open the file field by keyboard, as a person does."""
    with page.expect_file_chooser() as chooser:
        page.get_by_label("The price book", exact=True).focus()
        page.keyboard.press("Space")
    chooser.value.set_files(path)


def test_a_programme_officer_loads_a_price_book_by_keyboard(page, tmp_path):
    path = tmp_path / "book.csv"
    sign_in(page, PROGRAMME)
    page.goto("/c/camden/prices/")
    follow(page, "link", "Load a price book")
    page.get_by_role("heading", level=1, name="Load a price book of Camden").wait_for()

    path.write_text(BOOK.replace("120.00", "a lot"))
    choose_file(page, path)
    follow(page, "button", "Look it over")
    page.get_by_role("heading", level=1, name="Check before loading").wait_for()
    assert "“a lot” is no price" in page.inner_text("main")
    assert page.get_by_role("button", name="Load this price book").count() == 0
    follow(page, "link", "Choose another file")

    path.write_text(BOOK)
    page.get_by_role("heading", level=1, name="Load a price book of Camden").wait_for()
    choose_file(page, path)
    follow(page, "button", "Look it over")
    page.get_by_role("heading", level=1, name="Check before loading").wait_for()
    said = page.inner_text("main")
    assert "Nothing has been kept yet." in said
    assert "£115.00" in said
    assert "£120.00" in said
    assert Price.objects.filter(**WAN_10).count() == 1
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]

    follow(page, "button", "Load this price book")
    page.wait_for_url("**/c/camden/prices/")
    assert "0 prices added, 1 changed, 42 ended, 1 unchanged." in page.inner_text("body")
    held = Price.objects.filter(**WAN_10).order_by("starts_on")
    assert [(price.amount, price.ends_on) for price in held] == [
        (Decimal(115), date(2014, 8, 1)),
        (Decimal(120), None),
    ]
    assert page.complaints == []


def test_a_price_book_is_refused_to_the_buyer_in_words(page):
    sign_in(page, "buyer@camden")
    page.goto("/c/camden/prices/")
    assert page.get_by_role("link", name="Load a price book").count() == 0

    page.goto("/c/camden/prices/upload/")

    assert "You need the right to load a price book and raise prices for Camden." in (
        page.inner_text("main")
    )
