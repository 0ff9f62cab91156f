"""Home, London, a council, signing in, and the pages for when something is wrong."""

import sys
from datetime import date

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

import services.queries
from boroughs.authorization import Permission, can
from boroughs.models import Body
from boroughs.queries import find_council, sees_summaries, served_councils
from londonpsn.common import clock
from londonpsn.common.errors import BadInput, NotVisible, Refused, TooManyTries
from londonpsn.common.periods import parse_day
from londonpsn.common.problems import API, problem_response
from londonpsn.common.tables import Column, Kind, Table, file_asked
from londonpsn.common.text import tidy
from londonpsn.common.work import Band, work_of
from londonpsn.home import london as london_page
from londonpsn.home import queries, work
from londonpsn.home.bare import bare_answer
from londonpsn.home.forms import DayForm
from londonpsn.home.limits import took_too_long
from londonpsn.home.search import AT_MOST
from londonpsn.home.search import search as find
from procurement import explorer
from procurement.queries import (
    SavingsFilter,
    payment_summary,
    programme_savings,
    savings_tables,
    shown_shares,
    spend_table,
)
from services.models import Line, LineMove

LATEST_MOVES = 10


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


@require_safe
def home(request):
    """Send people to the page that they start from: London, their work, or their lines."""
    access = request.user.access
    if not access.roles:
        return render(request, "home/no_role.html")
    if access.all_councils:
        return redirect("london-default")
    return redirect("my-work") if access.council_ids else redirect("lines", slug="all")


@require_safe
def my_work(request):
    """What the person has to do: late, due this week, waiting on others."""
    today = clock.today()
    desk = work.Desk(work_of(request.user, today))
    tables = {band: work.table(desk, band, today) for band in Band}
    if file := file_asked(request, *tables.values()):
        return file
    context = {
        "desk": desk,
        "bands": [
            (band, desk.count(band), table.on_page(request), desk.more(band))
            for band, table in tables.items()
        ],
    }
    return render(request, "home/my_work.html", context)


@require_safe
def london(request, programme=None):
    """Every council in one programme on a day; pounds of single councils only to who sees all."""
    if not sees_summaries(request.user):
        raise PermissionDenied("This page is for councils and London Grid.")
    programmes = services.queries.programmes()
    programme = services.queries.find_programme(programme, among=programmes)
    today, sees_pounds = clock.today(), request.user.access.all_councils
    day = _day_asked(request, "as_at") or today
    since = _day_asked(request, "since") or london_page.last_monday(day)
    if since >= day:
        raise BadInput(
            "The day to compare with has to lie before the day shown. "
            "Leave it out for the Monday before."
        )
    rows = services.queries.summaries(
        programme, today=today, now=clock.now(), as_at=day, since=since
    )
    page, is_past = queries.London(rows), day < today
    mode = _mode_asked(request)
    everyones = programme_savings(programme)
    sums = savings_tables(everyones, "month", day).get(Body.Kind.COUNCIL)
    is_open = queries.is_open_to(request.user, page, sums)
    shares = shown_shares(
        everyones, [row.council for row in rows], user=request.user, day=day, today=today
    )

    progress = services.queries.burn_up(programme, page.council_ids, day=day, today=today)
    councils = london_page.councils_table(
        page,
        programme,
        shares,
        since=since,
        is_past=is_past,
        sees_pounds=sees_pounds,
        visible_ids=None if sees_pounds else request.user.access.council_ids,
    )
    tables = [councils, london_page.progress_table(progress)]
    if is_open and sums:
        tables.append(london_page.net_table(sums, sees_pounds=sees_pounds))
    if file := file_asked(request, *tables):
        return file

    councils, *twins = (table.on_page(request) for table in tables)
    tiles = london_page.tiles(page, mode, shares)
    marks = programme.marks
    context = {
        "programme": programme,
        "programmes": [other for other in programmes if other != programme],
        "london": page,
        "day": day,
        "since": since,
        "is_past": is_past,
        "form": DayForm(initial={"as_at": day, "since": _day_asked(request, "since")}),
        "mode": mode,
        "modes": _modes(request, mode),
        "map_heading": london_page.HEADINGS[mode],
        "tiles": tiles,
        "legend": london_page.legend(tiles, mode),
        "rates": queries.rates(page.standing, with_pounds=sees_pounds, marks=marks),
        "marks": marks,
        "sees_pounds": sees_pounds,
        "is_open": is_open,
        "visible_ids": None if sees_pounds else request.user.access.council_ids,
        "freshness": page.freshness,
        "councils": councils,
        "by_council": page.standing.lines_in_scope
        and london_page.councils_chart(progress, twins[0], page, day=day),
        "progress": page.standing.lines_in_scope
        and london_page.progress_chart(
            progress, twins[0], page, day=day, is_past=is_past, marks=marks
        ),
        "net": len(twins) > 1 and london_page.net_chart(sums, twins[1], day=day),
    }
    return render(request, "home/london.html", context)


def _day_asked(request, name: str) -> date | None:
    text = request.GET.get(name)
    return parse_day(text) if text else None


def _mode_asked(request) -> str:
    """Return what the map is coloured by, or raise BadInput."""
    mode = request.GET.get("map") or "status"
    if mode not in london_page.MODES:
        raise BadInput(
            f"The map has no colours by “{mode}”. It has {', '.join(london_page.MODES)}."
        )
    return mode


def _modes(request, mode: str) -> list[tuple[str, str, bool]]:
    """Return the map's switch: words, address, whether it is the one shown."""
    choices = []
    for name, words in london_page.MODES.items():
        query = request.GET.copy()
        query["map"] = name
        choices.append((words, f"?{query.urlencode()}", name == mode))
    return choices


@require_safe
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
    sums = savings_tables(SavingsFilter(user, [council.pk]), "financial_year", today)
    savings = [explorer.years_table(kind, sums[kind]) for kind in sums]
    if file := file_asked(request, kinds, *savings):
        return file
    context = {
        "council": council,
        "also": [
            (words, reverse(view, args=[slug]))
            for words, view in (
                *(("Lines", "lines"), ("Sites and connections", "sites")),
                *(
                    ("Call-offs", "calloffs"),
                    ("Contracts", "contracts"),
                    ("Savings", "savings"),
                    ("Spend", "spend"),
                ),
            )
        ],
        "statuses": [(row, queries.rates(row.standing, with_pounds=True)) for row in statuses],
        "freshness": statuses[0].freshness if statuses else None,
        "kinds": kinds.on_page(request),
        "savings": [table.on_page(request) for table in savings],
        "may_share": can(user, Permission.SAVING_SHARE, council),
        "spend": spend_table(payment_summary(user, council)),
        "history": services.queries.move_rows(
            LineMove.objects.filter(line__in=Line.objects.visible_to(user).of_council(council)),
            limit=LATEST_MOVES,
        ),
    }
    return render(request, "home/council.html", context)


@require_safe
def search(request):
    """What the person sees of what ``?q=`` names; the page also says what can be searched."""
    words = tidy(request.GET.get("q", ""))
    context = {"q": words[:AT_MOST]}
    if words:
        try:
            context["found"] = find(request.user, words)
        except BadInput as error:
            context["problem"] = str(error)
    return render(request, "home/search.html", context)


def bad_request(request, exception=None):
    """Only our own sentences are for people; Django's speak of settings."""
    said = exception if isinstance(exception, BadInput) else None
    return _problem(request, 400, "This request cannot be read", said)


def forbidden(request, exception=None):
    return _problem(request, 403, "You cannot open this page", exception)


def not_found(request, exception=None):
    return _problem(request, 404, "There is no such page")


def refused(request, exception=None):
    return _problem(request, 409, "This cannot be done now", exception)


def too_many(request, exception=None):
    return _problem(request, 429, "Too many tries", exception)


def not_signed_in(request, detail: str):
    """For who comes from a council's own sign-in, or may not sign in any more."""
    return _problem(request, 403, "You could not be signed in", detail)


def broken(request):
    """Answer a defect, or what the database gave up on; what is broken may be what a page needs."""
    if took_too_long(sys.exception()):
        detail = (
            "This took longer than the portal may spend on one page. Nothing was saved. Ask for "
            "less at once, or try again in a minute."
        )
        return bare_answer(request, 503, "This took too long", detail, {"Retry-After": "60"})
    detail = (
        "The portal could not answer. Nothing was saved. Try again in a minute; if it happens "
        "again, tell the portal’s administrator what you did and when."
    )
    return bare_answer(request, 500, "Something went wrong", detail)


def form_not_taken(request, reason=""):
    """What Django calls a failed CSRF check: most often the page stood open over a new sign-in."""
    detail = (
        "Nothing was saved. The page was open for too long, you have signed in again since, or "
        "your browser keeps no cookies of the portal. Go back, load the page again, and resend it."
    )
    return _problem(request, 403, "The form could not be taken", detail)


def _problem(request, status: int, title: str, exception=None):
    if request.path.startswith(API):
        return problem_response(status, str(exception or title))
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
            case TooManyTries():
                return too_many(request, exception)
            case Refused():
                return refused(request, exception)
        return None
