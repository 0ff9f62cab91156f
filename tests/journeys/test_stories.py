"""Whole stories by keyboard alone, and again with scripts switched off."""

import pytest

from boroughs.models import JobRun
from tests.conftest import PASSWORD
from tests.journeys.conftest import WIDE, wait_for

OFFICER = "network@camden.demo.example"
LINE = "CMD-HQ01|w1/NEW"
FOCUSED = """() => {
    const at = document.activeElement;
    const label = at.labels?.length ? at.labels[0].textContent : "";
    return (at.getAttribute("aria-label") || label || at.textContent).trim().replace(/\\s+/g, " ");
}"""


@pytest.fixture(params=["with scripts", "without scripts"])
def page(request, chromium, web):
    context = chromium.new_context(
        base_url=web, viewport=WIDE, java_script_enabled=request.param == "with scripts"
    )
    page = context.new_page()
    yield page
    context.close()


def tab_to(page, name: str, presses: int = 250) -> None:
    """Press Tab until what has the focus is called ``name``, and shows that it has it."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == name:
            shown = page.evaluate(
                "() => { const s = getComputedStyle(document.activeElement);"
                " return s.outlineStyle !== 'none' || s.boxShadow !== 'none' }"
            )
            assert shown, f"{name} does not show that it has the focus"
            return
    raise AssertionError(f"{name} cannot be reached by keyboard on {page.url}")


def sign_in(page) -> None:
    page.goto("/")
    tab_to(page, "Mail address")
    page.keyboard.type(OFFICER)
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/my-work/")


def test_find_a_line_by_its_reference_read_its_money_and_download_it(page):
    sign_in(page)

    tab_to(page, "Search for a line, site, contract or council")
    page.keyboard.type("cmd-hq01 | W1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/**")
    tab_to(page, LINE)
    page.keyboard.press("Enter")
    page.wait_for_url("**/lines/*/")

    assert page.locator("h1").count() == 1
    text = page.inner_text("main")
    assert "£590.00" in text
    assert "1 July 2013" in text

    name = "CSV of Money by month"
    with page.expect_download() as started:
        tab_to(page, name)
        page.keyboard.press("Enter")
    rows = started.value.path().read_text().splitlines()
    assert len(rows) > 12
    assert any("590.00" in row for row in rows)


def test_start_a_recompute_and_see_it_finish(page, start_worker):
    sign_in(page)
    start_worker()

    tab_to(page, "Jobs")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/")
    tab_to(page, "Work out all figures again")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/*-*/")
    wait_for(lambda: not JobRun.objects.unfinished().exists())
    if page.get_by_role("link", name="Look again").count():
        page.reload()  # what a person does who presses it, or waits: the page refreshes itself

    wait_for(lambda: "2 figures worked out" in page.inner_text("main"))


def test_tick_lines_preview_and_confirm(page):
    sign_in(page)

    tab_to(page, "Lines")
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/camden/lines/")
    for _ in range(2):
        page.keyboard.press("Tab")
        while not page.evaluate(FOCUSED).startswith("Tick "):
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
    tab_to(page, "Still right")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lines/preview/")
    assert "2 lines ticked" in page.inner_text("main")
    tab_to(page, "Yes, all 2 are still right")
    page.keyboard.press("Enter")

    page.wait_for_url("**/c/camden/lines/")
    assert "2 lines still right, noted." in page.inner_text("body")
