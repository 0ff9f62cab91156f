"""Savings of one council, or of all that the person sees."""

from dataclasses import replace

from django.shortcuts import render
from django.views.decorators.http import require_safe

from boroughs.models import Body, JobRun
from boroughs.queries import Freshness, freshness
from londonpsn.common import clock
from londonpsn.common.errors import BadInput
from londonpsn.common.periods import financial_year_code
from londonpsn.common.tables import file_asked
from procurement import explorer, queries
from procurement.forms import SavingsFilterForm
from procurement.views.places import place_asked
from services.models import ServiceType


@require_safe
def savings(request, slug):
    """Savings cut as the address says; council, schools and others beside each other."""
    user, today = request.user, clock.today()
    council, keys = place_asked(user, slug)
    form = SavingsFilterForm(request.GET or {"by": "financial_year"}, is_of_all=council is None)
    if form.errors and request.GET.get("format"):
        raise BadInput(next(iter(form.errors.values()))[0])
    by, family = form.value_of("by") or "financial_year", form.value_of("family")
    kinds = ServiceType.objects.filter(family=family).values_list("pk", flat=True)
    wanted = queries.SavingsFilter(
        user,
        keys,
        service_types=list(kinds) if family else None,
        from_month=form.value_of("from"),
        to_month=form.value_of("to"),
    )
    period = by if by in queries.PERIODS else "financial_year"
    sums = queries.savings_tables(wanted, period, today)
    cut = queries.savings_by_key(wanted, by) if by in queries.CUTS else {}
    own = sums.get(Body.Kind.COUNCIL)
    year = _year_asked(request, own, financial_year_code(today))

    tables = {
        kind: explorer.table(kind, sums[kind], by, cut.get(kind, []), request, year)
        for kind in sums
    }
    years = own and explorer.years_table(Body.Kind.COUNCIL, own)
    if request.GET.get("format") and not sums:
        raise BadInput("No savings are held for these filters, so there is no file of them.")
    if file := sums and file_asked(request, *tables.values(), *([years] if years else [])):
        return file
    context = {
        "council": council,
        "form": form,
        "narrows": form.narrows,
        "query": request.GET.urlencode(),
        "is_whole": not (wanted.from_month or wanted.to_month),
        "sums": sums,
        "tables": [table.on_page(request) for table in tables.values()],
        "chart": own and explorer.chart(own, by, year, years.on_page(request)),
        "year": year,
        "parts": year and _parts(wanted, council, year),
        "freshness": Freshness.oldest(freshness([JobRun.Kind.SAVINGS], keys).values()),
    }
    return render(request, "procurement/savings.html", context)


def _year_asked(request, own, current: str) -> queries.TableRow | None:
    """Return the financial year to explain: the one asked for, the portal's, or the last held."""
    if own is None:
        return None
    years = {row.code: row for row in own.by("financial_year")}
    code = request.GET.get("year")
    if code and code not in years:
        raise BadInput(f"No savings are held for “{code}”. There are: {', '.join(years)}.")
    return years[code] if code else years.get(current, list(years.values())[-1])


def _parts(wanted: queries.SavingsFilter, council, year: queries.TableRow) -> queries.Parts:
    """Return what adds most to the council lines of one year: moves, or councils of several."""
    within = replace(
        wanted,
        body_kind=Body.Kind.COUNCIL,
        from_month=year.first_month,
        to_month=year.last_month,
    )
    if council:
        return queries.moves_that_add_most(within)
    return queries.councils_that_add_most(within)
