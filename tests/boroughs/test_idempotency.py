"""A write through the API that is sent twice is done once."""

import json
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.test import Client

from boroughs.actions import calls
from boroughs.models import ApiToken, AuditEvent, Council, IdempotentCall, Membership
from londonpsn.common.errors import Refused
from services.models import Contract
from tests import factories as new
from tests.conftest import person
from tests.factories import AT, TODAY

DRAFTS = "/api/v1/contracts/"


@pytest.fixture
def client(db, browse):
    return browse("buyer@camden")


def body(**fields) -> str:
    return json.dumps({"council": "CMD", "supplier": "virgin-media-business"} | fields)


def post(client, sent=None, key="k-1", address=DRAFTS):
    headers = {} if key is None else {"Idempotency-Key": key}
    content = {"data": sent or body(), "content_type": "application/json"}
    return client.post(address, headers=headers, **content)


def drafts() -> int:
    return Contract.objects.filter(stage="DRAFT").count()


def test_the_same_request_under_the_same_key_is_answered_the_same_and_done_once(client):
    first, second = post(client), post(client)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert drafts() == 1
    assert AuditEvent.objects.filter(type="CALL_OFF_DRAFTED").count() == 1


def test_another_key_is_another_request(client):
    post(client), post(client, key="k-2")

    assert drafts() == 2


@pytest.mark.parametrize(
    ("sent", "address"),
    [(body(title="Another"), DRAFTS), (body(), "/api/v1/contracts/?x=1")],
)
def test_another_request_under_the_same_key_is_refused(client, sent, address):
    post(client)

    answer = post(client, sent, address=address)

    assert answer.status_code == 409
    assert "was given to another request" in answer.json()["detail"]
    assert drafts() == 1


def test_an_answer_is_not_given_again_to_who_has_other_rights_by_then(client):
    post(client)

    Membership.objects.filter(user=person("buyer@camden")).update(ends_on=TODAY)
    answer = post(client)

    assert answer.status_code == 409
    assert "your rights or your token have changed since" in answer.json()["detail"]
    assert "virgin-media-business" not in answer.content.decode()


def test_a_token_of_one_council_gets_no_answer_that_was_for_another(client):
    user = person("buyer@camden")
    new.new_membership(user=user, council=Council.objects.get(slug="sutton"), role="BUYER")
    made = [ApiToken.new_secret() for _ in range(2)]
    for (_, digest), slug in zip(made, ("camden", "sutton"), strict=True):
        council = Council.objects.get(slug=slug)
        new.new_api_token(user=user, digest=digest, scope="WRITE", council=council)
    camden, sutton = (Client(headers={"Authorization": f"Token {secret}"}) for secret, _ in made)
    assert post(camden).status_code == 201

    assert post(camden).headers["Idempotent-Replayed"] == "true"
    for other in (sutton, client):
        assert post(other).status_code == 409
    assert drafts() == 1


@pytest.mark.parametrize(("key", "words"), [(None, "Name this request"), ("x" * 81, "at most 80")])
def test_without_a_key_nothing_is_done(client, key, words):
    answer = post(client, key=key)

    assert answer.status_code == 400
    assert words in answer.json()["detail"]
    assert drafts() == 0


def test_what_was_refused_is_not_remembered_because_nothing_was_done(client):
    draft = post(client).json()["id"]
    award = f"/api/v1/contracts/{draft}/award/"

    first = post(client, "{}", key="a", address=award)

    assert first.status_code == 409
    assert not IdempotentCall.objects.filter(key="a").exists()


def test_keys_of_two_people_have_nothing_to_do_with_each_other(client, browse):
    post(client)

    other = post(browse("buyer@sutton"), body(council="STN"))

    assert (other.status_code, other.json()["council"]) == (201, "STN")


def test_calls_are_forgotten_after_a_day(db):
    new.new_idempotent_call(at=AT - timedelta(days=1, seconds=1))
    kept = new.new_idempotent_call(at=AT - timedelta(days=1))

    assert calls.forget_calls(AT - timedelta(days=1)) == 1

    assert list(IdempotentCall.objects.all()) == [kept]


# Two at once


def signed_in() -> Client:
    client = Client()
    client.force_login(person("buyer@camden"))
    return client


def test_a_request_that_is_at_work_is_told_so(committed):
    user, refused = person("buyer@camden"), []

    def meanwhile():
        try:
            with transaction.atomic():
                calls.remember(user=user, key="k", digest="0" * 64, at=AT)
        except Refused as error:
            refused.append(str(error))
        finally:
            connection.close()

    with transaction.atomic():
        calls.remember(user=user, key="k", digest="0" * 64, at=AT)
        thread = Thread(target=meanwhile)
        thread.start()
        thread.join()

    assert refused == ["This request is at work already. Wait for its answer, or ask again soon."]
    assert IdempotentCall.objects.count() == 1


def test_double_sends_at_once_do_it_once(committed):
    clients, barrier, found = [signed_in() for _ in range(4)], Barrier(4), []

    def send(client):
        barrier.wait()
        try:
            found.append(post(client).status_code)
        finally:
            connection.close()

    threads = [Thread(target=send, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert drafts() == 1
    assert set(found) <= {201, 409}
    assert 201 in found
