"""`make screenshots`: every page at three widths, as PNG in build/screenshots."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.conftest import fill_portal
from tests.journeys.test_browser import PAGES, sign_in

FOLDER = Path(settings.BASE_DIR) / "build" / "screenshots"
WIDTHS = (1440, 768, 320)


@pytest.fixture
def committed(transactional_db):
    """All 33 councils, so that the pictures show what a programme officer sees."""
    fill_portal("london")


def test_pages_are_pictured(page):
    sign_in(page)
    for address in (*PAGES, "/c/lambeth/lines/?stage=CLOSED", "/c/all/savings/", "/admin/"):
        name = address.strip("/").replace("/", "-").split("?")[0] or "home"
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(address)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{name}-{width}.png", full_page=True)
    page.get_by_role("button", name="Sign out").click()
    page.screenshot(path=FOLDER / "sign-in-1440.png")
