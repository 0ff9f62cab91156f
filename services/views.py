"""The lines of one council, or of all that the person sees."""

from django.core.paginator import Paginator
from django.shortcuts import render

from boroughs.queries import find_council, served_councils
from londonpsn.common import clock
from services.forms import LineFilterForm
from services.models import Line
from services.queries import line_rows

LINES_A_PAGE = 25


def lines(request, slug):
    """Lines, old and new, filtered and paged by what stands in the address."""
    council = None if slug == "all" else find_council(served_councils(request.user), slug=slug)
    visible = Line.objects.visible_to(request.user)
    if council:
        visible = visible.of_council(council)
    form = LineFilterForm(request.GET)
    found = form.narrow(visible).order_by("body_id", "site__code", "reference", "pk")
    page = Paginator(found, LINES_A_PAGE).get_page(request.GET.get("page"))
    page.object_list = line_rows(page.object_list, clock.today())
    context = {
        "council": council,
        "form": form,
        "chosen": [(label, words, _without(request, name)) for name, label, words in form.chosen()],
        "page": page,
        "page_numbers": page.paginator.get_elided_page_range(
            page.number, on_each_side=1, on_ends=1
        ),
        "query": _without(request, "page"),
    }
    return render(request, "services/lines.html", context)


def _without(request, *names: str) -> str:
    """Return the address's query without some of its fields, and from the first page again."""
    query = request.GET.copy()
    for name in (*names, "page"):
        query.pop(name, None)
    return query.urlencode()
