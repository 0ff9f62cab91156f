"""Addresses that lead back to a list as the person had it."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def came_from(request: HttpRequest, otherwise: str) -> str:
    """Return the page of this portal that a form's field ``back`` names."""
    back = request.POST.get("back", "")
    ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if back and ours else otherwise


def query_without(request: HttpRequest, *names: str) -> str:
    """Return the address's query without some of its fields, and from the first page again."""
    query = request.GET.copy()
    for name in (*names, "page"):
        query.pop(name, None)
    return query.urlencode()
