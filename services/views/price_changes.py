"""Load a price book, and raise prices by an index: first looked over, then confirmed."""

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from boroughs.authorization import Permission, can, check
from boroughs.queries import find_council, visible_councils
from londonpsn.common import clock, uploads
from londonpsn.common.errors import BadInput, Refused
from londonpsn.common.facts import Fact
from londonpsn.common.importers import Upload
from londonpsn.common.periods import in_words, last_day
from londonpsn.common.tables import Column, Kind, Table
from services import price_book
from services.actions import prices as price_actions
from services.actions.indexation import (
    check_has_index,
    check_rise,
    raise_framework_prices,
    raise_prices,
)
from services.actions.prices import PriceReport
from services.models import Contract, Framework, Price
from services.price_forms import PriceUploadForm, RiseForm, per_cent
from services.queries.indexation import RisePlan, Rises, call_offs_to_raise, plan_rises
from services.views.calloff_words import index_in_words
from services.views.prices import UNIT, from_quantity

PROBLEMS_SHOWN, RISES_SHOWN = 200, 500
AFFECTED_COLUMNS = (
    Column("council", "Council"),
    Column("who", "Who uses them"),
    Column("what", "What becomes of it"),
    Column("lines", "Lines", Kind.COUNT),
    Column("difference", "A month"),
)
KINDS = dict(Price.Kind.choices)
DIFFERENCE_COLUMNS = (
    Column("item", "Item", Kind.REFERENCE),
    Column("contract", "Call-off", sub=lambda one: one.council),
    Column("what", "What", value=lambda one: one.words),
    Column("kind", "Paid", value=lambda one: KINDS[one.kind]),
    Column("from_quantity", "How many", value=from_quantity),
    Column("before", "Before, £", Kind.POUNDS, template=UNIT),
    Column("after", "After, £", Kind.POUNDS, template=UNIT),
    Column("on", "From", Kind.DAY),
)
RISE_COLUMNS = (
    Column("item", "Item", Kind.REFERENCE, value=lambda rise: rise.price.item.code),
    Column("contract", "Call-off", value=lambda rise: rise.contract),
    Column("what", "What", value=lambda rise: rise.price.item.name),
    Column("kind", "Paid", value=lambda rise: rise.price.get_kind_display()),
    Column("from_quantity", "How many", value=lambda rise: from_quantity(rise.price)),
    Column("before", "Before, £", Kind.POUNDS, value=lambda rise: rise.price.amount, template=UNIT),
    Column("after", "After, £", Kind.POUNDS, template=UNIT),
)


@require_http_methods(["GET", "HEAD", "POST"])
def price_book_upload(request, slug):
    """Look a price book over, with the difference to today's, and load it once confirmed."""
    user = request.user
    council = None if slug == "all" else find_council(visible_councils(user), slug=slug)
    check(user, Permission.PRICES_LOAD, council)
    answer = partial(_upload_page, request, council)
    owner = {"purpose": "prices", "user_id": user.pk, "place_id": council.pk if council else 0}
    if request.method != "POST":
        return answer(PriceUploadForm())
    if "kept" in request.POST:
        return _confirm(request, council, owner, answer)
    form = PriceUploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return answer(form)
    file = form.cleaned_data["file"]
    upload = _upload(request, council, Path(file.temporary_file_path()), file.name, dry_run=True)
    try:
        report = price_actions.load(upload)
    except BadInput as error:
        form.add_error("file", str(error))
        return answer(form)
    kept = ""
    if report.changes_something:
        kept = uploads.keep(file, month=None, at=upload.at, **owner)
    return _preview_page(request, council, report, kept)


def _confirm(request, council, owner: dict, answer):
    """Load the file that was looked over, and forget it whatever comes of it."""
    try:
        kept = uploads.claim(request.POST["kept"], **owner)
        try:
            upload = _upload(request, council, kept.path, kept.name)
            report = price_actions.load(upload, seen=request.POST.get("seen", ""))
        finally:
            kept.drop()
    except Refused as error:
        form = PriceUploadForm({})
        form.errors.clear()  # that none is chosen is no mistake of this press
        form.add_error("file", str(error))
        return answer(form)
    if report.is_refused:  # the book has changed since it was looked over
        return _preview_page(request, council, report, "")
    words = (
        f"{report.added:,} prices added, {report.changed:,} changed, {report.ended:,} ended, "
        f"{report.unchanged:,} unchanged."
    )
    messages.success(request, f"{kept.name}: {words}")
    return redirect("prices", slug=council.slug if council else "all")


def _upload(request, council, path: Path, name: str, *, dry_run=False) -> Upload:
    return Upload(
        path=path,
        name=name,
        at=clock.now(),
        by=request.user,
        council_code=council and council.register_code,
        on=clock.today(),
        dry_run=dry_run,
    )


def _upload_page(request, council, form):
    context = {
        "council": council,
        "place": council.short_name if council else "all councils",
        "columns": price_book.COLUMNS,
        "crumbs": _crumbs(council),
        "form": form,
    }
    return render(request, "services/price_book_upload.html", context)


def _preview_page(request, council, report: PriceReport, kept: str):
    problems = sorted(report.found, key=lambda problem: problem.line)[:PROBLEMS_SHOWN]
    context = {
        "council": council,
        "slug": council.slug if council else "all",
        "crumbs": _crumbs(council, with_upload=True),
        "facts": _facts(report),
        "report": report,
        "problems": problems,
        "more": max(0, report.refused - len(problems)),
        "differences": _differences(report).on_page(request),
        "affected": _affected(report.affected).on_page(request),
        "kept": kept,
    }
    return render(request, "services/price_book_preview.html", context)


def _differences(report: PriceReport) -> Table:
    shown, found = len(report.differences), report.added + report.changed + report.ended
    return Table(
        name="differences",
        columns=DIFFERENCE_COLUMNS,
        rows=report.differences,
        caption="What would change",
        scope=f"the first {shown:,} of {found:,}" if found > shown else "by item",
        has_files=False,
        a_page=max(1, shown),
        empty="Nothing would change.",
    )


def _affected(rows) -> Table:
    return Table(
        name="affected",
        columns=AFFECTED_COLUMNS,
        rows=rows,
        caption="Lines that are on these prices",
        scope="by council and who uses them; what they are billed changes only with their charges",
        has_files=False,
        is_first=False,
        a_page=100,
        empty="No line is billed at a price that changes or ends.",
    )


def _facts(report: PriceReport) -> list[Fact]:
    read = Fact("File", report.name, sub=report.encoding), Fact("Rows", report.read, Kind.COUNT)
    if report.is_refused:
        return [*read, Fact("Cannot be taken", report.refused, Kind.COUNT)]
    return [
        *read,
        Fact("Call-offs in it", report.contracts, Kind.COUNT),
        Fact("New prices", report.added, Kind.COUNT),
        Fact("Changed", report.changed, Kind.COUNT),
        Fact("Ended", report.ended, Kind.COUNT),
        Fact("Unchanged", report.unchanged, Kind.COUNT),
        Fact(
            "Backdated",
            report.backdated,
            Kind.COUNT,
            sub="what was held becomes another before today" if report.backdated else "",
        ),
    ]


def _crumbs(council, *, with_upload=False) -> list[tuple[str, str]]:
    slug = council.slug if council else "all"
    place = council.short_name if council else "all councils"
    crumbs = [(f"Prices of {place}", reverse("prices", args=[slug]))]
    if with_upload:
        crumbs.append(("Load a price book", reverse("price-book-upload", args=[slug])))
    return crumbs


@require_http_methods(["GET", "HEAD", "POST"])
def prices_raise(request, slug):
    """Ask by how much, show each price before and after, and raise them once confirmed."""
    user = request.user
    council = None if slug == "all" else find_council(visible_councils(user), slug=slug)
    check(user, Permission.PRICES_LOAD, council)
    contracts = Contract.objects.visible_to(user).exclude(index_base="").order_by("reference", "pk")
    contracts = contracts.select_related("council")
    if council:
        contracts = contracts.of_council(council)
    context = {"council": council, "crumbs": _crumbs(council)}
    form = RiseForm(
        request.POST if request.method == "POST" else None,
        contracts=contracts,
        frameworks=Framework.objects.none() if council else _frameworks_to_raise(),
    )
    if form.is_valid():
        try:
            if "seen" in request.POST:
                return _raise(request, form, slug)
            planned = _planned(form)
            return render(
                request, "services/prices_raise_preview.html", _preview(request, planned, context)
            )
        except Refused as error:
            form.add_error(None, str(error))
    return render(request, "services/prices_raise.html", {"form": form, **context})


def _frameworks_to_raise():
    indexed = Contract.objects.awarded().exclude(index_base="")
    return Framework.objects.filter(pk__in=indexed.values("framework")).order_by("name", "pk")


def _planned(form: RiseForm) -> Rises:
    """Work out what was asked for: of one call-off, or of all under a framework."""
    asked = form.rise
    check_rise(**asked, today=clock.today())
    contract, framework = form.cleaned_data["contract"], form.cleaned_data["framework"]
    if contract:
        check_has_index(contract)
        return plan_rises([contract], **asked)
    call_offs = call_offs_to_raise(framework).select_related("council").order_by("pk")
    return plan_rises(list(call_offs), **asked)


def _raise(request, form: RiseForm, slug: str):
    contract, framework = form.cleaned_data["contract"], form.cleaned_data["framework"]
    said = form.rise | {"seen": request.POST["seen"], "today": clock.today()}
    said |= {"by": request.user, "at": clock.now()}
    if contract:
        run = raise_prices(contract_id=contract.pk, **said)
        words = (
            f"{run.prices_raised:,} prices of {contract.reference} raised by "
            f"{per_cent(run.applied)}"
        )
    else:
        runs = raise_framework_prices(framework_id=framework.pk, **said)
        prices = sum(run.prices_raised for run in runs)
        words = f"{prices:,} prices of {len(runs):,} call-offs under {framework.name} raised"
    messages.success(request, f"{words} from {in_words(form.rise['on'])} on.")
    return redirect("prices", slug=slug)


@dataclass(frozen=True, slots=True)
class RiseRow:
    """One price before and after, with its call-off."""

    contract: str
    price: Price
    after: Decimal


def _preview(request, planned: Rises, context: dict) -> dict:
    rows = [
        RiseRow(plan.contract.reference, rise.price, rise.after)
        for plan in planned.to_make
        for rise in plan.rises
    ]
    of_one = len(planned.plans) == 1
    rises = Table(
        name="rises",
        columns=[c for c in RISE_COLUMNS if not (of_one and c.name == "contract")],
        rows=rows[:RISES_SHOWN],
        caption="Prices before and after",
        scope=f"the first {RISES_SHOWN:,} of {len(rows):,}"
        if len(rows) > RISES_SHOWN
        else "by call-off and item",
        has_files=False,
        a_page=RISES_SHOWN,
        empty="No price that is in force on that day would change.",
    )
    councils = [plan.contract.council for plan in planned.to_make]
    return {
        **context,
        "planned": planned,
        "asked": _asked_again(request),
        "why_not": [plan.why_not for plan in planned.plans if plan.why_not],
        "facts": _rise_facts(planned),
        "rises": rises.on_page(request),
        "affected": _affected(planned.affected(clock.today())).on_page(request),
        "may_confirm": bool(councils)
        and all(can(request.user, Permission.PRICES_LOAD, council) for council in councils),
    }


def _asked_again(request) -> list[tuple[str, str]]:
    """What was asked, for the form that confirms it."""
    names = ("contract", "framework", "percent", "on_0", "on_1", "on_2")
    return [(name, request.POST[name]) for name in names if request.POST.get(name)]


def _rise_facts(planned: Rises) -> list[Fact]:
    ends = f"today’s prices end on {in_words(last_day(planned.on))}"
    facts = [
        Fact("The index asks for", per_cent(planned.percent)),
        _index_fact(planned.plans),
        Fact("From", planned.on, Kind.DAY, sub=ends),
        Fact("Prices that change", len(planned.rises), Kind.COUNT),
    ]
    if len(planned.plans) == 1:
        return [*_facts_of_one(planned.plans[0]), *facts]
    within = "each within its own floor and cap"
    return [*facts, Fact("Call-offs", len(planned.to_make), Kind.COUNT, sub=within)]


def _index_fact(plans: list[RisePlan]) -> Fact:
    label, held = "It is the index of", [p.index_month for p in plans if p.index_month]
    months, silent = set(held), len(plans) - len(held)
    sub = f"not held of {silent:,} of {len(plans):,}" if held and silent else ""
    if len(months) > 1:
        sub = "raise one by one those that want another per cent"
        return Fact(label, "different months", sub=sub)
    return Fact(label, months.pop() if months else None, Kind.MONTH, sub=sub, unknown="not held")


def _facts_of_one(plan: RisePlan) -> list[Fact]:
    contract, last = plan.contract, plan.last
    return [
        Fact("Call-off", contract.reference, sub=contract.title),
        Fact("Applied", per_cent(plan.applied), sub=index_in_words(contract)),
        Fact("Worked out", contract.get_index_base_display()),
        Fact("Raised last", last and last.on, Kind.DAY, unknown="never"),
    ]
