"""Mails to people. A mail can be read by others on its way: it says nothing of the records."""

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from boroughs.models import User

AN_HOUR = 60 * 60


def password_link(user: User, request: HttpRequest) -> str:
    """Return the address at which a person chooses a password, once and for a while.

    It is allauth's own, as for a password that was forgotten.
    """
    key = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    parts = {"uidb36": user_pk_to_url_str(user), "key": key}
    return request.build_absolute_uri(reverse("account_reset_password_from_key", kwargs=parts))


def send_invitation(user: User, *, link: str) -> None:
    """Tell an invited person where to choose a password; call it on commit."""
    hours = round(settings.PASSWORD_RESET_TIMEOUT / AN_HOUR)
    context = {"user": user, "link": link, "hours": "an hour" if hours == 1 else f"{hours} hours"}
    text = render_to_string("mails/invitation.txt", context)
    send_mail("Your account on the LondonPSN portal", text, None, [user.email])


def send_second_factor_reset(user: User) -> None:
    """Tell a person that an administrator took their second step at sign-in away; on commit."""
    text = render_to_string("mails/second_factor_reset.txt", _told(user))
    send_mail("Your second step at the LondonPSN portal", text, None, [user.email])


def send_mail_changed(user: User, *, to: str) -> None:
    """Tell the address that a person had until now that it is theirs no more; on commit."""
    text = render_to_string("mails/mail_changed.txt", _told(user))
    send_mail("Your mail address at the LondonPSN portal", text, None, [to])


def _told(user: User) -> dict[str, object]:
    return {"user": user, "contact": settings.SECURITY_CONTACT}
