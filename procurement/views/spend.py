"""Real payments of one council or of all that the person sees, and loading them."""

from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from boroughs.authorization import Permission, can, check
from boroughs.queries import find_council, visible_councils
from londonpsn.common import clock, uploads
from londonpsn.common.errors import BadInput
from londonpsn.common.facts import Fact
from londonpsn.common.importers import Upload
from londonpsn.common.periods import month_code
from londonpsn.common.tables import Column, Kind, Table, file_asked
from procurement import queries
from procurement.actions import payments
from procurement.forms import MonthsForm, PaymentUploadForm
from procurement.models import Series
from procurement.views.places import place_asked

PROBLEMS_SHOWN = 200
PAYMENT_COLUMNS = (
    Column("supplier", "Supplier", order_by="supplier"),
    Column("name", "Name as published", order_by="name"),
    Column("month", "Month", Kind.MONTH, order_by="month", in_file=False),
    Column("month", "Month", value=lambda row: month_code(row.month), on_page=False),
    Column("amount", "Amount, £", Kind.POUNDS, order_by="amount"),
    Column("rows", "Rows", Kind.COUNT, order_by="rows"),
)
FILE_COLUMNS = (
    Column("name", "File", order_by="name"),
    Column("council", "Council", value=lambda file: file.council.short_name),
    Column("loaded_at", "Loaded", Kind.MOMENT, order_by="loaded_at"),
    Column(
        "loaded_by",
        "By",
        value=lambda file: file.loaded_by and file.loaded_by.name,
        order_by="loaded_by__name",
        unknown="the server’s console",
    ),
    Column("rows_read", "Rows read", Kind.COUNT),
    Column("rows_stored", "Stored", Kind.COUNT),
    Column("rows_already_held", "Already held", Kind.COUNT),
    Column("rows_unmatched", "Other suppliers’", Kind.COUNT),
    Column("rows_repaired", "Repaired", Kind.COUNT),
    Column("rows_refused", "Refused", Kind.COUNT),
)


@require_safe
def spend(request, slug):
    """What councils have published that they paid: one series at a time, real, net of VAT."""
    user = request.user
    council, _ = place_asked(user, slug)
    asked = request.GET.get("series")
    series = Series(asked) if asked in Series.values else Series.SUPPLIER_PAYMENTS
    form = MonthsForm(request.GET)
    if not form.is_valid() and request.GET.get("format"):
        raise BadInput(next(iter(form.errors.values()))[0])
    rows = []
    if form.is_valid():
        months = {"from_month": form.cleaned_data["from"], "to_month": form.cleaned_data["to"]}
        rows = queries.payment_summary(user, council, series=series, **months)
    scope = council.short_name if council else "all that you see"
    table = Table(
        name="payments",
        columns=PAYMENT_COLUMNS,
        rows=rows,
        caption=f"{series.label}: published names by month",
        scope=f"{scope}, net of VAT",
    )
    files = Table(
        name="files",
        columns=[c for c in FILE_COLUMNS if not (council and c.name == "council")],
        rows=queries.payment_files(user, council, series),
        order=("-loaded_at", "-pk"),
        caption="Files loaded, latest first",
        scope=scope,
        is_wide=True,
        is_first=False,
        empty=f"No file of {series.label.lower()} has been loaded yet.",
    )
    if file := file_asked(request, table, files):
        return file
    context = {
        "council": council,
        "series": series,
        "choices": [(one.label, _in_series(request, one), one == series) for one in Series],
        "form": form,
        "is_narrowed": any(form.cleaned_data.values()),
        "spend": queries.spend_table(rows),
        "table": table.on_page(request),
        "files": files.on_page(request),
        "may_load": council is not None and can(user, Permission.PAYMENTS_LOAD, council),
    }
    return render(request, "procurement/spend.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def spend_upload(request, slug):
    """Look a council's list over without keeping a row, and load it once that is confirmed."""
    user = request.user
    council = find_council(visible_councils(user), slug=slug)
    check(user, Permission.PAYMENTS_LOAD, council)
    answer = partial(_upload_page, request, council)
    owner = {"purpose": "payments", "user_id": user.pk, "place_id": council.pk}
    if request.method != "POST":
        return answer(PaymentUploadForm())
    if "kept" in request.POST:
        return _confirm(request, council, owner, answer)
    form = PaymentUploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return answer(form)
    file, month = form.cleaned_data["file"], form.cleaned_data["month"]
    upload = _upload(
        request, council, Path(file.temporary_file_path()), file.name, month, dry_run=True
    )
    try:
        report = payments.load(upload)
    except payments.NoMonth as error:
        form.add_error("month", str(error))
        return answer(form)
    except BadInput as error:
        form.add_error("file", str(error))
        return answer(form)
    problems = sorted(report.found, key=lambda problem: problem.line)
    context = {
        "council": council,
        "crumbs": _crumbs(council, with_upload=True),
        "facts": _facts(report),
        "report": report,
        "all_held": report.already_held and not report.stored,
        "problems": problems[:PROBLEMS_SHOWN],
        "more": max(0, len(problems) - PROBLEMS_SHOWN),
        "kept": uploads.keep(file, month=month, at=upload.at, **owner) if report.stored else "",
    }
    return render(request, "procurement/spend_preview.html", context)


def _confirm(request, council, owner: dict, answer):
    """Load the file that was looked over, and forget it whatever comes of it."""
    try:
        kept = uploads.claim(request.POST["kept"], **owner)
        try:
            report = payments.load(_upload(request, council, kept.path, kept.name, kept.month))
        finally:
            kept.drop()
    except BadInput as error:
        form = PaymentUploadForm({})
        form.errors.clear()  # that none is chosen is no mistake of this press
        form.add_error("file", str(error))
        return answer(form)
    words = (
        f"{report.read:,} rows read, {report.stored:,} stored, "
        f"{report.already_held:,} already held, {report.unmatched:,} of other suppliers, "
        f"{report.refused:,} refused."
    )
    messages.success(request, f"{kept.name}: {words}")
    address = reverse("spend", args=[council.slug])
    return redirect(f"{address}?{urlencode({'series': report.series})}")


def _upload(request, council, path: Path, name: str, month, *, dry_run=False) -> Upload:
    return Upload(
        path=path,
        name=name,
        at=clock.now(),
        by=request.user,
        council_code=council.register_code,
        month=month,
        dry_run=dry_run,
    )


def _upload_page(request, council, form):
    context = {"council": council, "crumbs": _crumbs(council), "form": form}
    return render(request, "procurement/spend_upload.html", context)


def _crumbs(council, *, with_upload=False) -> list[tuple[str, str]]:
    crumbs = [
        (council.short_name, reverse("council", args=[council.slug])),
        ("Spend", reverse("spend", args=[council.slug])),
    ]
    if with_upload:
        crumbs.append(("Load payments", reverse("spend-upload", args=[council.slug])))
    return crumbs


def _facts(report: payments.PaymentReport) -> list[Fact]:
    return [
        Fact("File", report.name, sub=report.encoding),
        Fact("List", Series(report.series).label),
        Fact("Rows read", report.read, Kind.COUNT),
        Fact("Would be stored", report.stored, Kind.COUNT),
        Fact("Already held", report.already_held, Kind.COUNT),
        Fact(
            "Of other suppliers",
            report.unmatched,
            Kind.COUNT,
            sub="The portal knows no telecom supplier by that name, so they are not kept.",
        ),
        Fact("Repaired", report.repaired, Kind.COUNT),
        Fact("Refused", report.refused, Kind.COUNT),
        Fact("Of known suppliers in this file", report.stored_or_held, Kind.POUNDS),
    ]


def _in_series(request, series: Series) -> str:
    """Return the page's address in another series, with the months that are chosen."""
    months = {name: text for name in ("from", "to") if (text := request.GET.get(name))}
    return "?" + urlencode({"series": series} | months)
