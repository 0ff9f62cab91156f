"""What the pages of one thing, and plain lists, have in common."""

from django.shortcuts import render
from django.urls import reverse

from boroughs.subjects import trail_address
from boroughs.views.attached import attached
from londonpsn.common.tables import Table, file_asked


def council_address(council) -> str:
    return reverse("council", args=[council.slug])


def crumbs(council, view: str, label: str) -> list[tuple[str, str]]:
    return [(f"{label} of {council.short_name}", reverse(view, args=[council.slug]))]


def list_page(request, table: Table, title: str, lede: str, council):
    if file := file_asked(request, table):
        return file
    shown = table.on_page(request)
    context = {"title": title, "lede": lede, "table": shown, "council": council}
    return render(request, "services/list.html", context)


def object_page(request, tables: list[Table], context: dict, council, about=None):
    """Show the page of one thing; ``about`` is the thing itself, where something hangs on it.

    That is its trail, for who reads it, and its documents and notes.
    """
    if tables and (file := file_asked(request, *tables, council=council)):
        return file
    common = {
        "tables": [table.on_page(request) for table in tables],
        "council": council,
        "trail": trail_address(request.user, about, council) if about else "",
        "attached": attached(request, about, council) if about else None,
    }
    return render(request, "services/object.html", {**common, **context})
