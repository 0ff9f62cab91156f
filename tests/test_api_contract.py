"""The API is as its own OpenAPI document says, and holds no row of another council.

Each operation is called with values that fit the document, with values that do not, and with the
keys and codes of both councils, in the name of a network officer of one of them; what only reads in
the names of an auditor and a supplier's agent too.
"""

import json
from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import factories as new
from tests.two_councils import Person, World, standing

EXAMPLES = 30  # of one operation, from all ways to ask it
FEW = 5  # of one that only reads, for each of the others
OTHERS = ("AUDITOR", "SUPPLIER_AGENT")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Names and codes of all councils stand in the directory, in the summary and among councils found.
DIRECTORY, SUMMARY, SEARCH = "/api/v1/councils/", "/api/v1/migration/", "/api/v1/search/"
FILES = ("/content/", "/register/file/", "/price-book/")  # no rows of JSON
NOT_FOR_OFFICERS = {
    *("/api/v1/access/", "/api/v1/audit-events/", "/api/v1/audit-events/{id}/"),
    *("/api/v1/trail-checks/", "/api/v1/exceptions/", "/api/v1/delegations/{id}/"),
    "/api/v1/api-tokens/{id}/",  # the ones that are asked for are others'
}
NO_KEY = 999_999_999


# As programs get it, with every reference in plain values.
DOCUMENT = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
OPERATIONS = [
    pytest.param(path, method, id=f"{method.upper()} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[World]:
    with django_db_blocker.unblock(), standing(tmp_path_factory.mktemp("documents")) as world:
        yield world


def read_whole(application):
    """Read and close every answer, as a server does; the caller here leaves files open."""

    def call(environ, start_response):
        answer = application(environ, start_response)
        try:
            return [b"".join(answer)]
        finally:
            answer.close()

    return call


@pytest.fixture(scope="module")
def api():
    """The API as it is served, in the transaction of the tests: its end does not close it."""
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.app = read_whole(get_wsgi_application())
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield schema
    for signal in signals:
        signal.connect(close_old_connections)


def token_of(person: Person) -> str:
    secret, digest = new.ApiToken.new_secret()
    new.new_api_token(user=person.user, digest=digest, scope="WRITE")
    return secret


def asked(operation, path: str, world: World):
    """Return ways to ask: what fits, what does not, and what names a thing of either council."""
    ways = [operation.as_strategy()]
    if any(True for _ in operation.iter_parameters()):
        ways.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    if "{id}" in path:
        keys = [key for place in (world.own, world.foreign) for key in keys_of(path, place)]
        for key in (*keys, NO_KEY):
            ways.append(operation.as_strategy(path_parameters={"id": key}))
    names = {parameter.name for parameter in operation.query}
    if "council" in names:
        for code in (world.own.council.register_code, world.foreign.council.register_code):
            ways.append(operation.as_strategy(query={"council": code}))
    if "q" in names:
        ways += [operation.as_strategy(query={"q": words}) for words in ("mark", "Zedshire")]
    return st.one_of(ways)


def keys_of(path: str, place) -> list[int]:
    """Return the keys of a council's rows of the kind that a path names."""
    keys = place.keys
    rows = {
        "bodies": [keys["body"]],
        "connections": [keys["connection"]],
        "contracts": [keys["contract"], keys["call_off"], keys["draft"]],
        "frameworks": [keys["framework"]],
        "legal-rules": [keys["legal_rule"]],
        "catalogue-items": [keys["item"]],
        "prices": [keys["price"]],
        "quotes": [keys["quote"]],
        "councils": [place.council],
        "jobs": list(place.council.job_runs.all()),
        "delegations": [keys["delegation"]],
        "audit-events": [keys["event"]],
        "documents": [keys["document"]],
        "notes": [keys["note"]],
        "api-tokens": [keys["token"]],
        "lines": [keys["line"], keys["old"]],
        "sites": [keys["site"], keys["hidden"]],
        "suppliers": [place.supplier],
    }
    return [row.pk for row in rows[path.split("/")[3]]]


def councils_in(body, *, kind: str = "") -> Iterator[str]:
    """Yield every council that a JSON body names, but a council that was searched for itself."""
    if isinstance(body, dict):
        for name, value in body.items():
            if name == "council" and isinstance(value, str):
                yield value
            yield from councils_in(value)
    elif isinstance(body, list):
        for value in body:
            yield from councils_in(value)


def foreign_in(world: World, person: Person, path: str, response) -> list[str]:
    """Return what of another council stands in an answer."""
    found = world.told(person, response.content.decode())
    is_open = path.startswith((DIRECTORY, SUMMARY)) or path.endswith(FILES)
    if is_open or response.status_code != 200:
        return found
    own = {world.own.council.register_code, ""}
    if path == SEARCH:
        own = {world.own.council.short_name, ""}
    return found + [name for name in councils_in(response.json()) if name not in own]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_as_documented_and_holds_no_foreign_row(world, db, api, path, method):
    statuses = answers_to(world, api, "NETWORK_OFFICER", path, method, EXAMPLES)

    assert method != "get" or 200 in statuses or path in NOT_FOR_OFFICERS


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(
    ("path", "method"), [case for case in OPERATIONS if case.values[1] == "get"]
)
def test_so_is_every_answer_to_an_auditor_and_to_a_supplier(world, db, api, name, path, method):
    assert answers_to(world, api, name, path, method, FEW)


def answers_to(world: World, api, name: str, path: str, method: str, examples: int) -> set[int]:
    """Ask an operation in somebody's name, check each answer and return their statuses."""
    operation, person = api[path][method.upper()], world.people[name]
    headers = {"Authorization": f"Token {token_of(person)}", "Accept-Encoding": "identity"}
    statuses = set()

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=asked(operation, path, world))
    def ask(case):
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)
        assert foreign_in(world, person, path, response) == []
        statuses.add(response.status_code)

    ask()
    return statuses


def test_every_operation_refuses_a_token_that_is_not_one(world, db, api):
    for path, methods in DOCUMENT["paths"].items():
        for method in methods:
            case = api[path][method.upper()].Case(path_parameters={"id": 1})
            response = case.call(headers={"Authorization": "Token of-nobody"})
            assert response.status_code == 401
            assert world.told(world.people["NOBODY"], response.content.decode()) == []
