"""API tokens: made by people alone, shown once, narrow, and over when they are over."""

import re
from datetime import timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.test import Client

from boroughs.actions.tokens import create_token
from boroughs.models import ApiToken, AuditEvent, Council
from londonpsn.common import clock
from tests import factories as new
from tests.conftest import person

PAGE = "/account/tokens/"
numbers = count()
NETWORK = "network@camden"
AUDITED = AuditEvent.Type


@pytest.fixture(autouse=True)
def nothing_counted_yet(db):
    cache.clear()


def form(**changed) -> dict:
    last_day = clock.real_day() + timedelta(days=30)
    token = {"name": "Report", "scope": "READ", "council": "", "expires_on": last_day}
    return token | {"nonce": f"nonce-{next(numbers)}"} | changed


def secret_on(response) -> str:
    return re.search(r"<code>([\w-]{43})</code>", response.content.decode())[1]


def program(secret: str) -> Client:
    return Client(headers={"Authorization": f"Token {secret}"})


def token_of(address=NETWORK, **fields) -> str:
    now = clock.now()
    facts = {"name": "t", "at": now, "expires_at": now + timedelta(days=1)}
    return create_token(user=person(address), **facts | fields)


# The page


def test_a_token_is_made_and_its_secret_is_shown_once(browse):
    client = browse(NETWORK)

    response = client.post(PAGE, form())

    secret = secret_on(response)
    assert program(secret).get("/api/v1/lines/?limit=1").status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert secret not in client.get(PAGE).content.decode()
    assert secret not in str(dict(client.session))
    token = ApiToken.objects.get()
    assert (token.name, token.scope, token.council) == ("Report", "READ", None)
    (event,) = AuditEvent.objects.filter(type=AUDITED.TOKEN_MADE)
    assert secret not in str([event.after, event.note, event.subject])


def test_a_page_that_is_loaded_again_makes_no_second_token(browse):
    client, sent = browse(NETWORK), form()
    secret = secret_on(client.post(PAGE, sent))

    again = client.post(PAGE, sent, follow=True)

    assert again.redirect_chain == [(PAGE, 302)]
    text = again.content.decode()
    assert "This form has made its token already." in text
    assert secret not in text
    assert ApiToken.objects.count() == 1
    assert AuditEvent.objects.filter(type=AUDITED.TOKEN_MADE).count() == 1


def test_each_form_makes_a_token_of_its_own_and_one_that_was_refused_is_sent_again(browse):
    client = browse(NETWORK)
    nonces = [client.get(PAGE).context["form"]["nonce"].value() for _ in range(2)]

    client.post(PAGE, form(nonce=nonces[0], name=""))
    for nonce in nonces:
        assert secret_on(client.post(PAGE, form(nonce=nonce)))

    assert ApiToken.objects.count() == 2


def test_a_token_works_through_its_last_day_in_london(browse):
    browse(NETWORK).post(PAGE, form(expires_on=clock.real_day()))

    ends = clock.timezone.localtime(ApiToken.objects.get().expires_at)

    assert (ends.date(), ends.hour, ends.minute) == (clock.real_day() + timedelta(days=1), 0, 0)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": " "}, "Say what the token is for."),
        ({"expires_on": ""}, "Say until when it works."),
        ({"expires_on": "soon"}, "Write the day as 2014-06-30."),
        ({"expires_on": "2014-06-30"}, "Choose a day from today on"),
        ({"expires_on": "9999-12-31"}, "Choose a day from today on"),
        ({"scope": "ALL"}, "Select a valid choice"),
        ({"council": "sutton"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_with_a_new_token_is_said(browse, changed, sentence):
    if changed.get("council"):
        changed = {"council": Council.objects.get(slug="sutton").pk}

    response = browse(NETWORK).post(PAGE, form(**changed))

    assert sentence in response.content.decode()
    assert not ApiToken.objects.exists()


def test_more_than_twenty_at_once_are_refused_beside_the_form(browse):
    user = person(NETWORK)
    for _ in range(20):
        new.new_api_token(user=user)

    response = browse(NETWORK).post(PAGE, form())

    assert "20 tokens are in force already. Revoke one first." in response.content.decode()


def test_the_list_says_of_each_token_how_it_stands(browse):
    user, now = person(NETWORK), clock.now()
    day = timedelta(days=1)
    new.new_api_token(user=user, name="Good", expires_at=now + day)
    new.new_api_token(user=user, name="Old", created_at=now - 2 * day, expires_at=now - day)
    new.new_api_token(user=user, name="Ended", revoked_at=now)
    new.new_api_token(name="Another’s")

    text = browse(NETWORK).get(PAGE).content.decode()

    for words in ("In force", "Expired", "Revoked"):
        assert text.count(f"<div>{words}</div>") == 1
    assert text.count('name="token"') == 1  # only what works can be revoked
    assert "Another’s" not in text


def test_a_person_revokes_their_own_tokens_alone(browse):
    secret = token_of()
    token = ApiToken.objects.get()

    assert browse("buyer@camden").post(f"{PAGE}revoke/", {"token": token.pk}).status_code == 404
    assert program(secret).get("/api/v1/councils/").status_code == 200

    assert browse(NETWORK).post(f"{PAGE}revoke/", {"token": token.pk}).url == PAGE
    assert program(secret).get("/api/v1/councils/").status_code == 401
    assert AuditEvent.objects.filter(type=AUDITED.TOKEN_REVOKED).count() == 1


@pytest.mark.parametrize("sent", [{}, {"token": "x"}, {"token": "-1"}])
def test_a_revoke_that_names_nothing_is_said(browse, sent):
    assert browse(NETWORK).post(f"{PAGE}revoke/", sent).status_code == 400


def test_revoking_is_a_press_and_never_a_link(browse):
    assert browse(NETWORK).get(f"{PAGE}revoke/").status_code == 405


# What a token may do


@pytest.mark.parametrize("scope", ["READ", "WRITE"])
def test_a_token_that_reads_writes_nothing(scope):
    site = Council.objects.get(slug="camden").bodies.first().sites.first()
    body = {"subject_kind": "site", "subject_id": site.pk, "text": "Ring twice."}

    response = program(token_of(scope=scope)).post(
        "/api/v1/notes/", body, content_type="application/json"
    )

    if scope == "WRITE":
        assert response.status_code == 201
    else:
        assert response.status_code == 403
        assert "This token is for reading only." in response.json()["detail"]
        assert not site.notes.exists()


def test_a_token_of_one_council_knows_no_other():
    sutton = Council.objects.get(slug="sutton")

    answer = program(token_of("programme@london-grid", council=sutton)).get("/api/v1/bodies/")

    assert {row["council"] for row in answer.json()["results"]} == {"STN"}


@pytest.mark.parametrize("scope", ["READ", "WRITE"])
def test_no_token_makes_a_token(scope):
    client = program(token_of(scope=scope))

    response = client.post("/api/v1/api-tokens/", {"name": "more"})

    assert response.status_code == 403
    assert ApiToken.objects.count() == 1


def test_who_is_signed_in_makes_a_token_by_the_api_and_lists_it(browse):
    client = browse(NETWORK)

    made = client.post("/api/v1/api-tokens/", {"name": "Report", "council": "CMD"})

    assert made.status_code == 201
    answer = made.json()
    secret = answer.pop("secret")
    assert program(secret).get("/api/v1/lines/?limit=1").status_code == 200
    assert (answer["scope"], answer["council"], answer["state"]) == ("READ", "CMD", "IN_FORCE")
    listed = client.get("/api/v1/api-tokens/").json()["results"]
    assert [row["id"] for row in listed] == [answer["id"]]
    assert secret not in str(listed)
    revoked = client.post(f"/api/v1/api-tokens/{answer['id']}/revoke/")
    assert revoked.json()["state"] == "REVOKED"
    assert program(secret).get("/api/v1/councils/").status_code == 401


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"name": "t", "council": "STN"}, 404),
        ({"name": "t", "expires_on": "9999-12-31"}, 400),
        ({"name": "t", "expires_on": "2014-06-30"}, 400),
        ({"name": ""}, 400),
        ({"name": "t", "scope": "ALL"}, 400),
    ],
)
def test_what_is_wrong_with_a_new_token_is_answered(browse, sent, status):
    assert browse(NETWORK).post("/api/v1/api-tokens/", sent).status_code == status
    assert not ApiToken.objects.exists()


def test_anothers_token_does_not_exist(browse):
    token = new.new_api_token()

    assert browse(NETWORK).get(f"/api/v1/api-tokens/{token.pk}/").status_code == 404
    assert browse(NETWORK).post(f"/api/v1/api-tokens/{token.pk}/revoke/").status_code == 404


def test_a_token_for_one_council_lists_and_revokes_those_for_it_alone():
    camden, sutton = (Council.objects.get(slug=slug) for slug in ("camden", "sutton"))
    user = person("programme@london-grid")
    others = [new.new_api_token(user=user, council=council) for council in (sutton, None)]
    client = program(token_of("programme@london-grid", council=camden, scope="WRITE"))

    listed = client.get("/api/v1/api-tokens/").json()["results"]

    assert [row["council"] for row in listed] == ["CMD"]
    for token in others:
        assert client.get(f"/api/v1/api-tokens/{token.pk}/").status_code == 404
        assert client.post(f"/api/v1/api-tokens/{token.pk}/revoke/").status_code == 404
    assert client.post(f"/api/v1/api-tokens/{listed[0]['id']}/revoke/").status_code == 200


@pytest.mark.parametrize("role", ["APPROVER", "FINANCE", "PROGRAMME_OFFICER", "ADMINISTRATOR"])
def test_a_token_opens_nothing_while_its_person_lacks_the_second_factor_of_their_role(role):
    programme_wide = role in ("PROGRAMME_OFFICER", "ADMINISTRATOR")
    place = {"programme_wide": True} if programme_wide else {"council": new.new_council()}
    user = new.new_membership(role=role, **place).user
    new.new_second_factor(user, type="recovery_codes")  # stands in for one, and is none
    now = clock.now()
    secret = create_token(user=user, name="t", at=now, expires_at=now + timedelta(days=1))

    answer = program(secret).get("/api/v1/councils/", REMOTE_ADDR="192.0.2.7")

    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "They set one up on the portal’s page of how they sign in" in answer.json()["detail"]
    assert ApiToken.objects.get().last_used_at is None
    (event,) = refused()
    assert (event.user, event.note) == (user.pk, "its person has no second factor")

    new.new_second_factor(user)
    assert program(secret).get("/api/v1/councils/").status_code == 200


# Refused tokens


def refused() -> list[SimpleNamespace]:
    events = AuditEvent.objects.filter(type=AUDITED.TOKEN_REFUSED).order_by("pk")
    return [SimpleNamespace(user=e.user_id, note=e.note, after=e.after) for e in events]


@pytest.mark.parametrize("why", ["expired", "revoked", "its person has left"])
def test_a_token_that_is_over_opens_nothing_and_is_written_down(why):
    secret, now = token_of(), clock.now()
    user = person(NETWORK)
    if why == "expired":
        day = timedelta(days=1)
        ApiToken.objects.update(created_at=now - 2 * day, expires_at=now - day)
    elif why == "revoked":
        ApiToken.objects.update(revoked_at=now)
    else:
        user.is_active = False
        user.save()

    response = program(secret).get("/api/v1/councils/", REMOTE_ADDR="192.0.2.7")

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Token"
    (event,) = refused()
    assert (event.user, event.note, event.after) == (user.pk, why, {"address": "192.0.2.7"})


def test_many_refused_tokens_from_one_address_fill_no_log():
    for number in range(20):
        program(f"guess-{number}").get("/api/v1/councils/", REMOTE_ADDR="192.0.2.7")
    program("guess").get("/api/v1/councils/", REMOTE_ADDR="192.0.2.8")

    assert [(event.user, event.after["address"]) for event in refused()] == [
        (None, "192.0.2.7"),
        (None, "192.0.2.8"),
    ]


def test_a_token_that_was_revoked_is_written_down_once_a_minute():
    secret = token_of()
    ApiToken.objects.update(revoked_at=clock.now())

    for _ in range(5):
        program(secret).get("/api/v1/councils/")

    assert len(refused()) == 1
    cache.clear()  # a minute later
    program(secret).get("/api/v1/councils/")
    assert len(refused()) == 2


# How often


@pytest.fixture
def three_a_minute(settings, monkeypatch):
    """Three requests a minute, all within one minute of the clock."""
    settings.API_REQUESTS_A_MINUTE = 3
    moment = clock.now().replace(second=12)
    monkeypatch.setattr("boroughs.api.throttling.clock.now", lambda: moment)


def test_each_token_and_each_person_has_a_limit_of_their_own(three_a_minute, browse):
    first, second, signed_in = program(token_of()), program(token_of()), browse(NETWORK)

    for client in (first, second, signed_in):
        answers = [client.get("/api/v1/councils/?limit=1") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "48"
    assert answers[-1].headers["Content-Type"] == "application/problem+json"
    assert answers[-1].json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Too many requests in this minute. Wait 48 seconds, and ask less often.",
    }


def test_the_next_minute_counts_from_nothing(three_a_minute, monkeypatch):
    client = program(token_of())
    for _ in range(4):
        client.get("/api/v1/councils/?limit=1")

    later = clock.now() + timedelta(seconds=60)
    monkeypatch.setattr("boroughs.api.throttling.clock.now", lambda: later)

    assert client.get("/api/v1/councils/?limit=1").status_code == 200


def test_while_the_broker_is_down_nobody_is_held_up_and_the_log_says_so_once(
    three_a_minute, settings, caplog
):
    secret = token_of()
    nowhere = "redis://127.0.0.1:1/0"
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": nowhere}}

    answers = [program(secret).get("/api/v1/councils/?limit=1") for _ in range(5)]
    refusal = program("guess").get("/api/v1/councils/")

    assert {answer.status_code for answer in answers} == {200}
    assert refusal.status_code == 401
    said = [record.getMessage() for record in caplog.records]
    assert said.count("The broker cannot be reached: the API’s requests are not counted.") == 1
