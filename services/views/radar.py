"""What ends when, until when to give notice, and what could end together."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from boroughs.authorization import Permission
from boroughs.queries import find_council, visible_councils
from londonpsn.common import clock
from londonpsn.common.periods import Period
from londonpsn.common.tables import Column, Kind, Table, file_asked
from londonpsn.common.template_filters import last_day, pounds
from services.forms import RadarForm
from services.models import Contract, ServiceType
from services.queries.radar import RadarRow, with_waiting
from services.queries.together import Cheapest, Together
from services.radar import JointEnd, Part, months_and_days, paid

NOT_YOURS = "What ends when is for councils and London Grid."


def _months(count: int) -> str:
    return f"{count} month{'' if count == 1 else 's'}"


def _options(row: RadarRow) -> str:
    months = row.standing.options
    if not months:
        return "none"
    return " and ".join(_months(one) for one in months)


def _rolls_on(row: RadarRow) -> str:
    contract = row.contract
    if not contract.renewal:
        return ""
    if contract.renewal == Contract.Renewal.ENDS:
        return "no, it ends by itself"
    rolled = row.standing.ending.has_rolled
    often = {0: "", 1: "; it has once"}.get(rolled, f"; it has {rolled} times")
    return f"for {_months(contract.roll_on_months)}{often}"


def _families(row: RadarRow) -> str:
    families = ServiceType.Family
    return ", ".join(one.label for one in families if one in row.provided.families)


RADAR_COLUMNS = (
    Column(
        "contract",
        "Contract",
        value=lambda row: row.contract.reference,
        sub=lambda row: row.contract.title,
        link=lambda row: reverse("contract", args=[row.contract.pk]),
    ),
    Column("title", "Title", value=lambda row: row.contract.title, on_page=False),
    Column("council", "Council", order_by="council"),
    Column("supplier", "Supplier", order_by="supplier"),
    Column("services", "Services", value=_families, unknown="none in use"),
    Column("ends_on", "Last day", Kind.LAST_DAY, order_by="ends_on"),
    Column(
        "notice_by",
        "Give notice by",
        Kind.DAY,
        template="services/_notice_by.html",
        order_by="notice_by",
    ),
    Column("options", "Options left", value=_options),
    Column("rolls_on", "Rolls on", value=_rolls_on),
    Column("monthly", "Now, £ a month", Kind.POUNDS, order_by="monthly"),
    Column("waiting", "Each month of waiting costs, £", Kind.POUNDS, order_by="waiting"),
)


@require_safe
def radar(request, slug):
    """Every contract that ends, or needs notice, within the months asked, the nearest first."""
    user, today = request.user, clock.today()
    if not user.access.allows_anywhere(Permission.RECORD_VIEW):
        raise PermissionDenied(NOT_YOURS)
    among = visible_councils(user)
    council = None if slug == "all" else find_council(among, slug=slug)
    contracts = Contract.objects.visible_to(user)
    if council:
        contracts = contracts.of_council(council)
    form = RadarForm(request.GET, of_all=council is None)
    standings, rows = form.found(contracts, today)
    if request.GET.get("sort", "").removeprefix("-") == "waiting":
        with_waiting(rows, form.kind, today)
    groups = form.together(rows)
    chosen = next((one for one in groups if one.key == request.GET.get("together")), None)
    scope = f"{form.kind.label.lower()} lines, {council.short_name if council else 'all you see'}"
    waiting = partial(with_waiting, kind=form.kind, day=today)  # of those alone that are shown
    contracts_table = replace(_contract_table(rows, council, scope), several=waiting)
    tables = [contracts_table, _joint_table(request, groups, council, scope)]
    if chosen:
        tables.append(_day_table(chosen))
    if file := file_asked(request, *tables):
        return file
    context = {
        "council": council,
        "form": form,
        "tables": [table.on_page(request) for table in tables],
        "chosen": chosen,
        "late": sum(row.standing.is_late for row in rows),
        "soon": sum(row.standing.is_due_soon for row in rows),
        "undated": sum(one.ending.ends_on is None for one in standings),
    }
    return render(request, "services/radar.html", context)


def _contract_table(rows: list[RadarRow], council, scope: str) -> Table:
    return Table(
        name="expiring",
        columns=_without_council(RADAR_COLUMNS, council),
        rows=rows,
        caption="Contracts, the first to end first",
        scope=scope,
        css=_css,
        anchor=lambda row: f"contract-{row.contract.pk}",
        empty="Nothing ends or needs notice in this time. Ask for a longer one.",
    )


def _css(row: RadarRow) -> str:
    if row.standing.is_late:
        return "row-late"
    return "row-soon" if row.standing.is_due_soon else ""


def _joint_table(request, groups: list[Together], council, scope: str) -> Table:
    def address(one: Cheapest) -> str:
        query = {**request.GET.dict(), "together": one.together.key}
        return f"?{urlencode(query)}#together-chosen"

    columns = (
        Column("what", "Contracts for", value=lambda one: one.together.words, link=address),
        Column("council", "Council", value=lambda one: one.together.council),
        Column("contracts", "Contracts", Kind.COUNT, value=lambda one: one.together.count),
        Column("first", "First ends", Kind.LAST_DAY, value=lambda one: one.together.first_end),
        Column("last", "Last ends", Kind.LAST_DAY, value=lambda one: one.together.last_end),
        Column("day", "Cheapest day", Kind.LAST_DAY, value=lambda one: one.joint.ends_on),
        Column("cost", "It costs, £", Kind.POUNDS, value=lambda one: one.joint.cost),
    )
    return Table(
        name="together",
        columns=_without_council(columns, council),
        rows=groups,
        row=Cheapest.of,
        caption="What could end together",
        scope=f"two or more that end within 12 months of each other, {scope}",
        a_page=10,
        is_first=False,
        empty="No two of these contracts end within 12 months of each other.",
    )


def _without_council(columns: Iterable[Column], council) -> list[Column]:
    return [column for column in columns if not (council and column.name == "council")]


def _day_table(chosen: Together) -> Table:
    references = {row.contract.pk: row.contract.reference for row in chosen.rows}

    def workings(joint: JointEnd) -> list[str]:
        return [words for part in joint.parts for words in _workings(part, references)]

    return Table(
        name="days",
        columns=(
            Column("day", "Last day of all", Kind.LAST_DAY, value=lambda joint: joint.ends_on),
            Column("cost", "It costs, £", Kind.POUNDS),
            Column(
                "why", "Because", template="services/_workings.html", value=workings, in_file=False
            ),
            Column("because", "Because", value=lambda j: "; ".join(workings(j)), on_page=False),
        ),
        rows=chosen.days(),
        caption="The days on which they could end together",
        scope="the cheapest first",
        a_page=10,
        is_first=False,
    )


def _workings(part: Part, references: dict[int, str]) -> list[str]:
    """Say why one contract costs more when all end on the day, with the sum; nothing when not."""
    name, words = references[part.contract.key], []
    if part.longer:
        since = last_day(part.contract.ends_on)
        words.append(f"{name} runs on for {_sum(part, part.longer)} after {since}")
    if part.unused:
        words.append(
            f"{name} is still to be paid for {_sum(part, part.unused)} after all have ended"
        )
    return words


def _sum(part: Part, period: Period) -> str:
    """Say how long a period is and what it costs: “5 months (5 × £120.00 = £600.00)”."""
    months, days = months_and_days(period)
    lasting = " and ".join(
        words for count, words in ((months, _months(months)), (days, _days(days))) if count
    )
    monthly = part.contract.monthly
    if monthly is None:
        return f"{lasting} (its price is not known)"
    cost = pounds(paid(monthly, period))
    at = (
        f"{months} × {pounds(monthly)} = {cost}"
        if not days
        else f"{cost} at {pounds(monthly)} a month"
    )
    return f"{lasting} ({at})"


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"
