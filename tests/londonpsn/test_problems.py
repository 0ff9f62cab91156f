"""Errors of the API: RFC 9457, in words, and in the OpenAPI document."""

import pytest
from django.db import OperationalError, connection

from londonpsn.common.problems import MEDIA_TYPE
from services.models import Line

NETWORK = "network@camden"


@pytest.fixture
def line(db):
    return Line.objects.get(reference="CMD-HQ01|w1/NEW")


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "status", "title", "detail"),
    [
        (None, "get", "lines/", None, 401, "Unauthorized", "Authentication credentials were"),
        ("viewer@camden", "post", "notes/", "note", 403, "Forbidden", "You need the right to"),
        (NETWORK, "get", "lines/999999/", None, 404, "Not Found", "No Line matches"),
        (NETWORK, "get", "moon/", None, 404, "Not Found", "There is no such page"),
        (NETWORK, "get", "lines/?council=STN", None, 404, "Not Found", "There is no council “STN”"),
        (NETWORK, "delete", "lines/", None, 405, "Method Not Allowed", 'Method "DELETE" not'),
        (NETWORK, "get", "migration/?as_at=x", None, 400, "Bad Request", "“x” is not a day."),
        (NETWORK, "post", "notes/", "broken", 400, "Bad Request", "JSON parse error"),
        (NETWORK, "post", "notes/", "text", 415, "Unsupported Media Type", "Unsupported media"),
    ],
)
def test_an_error_is_a_problem(
    line, browse, client, who, method, path, body, status, title, detail
):
    client = browse(who) if who else client
    bodies = {
        None: {},
        "note": {"data": {"subject_kind": "line", "subject_id": line.pk, "text": "x"}},
        "broken": {"data": "{", "content_type": "application/json"},
        "text": {"data": "x", "content_type": "text/plain"},
    }

    answer = getattr(client, method)(f"/api/v1/{path}", **bodies[body])

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    problem = answer.json()
    assert problem.keys() == {"type", "title", "status", "detail"}
    assert (problem["type"], problem["title"], problem["status"]) == ("about:blank", title, status)
    assert problem["detail"].startswith(detail)


def test_fields_that_cannot_be_read_are_named_each_with_its_sentence(browse, db):
    answer = browse(NETWORK).post("/api/v1/notes/", {"subject_kind": "line", "text": ""})

    assert answer.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "Some fields cannot be read. subject_id: This field is required.; "
        "text: This field may not be blank.",
        "errors": [
            {"field": "subject_id", "detail": "This field is required."},
            {"field": "text", "detail": "This field may not be blank."},
        ],
    }


def test_a_rule_that_says_no_is_a_409_with_the_remedy(line, browse, settings, tmp_path):
    settings.DOCUMENTS = tmp_path
    document = line.documents.create(
        council=line.body.council,
        kind="OTHER",
        title="A",
        name="a.pdf",
        media_type="application/pdf",
        size=1,
        sha256="0" * 64,
        added_at="2014-06-30T08:00:00Z",
    )

    answer = browse(NETWORK).get(f"/api/v1/documents/{document.pk}/content/")

    assert (answer.status_code, answer.json()["title"]) == (409, "Conflict")
    assert "Tell the portal’s administrator" in answer.json()["detail"]


def test_what_is_broken_is_a_problem_too(browse, db, monkeypatch):
    client = browse(NETWORK)
    client.raise_request_exception = False
    monkeypatch.setattr("procurement.api.views.find_programme", lambda code: 1 / 0)

    answer = client.get("/api/v1/migration/")

    assert (answer.status_code, answer.headers["Content-Type"]) == (500, MEDIA_TYPE)
    assert answer.json()["title"] == "Internal Server Error"


def test_a_portal_that_is_starting_is_a_problem_too(client, monkeypatch):
    def refuse():
        raise OperationalError

    monkeypatch.setattr(connection, "close_if_health_check_failed", lambda: None)
    monkeypatch.setattr(connection, "ensure_connection", refuse)

    answer = client.get("/api/v1/lines/")

    assert (answer.status_code, answer.headers["Content-Type"]) == (503, MEDIA_TYPE)
    assert answer.headers["Retry-After"] == "10"
    assert "The portal is starting" in answer.json()["detail"]


def test_the_document_tells_the_problems_of_every_operation(browse, db):
    answer = browse(NETWORK).get(
        "/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}
    )
    document = answer.json()

    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    assert document["components"]["schemas"]["Problem"]["required"][-1] == "detail"
    for path in document["paths"].values():
        for method, operation in path.items():
            writes = set() if method == "get" else {"409", "413", "415"}
            expected = {"400", "401", "403", "404", "429", "503"} | writes
            assert expected <= operation["responses"].keys()
            for status in expected:
                assert operation["responses"][status]["content"] == {MEDIA_TYPE: reference}
