"""What events and rows are about: its page, and its own trail.

Apps say, when they are ready, which of their models have a page that is opened by primary key.
"""

from django.db import models
from django.urls import reverse
from django.utils.http import urlencode

from boroughs.authorization import Permission

PAGES: dict[str, str] = {}  # model label to URL name


def register(model: type[models.Model], page: str) -> None:
    """Say which page shows one row of a model; ``page`` is its URL name and takes the key."""
    PAGES[model._meta.label_lower] = page


def page_of(label: str, key: int | None) -> str:
    """Return the address of the page about a thing, empty where there is none."""
    page = PAGES.get(label)
    return reverse(page, args=[key]) if page and key else ""


def key_of(label: str, key: int) -> str:
    """Return how a thing is named in an address: ``services.line:123``."""
    return f"{label}:{key}"


def trail_address(user, thing: models.Model, council) -> str:
    """Return where the trail of one thing is, empty for who may not read its council's."""
    if council is None or not user.access.allows(Permission.TRAIL_VIEW, council.pk):
        return ""
    subject = key_of(thing._meta.label_lower, thing.pk)
    return f"{reverse('trail', args=[council.slug])}?{urlencode({'subject': subject})}"
