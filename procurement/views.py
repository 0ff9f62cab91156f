"""Savings of one council, or of all that the person sees."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import render

from boroughs.authorization import Permission
from boroughs.models import JobRun
from boroughs.queries import Freshness, find_council, freshness, visible_councils
from londonpsn.common import clock
from procurement import queries


def savings(request, slug):
    """Savings by financial year or month; council, schools and others beside each other."""
    user = request.user
    if not user.access.allows_anywhere(Permission.RECORD_VIEW):
        raise PermissionDenied("Savings are for councils and London Grid.")
    councils = visible_councils(user)
    council = None if slug == "all" else find_council(councils, slug=slug)
    keys = [council.pk] if council else list(councils.values_list("pk", flat=True))
    by = request.GET.get("by")
    by = by if by in queries.PERIODS else "financial_year"
    context = {
        "council": council,
        "by": by,
        "tables": queries.savings_tables(queries.SavingsFilter(user, keys), by, clock.today()),
        "freshness": Freshness.oldest(freshness([JobRun.Kind.SAVINGS], keys).values()),
    }
    return render(request, "procurement/savings.html", context)
