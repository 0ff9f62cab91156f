"""What councils publish of their contracts each quarter, and what they answer when asked."""

from dataclasses import replace
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from boroughs.authorization import Permission, can, check
from boroughs.queries import find_council, find_row, visible_councils
from londonpsn.common import clock
from londonpsn.common.errors import BadInput, Refused
from londonpsn.common.periods import (
    Period,
    add_months,
    last_ended_quarter,
    month_code,
    parse_quarter,
    quarter_of,
)
from londonpsn.common.tables import Column, Kind, Table, file_asked, tell_of_download
from services.actions.publish import keep_register_facts, publish_register, register_facts_of
from services.models import Contract
from services.queries.calloffs import missing_for_register
from services.queries.register import (
    Register,
    foi_answer,
    publish_threshold,
    register_file,
    register_of,
    registers_of,
)
from services.register import COLUMNS, Entry
from services.register_forms import PublishedForm, RegisterFactsForm
from services.views.pages import crumbs

QUARTERS_SHOWN = 4
NOT_YOURS = "What is published of contracts is for councils and London Grid."
REGISTER_COLUMNS = (
    Column(
        "reference",
        "Contract",
        sub=lambda entry: entry.title,
        link=lambda entry: reverse("contract", args=[entry.key]),
    ),
    Column("title", "Title", on_page=False),
    Column("supplier", "Supplier"),
    Column("starts_on", "Starts", Kind.DAY),
    Column("ends_on", "Last day", Kind.LAST_DAY),
    Column("value", "Value, £", Kind.POUNDS),
    Column(
        "missing",
        "Missing",
        value=lambda entry: "; ".join(COLUMNS[name] for name in entry.missing),
        unknown="nothing",
    ),
)
FOI_COLUMNS = (
    Column("supplier", "Supplier"),
    Column("contract_end", "Contract ends", Kind.LAST_DAY, value=lambda row: row.ends_on),
    Column("term", "Term, months", Kind.COUNT),
    Column("service", "Service"),
    Column("lines", "Lines", Kind.COUNT),
    Column("yearly_spend", "£ a year", Kind.POUNDS, value=lambda row: row.yearly),
)


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request, slug):
    """The register of contracts of one quarter: what is missing, the file, and where it stands."""
    user = request.user
    if not user.access.allows_anywhere(Permission.RECORD_VIEW):
        raise PermissionDenied(NOT_YOURS)
    quarter = _quarter_asked(request)
    if slug == "all":
        is_asked = request.method != "POST"
        return _all_councils(request, quarter) if is_asked else HttpResponseNotAllowed(["GET"])
    council = find_council(visible_councils(user), slug=slug)
    form = PublishedForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            publish_register(
                council_id=council.pk,
                quarter=quarter,
                today=clock.today(),
                by=user,
                at=clock.now(),
                **form.cleaned_data,
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Marked as published.")
            return redirect(_address(slug, quarter))
    threshold = publish_threshold(quarter)
    register = register_of(user, council, quarter, threshold)
    table = _register_table(register, may_complete=can(user, Permission.REGISTER_PUBLISH, council))
    if file := file_asked(request, table):
        return file
    context = {
        "council": council,
        "quarter": quarter,
        "quarters": _quarters(slug, quarter),
        "code": month_code(quarter.start),
        "register": register,
        "threshold": threshold,
        "table": table.on_page(request),
        "form": form,
        "may_publish": can(user, Permission.REGISTER_PUBLISH, council),
    }
    return render(request, "services/publish.html", context, status=400 if form.errors else 200)


@require_safe
def publish_file(request, slug):
    """The register of one council and quarter exactly as the Code wants it.

    With ``version`` as it was published.
    """
    council = find_council(visible_councils(request.user), slug=slug)
    quarter, version = _quarter_asked(request), request.GET.get("version", "")
    file, name = register_file(request.user, council, quarter, version)
    tell_of_download(request, "contracts-register", "csv")
    response = HttpResponse(file, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def register_facts(request, pk):
    """What the register wants of one contract, to be filled in."""
    user = request.user
    visible = Contract.objects.visible_to(user).awarded().select_related("council", "supplier")
    contract = find_row(visible, pk=pk)
    check(user, Permission.REGISTER_PUBLISH, contract.council)
    form = RegisterFactsForm(
        request.POST if request.method == "POST" else None,
        contract=contract,
        names=register_facts_of(contract),
    )
    if request.method == "POST" and form.is_valid():
        try:
            keep_register_facts(
                contract_id=contract.pk, facts=form.cleaned_data, by=user, at=clock.now()
            )
        except (BadInput, Refused) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{contract.title}”: kept for the register.")
            return redirect("publish", contract.council.slug)
    context = {
        "council": contract.council,
        "contract": contract,
        "missing": missing_for_register(contract, clock.today()),
        "form": form,
        "crumbs": crumbs(contract.council, "publish", "To publish"),
    }
    return render(
        request, "services/register_facts.html", context, status=400 if form.errors else 200
    )


@require_safe
def foi(request, slug):
    """What may be answered to a request for information, and nothing else."""
    council = find_council(visible_councils(request.user), slug=slug)
    table = Table(
        name="foi",
        columns=FOI_COLUMNS,
        rows=foi_answer(council, clock.today()),
        caption="Telecom services by contract",
        scope=f"{council.short_name}, the council’s own lines",
        a_page=100,
        empty="The council has no line in use.",
    )
    if file := file_asked(request, table):
        return file
    context = {"council": council, "table": table.on_page(request)}
    return render(request, "services/foi.html", context)


def _quarter_asked(request) -> Period:
    """Return the quarter that the address names by its first month; the last that is over."""
    asked = request.GET.get("quarter")
    return parse_quarter(asked) if asked else last_ended_quarter(clock.today())


def _address(slug: str, quarter: Period) -> str:
    query = urlencode({"quarter": month_code(quarter.start)})
    return f"{reverse('publish', args=[slug])}?{query}"


def _quarters(slug: str, current: Period) -> list[tuple[str, str, bool]]:
    """The last quarters that are over, as choices of components/switch.html."""
    last = last_ended_quarter(clock.today()).start
    shown = [quarter_of(add_months(last, -3 * n)) for n in range(QUARTERS_SHOWN)]
    if current not in shown:
        shown.append(current)
    return [
        (f"{one.start:%B} to {add_months(one.end, -1):%B %Y}", _address(slug, one), one == current)
        for one in shown
    ]


def _register_table(register: Register, *, may_complete: bool) -> Table:
    def to_fill_in(entry: Entry) -> str:
        may_here = may_complete and entry.missing
        return reverse("register-facts", args=[entry.key]) if may_here else ""

    return Table(
        name="register",
        columns=[
            replace(column, link=to_fill_in) if column.name == "missing" else column
            for column in REGISTER_COLUMNS
        ],
        rows=sorted(register.entries, key=lambda entry: not entry.missing),
        caption="Rows, those with something missing first",
        scope=register.council.short_name,
        css=lambda entry: "row-soon" if entry.missing else "",
        empty="No contract was in force in this quarter or awarded in it.",
    )


def _all_councils(request, quarter: Period):
    """The state of every council that the person sees."""
    councils = list(visible_councils(request.user).order_by("short_name"))
    threshold = publish_threshold(quarter)
    table = Table(
        name="registers",
        columns=(
            Column(
                "council",
                "Council",
                value=lambda one: one.council.short_name,
                link=lambda one: _address(one.council.slug, quarter),
            ),
            Column("rows", "Rows", Kind.COUNT),
            Column("incomplete", "With something missing", Kind.COUNT),
            Column("words", "State"),
            Column(
                "published_on",
                "Published on",
                Kind.DAY,
                value=lambda one: one.edition and one.edition.published_on,
                unknown="not yet",
            ),
            Column(
                "link",
                "Where",
                value=lambda one: one.edition and one.edition.link,
                link=lambda one: one.edition.link if one.edition else "",
                unknown="nowhere yet",
            ),
        ),
        rows=registers_of(request.user, councils, quarter, threshold),
        caption="Registers by council",
        scope="all that you see",
        a_page=50,
    )
    if file := file_asked(request, table):
        return file
    context = {
        "council": None,
        "quarter": quarter,
        "quarters": _quarters("all", quarter),
        "threshold": threshold,
        "table": table.on_page(request),
    }
    return render(request, "services/publish.html", context)
