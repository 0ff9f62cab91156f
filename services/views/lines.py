"""The lines of one council, or of all that the person sees."""

from dataclasses import replace
from decimal import Decimal
from operator import attrgetter

from django.contrib import messages
from django.db.models import QuerySet
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from boroughs import authorization
from boroughs.authorization import Permission
from boroughs.models import Body
from boroughs.queries import find_council, served_councils
from londonpsn.common import clock
from londonpsn.common.addresses import came_from, query_without
from londonpsn.common.tables import Column, Kind, Table, file_asked
from services.actions.lines import confirm_lines
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
        link=lambda line: reverse("line", args=[line.pk]),
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
    Column("stage", "Old or new, stage", template="services/_stage.html", order_by="stage_number"),
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

NOTHING_TICKED = "No line is ticked. Tick the lines that you mean, then press again."
SOME_GONE = "Some of these lines are not there any more. Tick again those that you mean."
LINE_ORDER = ("body_id", "site__code", "reference", "pk")
ROW_KEY, MONTHLY = attrgetter("pk"), attrgetter("monthly")
BODY_KIND = attrgetter("body_kind")


@require_safe
def lines(request, slug):
    """Lines, old and new, filtered, sorted and paged by what stands in the address."""
    council = None if slug == "all" else find_council(served_councils(request.user), slug=slug)
    visible = Line.objects.visible_to(request.user)
    if council:
        visible = visible.of_council(council)
    form = LineFilterForm(request.GET)
    day = clock.today()
    table = line_table(
        request.user,
        form.narrow(visible, day),
        day,
        without=["council"] if council else [],
        caption="Lines by body and site",
        scope=council.short_name if council else "of all that you see",
    )
    if council and authorization.can(request.user, Permission.LINE_CONFIRM, council):
        table.form, table.tick, table.weigh = "ticked", ROW_KEY, MONTHLY
        table.group = BODY_KIND
    if file := file_asked(request, table):
        return file
    context = {
        "council": council,
        "form": form,
        "actions": ["Still right"],
        "back": request.get_full_path(),
        "sees_all": council and authorization.can(request.user, Permission.RECORD_VIEW, council),
        "chosen": [
            (label, words, query_without(request, name)) for name, label, words in form.chosen()
        ],
        "table": table.on_page(request),
    }
    return render(request, "services/lines.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def lines_preview(request, slug):
    """What is about to be said of the ticked lines; a second POST says it (JOURNEYS 3)."""
    council = find_council(served_councils(request.user), slug=slug)
    if request.method != "POST":  # signed in again on the way: what was ticked is lost
        return redirect("lines", slug=slug)
    authorization.check(request.user, Permission.LINE_CONFIRM, council)
    day, back = clock.today(), came_from(request, reverse("lines", args=[slug]))
    ticked = [int(key) for key in request.POST.getlist("tick") if key.isdecimal()]
    found = Line.objects.visible_to(request.user).of_council(council).filter(pk__in=ticked)
    if not ticked or found.count() != len(set(ticked)):
        messages.error(request, NOTHING_TICKED if not ticked else SOME_GONE)
        return redirect(back)
    if request.POST.get("confirm"):
        count = confirm_lines(line_ids=ticked, by=request.user, on=day, at=clock.now())
        messages.success(request, f"{count} line{'' if count == 1 else 's'} still right, noted.")
        return redirect(back)
    rows = [line_row(line, day) for line in listed_lines(found, day).order_by(*LINE_ORDER)]
    sums = [_sum_of(kind, rows) for kind in Body.Kind if any(r.body_kind == kind for r in rows)]
    table = Table(
        name="ticked",
        columns=[column for column in LINE_COLUMNS if column.name != "council"],
        rows=rows,
        caption="Ticked lines",
        scope=council.short_name,
        a_page=len(rows),
        has_files=False,
    )
    context = {
        "council": council,
        "table": table.on_page(request),
        "ticked": [row.pk for row in rows],
        "count": len(rows),
        "sums": sums,
        "back": back,
    }
    return render(request, "services/lines_preview.html", context)


def _sum_of(kind: Body.Kind, rows) -> tuple[str, int, Decimal, int]:
    """Return the lines of one kind of body, their pounds a month, and how many have none known.

    Kinds are never added to one another (decisions 17).
    """
    own = [row for row in rows if row.body_kind == kind]
    prices = [row.monthly for row in own if row.monthly is not None]
    unpriced = sum(row.is_billed and row.monthly is None for row in own)
    return kind.label, len(own), sum(prices, Decimal(0)), unpriced


def line_table(user, lines: QuerySet[Line], day, *, without=(), **options) -> Table:
    """Return the table of lines, with links to the sites that the person may open."""

    def site_address(line) -> str:
        may_open = line.site_id and user.access.allows(Permission.RECORD_VIEW, line.council_id)
        return reverse("site", args=[line.site_id]) if may_open else ""

    return Table(
        name="lines",
        columns=[
            replace(column, link=site_address) if column.name == "site" else column
            for column in LINE_COLUMNS
            if column.name not in without
        ],
        rows=listed_lines(lines, day),
        row=lambda line: line_row(line, day),
        order=LINE_ORDER,
        css=lambda line: "est" if line.is_planned else "",
        **options,
    )
