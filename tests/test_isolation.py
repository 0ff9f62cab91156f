"""What is another council's does not exist: every address, every role, own and foreign council.

Addresses come from the resolver and the API's router themselves. One that ROUTES does not tell of
fails, with what has to be added. The administration has its own tests (test_isolation_admin.py).
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import quote, urlencode

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from boroughs.models import Membership
from londonpsn.api import router
from tests import factories as new
from tests.conftest import OURS
from tests.two_councils import (
    AT_A_COUNCIL,
    IN_THE_PROGRAMME,
    PENCE_IN_FILES,
    PENCE_IN_WORDS,
    PEOPLE,
    Person,
    Place,
    Role,
    World,
    build,
)

EVERYBODY = {*AT_A_COUNCIL, *IN_THE_PROGRAMME}
NOWHERE = "00000000-0000-4000-8000-000000000000"
NO_KEY = 999_999_999


@dataclass(frozen=True)
class Route:
    """One address: how it is filled in, and what each answer to it has to be.

    ``fill`` gives the parameters that name a thing of a council, ``unknown`` the same of nothing;
    without them the address is of no council, and its rows are narrowed. ``only`` are the roles
    that may; others who see the council get ``refused``. ``agent`` is what a supplier's people get
    of what they supply and of another's, ``nobody`` a person without a role. ``asks`` are
    questions to narrow it with: ``{key}`` is filled with what another council has, and the answer
    has to be that to a question for nothing. ``posts`` is a form, of ``fill``'s place, to send to
    it; without one it only shows. With ``is_open`` the names of every council, their status, rates
    and freshness stand there, and sums over five councils (decisions 6). One that ``is_closed``
    answers who may at no council the same, whatever it names. ``stranger`` is the answer to who has
    not signed in, of one that ``is_public``. What ``is_own`` is about oneself: it has tests of its
    own.
    """

    fill: Callable[[Place], dict] | None = None
    unknown: dict | None = None
    get: int = 200
    only: frozenset | set = frozenset(EVERYBODY)
    agent: tuple[int, int] = (404, 404)
    nobody: int = 404
    asks: tuple[str, ...] = ()
    posts: Callable[[Place], dict] | None = None
    post_only: frozenset | set = frozenset()
    is_open: bool = False
    is_public: bool = False
    refused: int = 403
    is_closed: bool = False
    stranger: int = 200
    is_own: bool = False


def of_council(place: Place) -> dict:
    return {"slug": place.council.slug}


def by(key: str) -> Callable[[Place], dict]:
    return lambda place: {"pk": place.keys[key].pk}


def council_page(**how) -> Route:
    return Route(fill=of_council, unknown={"slug": "nowhere"}, **how)


def thing(key: str, **how) -> Route:
    return Route(fill=by(key), unknown={"pk": NO_KEY}, **how)


def everywhere(status: int = 200, *, others: int | None = None, **how) -> Route:
    """An address of no council; ``others`` are suppliers' people and those without a role."""
    other = others or status
    return Route(**{"get": status, "agent": (other, other), "nobody": other} | how)


OPEN_TO_AGENTS = (200, 200)  # the directory of councils is open; their rows are narrowed
CLOSED = (403, 403)
LINE_ASKS = (
    *("q={line}", "q={site_code}", "q={site}", "q={postcode}", "q={hidden_postcode}"),
    *("q={phone}", "q={account}", "sort=-monthly", "page=2", "todo=MOVE", "who=COUNCIL"),
)
COUNCIL_ASK = "council={council}"
NETWORK, FINANCE = Role.NETWORK_OFFICER, Role.FINANCE
UPLOAD = {FINANCE, *IN_THE_PROGRAMME}
JOBS = {NETWORK, FINANCE, *IN_THE_PROGRAMME}
PUBLIC = Route(is_public=True, agent=(200, 200), nobody=200)
DESKS = {*AT_A_COUNCIL} - {Role.VIEWER}
WRITERS = DESKS - {Role.AUDITOR}
REVIEWERS = {Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR}
READERS = {Role.AUDITOR, Role.ADMINISTRATOR}
CONFIRMERS = {Role.APPROVER, Role.ADMINISTRATOR}


def closed_page(only, **how) -> Route:
    """A page of one council for some roles alone; to all others it is closed."""
    return council_page(only=only, agent=CLOSED, nobody=403, is_closed=True, **how)


def by_post_alone(key: str, **how) -> Route:
    return Route(fill=by(key), get=405, refused=405, agent=(405, 405), nobody=405, **how)


def hung_on(kind: str, only) -> Route:
    """The form that hangs something on a thing of a council."""
    return Route(
        fill=lambda place: {"kind": kind, "pk": place.keys[kind].pk},
        unknown={"kind": kind, "pk": NO_KEY},
        only=only,
        agent=(403, 404),
        posts=lambda place: {},
        post_only=only,
    )


ROUTES: dict[str, Route] = {
    # Pages of no council
    "home": everywhere(302, nobody=200),
    "account_login": everywhere(302, is_public=True, is_own=True),
    "account_logout": everywhere(is_own=True),
    "london-default": everywhere(others=403, is_open=True, asks=("map=ceased", "as_at=2014-01-31")),
    "london": Route(
        fill=lambda place: {"programme": "psn-network"}, agent=CLOSED, nobody=403, is_open=True
    ),
    "my-work": everywhere(asks=("sort=due", "format=csv")),
    "search": everywhere(
        is_open=True,
        asks=(
            *("q={line}", "q={old}", "q={site_code}", "q={site}", "q={postcode}", "q={phone}"),
            *("q={account}", "q={body}", "q={contract}", "q={title}", "q={hidden_postcode}"),
            "q=mark",
        ),
    ),
    "councils": everywhere(asks=("sort=name",)),
    "suppliers": everywhere(),
    "supplier": Route(
        fill=lambda place: {"code": place.supplier.code},  # reference data, with narrowed rows
        agent=(200, 200),
        nobody=200,
    ),
    "jobs": everywhere(asks=("sort=-council",), posts=lambda place: {}, post_only=JOBS),
    "components": everywhere(only={Role.ADMINISTRATOR}, refused=404, others=404),
    **dict.fromkeys(("help", "accessibility", "privacy", "cookies", "security-txt"), PUBLIC),
    # Pages of one council
    "council": council_page(agent=(302, 302), asks=("format=csv",)),
    "lines": council_page(agent=OPEN_TO_AGENTS, asks=LINE_ASKS),
    "lines-preview": council_page(
        get=302,
        agent=(302, 302),
        posts=lambda place: {"tick": place.keys["line"].pk, "confirm": "yes"},
        post_only={NETWORK},
    ),
    "sites": council_page(agent=CLOSED, nobody=403, asks=("sort=postcode", "sort=-name")),
    "contracts": council_page(agent=OPEN_TO_AGENTS, asks=("sort=ends_on",)),
    "savings": council_page(
        agent=CLOSED,
        nobody=403,
        asks=("by=month", "by=service_type", "by=supplier", "by=contract", "family=wan"),
    ),
    "spend": council_page(
        agent=CLOSED, nobody=403, asks=("series=PURCHASING_CARDS", "from=2013-04&to=2013-05")
    ),
    "spend-upload": council_page(only=UPLOAD, posts=lambda place: {"kept": "x"}, post_only=UPLOAD),
    # Pages of one thing
    "site": thing("site"),
    "site-protect": thing(
        "site",
        only={NETWORK, Role.ADMINISTRATOR},
        posts=lambda place: {"protection": "REFUGE"},
        post_only={NETWORK, Role.ADMINISTRATOR},
    ),
    "body": thing("body"),
    "connection": thing("connection"),
    "contract": thing("contract", agent=(200, 404)),
    "line": thing("line", agent=(200, 404)),
    "move": thing("move"),
    "job-batch": Route(
        fill=lambda place: {"batch": place.keys["batch"]}, unknown={"batch": NOWHERE}
    ),
    "document": thing("document", only=DESKS, refused=404),
    "document-add": hung_on("line", WRITERS),
    "note-add": hung_on("line", {*WRITERS, Role.PROGRAMME_OFFICER}),
    # People and the trail
    "access": closed_page(REVIEWERS, asks=("review=1", "person=mark", "only=CONFLICTS")),
    "access-preview": closed_page(
        CONFIRMERS,
        get=302,
        posts=lambda place: {"tick": place.keys["membership"].pk, "confirm": "yes"},
        post_only=CONFIRMERS,
    ),
    "trail": closed_page(
        READERS, asks=("chain={council}", "type=NOTE_ADDED", "subject=boroughs.site:{site_key}")
    ),
    "trail-event": thing("event", only=READERS, agent=CLOSED, nobody=403, is_closed=True),
    "trail-rows": Route(
        fill=lambda place: {"transaction": place.keys["event"].transaction},
        only=READERS,
        agent=CLOSED,
        nobody=403,
        is_closed=True,
    ),
    "exceptions": closed_page(READERS, asks=("from=2013-04-01&to=2014-06-30",)),
    "account": everywhere(),
    "deputies": everywhere(is_own=True),
    "deputy-end": by_post_alone(
        "delegation", posts=lambda place: {}, post_only={Role.ADMINISTRATOR}
    ),
    "tokens": everywhere(is_own=True),
    "token-revoke": everywhere(405, is_own=True),
    # Signing in
    **dict.fromkeys(
        (
            *("account_reset_password", "account_reset_password_done"),
            *("account_reset_password_from_key_done",),
        ),
        Route(is_public=True, agent=(200, 200), nobody=200, is_own=True),
    ),
    "account_reset_password_from_key": Route(
        fill=lambda place: {"uidb36": "1", "key": "x"},
        is_public=True,
        is_own=True,
        agent=(200, 200),
        nobody=200,
    ),
    **dict.fromkeys(
        (
            *("account_change_password", "account_reauthenticate", "mfa_index", "session"),
            *("mfa_activate_totp", "mfa_add_webauthn", "mfa_list_webauthn"),
            *("mfa_generate_recovery_codes", "usersessions_list"),
        ),
        everywhere(is_own=True),
    ),
    **dict.fromkeys(
        ("mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"),
        everywhere(302, is_own=True),
    ),
    **dict.fromkeys(  # of who has no authenticator
        ("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_download_recovery_codes"),
        everywhere(404, is_own=True),
    ),
    "mfa_edit_webauthn": Route(
        fill=lambda place: {"pk": NO_KEY}, get=404, agent=(404, 404), is_own=True
    ),
    "mfa_remove_webauthn": Route(
        fill=lambda place: {"pk": NO_KEY}, get=404, agent=(404, 404), is_own=True
    ),
    **dict.fromkeys(  # switched on by a setting
        ("openid_connect_login", "openid_connect_callback"),
        Route(
            fill=lambda place: {"provider_id": "council"},
            get=404,
            agent=(404, 404),
            is_public=True,
            stranger=404,
            is_own=True,
        ),
    ),
    # The API
    "api-access-list": everywhere(only=REVIEWERS, others=403, asks=(COUNCIL_ASK,)),
    "api-delegation-list": everywhere(is_own=True),
    "api-delegation-detail": thing("delegation", only=REVIEWERS, refused=404),
    "api-delegation-end": by_post_alone(
        "delegation", posts=lambda place: {}, post_only={Role.ADMINISTRATOR}
    ),
    "api-audit-event-list": everywhere(only=READERS, others=403, asks=("chain={council}",)),
    "api-audit-event-detail": thing(
        "event", only=READERS, agent=CLOSED, nobody=403, is_closed=True
    ),
    "api-trail-check-list": everywhere(only=READERS, others=403),
    "api-exception-list": everywhere(only=READERS, others=403, asks=(COUNCIL_ASK,)),
    "api-document-list": everywhere(
        asks=(COUNCIL_ASK,), posts=lambda place: {}, post_only=EVERYBODY | {Role.SUPPLIER_AGENT}
    ),
    "api-document-detail": thing("document", only=DESKS, refused=404),
    "api-document-content": thing("document", only=DESKS, refused=404),
    "api-note-list": everywhere(
        asks=(COUNCIL_ASK,), posts=lambda place: {}, post_only=EVERYBODY | {Role.SUPPLIER_AGENT}
    ),
    "api-note-detail": thing("note"),
    "api-token-list": everywhere(is_own=True),
    "api-token-detail": thing("token", only={Role.ADMINISTRATOR}, refused=404),
    "api-token-revoke": by_post_alone(
        "token", posts=lambda place: {}, post_only={Role.ADMINISTRATOR}
    ),
    "api-search-list": everywhere(
        400,
        is_open=True,
        asks=("q={line}", "q={site}", "q={body}", "q={contract}", "q={postcode}", "q=mark"),
    ),
    "api-council-list": everywhere(is_open=True),
    "api-council-detail": Route(  # the directory
        fill=lambda place: {"pk": place.council.pk},
        agent=(200, 200),
        nobody=200,
        is_open=True,
    ),
    "api-body-list": everywhere(asks=(COUNCIL_ASK,)),
    "api-body-detail": thing("body"),
    "api-site-list": everywhere(asks=(COUNCIL_ASK, "limit=1000")),
    "api-site-detail": thing("site"),
    "api-connection-list": everywhere(asks=(COUNCIL_ASK,)),
    "api-connection-detail": thing("connection"),
    "api-supplier-list": everywhere(asks=(COUNCIL_ASK,)),
    "api-supplier-detail": Route(
        fill=lambda place: {"pk": place.supplier.pk},
        agent=(200, 200),
        nobody=200,
    ),
    "api-job-list": everywhere(asks=(COUNCIL_ASK,)),
    "api-job-detail": Route(
        fill=lambda place: {"pk": place.council.job_runs.latest("pk").pk}, unknown={"pk": NO_KEY}
    ),
    "api-contract-list": everywhere(asks=(COUNCIL_ASK, "limit=1000")),
    "api-contract-detail": thing("contract", agent=(200, 404)),
    "api-line-list": everywhere(
        asks=(
            *(COUNCIL_ASK, "limit=1000", "offset=1", "reference={line}", "body={body_key}"),
            *("body_kind=COUNCIL", "stage=VALIDATED", "supplier={supplier_key}"),
        ),
    ),
    "api-line-detail": thing("line", agent=(200, 404)),
    "api-migration-list": everywhere(others=403, is_open=True, asks=("as_at=2014-01-31",)),
    "api-savings-list": everywhere(
        others=403, asks=(COUNCIL_ASK, "group_by=council", "group_by=month", "body_kind=SCHOOL")
    ),
    "api-payments-summary-list": everywhere(others=403, asks=(COUNCIL_ASK,)),
    "api-schema": everywhere(),
    "api-docs": everywhere(),
}
# Things that a second address of the same name shows otherwise.
MORE: dict[str, list[Route]] = {
    "line": [thing("old"), thing("alone")],
    "site": [thing("hidden")],
    "api-line-detail": [thing("old"), thing("alone")],
    "api-site-detail": [thing("hidden")],
    **{
        name: [
            Route(
                fill=lambda place: {"slug": "all"},
                get=get,
                agent=(others, others),
                nobody=others,
                asks=asks,
            )
        ]
        for name, get, others, asks in (
            ("lines", 200, 200, ("q={line}", "q={postcode}", "todo=PAID_TWICE")),
            ("sites", 200, 403, ("sort=postcode",)),
            ("contracts", 200, 200, ()),
            ("savings", 200, 403, ("by=council", "by=contract")),
            ("spend", 200, 403, ()),
            ("council", 302, 302, ()),
        )
    },
}


# Every address there is


def addresses(resolver: URLResolver | None = None, prefix="") -> Iterator[tuple[str, URLPattern]]:
    """Yield every address's name, or its pattern where it has none; the administration's apart."""
    for pattern in (resolver or get_resolver()).url_patterns:
        at = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from addresses(pattern, at)
        else:
            yield pattern.name or at, pattern


def test_every_address_is_covered():
    missing = {name for name, _ in addresses()} - ROUTES.keys()

    assert not missing, (
        f"Nothing tests who sees {', '.join(sorted(missing))}. Add an entry for each to ROUTES in "
        f"{__file__}: how a council's own is named, who may, and what it can be asked."
    )
    assert ROUTES.keys() <= {name for name, _ in addresses()}


def test_every_route_of_the_api_is_covered():
    """The router's own routes, with the verbs of its views."""
    missing = {
        route.name.format(basename=basename)
        for _, view, basename in router.registry
        for route in router.get_routes(view)
        if router.get_method_map(view, route.mapping)
    } - ROUTES.keys()

    assert not missing, f"Add entries to ROUTES in {__file__} for {', '.join(sorted(missing))}."


def test_every_role_is_covered():
    assert set(Membership.Role) <= set(PEOPLE)


# The two councils, for a whole module that only reads; a test's own writes are rolled back


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def rolled_back(world, db):
    """What a test changes is undone before the next one."""


def test_the_marks_of_a_council_are_where_they_are_looked_for(world):
    """Nothing would be found missing if the rows were not there: its own people see them."""
    seen = "".join(
        text_of(answer)
        for name, route in each_route()
        for answer in [world.people["NETWORK_OFFICER"].client.get(address(name, route, world.own))]
    ).lower()
    kinds = {kind for kind, mark in world.own.marks if mark.lower() in seen}

    assert {"line", "other", "record", "contact", "address"} <= kinds
    unseen = [mark for kind, mark in world.own.marks if kind == "line" and mark.lower() not in seen]
    assert all(re.fullmatch(r"[\d,.]+", mark) for mark in unseen), unseen


# What is asked, and what is answered


def each_route() -> Iterator[tuple[str, Route]]:
    for name, route in ROUTES.items():
        yield name, route
        for other in MORE.get(name, ()):
            yield name, other


EACH = [
    pytest.param(name, route, id=f"{name}{number or ''}")
    for name in ROUTES
    for number, route in enumerate([ROUTES[name], *MORE.get(name, ())])
]


def address(name: str, route: Route, place: Place | None, query: str = "") -> str:
    """Return the address of a council's thing, or of nothing at all for no council."""
    named = route.unknown if place is None else route.fill and route.fill(place)
    return reverse(name, kwargs=named or {}) + (f"?{query}" if query else "")


def expected(route: Route, name: str, person: Person, place: Place) -> int:
    """Return the status that the tables above say."""
    if person.name == "STRANGER":
        return route.stranger if route.is_public else 401 if name.startswith("api-") else 302
    if person.role is None:
        return route.nobody
    if person.role == Role.SUPPLIER_AGENT:
        return route.agent[0 if place is person.place else 1]
    if route.is_closed and person.role not in route.only:
        return route.refused
    if names_a_council(route) and not (person.sees_all or place is person.place):
        return 404
    return route.get if person.role in route.only else route.refused


def names_a_council(route: Route) -> bool:
    """Answer whether what the address names is of one council."""
    return route.unknown is not None


def text_of(response) -> str:
    """Return all that an answer says: status line, headers and content, of workbooks too."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    if response.get("Content-Type", "").endswith("spreadsheetml.sheet"):
        with zipfile.ZipFile(io.BytesIO(content)) as workbook:
            parts = [part for part in workbook.namelist() if re.search("sheet|Strings", part)]
            content = b"\n".join(workbook.read(part) for part in parts)
            content = re.sub(rb"<pageMargins[^>]*>", b"", content)
    said = [f"{key}: {value}" for key, value in response.items()]
    return "\n".join([*said, content.decode("utf-8", "replace")])


def without(text: str, *echoes: object) -> str:
    """Return a text without what the question itself said, and without the forms' tokens."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)
    text = re.sub(r'data-seconds="\d+"|data-ends-at>[\d:]+', "", text)  # the session's time
    text = re.sub(r"(?im)^(x-request-id|vary|etag|content-length): .*$", "", text)
    for echo in sorted({str(echo) for echo in echoes if str(echo)}, key=len, reverse=True):
        for form in {echo, escape(echo), quote(echo), quote(echo, safe=""), urlencode({"": echo})}:
            text = text.replace(form.lstrip("="), "·")
    return text


def leaks(world: World, person: Person, route: Route, text: str) -> list[str]:
    found = world.told(person, unescape(text))
    is_file = "text/html" not in text
    if not route.is_open and not person.sees_all and person.place is world.own:
        found += (PENCE_IN_FILES if is_file else PENCE_IN_WORDS).findall(text)
    if (
        not route.is_open
        and person.role in AT_A_COUNCIL
        and world.foreign.council.short_name in text
    ):
        found.append(world.foreign.council.short_name)
    return found


@pytest.mark.parametrize(("name", "route"), EACH)
def test_each_role_gets_its_own_and_nothing_of_another_council(world, name, route):
    """What exists elsewhere is answered as what exists nowhere, word for word."""
    wrong = {}
    for person in world.people.values():
        for place in (world.own, world.foreign) if route.fill else (world.own,):
            asked = address(name, route, place)
            response = person.client.get(asked)
            code, said = response.status_code, text_of(response)
            if code != expected(route, name, person, place):
                wrong[person.name, asked] = code, expected(route, name, person, place)
            if found := leaks(world, person, route, said):
                wrong[person.name, asked, "tells"] = found
            if code == 404 and names_a_council(route):
                unknown = person.client.get(address(name, route, None))
                if without(said, asked) != without(text_of(unknown), address(name, route, None)):
                    wrong[person.name, asked, "is not as for nothing"] = said

    assert wrong == {}


def secrets_of(place: Place) -> dict[str, object]:
    """What another council has that can be asked for by name."""
    keys = place.keys
    return {
        "council": place.council.register_code,
        "line": keys["line"].reference,
        "old": keys["old"].reference,
        "phone": keys["line"].phone_numbers,
        "account": keys["line"].billing_account,
        "site": keys["site"].name,
        "site_code": keys["site"].code,
        "postcode": keys["site"].postcode,
        "hidden_postcode": keys["hidden"].postcode,
        "body": keys["body"].name,
        "body_key": keys["body"].pk,
        "contract": keys["contract"].reference,
        "title": keys["contract"].title,
        "supplier_key": place.supplier.pk,
        "site_key": keys["site"].pk,
    }


OF_NOTHING = {
    **dict.fromkeys(("line", "old", "phone", "account", "site", "body"), "xqj-zzv-9"),
    **dict.fromkeys(("contract", "title"), "xqj-zzv-9"),
    **dict.fromkeys(("postcode", "hidden_postcode"), "XQ7 7QX"),
    "body_key": NO_KEY,
    "site_key": NO_KEY,
    "council": "XXX",
    "site_code": "XQJV",
}
REFERENCE_DATA = {"supplier_key"}
# How rows are narrowed by a question does not depend on more than this.
ASKING = ("NETWORK_OFFICER", "SUPPLIER_AGENT", "NOBODY")


def questions(route: Route, place: Place) -> Iterator[tuple[str, str | None, list[object]]]:
    """Yield each question, the same question for nothing, and what both say."""
    held = secrets_of(place)
    for ask in route.asks:
        field, _, value = ask.partition("=")
        key = value[1:-1] if value.startswith("{") else ""
        if not key:
            yield ask, None, []
        elif key in REFERENCE_DATA:
            yield urlencode({field: held[key]}), None, []
        else:
            echoes = [held[key], OF_NOTHING[key]]
            yield urlencode({field: held[key]}), urlencode({field: OF_NOTHING[key]}), echoes


@pytest.mark.parametrize(("name", "route"), [case for case in EACH if case.values[1].asks])
def test_no_question_brings_an_answer_about_another_council(world, name, route):
    wrong = {}
    for person in [world.people[who] for who in ASKING]:
        for asked, for_nothing, echoes in questions(route, world.foreign):
            page = address(name, route, world.own, asked)
            response = person.client.get(page)
            said = without(text_of(response), *echoes, asked)
            assert response.status_code < 500, page
            if found := leaks(world, person, route, said):
                wrong[person.name, page] = found
            names_council = asked.startswith("council=") and person.role == Role.SUPPLIER_AGENT
            if for_nothing and not route.is_open and not names_council:  # may name any
                nothing = person.client.get(address(name, route, world.own, for_nothing))
                other = without(text_of(nothing), *echoes, for_nothing)
                if (response.status_code, said) != (nothing.status_code, other):
                    wrong[person.name, page, "is not as for nothing"] = response.status_code

    assert wrong == {}


FILE_LINK = re.compile(r'href="\?([^"]*format=(?:csv|xlsx)[^"]*)"')


@pytest.mark.parametrize(("name", "route"), EACH)
def test_no_file_holds_anything_of_another_council(world, name, route):
    """Every table of every page as the page's own links have it, as CSV and as a workbook."""
    wrong = {}
    for person in [world.people[who] for who in (*ASKING, "FINANCE", "VIEWER")]:
        page = address(name, route, world.own)
        response = person.client.get(page)
        if response.status_code != 200 or "html" not in response["Content-Type"]:
            continue
        for query in FILE_LINK.findall(response.content.decode()):
            file = person.client.get(f"{page}?{unescape(query)}")
            assert file.status_code == 200, (page, query)
            if found := leaks(world, person, route, text_of(file)):
                wrong[person.name, page, query] = found

    assert wrong == {}


# Writing


def held() -> dict[str, int]:
    """Count the rows of every table of ours, those that keep what rows were among them."""
    return {
        model._meta.label: model._base_manager.count()
        for app in OURS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        if model._meta.managed
    }


@pytest.mark.parametrize(("name", "route"), EACH)
def test_nothing_changes_that_one_may_not_change(world, name, route):
    before = held()
    if route.is_own:
        return
    for person in world.people.values():
        for place in (world.own, world.foreign) if route.posts else (world.own,):
            if person.name == "STRANGER" or may_post(route, person, place):
                continue
            asked = address(name, route, place)
            for method in ("post", "delete"):
                form = route.posts(place) if route.posts else {"name": "changed"}
                response = getattr(person.client, method)(asked, form)
                assert response.status_code in (403, 404, 405), (person.name, method, asked)
                assert not leaks(world, person, route, text_of(response))
            if not route.posts:
                assert response.status_code == 405 or name.startswith("api-"), asked
    assert held() == before


@pytest.mark.parametrize(
    ("name", "route"), [case for case in EACH if case.values[1].posts and case.values[1].fill]
)
def test_a_form_sent_to_what_exists_elsewhere_is_answered_as_to_nowhere(world, name, route):
    for person in world.people.values():
        if person.place is world.own and person.role in AT_A_COUNCIL:
            answers = [
                without(text_of(person.client.post(asked, route.posts(world.foreign))), asked)
                for asked in (address(name, route, world.foreign), address(name, route, None))
            ]
            assert answers[0] == answers[1]


def may_post(route: Route, person: Person, place: Place) -> bool:
    if not route.posts or person.role not in route.post_only:
        return False
    return not names_a_council(route) or person.sees_all or place is person.place


def test_another_councils_line_is_not_confirmed_among_ones_own(world):
    """The address is one's own, and what the form names is not."""
    officer, before = world.people["NETWORK_OFFICER"], held()
    foreign, own = world.foreign.keys["line"], world.own.keys["line"]
    page = reverse("lines-preview", args=[world.own.council.slug])

    for ticked in ([foreign.pk], [own.pk, foreign.pk]):
        for confirm in ({}, {"confirm": "yes"}):
            response = officer.client.post(page, {"tick": ticked, **confirm}, follow=True)
            assert not leaks(world, officer, ROUTES["lines"], text_of(response))

    assert held() == before


def test_the_button_of_the_jobs_asks_for_ones_own_council_alone(world):
    world.people["FINANCE"].client.post(reverse("jobs"))

    assert world.own.council.job_runs.waiting().count() == 2
    assert not world.foreign.council.job_runs.waiting().exists()


def test_a_file_that_waits_for_one_council_is_not_loaded_into_another(world):
    person = world.people["FINANCE"]
    new.new_membership(user=person.user, council=world.foreign.council, role=FINANCE)
    page = reverse("spend-upload", args=[world.own.council.slug])
    list_ = io.BytesIO(
        f"Supplier,Amount,Date\n{world.own.supplier.aliases.get().name},1.00,01/04/2014".encode()
    )
    list_.name = "own.csv"
    kept = person.client.post(page, {"file": list_}).context["kept"]
    assert kept
    before = held()

    other = reverse("spend-upload", args=[world.foreign.council.slug])
    response = person.client.post(other, {"kept": kept})

    assert response.status_code == 200
    assert "is no longer here" in response.content.decode()
    assert held() == before


# A program that acts in a person's name, for one council


@pytest.mark.parametrize("name", [name for name in ROUTES if name.startswith("api-")])
def test_a_token_for_one_council_gets_nothing_of_another(world, name):
    """Also where the person sees all councils, or works for both."""
    officer = world.people["PROGRAMME_OFFICER"].user
    both = new.new_user()
    for place in (world.own, world.foreign):
        new.new_membership(user=both, council=place.council, role=Role.FINANCE)
    route = ROUTES[name]
    for user in (officer, both):
        secret, digest = new.ApiToken.new_secret()
        new.new_api_token(user=user, digest=digest, council=world.own.council)
        client = Client(headers={"Authorization": f"Token {secret}"})
        narrowed = Person("token", Role.FINANCE, world.own, client)
        for asked, *_ in [("", None, []), *questions(route, world.foreign)]:
            response = client.get(address(name, route, world.own, asked))
            said = without(text_of(response), *secrets_of(world.foreign).values())
            assert not leaks(world, narrowed, route, said), asked
        if names_a_council(route) and not (route.is_open or route.is_closed or "supplier" in name):
            assert client.get(address(name, route, world.foreign)).status_code == 404
