"""Who is let further than the sign-in pages: not for ever, and not without a second factor."""

from allauth.account.adapter import get_adapter
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django_htmx.http import HttpResponseClientRedirect

from londonpsn.common import clock
from londonpsn.common.problems import API
from londonpsn.home import views
from londonpsn.home.signing_in import second_factor, sessions

NEEDS_SECOND_STEP = "Your role needs a second step at sign-in. Set it up on the portal’s pages."
# Where who has not proved a second factor yet may go: to prove or to set up one, and out.
OPEN = {
    *("account_login", "account_logout", "account_reauthenticate", "session"),
    *("mfa_index", "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp"),
    *("mfa_add_webauthn", "mfa_reauthenticate_webauthn"),
    *("help", "accessibility", "privacy", "cookies", "security-txt"),
}


class SessionTimeMiddleware:
    """Ends a sign-in whose time is over, and notes that the others are used."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if sessions.is_signed_in(request.session):
            now = clock.now()
            ending = sessions.ending_of(request.session, now)
            if now >= ending.at:
                request.ended = "limit" if ending.is_last else "idle"
                logout(request)
            elif not (request.method == "GET" and request.path_info == reverse("session")):
                sessions.note_use(request.session, now)
        return self.get_response(request)


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Leads strangers to the sign-in page, which says why where a sign-in has just ended."""

    def handle_no_permission(self, request, view_func):
        address = reverse("account_login")
        if ended := getattr(request, "ended", None):
            address = f"{address}?{urlencode({'ended': ended})}"
        answer = redirect_to_login(_page_of(request), address)
        return HttpResponseClientRedirect(answer.url) if request.htmx else answer


def _page_of(request) -> str:
    """The page to come back to: that of the form where one was sent, or of the part."""
    if request.method in ("GET", "HEAD") and not request.htmx:
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()}):
        return came_from
    return reverse("home")


class SecondFactorMiddleware:
    """Lets people whose role needs a second factor in only when this session has proved it.

    What counts is what the session has proved, not what the person has set up since. Programs
    that come with a token have no session.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        user = request.user
        if not user.is_authenticated or not user.access.needs_second_factor:
            return None
        if request.resolver_match.url_name in OPEN or second_factor.is_proved(request):
            return None
        is_page = request.resolver_match.url_name == "api-docs"
        if request.path_info.startswith(API) and not is_page:
            return views.forbidden(request, NEEDS_SECOND_STEP)
        query = urlencode({"next": _page_of(request)})
        return redirect(f"{_where_to_prove(user)}?{query}")


def _where_to_prove(user) -> str:
    if second_factor.is_held(user):
        return get_adapter().get_reauthentication_methods(user)[0]["url"]
    return reverse("mfa_index")
