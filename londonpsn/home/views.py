"""Home, London, a council, signing in, and the pages for when something is wrong."""

from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template import loader

from boroughs.authorization import Permission, can
from boroughs.models import Body
from boroughs.queries import find_council, sees_summaries, served_councils
from londonpsn.common import clock
from londonpsn.common.errors import BadInput, NotVisible, Refused
from londonpsn.common.tables import Column, Kind, Table, file_asked
from londonpsn.home import forms, queries
from procurement.queries import SavingsFilter, savings_tables
from services.queries import find_programme, summaries

API = "/api/v1/"


def unpriced(unknown: int, lines: int, monthly) -> str:
    return f"{unknown} of {lines} not known" if unknown and monthly is not None else ""


KIND_COLUMNS = (
    Column("service_type", "Kind of service", value=lambda row: row.name, order_by="name"),
    Column("body_kind", "Who uses it", value=lambda row: Body.Kind(row.body_kind).label),
    Column("old_lines", "Old lines", Kind.COUNT, order_by="old_lines"),
    Column(
        "old_monthly",
        "Old, £ a month",
        Kind.POUNDS,
        order_by="old_monthly",
        sub=lambda row: unpriced(row.old_unpriced, row.old_lines, row.old_monthly),
    ),
    Column("new_lines", "New lines", Kind.COUNT, order_by="new_lines"),
    Column(
        "new_monthly",
        "New, £ a month",
        Kind.POUNDS,
        order_by="new_monthly",
        sub=lambda row: unpriced(row.new_unpriced, row.new_lines, row.new_monthly),
    ),
    Column("planned_lines", "Planned", Kind.COUNT, order_by="planned_lines"),
)


class SignIn(LoginView):
    authentication_form = forms.SignInForm
    redirect_authenticated_user = True
    template_name = "home/login.html"


def home(request):
    """Send people to the page that they start from: their council, London, or their lines."""
    access = request.user.access
    if len(access.council_ids) == 1 and not access.all_councils:
        return redirect("council", slug=next(h.council.slug for h in access.roles if h.council))
    if sees_summaries(request.user):
        return redirect("london-default")
    return redirect("lines", slug="all")


def london(request, programme=None):
    """Every council in one programme: status and rates; pounds only as the sum of many."""
    if not sees_summaries(request.user):
        raise PermissionDenied("This page is for councils and London Grid.")
    programme = find_programme(programme)
    today = clock.today()
    page = queries.London(summaries(programme, today=today, now=clock.now()))
    sees_pounds = request.user.access.all_councils
    kinds = programme.service_types.values("pk")
    everyones = SavingsFilter(None, body_kind=Body.Kind.COUNCIL, service_types=kinds)
    is_open = queries.is_open_to(request.user, page, everyones)
    totals = None
    if is_open:
        totals = savings_tables(everyones, "financial_year", today).get(Body.Kind.COUNCIL)
    context = {
        "programme": programme,
        "programmes": queries.other_programmes(programme),
        "london": page,
        "rates": queries.rates(page.standing, with_pounds=is_open),
        "totals": totals,
        "is_open": is_open,
        "sees_pounds": sees_pounds,
        "visible_ids": None if sees_pounds else request.user.access.council_ids,
        "freshness": page.freshness,
    }
    return render(request, "home/london.html", context)


def council(request, slug):
    """One council: where it stands, what it has, what it saves, what it really paid."""
    if slug == "all":
        return redirect("home")
    user = request.user
    council = find_council(served_councils(user), slug=slug)
    if not can(user, Permission.RECORD_VIEW, council):
        return redirect("lines", slug=slug)
    today = clock.today()
    statuses = queries.statuses_of(user, council)
    generation = statuses[0].programme.generation if statuses else None
    kinds = Table(
        name="lines-by-kind",
        columns=KIND_COLUMNS,
        rows=queries.lines_by_kind(user, council, today, generation),
        caption="Lines by kind of service",
        scope="in use on the portal’s day, with what they cost a month now",
        empty=f"No lines are held for {council.short_name} yet.",
        a_page=100,
    )
    if file := file_asked(request, kinds):
        return file
    context = {
        "council": council,
        "statuses": [(row, queries.rates(row.standing, with_pounds=True)) for row in statuses],
        "freshness": statuses[0].freshness if statuses else None,
        "kinds": kinds.on_page(request),
        "savings": savings_tables(SavingsFilter(user, [council.pk]), "financial_year", today),
        "spend": queries.spend_of(user, council),
    }
    return render(request, "home/council.html", context)


def bad_request(request, exception=None):
    return _problem(request, 400, "This request cannot be read", exception)


def forbidden(request, exception=None):
    return _problem(request, 403, "You cannot open this page", exception)


def not_found(request, exception=None):
    return _problem(request, 404, "There is no such page")


def refused(request, exception=None):
    return _problem(request, 409, "This cannot be done now", exception)


def broken(request):
    """Without context: what is broken may be what the context needs."""
    if request.path.startswith(API):
        detail = "Something went wrong here. Nothing was saved. Try again later."
        return JsonResponse({"detail": detail}, status=500)
    return HttpResponse(loader.get_template("500.html").render(), status=500)


def _problem(request, status: int, title: str, exception=None):
    if request.path.startswith(API):
        return JsonResponse({"detail": str(exception or title)}, status=status)
    request.resolver_match = None  # what went wrong is no page of the council it was asked of
    context = {"title": title, "detail": str(exception or ""), "status": status}
    return render(request, "problem.html", context, status=status)


class RefusalMiddleware:
    """Turns the portal's own refusals into pages; anything else is a defect, left to surface."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "%00" in request.META["QUERY_STRING"]:  # no text in the database has it
            return bad_request(request, BadInput("The address holds a character that no text has."))
        return self.get_response(request)

    def process_exception(self, request, exception):
        match exception:
            case NotVisible():
                return not_found(request)
            case BadInput():
                return bad_request(request, exception)
            case Refused():
                return refused(request, exception)
        return None
