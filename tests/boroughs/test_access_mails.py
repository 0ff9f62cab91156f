"""The mail to who was invited: where to choose a password, and nothing of the records."""

import re

import pytest
from allauth.account import app_settings
from django.core import mail
from django.test import RequestFactory
from django.urls import include, path, re_path
from django.utils.http import base36_to_int

from boroughs.actions import people
from boroughs.mails import password_link, send_invitation
from boroughs.models import User
from londonpsn.common import clock
from tests.conftest import person

# The portal's addresses, and the one of allauth that the link leads to.
urlpatterns = [
    re_path(
        r"^accounts/password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        lambda request: None,
        name="account_reset_password_from_key",
    ),
    path("", include("londonpsn.urls")),
]


@pytest.fixture
def jo(db) -> User:
    administrator = person("administrator@london-grid")
    return people.invite(
        email="jo@camden.demo.example", name="Jo <Bloggs>", by=administrator, at=clock.now()
    )


@pytest.mark.urls(__name__)
def test_an_invited_person_is_sent_the_address_at_which_they_choose_a_password(jo):
    link = password_link(jo, RequestFactory().get("/admin/"))

    send_invitation(jo, link=link)

    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([jo.email], "Your account on the LondonPSN portal")
    assert sent.body.startswith("Hello Jo <Bloggs>,\n")  # plain text: nothing is escaped
    assert f"\n{link}\n" in sent.body
    assert "within an hour" in sent.body
    assert "None" not in sent.body


@pytest.mark.urls(__name__)
def test_the_link_is_of_this_person_and_dead_once_a_password_is_chosen(jo):
    link = password_link(jo, RequestFactory().get("/admin/"))
    pattern = r"http://testserver/accounts/password/reset/([0-9a-z]+)-(.+)/"
    number, key = re.fullmatch(pattern, link).groups()
    is_right = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().check_token
    assert base36_to_int(number) == jo.pk
    assert is_right(jo, key)
    assert not is_right(person("buyer@camden"), key)

    jo.set_password("a long and winding road")
    jo.save()

    assert not is_right(jo, key)
