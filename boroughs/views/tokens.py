"""A person's own API tokens: which there are, one more, and the end of one."""

from datetime import datetime

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from boroughs.actions.tokens import IN_FORCE_AT_ONCE, create_token, revoke_token
from boroughs.forms.tokens import TokenForm
from boroughs.models import ApiToken
from boroughs.queries import find_row
from londonpsn.common import clock
from londonpsn.common.errors import BadInput, Refused
from londonpsn.common.tables import Column, Kind, Table, file_asked

USED = "token_forms_used"  # nonces of the forms that have made a token in this session
SENT_AGAIN = (
    "This form has made its token already. The secret is not shown again: if you did not copy it, "
    "revoke that token and make a new one."
)


def token_columns(now: datetime) -> tuple[Column, ...]:
    return (
        Column("name", "Name", order_by="name"),
        Column("scope", "May", value=lambda token: token.get_scope_display()),
        Column(
            "council",
            "Council",
            value=lambda token: token.council and token.council.short_name,
            unknown="all that you see",
        ),
        Column("created_at", "Made", Kind.MOMENT, order_by="created_at"),
        Column("expires_at", "Works until", Kind.MOMENT, order_by="expires_at", unknown="no end"),
        Column(
            "last_used_at", "Last used", Kind.MOMENT, order_by="last_used_at", unknown="not yet"
        ),
        Column("state", "State", value=lambda token: token.state_at(now).label),
        Column(
            "revoke",
            "Revoke",
            value=lambda token: token.state_at(now),
            template="boroughs/_token_revoke.html",
            in_file=False,
        ),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request):
    """The person's tokens. A POST makes one: its secret is on the page that answers, once.

    Loading that page again sends the form again, which is known by its nonce: the secret itself
    is kept nowhere, not even in the session until a next page.
    """
    now, today = clock.now(), clock.real_day()
    blank = TokenForm(user=request.user, today=today)
    sent = request.method == "POST"
    form = TokenForm(request.POST, user=request.user, today=today) if sent else blank
    is_right = form.is_valid()
    if is_right and form.cleaned_data["nonce"] in request.session.get(USED, []):
        messages.info(request, SENT_AGAIN)
        return redirect("tokens")
    secret = _made(form, request, now) if is_right else ""
    table = Table(
        name="tokens",
        columns=token_columns(now),
        rows=ApiToken.objects.filter(user=request.user).select_related("council"),
        order=("-created_at", "-pk"),
        caption="Your tokens",
        empty="You have no token.",
    )
    if file := file_asked(request, table):
        return file
    shown = table.on_page(request)
    context = {
        "form": blank if secret else form,
        "secret": secret,
        "table": shown,
        "may_revoke": any(one.row.state_at(now) == ApiToken.State.IN_FORCE for one in shown.rows),
    }
    return render(request, "boroughs/tokens.html", context)


@require_POST
def token_revoke(request):
    """End one of the person's tokens."""
    key = request.POST.get("token", "")
    if not key.isdecimal():
        raise BadInput("No token was named. Go back and press the button of the one that you mean.")
    token = find_row(ApiToken.objects.filter(user=request.user), pk=int(key))
    revoke_token(token_id=token.pk, by=request.user, at=clock.now())
    messages.success(request, f"“{token.name}” is revoked. It does not work any more.")
    return redirect("tokens")


def _made(form: TokenForm, request, now: datetime) -> str:
    """Make the token and return its secret, empty where it could not be; the form says why."""
    chosen = form.cleaned_data
    try:
        secret = create_token(
            user=request.user,
            name=chosen["name"],
            at=now,
            expires_at=chosen["expires_on"],
            scope=chosen["scope"],
            council=chosen["council"],
            by=request.user,
        )
    except Refused as error:
        form.add_error(None, str(error))
        return ""
    request.session[USED] = [*request.session.get(USED, []), chosen["nonce"]][-IN_FORCE_AT_ONCE:]
    return secret
