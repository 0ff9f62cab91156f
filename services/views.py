"""The lines of one council, or of all that the person sees."""

from django.shortcuts import render

from boroughs.queries import find_council, served_councils
from londonpsn.common import clock
from londonpsn.common.tables import Column, Kind, Table, file_asked
from services.forms import LineFilterForm
from services.models import Line
from services.queries import line_row, listed_lines

LINE_COLUMNS = (
    Column(
        "reference",
        "Line",
        Kind.REFERENCE,
        order_by="reference",
        sub=lambda line: line.description,
    ),
    Column("council", "Council"),
    Column("body", "Body", on_page=False),
    Column(
        "service_type",
        "Kind of service",
        value=lambda line: line.service,
        sub=lambda line: f"{line.quantity:,} × {line.unit}" if line.quantity > 1 else "",
        order_by="service_type__name",
    ),
    Column("quantity", "Quantity", Kind.COUNT, on_page=False),
    Column("site", "Site", order_by="site__name", unknown="Council-wide"),
    Column("supplier", "Supplier", order_by="supplier__name"),
    Column("stage", "Old or new, stage", template="services/_stage.html", order_by="stage"),
    Column("starts_on", "In use", template="services/_in_use.html", order_by="starts_on"),
    Column("ends_on", "Until", Kind.DAY, on_page=False),
    Column(
        "monthly",
        "Now, £ a month",
        Kind.POUNDS,
        template="services/_monthly.html",
        order_by="monthly",
    ),
)


def lines(request, slug):
    """Lines, old and new, filtered, sorted and paged by what stands in the address."""
    council = None if slug == "all" else find_council(served_councils(request.user), slug=slug)
    visible = Line.objects.visible_to(request.user)
    if council:
        visible = visible.of_council(council)
    form = LineFilterForm(request.GET)
    day = clock.today()
    table = Table(
        name="lines",
        columns=[column for column in LINE_COLUMNS if not (council and column.name == "council")],
        rows=listed_lines(form.narrow(visible), day),
        row=lambda line: line_row(line, day),
        order=("body_id", "site__code", "reference", "pk"),
        caption="Lines by body and site",
        scope=council.short_name if council else "all that you see",
        css=lambda line: "est" if line.is_planned else "",
    )
    if file := file_asked(request, table):
        return file
    context = {
        "council": council,
        "form": form,
        "chosen": [(label, words, _without(request, name)) for name, label, words in form.chosen()],
        "table": table.on_page(request),
    }
    return render(request, "services/lines.html", context)


def _without(request, *names: str) -> str:
    """Return the address's query without some of its fields, and from the first page again."""
    query = request.GET.copy()
    for name in (*names, "page"):
        query.pop(name, None)
    return query.urlencode()
