"""Who could do what on any day, and saying each year who still needs a role."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from boroughs import authorization
from boroughs.actions.roles import confirm_roles
from boroughs.authorization import GRANTS, Permission
from boroughs.forms.access import AccessFilterForm
from boroughs.queries import Held, access_councils, find_council, held_rows, narrowed
from londonpsn.common import clock
from londonpsn.common.addresses import came_from, query_without
from londonpsn.common.periods import last_day, parse_day
from londonpsn.common.tables import Column, Kind, Table, file_asked
from londonpsn.common.template_filters import day as in_words

NOTHING_TICKED = "No role is ticked. Tick those that are still needed, then press again."
SOME_GONE = "Some of these roles are over, or your own. Tick again those that are still needed."
NEVER = datetime.min.replace(tzinfo=timezone.get_default_timezone())


def limit_of(row) -> Decimal | str | None:
    """Return the most pounds that a role may approve, in words where an approver has no limit."""
    is_open = row.limit is None and Permission.ORDER_APPROVE in GRANTS[row.role]
    return "no limit" if is_open else row.limit


def until(row: Held) -> date | None:
    """Return the last day on which it was held, if only for some hours."""
    return row.ends_on and max(row.starts_on, last_day(row.ends_on))


def deputies_of(row: Held) -> str:
    return "; ".join(f"{name} until {in_words(last_day(end))}" for name, end in row.deputies)


def conflicts_of(row: Held) -> str:
    return "; ".join(f"{one.label} and {other.label.lower()}" for one, other in row.conflicts)


def _days_since(row: Held, real_day: date) -> int | None:
    return row.last_sign_in and (real_day - timezone.localdate(row.last_sign_in)).days


def _ago(days: int | None) -> str:
    if days is None:
        return ""
    return {0: "today", 1: "yesterday"}.get(days, f"{days:,} days ago")


def _columns(real_day: date) -> list[Column]:
    return [
        Column(
            "person",
            "Person",
            sub=lambda row: row.deputy_of and f"as deputy of {row.deputy_of}",
            order_by="person",
        ),
        Column("email", "Mail address", on_page=False),
        Column("deputy_of", "As deputy of", on_page=False),
        Column(
            "role",
            "Role",
            value=lambda row: row.role.label,
            sub=lambda row: row.place,
            order_by="role",
        ),
        Column("place", "Where", on_page=False),
        Column("limit", "Limit, £", template="boroughs/_limit.html", value=limit_of),
        Column("from", "From", Kind.DAY, value=lambda row: row.starts_on, order_by="starts_on"),
        Column(
            "until",
            "Until",
            Kind.DAY,
            value=until,
            sub=lambda row: "ended the same day" if row.ended_that_day else "",
            order_by="ends_on",
            unknown="open",
        ),
        Column(
            "ended",
            "Ended the same day",
            value=lambda row: "yes" if row.ended_that_day else "",
            on_page=False,
        ),
        Column("given_by", "Given by", unknown="set-up"),
        Column("deputy", "Deputy", value=deputies_of, unknown="nobody"),
        Column(
            "last_sign_in",
            "Last sign-in",
            Kind.MOMENT,
            sub=lambda row: _ago(_days_since(row, real_day)),
            order_by="last_sign_in",
            unknown="never",
        ),
        Column(
            "days_since",
            "Days since",
            Kind.COUNT,
            value=lambda row: _days_since(row, real_day),
            on_page=False,
        ),
        Column(
            "second_factor",
            "Second factor",
            value=lambda row: row.second_factor.label,
            template="boroughs/_second_factor.html",
            order_by="second_factor",
        ),
        Column("conflicts", "Conflicting roles", value=conflicts_of, unknown="none"),
        Column(
            "confirmed_on",
            "Confirmed",
            Kind.DAY,
            sub=lambda row: row.confirmed_by and f"by {row.confirmed_by}",
            order_by="confirmed_on",
            unknown="not yet",
        ),
        Column("confirmed_by", "Confirmed by", on_page=False),
    ]


@require_safe
def access(request, slug):
    """Every role held on a day; ``?review=1`` has those first that are to be confirmed."""
    user = request.user
    council = _council_asked(user, slug, Permission.ACCESS_VIEW)
    today, is_review = clock.today(), bool(request.GET.get("review"))
    asked = request.GET.get("on")
    on = parse_day(asked) if asked and not is_review else today
    form = AccessFilterForm(request.GET)
    if is_review:
        del form.fields["on"]
    every = held_rows(user, on, today=today, council=council, for_review=is_review)
    rows = narrowed(every, **form.narrowing())
    table = _table(rows, council, on, today, is_review=is_review)
    may_confirm = is_review and user.access.allows_anywhere(Permission.ACCESS_CONFIRM)
    if may_confirm:
        table.form, table.tick = "ticked", lambda row: _tick(user, row)
    if file := file_asked(request, table):
        return file
    context = {
        "council": council,
        "slug": slug,
        "form": form,
        "is_review": is_review,
        "views": _views(slug, is_review=is_review),
        "on": on,
        "today": today,
        "due": sum(row.is_due for row in every),
        "actions": ["Still needed"],
        "back": request.get_full_path(),
        "chosen": [
            (label, words, query_without(request, name)) for name, label, words in form.chosen()
        ],
        "clear": "?review=1" if is_review else "?",
        "table": table.on_page(request),
    }
    return render(request, "boroughs/access.html", context)


def access_preview(request, slug):
    """Which roles are about to be called still needed; a second POST says it."""
    user = request.user
    council = _council_asked(user, slug, Permission.ACCESS_CONFIRM)
    here = f"{reverse('access', args=[slug])}?review=1"
    if request.method != "POST":  # signed in again on the way: what was ticked is lost
        return redirect(here)
    today, back = clock.today(), came_from(request, here)
    ticked = {int(key) for key in request.POST.getlist("tick") if key.isdecimal()}
    every = held_rows(user, today, today=today, council=council, for_review=True)
    rows = [row for row in every if row.membership_id in ticked and _tick(user, row)]
    if not ticked or len(rows) != len(ticked):
        messages.error(request, SOME_GONE if ticked else NOTHING_TICKED)
        return redirect(back)
    if request.POST.get("confirm"):
        count = confirm_roles(membership_ids=ticked, by=user, on=today, at=clock.now())
        messages.success(request, f"{count} role{'' if count == 1 else 's'} still needed, noted.")
        return redirect(back)
    table = replace(
        _table(rows, council, today, today, is_review=True),
        name="ticked",
        caption="Ticked roles",
        a_page=len(rows),
        has_files=False,
    )
    context = {
        "council": council,
        "table": table.on_page(request),
        "ticked": sorted(ticked),
        "count": len(rows),
        "back": back,
    }
    return render(request, "boroughs/access_preview.html", context)


def _council_asked(user, slug: str, permission: Permission):
    """Return the council of a page, None for all of the person's; 403 before 404."""
    if not user.access.allows_anywhere(permission):
        raise PermissionDenied(f"You need the right to {permission.label}.")
    if slug == "all":
        return None
    council = find_council(access_councils(user), slug=slug)
    authorization.check(user, permission, council)
    return council


def _table(rows: list[Held], council, on: date, today: date, *, is_review: bool) -> Table:
    if is_review:
        rows = sorted(rows, key=lambda row: (not row.is_due, row.last_sign_in or NEVER))
        caption = "Roles to look over, not confirmed for a year first"
    else:
        caption = f"Roles on {in_words(on)}{', today' if on == today else ''}"
    return Table(
        name="review" if is_review else "access",
        columns=_columns(clock.real_day()),
        rows=rows,
        caption=caption,
        scope=council.short_name if council else "all that you see",
        css=lambda row: "row-late" if is_review and row.is_due else "",
        empty="Nobody held a role on this day.",
        is_wide=True,
    )


def _tick(user, row: Held) -> int | str:
    """The box's value; none for a deputy's days, one's own roles, and what one may not confirm."""
    may = user.access.allows(Permission.ACCESS_CONFIRM, row.council_id)
    is_held = row.delegation_id is None and not row.ended_that_day
    return row.membership_id if may and is_held and row.user_id != user.pk else ""


def _views(slug: str, *, is_review: bool) -> list[tuple[str, str, bool]]:
    address = reverse("access", args=[slug])
    return [
        ("Who could do what", address, not is_review),
        ("Yearly review", f"{address}?review=1", is_review),
    ]
