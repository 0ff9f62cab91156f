"""`make screenshots`: every page at three widths in build/screenshots, and README's picture."""

from pathlib import Path

import pytest
from django.conf import settings
from django.utils.text import slugify

from tests.conftest import fill_portal
from tests.journeys.test_every_page import (
    PROBLEMS,
    PROGRAMME,
    VISITS,
    add_records,
    keys,
    open_as,
)

__all__ = ["open_as"]  # a fixture
FOLDER = Path(settings.BASE_DIR) / "build" / "screenshots"
README = Path(settings.BASE_DIR) / "docs" / "london.png"
WIDTHS = (1440, 768, 320)


@pytest.fixture
def committed(transactional_db):
    """All 33 councils, so that the pictures show what a programme officer sees."""
    fill_portal("london")
    add_records()


def test_pages_are_pictured(open_as):
    held = keys()
    visits = [(name, visit) for name, some in VISITS.items() for visit in some]
    for name, (who, address) in [*visits, *(("problem", visit) for visit in PROBLEMS)]:
        file = f"{name}-{slugify(address.replace('/', ' ')) or 'home'}"
        page, _ = open_as(address.format(**held), who)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=FOLDER / f"{file}-{width}.png", full_page=True)
    page, _ = open_as("/london/", PROGRAMME)
    page.set_viewport_size({"width": 1440, "height": 1150})
    page.screenshot(path=README)
