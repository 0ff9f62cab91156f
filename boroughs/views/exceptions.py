"""What is out of the ordinary at one council, or at all whose trail the person reads."""

from dataclasses import dataclass

from django.http import QueryDict
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from boroughs.exceptions import exceptions_at
from boroughs.forms.trail import DaysForm, ExceptionFilterForm
from boroughs.models import Council
from boroughs.queries import people_named
from boroughs.views.trail import place_asked
from londonpsn.common import clock
from londonpsn.common.errors import BadInput
from londonpsn.common.exceptions import ExceptionRow
from londonpsn.common.periods import last_day, last_ended_quarter
from londonpsn.common.tables import Column, Kind, Table, file_asked

COLUMNS = (
    Column("kind", "Kind", value=lambda shown: shown.row.kind, order_by="kind"),
    Column("on", "Date", Kind.DAY, value=lambda shown: shown.row.on, order_by="on"),
    Column("council", "Council"),
    Column(
        "what",
        "What",
        value=lambda shown: shown.row.what,
        sub=lambda shown: "" if shown.row.address else shown.row.reference,
    ),
    Column(
        "reference",
        "Where",
        value=lambda shown: shown.row.reference if shown.row.address else None,
        link=lambda shown: shown.row.address,
        unknown="",
        in_file=False,
    ),
    Column("reference", "Where", value=lambda shown: shown.row.reference, on_page=False),
    Column("who", "Who", unknown="nobody recorded"),
    Column("second", "Second person", unknown="nobody recorded"),
    Column("reason", "Reason", value=lambda shown: shown.row.reason, unknown="none given"),
    Column(
        "amount",
        "£",
        Kind.POUNDS,
        value=lambda shown: shown.row.amount,
        unknown="",
        order_by="amount",
    ),
)


@dataclass(frozen=True, slots=True)
class ShownException:
    """An exception with the names of its council and people; None where nobody is recorded."""

    row: ExceptionRow
    council: str
    who: str | None
    second: str | None


@require_safe
def exceptions(request, slug):
    """Exceptions of a period: the last ended quarter unless the address says otherwise."""
    user = request.user
    council, councils = place_asked(user, slug)
    asked = _with_quarter(request.GET)
    days = DaysForm(asked)
    found = exceptions_at(user, council, days.period) if days.is_valid() else []
    kinds = {slugify(kind): kind for kind in dict.fromkeys(row.kind for row in found)}
    form = ExceptionFilterForm(asked, kinds=kinds)
    if form.errors and request.GET.get("format"):
        raise BadInput(form.problem)
    kind = asked.get("kind")
    table = Table(
        name="exceptions",
        columns=[column for column in COLUMNS if not (council and column.name == "council")],
        rows=[row for row in found if not kind or row.kind == kinds.get(kind)],
        several=lambda some: _shown(user, some, councils),
        caption="Exceptions, latest first",
        scope=council.short_name if council else "all whose trail you read",
        empty="Nothing out of the ordinary is recorded for these days.",
    )
    if file := file_asked(request, table):
        return file
    context = {
        "council": council,
        "form": form,
        "days": days.cleaned_data if days.is_valid() else None,
        "table": table.on_page(request),
    }
    return render(request, "boroughs/exceptions.html", context)


def _with_quarter(asked: QueryDict) -> QueryDict:
    """Return what is asked; where no day is, with the last quarter that has ended."""
    if asked.get("from") or asked.get("to"):
        return asked
    quarter = last_ended_quarter(clock.today())
    asked = asked.copy()
    asked["from"], asked["to"] = quarter.start.isoformat(), last_day(quarter.end).isoformat()
    return asked


def _shown(user, rows: list[ExceptionRow], councils: dict[int, Council]) -> list[ShownException]:
    """Return exceptions with names; one query for both people of all of them."""
    names = people_named(user, {key for row in rows for key in (row.who_id, row.second_id)})
    return [
        ShownException(
            row=row,
            council=councils[row.council_id].short_name if row.council_id else "London Grid",
            who=names.get(row.who_id),
            second=names.get(row.second_id),
        )
        for row in rows
    ]
