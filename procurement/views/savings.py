"""Savings of one council, or of all that the person sees."""

from django.shortcuts import render

from boroughs.models import JobRun
from boroughs.queries import Freshness, freshness
from londonpsn.common import clock
from procurement import queries
from procurement.views.places import place_asked


def savings(request, slug):
    """Savings by financial year or month; council, schools and others beside each other."""
    user = request.user
    council, keys = place_asked(user, slug)
    by = request.GET.get("by")
    by = by if by in queries.PERIODS else "financial_year"
    context = {
        "council": council,
        "by": by,
        "tables": queries.savings_tables(queries.SavingsFilter(user, keys), by, clock.today()),
        "freshness": Freshness.oldest(freshness([JobRun.Kind.SAVINGS], keys).values()),
    }
    return render(request, "procurement/savings.html", context)
