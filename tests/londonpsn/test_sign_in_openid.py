"""Signing in through a council's own provider, against one that answers over real HTTP."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from boroughs.actions import people
from boroughs.models import AuditEvent, Council, LinkedSignIn, User
from londonpsn.common.errors import Refused
from tests.conftest import PASSWORD, person
from tests.factories import AT
from tests.londonpsn.oidc_provider import CLIENT, SECRET, OpenIDProvider, new_key

LEAVE = "/accounts/oidc/council/login/"


@pytest.fixture(scope="module")
def server():
    provider = OpenIDProvider()
    yield provider
    provider.stop()


@pytest.fixture
def provider(server, settings, db):
    """The provider, named in the environment, believed in nothing but its signature."""
    server.published = server.key
    server.userinfo = {"sub": "s-1", "name": "Ada Officer"}
    server.claims, server.nonce = {}, None
    app = {
        "provider_id": "council",
        "name": "Camden Council",
        "client_id": CLIENT,
        "secret": SECRET,
        "settings": {"server_url": server.address, "verified_email": False},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": settings.SOCIALACCOUNT_PROVIDERS["openid_connect"] | {"APPS": [app]}
    }
    return server


def come_from(provider, client: Client, mail: str = "", verified=True, **claims):
    """Go through the provider as a browser does; returns the portal's last answer."""
    if mail:
        provider.userinfo |= {"email": mail, "email_verified": verified}
    provider.claims |= claims
    left = client.post(LEAVE)
    back = requests.get(left.url, allow_redirects=False, timeout=5).headers["Location"]
    return client.get(back[back.index("/accounts/") :])


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def said(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_person_is_matched_by_the_verified_mail_address_and_keeps_their_role(provider, client):
    known = person("network@camden")

    response = come_from(provider, client, "Network@Camden.demo.example")

    assert (response.status_code, response.url) == (302, "/")
    assert client.session["_auth_user_id"] == str(known.pk)
    assert client.get("/").url == "/my-work/"
    assert SocialAccount.objects.get().user_id == known.pk
    assert SocialAccount.objects.get().extra_data == {}
    known.refresh_from_db()
    assert known.check_password(PASSWORD)  # it stays theirs
    linked = AuditEvent.objects.get(type="PROVIDER_LINKED")
    assert linked.transaction == LinkedSignIn.objects.get().rows.get().pgh_transaction
    event = AuditEvent.objects.filter(type="SIGNED_IN").latest("pk")
    assert (event.user_id, event.note) == (known.pk, "through Camden Council")


def test_who_is_known_is_known_again_by_what_never_changes(provider, client):
    come_from(provider, client, "network@camden.demo.example")

    come_from(provider, other := Client(), "married@camden.demo.example")

    assert other.session["_auth_user_id"] == str(person("network@camden").pk)
    assert not User.objects.filter(email="married@camden.demo.example").exists()


def test_a_link_is_written_down_also_that_of_who_was_unknown(provider, client):
    come_from(provider, client, "network@camden.demo.example")
    provider.userinfo |= {"sub": "s-2"}
    come_from(provider, Client(), "ada@camden.demo.example")

    linked = AuditEvent.objects.filter(type="PROVIDER_LINKED").order_by("pk")
    ada = User.objects.get(email="ada@camden.demo.example")
    assert [(one.chain, one.user_id, one.note) for one in linked] == [
        ("SECURITY", person("network@camden").pk, "Camden Council"),
        ("SECURITY", ada.pk, "Camden Council"),
    ]


def test_a_person_has_one_sign_in_at_a_provider_until_an_administrator_undoes_the_link(
    provider, client
):
    user, mail = person("network@camden"), "network@camden.demo.example"
    come_from(provider, client, mail)
    provider.userinfo |= {"sub": "s-2"}

    response = come_from(provider, other := Client(), mail)

    assert response.status_code == 403
    assert "is linked to another sign-in at Camden Council" in said(response)
    assert not is_in(other)
    assert SocialAccount.objects.get().uid == "s-1"

    administrator = person("administrator@london-grid")
    people.unlink_provider(user_id=user.pk, by=administrator, at=AT)
    come_from(provider, other, mail)

    assert client.get("/c/camden/").status_code == 302  # signed out
    assert is_in(other)
    assert SocialAccount.objects.get().uid == "s-2"
    undone = AuditEvent.objects.filter(type="PROVIDER_UNLINKED").order_by("pk")
    assert [(one.chain, one.user_id) for one in undone] == [
        ("PROGRAMME", administrator.pk),
        ("SECURITY", user.pk),
    ]
    people.unlink_provider(user_id=user.pk, by=administrator, at=AT)
    with pytest.raises(Refused, match="There is no link"):
        people.unlink_provider(user_id=user.pk, by=administrator, at=AT)


def test_who_came_by_a_mistyped_address_does_not_come_back_once_it_is_corrected(provider, client):
    """The stranger whose address it was is known to the provider, and no more to the portal."""
    user, theirs = person("network@camden"), "network@camden.demo.example"
    come_from(provider, client, theirs)

    people.change_person(
        user_id=user.pk,
        email="network.officer@camden.demo.example",
        name=user.name,
        by=person("administrator@london-grid"),
        at=AT,
    )
    come_from(provider, again := Client(), theirs)

    assert client.get("/c/camden/").status_code == 302
    assert again.session["_auth_user_id"] != str(user.pk)
    assert again.get("/c/camden/").status_code == 404  # a person without any role
    assert not SocialAccount.objects.filter(user=user).exists()


def test_an_unknown_person_of_a_council_gets_an_account_without_any_role(provider, client):
    come_from(provider, client, "ada@camden.demo.example")

    made = User.objects.get(email="ada@camden.demo.example")
    assert (made.name, made.is_active, made.has_usable_password()) == ("Ada Officer", True, False)
    assert not made.memberships.exists()
    assert "You have no role yet" in said(client.get("/"))
    assert client.get("/c/camden/").status_code == 404


@pytest.mark.parametrize(
    ("mail", "verified", "words"),
    [
        ("network@camden.demo.example", False, "did not tell the portal a mail address"),
        ("", True, "did not tell the portal a mail address"),
        ("somebody@elsewhere.example", True, "No council of the portal has mail addresses"),
        ("evil@notcamden.demo.example", True, "No council of the portal has mail addresses"),
    ],
)
def test_who_no_council_vouches_for_is_refused_in_words(provider, client, mail, verified, words):
    response = come_from(provider, client, mail, verified)

    assert response.status_code == 403
    assert words in said(response)
    assert not is_in(client)
    assert not SocialAccount.objects.exists()
    assert not User.objects.filter(email=mail, memberships=None).exists()


def test_a_provider_that_never_says_so_can_be_taken_to_check_mail_addresses(
    provider, client, settings
):
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    apps[0]["settings"]["verified_email"] = True

    come_from(provider, client, "network@camden.demo.example", verified=False)

    assert is_in(client)


def test_who_may_not_sign_in_any_more_is_refused(provider, client):
    User.objects.filter(email="network@camden.demo.example").update(is_active=False)

    response = come_from(provider, client, "network@camden.demo.example")

    assert response.status_code == 403
    assert "You may not sign in any more" in said(response)
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


LIES = {
    "a key that is not published": lambda provider: setattr(provider, "published", new_key()),
    "the nonce of another sign-in": lambda provider: setattr(provider, "nonce", "another"),
    "another issuer": lambda provider: provider.claims.update(iss="https://elsewhere.example"),
    "another audience": lambda provider: provider.claims.update(aud="another"),
    "a time long past": lambda provider: provider.claims.update(exp=1_000_000_000),
    "another person than the token": lambda provider: provider.claims.update(sub="s-2"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_right_signs_nobody_in(provider, client, lie):
    LIES[lie](provider)

    response = come_from(provider, client, "network@camden.demo.example")

    assert response.status_code == 403
    assert "Camden Council could not sign you in" in said(response)
    assert not is_in(client)


def test_a_state_that_this_browser_did_not_leave_with_signs_nobody_in(provider, client):
    provider.userinfo |= {"email": "network@camden.demo.example", "email_verified": True}
    left = Client().post(LEAVE)
    back = requests.get(left.url, allow_redirects=False, timeout=5).headers["Location"]

    response = client.get(back[back.index("/accounts/") :])

    assert response.status_code == 403
    assert not is_in(client)


def test_who_turns_back_at_the_provider_is_told_so(provider, client):
    state = parse_qs(urlsplit(client.post(LEAVE).url).query)["state"][0]

    response = client.get(f"/accounts/oidc/council/callback/?error=access_denied&state={state}")

    assert "You did not sign in." in said(response)


def test_a_provider_that_is_not_there_is_no_error_of_ours(provider, client, settings):
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    apps[0]["settings"]["server_url"] = "http://localhost:9"

    response = client.post(LEAVE)

    assert response.status_code == 403
    assert "could not sign you in" in said(response)


def test_nothing_of_the_address_changes_what_the_provider_is_asked(provider, client):
    asked = "process=connect&scope=everything&auth_params=prompt%3Dnone&next=//evil.example"
    left = client.post(f"{LEAVE}?{asked}")

    query = parse_qs(urlsplit(left.url).query)

    assert set(query["scope"][0].split()) == {"openid", "profile", "email"}
    assert "prompt" not in query
    assert query["code_challenge_method"] == ["S256"]
    provider.userinfo |= {"email": "network@camden.demo.example", "email_verified": True}
    back = requests.get(left.url, allow_redirects=False, timeout=5).headers["Location"]
    assert client.get(back[back.index("/accounts/") :]).url == "/"


# The second factor

TOLD = [{"amr": ["pwd", "mfa"]}, {"acr": "https://refeds.org/profile/mfa"}]


@pytest.mark.parametrize("claims", TOLD)
def test_a_trusted_providers_second_factor_is_not_followed_by_ours(
    provider, client, settings, claims
):
    settings.OIDC_ASSERTS_SECOND_FACTOR = True

    come_from(provider, client, "finance@camden.demo.example", **claims)

    assert is_in(client)
    assert client.get("/c/camden/").status_code == 200


@pytest.mark.parametrize("claims", [*TOLD, {"amr": ["pwd"]}, {}])
@pytest.mark.parametrize("is_trusted", [True, False])
def test_otherwise_ours_follows(provider, client, settings, claims, is_trusted):
    if is_trusted and claims in TOLD:
        return
    settings.OIDC_ASSERTS_SECOND_FACTOR = is_trusted

    response = come_from(provider, client, "finance@camden.demo.example", **claims)

    assert response.url == "/accounts/second-step/"
    assert not is_in(client)


def test_without_a_factor_of_ours_one_has_to_be_set_up(provider, client):
    Authenticator.objects.filter(user=person("finance@camden")).delete()

    come_from(provider, client, "finance@camden.demo.example")

    assert client.get("/c/camden/").url == "/accounts/?next=%2Fc%2Fcamden%2F"


# Switched on by the environment


def test_the_sign_in_page_offers_the_provider_by_its_name(provider, client):
    text = said(client.get("/accounts/login/"))

    assert "Or sign in through Camden Council" in text
    assert f'action="{LEAVE}"' in text
    assert "Go to Camden Council" in said(client.get(LEAVE))


@pytest.mark.parametrize("address", [LEAVE, "/accounts/oidc/council/callback/?code=x&state=y"])
def test_without_one_there_are_no_such_pages(client, db, address):
    assert client.get(address).status_code == 404
    assert "Or sign in through" not in said(client.get("/accounts/login/"))


def test_another_name_than_the_providers_is_no_page(provider, client):
    assert client.get("/accounts/oidc/openid_connect/login/").status_code == 404


def test_every_council_of_the_demo_vouches_for_its_own_people(db):
    for council in Council.objects.filter(slug__in=["camden", "sutton"]):
        assert council.mail_domains == [f"{council.slug}.demo.example"]
