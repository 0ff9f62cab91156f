"""A person's own page: what they hold, how they sign in, and who stands in for them."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from boroughs.actions.deputies import delegate, end_delegation
from boroughs.forms.access import DeputyForm
from boroughs.models import Delegation
from boroughs.queries import deputies_of, find_row, own_roles, roles_to_pass, stood_in_for
from boroughs.views.access import limit_of
from londonpsn.common import clock
from londonpsn.common.errors import Refused
from londonpsn.common.facts import Fact
from londonpsn.common.periods import last_day
from londonpsn.common.tables import Column, Kind, Table

ROLE_COLUMNS = (
    Column(
        "role",
        "Role",
        value=lambda held: held.role.label,
        sub=lambda held: held.deputy_of and f"as deputy of {held.deputy_of}",
    ),
    Column("place", "Where"),
    Column("limit", "Limit, £", value=limit_of, template="boroughs/_limit.html"),
    Column("from", "From", Kind.DAY, value=lambda held: held.starts_on),
    Column(
        "until",
        "Until",
        Kind.DAY,
        value=lambda held: held.ends_on and last_day(held.ends_on),
        unknown="open",
    ),
)
DEPUTY_COLUMNS = (
    Column(
        "role",
        "Role",
        value=lambda passed: passed.membership.get_role_display(),
        sub=lambda passed: passed.membership.place,
    ),
    Column("person", "Whose", value=lambda passed: passed.membership.user.name),
    Column("deputy", "Deputy", value=lambda passed: passed.deputy.name),
    Column("from", "From", Kind.DAY, value=lambda passed: passed.starts_on),
    Column("until", "Until", Kind.DAY, value=lambda passed: last_day(passed.ends_on)),
    Column("reason", "Reason"),
    Column(
        "end",
        "End",
        value=lambda passed: passed.pk,
        template="boroughs/_deputy_end.html",
    ),
)


@require_safe
def account(request):
    """Who is signed in, what they hold today, and where to change how they sign in."""
    user = request.user
    roles = Table(
        name="roles",
        columns=ROLE_COLUMNS,
        rows=own_roles(user, clock.today()),
        caption="Your roles today",
        empty="You hold no role today. An administrator of London Grid gives roles.",
        a_page=100,
        has_files=False,
    )
    facts = [Fact("Name", user.name), Fact("Mail address", user.email)]
    context = {"facts": facts, "table": roles.on_page(request)}
    return render(request, "boroughs/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def deputies(request):
    """Who stands in for the person and for whom they do; a POST passes a role on."""
    user, today = request.user, clock.today()
    sent = request.POST if request.method == "POST" else None
    form = DeputyForm(sent, user=user, today=today)
    if form.is_valid() and _passed(form, request, today):
        return redirect("deputies")
    tables = [
        _table("deputies", "Who stands in for you", deputies_of(user, today)),
        _table("stood-in-for", "For whom you stand in", stood_in_for(user, today)),
    ]
    context = {
        "form": form,
        "may_pass": roles_to_pass(user, today).exists(),
        "tables": [table.on_page(request) for table in tables],
    }
    return render(request, "boroughs/deputies.html", context)


@require_POST
def deputy_end(request, pk):
    """End a deputy's days: from today on, or before they began."""
    visible = Delegation.objects.visible_to(request.user)
    passed = find_row(visible, pk=pk)
    end_delegation(delegation_id=passed.pk, by=request.user, at=clock.now(), today=clock.today())
    messages.success(request, "Ended. It counts from the next page that is opened.")
    return redirect("deputies")


def _passed(form: DeputyForm, request: HttpRequest, today: date) -> bool:
    """Pass the role on, and return whether that went; the form says why not."""
    chosen = form.cleaned_data
    try:
        passed = delegate(
            membership_id=chosen["role"].pk,
            deputy=chosen["deputy"],
            starts_on=chosen["starts_on"],
            ends_on=chosen["ends_on"],
            reason=chosen["reason"],
            by=request.user,
            at=clock.now(),
            today=today,
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, f"{passed.deputy.name} is your deputy.")
    return True


def _table(name: str, caption: str, rows) -> Table:
    return Table(
        name=name,
        columns=DEPUTY_COLUMNS,
        rows=rows,
        order=("starts_on", "pk"),
        caption=caption,
        scope="now or later",
        empty=f"{caption}: nobody, now or later.",
        has_files=False,
        is_first=name == "deputies",
    )
