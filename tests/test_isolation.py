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
from urllib.parse import parse_qsl, quote, urlencode
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
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
    standing,
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
    and freshness stand there, and sums over five councils (decisions 6). With ``is_closed`` who may
    nowhere is refused whatever council is named. With ``is_own`` a role for all councils does not
    do. With ``is_personal`` it is about whoever asks: it names no council, and what it changes is
    their own.
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
    foreign: int = 404
    is_closed: bool = False
    is_own: bool = False
    is_personal: bool = False


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


def of_all(status: int = 200, *, others: int = 403, **how) -> Route:
    """The page of a council, of all that the person sees."""
    fill = {"fill": lambda place: {"slug": "all"}}
    return Route(**fill | {"get": status, "agent": (others, others), "nobody": others} | how)


OPEN_TO_AGENTS = (200, 200)  # the directory of councils is open; their rows are narrowed
CLOSED = (403, 403)
LINE_ASKS = (
    *("q={line}", "q={site_code}", "q={site}", "q={postcode}", "q={hidden_postcode}"),
    *("q={phone}", "q={account}", "sort=-monthly", "page=2", "todo=MOVE", "who=COUNCIL"),
)
COUNCIL_ASK = "council={council}"
OWN_ASK = "council=ZZA"  # where rows are shown of one council alone, and only when it is named
NETWORK, FINANCE = Role.NETWORK_OFFICER, Role.FINANCE
UPLOAD = {FINANCE, *IN_THE_PROGRAMME}
JOBS = {NETWORK, FINANCE, *IN_THE_PROGRAMME}
PUBLIC = Route(is_public=True, agent=(200, 200), nobody=200)
READS_ACCESS = {Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR}
READS_TRAIL = {Role.AUDITOR, Role.ADMINISTRATOR}
SHARES = {Role.APPROVER, FINANCE, Role.ADMINISTRATOR}
CONFIRMS = {Role.APPROVER, Role.ADMINISTRATOR}
DESKS = {*AT_A_COUNCIL} - {Role.VIEWER}
ADDS = {NETWORK, Role.BUYER, Role.APPROVER, FINANCE}
NOTES = {*ADDS, Role.PROGRAMME_OFFICER}
A_LETTER = {"title": "A letter", "kind": "OTHER", "retention": "BUSINESS"}
BUYER, OFFICER = {Role.BUYER}, {Role.PROGRAMME_OFFICER}


def a_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("letter.txt", b"A letter.", "text/plain")


def a_book(place: Place) -> SimpleUploadedFile:
    """A price book with one price more than is held."""
    header = "contract,item,kind,from_quantity,amount,starts_on"
    price = f"{place.keys['call_off'].reference},{place.keys['item'].code},RECURRING,9,1,2014-07-01"
    return SimpleUploadedFile("book.csv", f"{header}\n{price}\n".encode(), "text/csv")


def adding_documents(key: str, **how) -> Route:
    return about(key, ADDS, lambda place: A_LETTER | {"file": a_file()}, **how)


def adding_notes(key: str, **how) -> Route:
    return about(key, NOTES, lambda place: {"text": "Ring twice."}, **how)


def about(key: str, roles: set[Role], posts, **how) -> Route:
    """An address of what is added to a thing, by its kind and its key."""
    return Route(
        fill=lambda place: {"kind": key, "pk": place.keys[key].pk},
        unknown={"kind": key, "pk": NO_KEY},
        only=roles,
        posts=posts,
        post_only=roles,
        **how,
    )


def of_call_off(verb_key: str, **more) -> Callable[[Place], dict]:
    return lambda place: {"pk": place.keys[verb_key].pk, **more}


def deed(key: str, roles: set[Role], form: dict, more: dict | None = None, **how) -> Route:
    """The page of something that is done to a call-off, with the form that does it."""
    more = more or {}
    return Route(
        fill=of_call_off(key, **more),
        unknown={"pk": NO_KEY, **more},
        only=roles,
        posts=lambda place: form,
        post_only=roles,
        **how,
    )


def verb(key: str, roles: set[Role], form: dict, **how) -> Route:
    """A verb of the API about a call-off: it is only ever sent to."""
    closed = {"get": 405, "agent": (405, 405), "nobody": 405, "foreign": 405}
    return thing(key, posts=lambda place: form, post_only=roles, **closed | how)


def with_subject(place: Place) -> dict:
    return {"subject_kind": "site", "subject_id": place.keys["site"].pk}


# About how one signs in: an answer about oneself, or a way to where one proves who one is.
PERSONAL = Route(is_personal=True)

ROUTES: dict[str, Route] = {
    # Pages of no council
    "home": Route(get=302, agent=(302, 302), nobody=200),
    "account_login": everywhere(302, is_public=True),
    "account_logout": PERSONAL,
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
            *("q={call_off}", "q={quote}", "q=mark"),
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
    "account": everywhere(),
    "deputies": everywhere(is_personal=True),
    "tokens": everywhere(is_personal=True),
    "token-revoke": everywhere(405, posts=lambda place: {"token": place.keys["token"].pk}),
    "usersessions_list": PERSONAL,
    **dict.fromkeys(
        (
            *("account_reauthenticate", "account_change_password", "account_reset_password"),
            *("account_reset_password_done", "account_reset_password_from_key_done", "session"),
            *("mfa_index", "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp"),
            *("mfa_deactivate_totp", "mfa_list_webauthn", "mfa_add_webauthn"),
            *("mfa_reauthenticate_webauthn", "mfa_view_recovery_codes"),
            *("mfa_generate_recovery_codes", "mfa_download_recovery_codes"),
        ),
        PERSONAL,
    ),
    **dict.fromkeys(
        ("mfa_edit_webauthn", "mfa_remove_webauthn"),
        Route(is_personal=True, fill=lambda place: {"pk": place.keys["security_key"].pk}),
    ),
    "account_reset_password_from_key": Route(
        is_personal=True, fill=lambda place: {"uidb36": "1", "key": "a-b"}
    ),
    **dict.fromkeys(
        ("openid_connect_login", "openid_connect_callback"),
        Route(is_personal=True, fill=lambda place: {"provider_id": "nowhere"}),
    ),
    # Pages of one council
    "access": council_page(
        only=READS_ACCESS,
        is_closed=True,
        agent=CLOSED,
        nobody=403,
        asks=("review=1", "on=2014-01-31", "person={approver}", "role=APPROVER", "sort=role"),
    ),
    "access-preview": council_page(
        get=302,
        only=CONFIRMS,
        is_closed=True,
        agent=CLOSED,
        nobody=403,
        posts=lambda place: {"tick": place.keys["membership"].pk, "confirm": "yes"},
        post_only=CONFIRMS,
    ),
    "trail": council_page(
        only=READS_TRAIL,
        is_closed=True,
        agent=CLOSED,
        nobody=403,
        asks=(
            *("type=NOTE_ADDED", "from=2014-01-01", "person={approver_key}", "chain={council}"),
            *("subject=boroughs.site:{site_key}", "subject=boroughs.membership:{membership_key}"),
        ),
    ),
    "exceptions": council_page(
        only=READS_TRAIL,
        is_closed=True,
        agent=CLOSED,
        nobody=403,
        asks=("from=2013-01-01&to=2099-01-01", "kind=role-conflict", "sort=on"),
    ),
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
    "sharing": council_page(
        only=SHARES,
        posts=lambda place: {"shares": "yes"},
        post_only=SHARES,
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
    "contract-notice": deed("contract", BUYER, {"given_on": "2014-06-01"}, agent=(403, 404)),
    "line": thing("line", agent=(200, 404)),
    "move": thing("move"),
    "trail-event": thing("event", only=READS_TRAIL, is_closed=True, agent=CLOSED, nobody=403),
    "trail-rows": Route(  # both councils are written in one transaction here
        fill=lambda place: {"transaction": place.keys["event"].transaction},
        only=READS_TRAIL,
        agent=CLOSED,
        nobody=403,
    ),
    "document": thing("document", only=DESKS, refused=404, is_own=True),
    "document-add": adding_documents("site"),
    "note-add": adding_notes("site"),
    "deputy-end": thing(
        "delegation",
        get=405,
        agent=(405, 405),
        nobody=405,
        foreign=405,
        posts=lambda place: {},
        post_only={Role.ADMINISTRATOR},
    ),
    "job-batch": Route(
        fill=lambda place: {"batch": place.keys["batch"]}, unknown={"batch": NOWHERE}
    ),
    # Call-offs, prices and the register
    "calloffs": council_page(
        agent=OPEN_TO_AGENTS, asks=("sort=-value", "sort=committed", "sort=reference")
    ),
    "calloff": thing("call_off", agent=(200, 404)),
    "calloff-award": council_page(
        only=BUYER, posts=lambda place: {"supplier": place.supplier.pk}, post_only=BUYER
    ),
    "calloff-award-step": deed(
        "draft", BUYER, {"title": "A title"}, {"step": "title"}, refused=404
    ),
    "calloff-extend": deed("call_off", BUYER, {"number": 1}, agent=(403, 404)),
    "calloff-change": deed(
        "call_off", BUYER, {"value_change": "1", "reason": "more"}, agent=(403, 404)
    ),
    "calloff-prices": deed(
        "call_off", BUYER, {"exit_percent": "50", "reason": "schedule 4"}, agent=(403, 404)
    ),
    "calloff-notice": deed("call_off", BUYER, {"given_on": "2014-06-01"}, agent=(403, 404)),
    "calloff-sign": deed("call_off", BUYER, {"signed_on": "2013-04-01"}, agent=(403, 404)),
    "calloff-override": deed("call_off", OFFICER, {"reason": "needed"}, agent=(403, 404)),
    "calloff-drop": deed("draft", BUYER, {}, refused=404),
    "calloff-publish-notice": deed(
        *("call_off", BUYER, {"link": "https://a.test/", "published_on": "2014-06-01"}),
        {"code": "uk6"},
    ),
    "calloff-waive-notice": deed("call_off", BUYER, {"reason": "none needed"}, {"code": "uk6"}),
    "radar": council_page(
        agent=CLOSED,
        nobody=403,
        asks=("within=24&by=supplier", "supplier={supplier_code}", "together={council}"),
    ),
    "frameworks": everywhere(),
    "framework": Route(  # reference data, with narrowed rows
        fill=lambda place: {"code": place.keys["framework"].code}, agent=(200, 200), nobody=200
    ),
    "publish": council_page(
        agent=CLOSED,
        nobody=403,
        asks=("quarter=2014-01", "quarter=2013-04"),
        posts=lambda place: {
            "published_on_0": "20",
            "published_on_1": "4",
            "published_on_2": "2014",
            "link": "https://a.test/x.csv",
        },
        post_only=BUYER,
    ),
    "publish-file": council_page(asks=("version=1&quarter=2014-01",)),
    "register-facts": thing(
        "contract",
        only=BUYER,
        agent=(403, 404),
        posts=lambda place: {"description": "Lines"},
        post_only=BUYER,
    ),
    "foi": council_page(),
    "prices": council_page(agent=OPEN_TO_AGENTS, asks=("q={call_off}", "day=2014-01-01")),
    "price-book-upload": council_page(
        only=OFFICER, posts=lambda place: {"kept": "x"}, post_only=OFFICER
    ),
    "prices-raise": council_page(
        only=OFFICER,
        posts=lambda place: {
            "contract": place.keys["call_off"].pk,
            "percent": "3",
            **{f"on_{number}": part for number, part in enumerate(("1", "7", "2014"))},
            "seen": "x",
        },
        post_only=OFFICER,
    ),
    "compare": council_page(asks=("family=wan&quantity=1&months=36",)),
    "quotes": council_page(agent=OPEN_TO_AGENTS, asks=("state=over", "sort=-monthly")),
    "quote": thing("quote", agent=(200, 404)),
    "quote-keep": council_page(
        only=BUYER,
        posts=lambda place: {"contract": place.keys["call_off"].pk, "number": "N"},
        post_only=BUYER,
    ),
    "item": Route(  # reference data, with narrowed rows
        fill=lambda place: {"code": place.keys["item"].code}, agent=(200, 200), nobody=200
    ),
    # The API
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
    "api-council-share-saving": Route(
        fill=lambda place: {"pk": place.council.pk},
        get=405,
        agent=(405, 405),
        nobody=405,
        foreign=405,
        is_open=True,
        posts=lambda place: {"shares": True},
        post_only=SHARES,
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
    "api-contract-list": everywhere(
        asks=(COUNCIL_ASK, "limit=1000", "kind=CALL_OFF"),
        posts=lambda place: {
            "council": place.council.register_code,
            "supplier": place.supplier.code,
        },
        post_only=BUYER,
    ),
    "api-contract-detail": thing("contract", agent=(200, 404)),
    "api-contract-answer": verb("draft", BUYER, {"title": "A title"}),
    "api-contract-award": verb("draft", BUYER, {}),
    "api-contract-drop": verb("draft", BUYER, {}),
    "api-contract-sign": verb("call_off", BUYER, {"signed_on": "2013-04-01"}),
    "api-contract-extend": verb("call_off", BUYER, {"number": 1}),
    "api-contract-change": verb("call_off", BUYER, {"value_change": "1", "reason": "more"}),
    "api-contract-price-terms": verb(
        "call_off", BUYER, {"exit_percent": "50", "reason": "schedule 4"}
    ),
    "api-contract-give-notice": verb("call_off", BUYER, {"given_on": "2014-06-01"}),
    "api-contract-publish-notice": verb(
        *("call_off", BUYER),
        {"code": "UK6", "link": "https://a.test/", "published_on": "2014-06-01"},
    ),
    "api-contract-waive-notice": verb("call_off", BUYER, {"code": "UK6", "reason": "none"}),
    "api-contract-override-ceiling": verb("call_off", OFFICER, {"reason": "needed"}),
    "api-contract-register-facts": verb("contract", BUYER, {"description": "Lines"}),
    "api-framework-list": everywhere(asks=(COUNCIL_ASK,)),
    "api-framework-detail": Route(
        fill=lambda place: {"pk": place.keys["framework"].pk}, agent=(200, 200), nobody=200
    ),
    "api-legal-rule-list": everywhere(),
    "api-legal-rule-detail": Route(
        fill=lambda place: {"pk": place.keys["legal_rule"].pk}, agent=(200, 200), nobody=200
    ),
    "api-catalogue-item-list": everywhere(),
    "api-catalogue-item-detail": Route(
        fill=lambda place: {"pk": place.keys["item"].pk}, agent=(200, 200), nobody=200
    ),
    "api-price-list": everywhere(
        asks=(COUNCIL_ASK, "limit=1000", "contract={call_off_key}", "on=2014-06-30"),
    ),
    "api-price-detail": thing("price", agent=(200, 404)),
    "api-price-index": everywhere(
        405,
        posts=lambda place: {
            "contract": place.keys["call_off"].pk,
            "percent": "3",
            "on": "2014-07-01",
            "confirm": True,
        },
        post_only=OFFICER,
    ),
    "api-quote-list": everywhere(
        asks=(COUNCIL_ASK, "limit=1000", "contract={call_off_key}", "orderable_on=2014-06-30"),
        posts=lambda place: {
            "contract": place.keys["call_off"].pk,
            "item": place.keys["item"].code,
            "number": "N",
            "monthly": "1.00",
            "one_off": "0",
            "quoted_on": "2014-06-01",
            "valid_until": "2014-08-01",
        },
        post_only=BUYER,
    ),
    "api-quote-detail": thing("quote", agent=(200, 404)),
    "api-price-book-list": everywhere(
        asks=(COUNCIL_ASK,),
        posts=lambda place: {"file": a_book(place), "council": place.council.register_code},
        post_only=OFFICER,
    ),
    **dict.fromkeys(
        ("api-compare-list", "api-compare-paid-now"),
        everywhere(400, asks=(f"{COUNCIL_ASK}&family=wan", f"{OWN_ASK}&family=wan&months=24")),
    ),
    "api-radar-list": everywhere(
        others=403,
        asks=(
            *(COUNCIL_ASK, "within=1200&limit=1000", "within=24&together_by=supplier"),
            "supplier={supplier_code}",
        ),
    ),
    "api-radar-together-list": everywhere(
        others=403, asks=(COUNCIL_ASK, "within=1200", "within=1200&among=all", "together_by=family")
    ),
    "api-register-list": everywhere(
        400, others=403, asks=(COUNCIL_ASK, f"{COUNCIL_ASK}&quarter=2013-04", OWN_ASK)
    ),
    "api-register-state": everywhere(others=403, asks=(COUNCIL_ASK, "quarter=2013-04")),
    "api-register-file": everywhere(
        400, asks=(COUNCIL_ASK, f"{COUNCIL_ASK}&version=1&quarter=2014-01", OWN_ASK)
    ),
    "api-register-publish": everywhere(
        405,
        posts=lambda place: {
            "council": place.council.register_code,
            "quarter": "2014-01",
            "published_on": "2014-04-20",
            "link": "https://a.test/x.csv",
        },
        post_only=BUYER,
    ),
    "api-foi-answer-list": everywhere(400, asks=(COUNCIL_ASK, OWN_ASK)),
    "api-line-list": everywhere(
        asks=(
            *(COUNCIL_ASK, "limit=1000", "offset=1", "reference={line}", "body={body_key}"),
            *("body_kind=COUNCIL", "stage=VALIDATED", "supplier={supplier_key}"),
        ),
    ),
    "api-line-detail": thing("line", agent=(200, 404)),
    "api-access-list": everywhere(
        only=READS_ACCESS,
        others=403,
        asks=(COUNCIL_ASK, "person={approver}", "on=2014-01-31", "only=UNCONFIRMED"),
    ),
    "api-delegation-list": everywhere(
        asks=(COUNCIL_ASK,),
        posts=lambda place: {
            "membership": place.keys["membership"].pk,
            "deputy": "nobody@test.example",
            "starts_on": "2014-07-01",
            "ends_on": "2014-07-08",
            "reason": "leave",
        },
        post_only={Role.ADMINISTRATOR},
    ),
    "api-delegation-detail": thing("delegation", only=READS_ACCESS, refused=404),
    "api-delegation-end": thing(
        "delegation",
        get=405,
        agent=(405, 405),
        nobody=405,
        foreign=405,
        posts=lambda place: {},
        post_only={Role.ADMINISTRATOR},
    ),
    "api-audit-event-list": everywhere(
        only=READS_TRAIL,
        others=403,
        asks=(
            *(COUNCIL_ASK, "chain={council}", "subject_id={site_key}", "user={approver_key}"),
            "type=NOTE_ADDED",
        ),
    ),
    "api-audit-event-detail": thing(
        "event", only=READS_TRAIL, is_closed=True, agent=CLOSED, nobody=403
    ),
    "api-trail-check-list": everywhere(only=READS_TRAIL, others=403, asks=(COUNCIL_ASK,)),
    "api-exception-list": everywhere(
        only=READS_TRAIL, others=403, asks=(COUNCIL_ASK, "from=2013-01-01&to=2099-01-01")
    ),
    "api-document-list": everywhere(
        posts=lambda place: (
            with_subject(place) | {"title": "A letter", "kind": "OTHER", "file": a_file()}
        ),
        post_only=ADDS,
        asks=(COUNCIL_ASK, "subject_kind=site&subject_id={site_key}", "limit=1000"),
    ),
    "api-document-detail": thing("document", only=DESKS, refused=404, is_own=True),
    "api-document-content": thing("document", only=DESKS, refused=404, is_own=True),
    "api-note-list": everywhere(
        posts=lambda place: with_subject(place) | {"text": "Ring twice."},
        post_only=NOTES,
        asks=(COUNCIL_ASK, "subject_kind=site&subject_id={site_key}", "limit=1000"),
    ),
    "api-note-detail": thing("note"),
    "api-token-list": everywhere(is_personal=True),
    "api-token-detail": thing("token", only={Role.ADMINISTRATOR}, refused=404),
    "api-token-revoke": thing(
        "token",
        get=405,
        agent=(405, 405),
        nobody=405,
        foreign=405,
        posts=lambda place: {},
        post_only={Role.ADMINISTRATOR},
    ),
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
    "document-add": [
        adding_documents("move"),
        adding_documents("line", agent=(403, 404)),
        adding_documents("contract", agent=(403, 404)),
        Route(  # of all councils, and kept by London Grid
            fill=lambda place: {"kind": "framework", "pk": place.keys["framework"].pk},
            only=OFFICER,
            post_only=OFFICER,
            agent=(403, 403),
            nobody=403,
            posts=lambda place: A_LETTER | {"file": a_file()},
        ),
    ],
    "note-add": [
        adding_notes("move"),
        adding_notes("line", agent=(403, 404)),
        adding_notes("contract", agent=(403, 404)),
    ],
    "api-line-detail": [thing("old"), thing("alone")],
    "api-contract-detail": [
        thing("call_off", agent=(200, 404)),
        thing("draft", only=BUYER, refused=404),
    ],
    "api-site-detail": [thing("hidden")],
    "lines": [of_all(others=200, asks=("q={line}", "q={postcode}", "todo=PAID_TWICE"))],
    "sites": [of_all(asks=("sort=postcode",))],
    "contracts": [of_all(others=200)],
    "calloff": [thing("draft", get=302, only=BUYER, refused=404)],
    "calloffs": [of_all(others=200, asks=("sort=-committed",))],
    "radar": [of_all(asks=("within=24&supplier={supplier_code}", "together={council}"))],
    "publish": [of_all(asks=("quarter=2013-04",))],
    "prices": [of_all(others=200, asks=("q={call_off}",))],
    "quotes": [of_all(others=200, asks=("state=open",))],
    **{
        name: [of_all(only=OFFICER, posts=lambda place: {}, post_only=OFFICER)]
        for name in ("price-book-upload", "prices-raise")
    },
    **{
        name: [of_all(404, others=404, refused=404)]
        for name in ("calloff-award", "publish-file", "foi", "compare", "quote-keep")
    },
    "savings": [of_all(asks=("by=council", "by=contract"))],
    "spend": [of_all()],
    "council": [of_all(302, others=302)],
    "access": [of_all(only=READS_ACCESS, asks=("review=1", "person={approver}"))],
    "access-preview": [of_all(302, only=CONFIRMS, posts=lambda place: {}, post_only=CONFIRMS)],
    "trail": [of_all(only=READS_TRAIL, asks=("person={approver_key}", "chain={council}"))],
    "exceptions": [of_all(only=READS_TRAIL, asks=("from=2013-01-01&to=2099-01-01",))],
    **{
        name: [of_all(404, others=404, refused=404)]
        for name in ("lines-preview", "spend-upload", "sharing")
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


def test_every_page_of_a_council_is_asked_for_all_of_them_too():
    of_one = {name for name, pattern in addresses() if "<slug:slug>" in str(pattern.pattern)}

    missing = of_one - MORE.keys()
    assert not missing, f"Add of_all() for {', '.join(sorted(missing))} to MORE in {__file__}."


def test_every_role_is_covered():
    assert set(Membership.Role) <= set(PEOPLE)


# The two councils, for a whole module that only reads; a test's own writes are rolled back


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[World]:
    with django_db_blocker.unblock(), standing(tmp_path_factory.mktemp("documents")) as world:
        yield world


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
        return 200 if route.is_public else 401 if name.startswith("api-") else 302
    if person.role is None:
        return route.nobody
    if person.role == Role.SUPPLIER_AGENT:
        return route.agent[0 if place is person.place else 1]
    if route.is_closed and person.role not in route.only:
        return route.refused
    if names_a_council(route) and not (person.sees_all or place is person.place):
        return route.foreign
    if route.is_own and person.sees_all:
        return route.refused
    return route.get if person.role in route.only else route.refused


def names_a_council(route: Route) -> bool:
    """Answer whether what the address names is of one council."""
    return route.unknown is not None


def text_of(response) -> str:
    """Return all that an answer says: status line, headers and content, of workbooks too."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if response.get("Content-Type", "").endswith("spreadsheetml.sheet"):
        with zipfile.ZipFile(io.BytesIO(content)) as workbook:
            parts = [part for part in workbook.namelist() if re.search("sheet|Strings", part)]
            content = b"\n".join(workbook.read(part) for part in parts)
            content = re.sub(rb"<pageMargins[^>]*>", b"", content)
    said = [f"{key}: {value}" for key, value in response.items()]
    return "\n".join([*said, content.decode("utf-8", "replace")])


def without(text: str, *echoes: object) -> str:
    """Return a text without what the question itself said, and what differs each time."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)
    text = re.sub(r'data-ends-at>[^<]*<|data-seconds="[^"]*"', "", text)
    text = re.sub(r"(?im)^(x-request-id|vary|etag|content-length): .*$", "", text)
    for echo in sorted({str(echo) for echo in echoes if str(echo)}, key=len, reverse=True):
        for form in {echo, escape(echo), quote(echo), quote(echo, safe=""), urlencode({"": echo})}:
            text = text.replace(form.lstrip("="), "·")
    return text


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("1,71065.43,x", ["71065.43"]),  # a comma before it and behind
        ("71065.43\r\n1,2", ["71065.43"]),
        ('"1,065.43",-65.4300', ["065.43", "65.4300"]),
        ('<c r="B2" t="n"><v>71065.43</v></c>', ["71065.43"]),
        ('{"amount": "71065.43", "on": null}', ["71065.43"]),
        ("2014-06-30T10:11:12.43+01:00,10:11:12.434343", []),  # times of day
        ("71065.00,50.3,51.96511,71065.0000", []),
    ],
)
def test_pence_of_the_other_council_are_looked_for_in_every_cell_of_a_file(file, found):
    assert PENCE_IN_FILES.findall(file) == found


def leaks(world: World, person: Person, route: Route, text: str) -> list[str]:
    found = world.told(person, unescape(text))
    is_file = "text/html" not in text
    if not route.is_open and not person.sees_all and person.place is world.own:
        found += (PENCE_IN_FILES if is_file else PENCE_IN_WORDS).findall(text)
    if (
        not route.is_open
        and person.role in AT_A_COUNCIL
        and not person.sees_all
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
            if route == PERSONAL or (route.is_personal and route.fill):
                assert code in (200, 302, 401, 404, 405), asked
            elif code != expected(route, name, person, place):
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
        "supplier_code": place.supplier.code,
        "call_off": keys["call_off"].reference,
        "call_off_key": keys["call_off"].pk,
        "quote": keys["quote"].number,
        "framework": keys["framework"].code,
        "item": keys["item"].code,
        "site_key": keys["site"].pk,
        "membership_key": keys["membership"].pk,
        "approver": keys["approver"].name,
        "approver_key": keys["approver"].pk,
    }


OF_NOTHING = {
    **dict.fromkeys(("line", "old", "phone", "account", "site", "body"), "xqj-zzv-9"),
    **dict.fromkeys(("contract", "title", "approver", "call_off", "quote"), "xqj-zzv-9"),
    **dict.fromkeys(("site_key", "membership_key", "approver_key", "call_off_key"), NO_KEY),
    **dict.fromkeys(("postcode", "hidden_postcode"), "XQ7 7QX"),
    "body_key": NO_KEY,
    "council": "XXX",
    "site_code": "XQJV",
}
REFERENCE_DATA = {"supplier_key", "supplier_code", "framework", "item"}
# How rows are narrowed by a question does not depend on more than this.
ASKING = ("NETWORK_OFFICER", "AUDITOR", "SUPPLIER_AGENT", "NOBODY")


def questions(route: Route, place: Place) -> Iterator[tuple[str, str | None, list[object]]]:
    """Yield each question, the same question for nothing, and what both say."""
    held = secrets_of(place)
    for ask in route.asks:
        asked = dict(parse_qsl(ask))
        keys = [key for value in asked.values() for key in re.findall(r"{(\w+)}", value)]
        if not keys or REFERENCE_DATA.issuperset(keys):
            yield fill_in(asked, held), None, []
        else:
            echoes = [one[key] for key in keys for one in (held, OF_NOTHING)]
            yield fill_in(asked, held), fill_in(asked, OF_NOTHING), echoes


def fill_in(asked: dict[str, str], held: dict[str, object]) -> str:
    return urlencode({field: value.format(**held) for field, value in asked.items()})


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
            text_of(response)  # a file is closed when it has been read
            continue
        for query in FILE_LINK.findall(response.content.decode()):
            file = person.client.get(f"{page}?{unescape(query)}")
            assert file.status_code == 200, (page, query)
            if found := leaks(world, person, route, text_of(file)):
                wrong[person.name, page, query] = found

    assert wrong == {}


# Writing


def send(client: Client, method: str, asked: str, form: dict):
    """Send a form to a page, or the same as JSON to the API, which wants each write named."""
    is_json = asked.startswith("/api/") and "file" not in form
    how = {"content_type": "application/json"} if is_json else {}
    return getattr(client, method)(asked, form, headers={"Idempotency-Key": str(uuid4())}, **how)


def held() -> dict[str, int]:
    """Count the rows of every table of ours, those that keep what rows were among them."""
    tables = [
        model._meta.db_table
        for app in OURS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        if model._meta.managed
    ]
    counts = ", ".join(f"(SELECT COUNT(*) FROM {table})" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        return dict(zip(tables, cursor.fetchone(), strict=True))


@pytest.mark.parametrize(("name", "route"), EACH)
def test_nothing_changes_that_one_may_not_change(world, name, route):
    before = held()
    if route.is_personal or name == "account_login":
        return
    for person in world.people.values():
        for place in (world.own, world.foreign) if route.posts else (world.own,):
            if person.name == "STRANGER" or may_post(route, person, place):
                continue
            asked = address(name, route, place)
            for method in ("post", "delete"):
                form = route.posts(place) if route.posts else {"name": "changed"}
                response = send(person.client, method, asked, form)
                assert response.status_code in (403, 404, 405), (person.name, method, asked)
                assert not leaks(world, person, route, text_of(response))
            if not route.posts:
                assert response.status_code == 405 or name.startswith("api-"), asked
    assert held() == before


@pytest.mark.parametrize(
    ("name", "route"), [case for case in EACH if case.values[1].posts and case.values[1].unknown]
)
def test_a_form_sent_to_what_exists_elsewhere_is_answered_as_to_nowhere(world, name, route):
    for person in world.people.values():
        if person.place is world.own and person.role in AT_A_COUNCIL:
            form = route.posts(world.foreign)
            answers = [
                without(text_of(send(person.client, "post", asked, form)), asked, *quoted(keys))
                for asked, keys in (
                    (address(name, route, world.foreign), route.fill(world.foreign)),
                    (address(name, route, None), route.unknown),
                )
            ]
            assert answers[0] == answers[1]


def quoted(keys: dict) -> list[str]:
    """Return keys as an answer says them: “7”."""
    return [f"“{key}”" for key in keys.values()]


def may_post(route: Route, person: Person, place: Place) -> bool:
    if not route.posts or person.role not in route.post_only:
        return False
    names_one = names_a_council(route) or route.posts(place)
    return not names_one or person.sees_all or place is person.place


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


def test_a_role_of_another_council_is_not_confirmed_among_ones_own(world):
    approver, before = world.people["APPROVER"], held()
    page = reverse("access-preview", args=["all"])

    for confirm in ({}, {"confirm": "yes"}):
        form = {"tick": world.foreign.keys["membership"].pk, **confirm}
        response = approver.client.post(page, form, follow=True)
        assert not leaks(world, approver, ROUTES["access"], text_of(response))

    assert held() == before


def test_a_role_of_another_council_is_not_passed_on_nor_taken_by_its_people(world):
    """Nor does the form tell who works at another council."""
    approver, before = world.people["APPROVER"], held()
    form = {"starts_on": "2014-07-01", "last_day": "2014-07-07", "reason": "leave"}
    own = approver.user.memberships.get().pk
    foreign = world.foreign.keys["membership"].pk
    theirs = world.foreign.keys["approver"].email
    said = []
    for role, deputy in ((foreign, theirs), (own, theirs), (own, "nobody@test.example")):
        asked = form | {"role": role, "deputy": deputy}
        response = approver.client.post(reverse("deputies"), asked)
        said.append(without(text_of(response), deputy))
        assert response.status_code == 200
        assert not leaks(world, approver, ROUTES["deputies"], said[-1])

    assert said[1] == said[2]
    assert held() == before


def test_a_token_is_not_made_for_another_council(world):
    officer, before = world.people["NETWORK_OFFICER"], held()
    form = {"name": "t", "scope": "READ", "expires_on": "2099-01-01", "nonce": "n"}

    page = officer.client.post(reverse("tokens"), form | {"council": world.foreign.council.pk})
    program = officer.client.post(
        reverse("api-token-list"), {"name": "t", "council": world.foreign.council.register_code}
    )

    assert (page.status_code, program.status_code) == (200, 404)
    assert held() == before


def test_a_security_key_of_somebody_else_does_not_exist(world):
    key = world.foreign.keys["security_key"]
    for person in world.people.values():
        for view in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
            for method in ("get", "post"):
                response = getattr(person.client, method)(
                    reverse(view, args=[key.pk]), {"name": "x"}
                )
                assert response.status_code in (302, 404), person.name
                assert not world.told(person, text_of(response))
    key.refresh_from_db()
    assert key.data["name"].startswith("markB")


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
        new.new_second_factor(user)
        new.new_api_token(user=user, digest=digest, council=world.own.council)
        client = Client(headers={"Authorization": f"Token {secret}"})
        narrowed = Person("token", Role.FINANCE, world.own, client)
        for asked, *_ in [("", None, []), *questions(route, world.foreign)]:
            response = client.get(address(name, route, world.own, asked))
            said = without(text_of(response), *secrets_of(world.foreign).values())
            assert not leaks(world, narrowed, route, said), asked
        if names_a_council(route) and not (route.is_open or "supplier" in name):
            code = client.get(address(name, route, world.foreign)).status_code
            assert code in (403, 404, 405), name
