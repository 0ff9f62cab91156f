"""A programme officer's first look at the portal, in a real browser, by keyboard."""

import pytest

from tests.conftest import PASSWORD, code_of
from tests.journeys.conftest import NARROW, WIDE, wait_for

PAGES = (
    "/london/psn-network/",
    "/c/camden/",
    "/c/camden/lines/",
    "/c/camden/savings/",
    "/jobs/",
    "/my-work/",
    "/search/?q=library",
    "/api/docs/",
    "/nope/",
)


def sign_in(page, address="programme@london-grid"):
    page.goto("/")
    page.keyboard.press("Tab")  # to the skip link
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.get_by_label("Mail address").focus()
    page.keyboard.type(f"{address}.demo.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Code", exact=True).focus()
    page.keyboard.type(code_of(address))
    page.keyboard.press("Enter")
    page.wait_for_url("**/london/")


@pytest.fixture
def officer(page):
    sign_in(page)
    return page


def test_from_london_to_a_line_and_its_councils_savings(officer):
    page = officer
    assert page.get_by_role("heading", level=1).inner_text() == "London"
    assert "3 of 33 connected" in page.inner_text("main")

    page.get_by_role("link", name="CMD 100.0% ceased, Camden, Fully migrated").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/camden/")
    assert "Fully migrated" in page.inner_text("main")

    page.get_by_role("link", name="See all lines").click()
    page.get_by_label("Reference or site").fill("cmd-hq01|w1")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=cmd-hq01*")
    assert "All 2, Camden" in page.inner_text("main")
    assert "£590.00" in page.inner_text("main")

    page.get_by_role("navigation", name="Menu").get_by_role("link", name="Savings").click()
    assert "£79,811.33" in page.inner_text("main")

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/")
    assert page.complaints == []
    assert len(page.hosts) == 1  # nobody else is asked for anything


def test_a_tab_changes_the_page_without_loading_it_anew_and_keeps_the_focus(officer):
    page = officer
    page.evaluate("document.body.dataset.loaded = 'once'")
    for words, address in (("Ceased %", "**map=ceased*"), ("Status", "**/london/**")):
        tab = page.get_by_role("link", name=words, exact=True)
        tab.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(address)
        wait_for(lambda tab=tab: tab.get_attribute("aria-current") == "page")
        assert page.evaluate("document.activeElement.textContent") == words
        assert page.evaluate("document.body.dataset.loaded") == "once"
    assert page.complaints == []


def test_no_page_scrolls_sideways_or_complains(officer):
    page = officer
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        for address in PAGES:
            page.goto(address)
            page.wait_for_load_state("networkidle")
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], (address, size)
    missing = [said for said in page.complaints if "404" not in said]
    assert missing == []


def test_the_button_is_pressed_and_the_progress_moves_to_its_end(officer, start_worker):
    page = officer
    page.goto("/jobs/")
    page.get_by_role("button", name="Work out all figures again").click()
    page.wait_for_url("**/jobs/*-*/")
    assert "of 66 worked out" in page.inner_text("main")

    start_worker()

    wait_for(lambda: "66 figures worked out" in page.inner_text("main"))
    assert page.complaints == []
