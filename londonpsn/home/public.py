"""Pages that are open to everybody: help, and what the portal owes those who use it."""

import csv
import tomllib
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from londonpsn.common import clock
from londonpsn.common.facts import Fact

HERE = Path(__file__).parent
DEMONSTRATION = "https://londonpsn.example/"  # a reserved name: nobody is there
SECURITY_TXT_HOLDS_FOR = timedelta(days=90)  # RFC 9116, 2.5.5: less than a year


def glossary() -> list[Fact]:
    """Return the words that the portal uses, and what they mean in it."""
    with (HERE / "glossary.csv").open(encoding="utf-8", newline="") as file:
        return [Fact(row["term"], row["meaning"]) for row in csv.DictReader(file)]


@login_not_required
@require_safe
def help_page(request):
    return _page(request, "help", {"glossary": glossary()})


@login_not_required
@require_safe
def accessibility(request):
    statement = tomllib.loads((HERE / "accessibility.toml").read_text(encoding="utf-8"))
    return _page(request, "accessibility", {"statement": statement})


@login_not_required
@require_safe
def privacy(request):
    return _page(request, "privacy", {})


@login_not_required
@require_safe
def cookies(request):
    context = {
        "session": settings.SESSION_COOKIE_NAME,
        "session_hours": settings.SESSION_COOKIE_AGE // 3600,
        "session_minutes": settings.SESSION_IDLE_SECONDS // 60,
        "csrf": settings.CSRF_COOKIE_NAME,
        "csrf_weeks": settings.CSRF_COOKIE_AGE // (7 * 24 * 3600),
    }
    return _page(request, "cookies", context)


@login_not_required
@require_safe
def security_txt(request):
    """Whom to tell of a weakness (RFC 9116). A mail address gets its scheme."""
    contact = settings.SECURITY_CONTACT or DEMONSTRATION
    if "@" in contact and ":" not in contact:
        contact = f"mailto:{contact}"
    expires = clock.now() + SECURITY_TXT_HOLDS_FOR
    lines = [
        *([] if settings.SECURITY_CONTACT else ["# A demonstration: nobody answers here."]),
        f"Contact: {contact}",
        f"Expires: {expires:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: en",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


def _page(request, name: str, context: dict):
    contact = {"controller": settings.CONTROLLER_NAME, "contact": settings.CONTROLLER_EMAIL}
    return render(request, f"public/{name}.html", context | contact)
