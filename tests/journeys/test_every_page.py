"""Every page there is: no axe violation, valid HTML, no sideways scroll, small on the wire.

Pages are found by their URL names: a new one without a visit here fails.
"""

import json
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.urls import get_resolver

from boroughs.models import AuditEvent, Body, Council, Supplier
from services.models import Contract, Line, Quote
from tests import factories as new
from tests.conftest import PASSWORD, code_of, person, sign_in
from tests.journeys.conftest import NARROW, WIDE

FRONTEND = Path(settings.BASE_DIR) / "londonpsn" / "frontend"
AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
# What it finds alone: to describe each node that is right would take most of the time.
LOOK = "rules => axe.run({runOnly: rules, resultTypes: ['violations'], preload: false})"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FIRST_VISIT, LATER = 100_000, 30_000  # bytes, compressed (DESIGN, budgets)
NO_PAGE = {
    "session": "answers the page's own script",
    "mfa_authenticate": "between two steps: tests/journeys/test_sign_in.py looks at it",
    "mfa_reauthenticate_webauthn": "needs a real key: tests/journeys/test_sign_in.py looks at it",
    "mfa_download_recovery_codes": "a text file",
    "openid_connect_callback": "where a provider sends people to, never a link",
    "lines-preview": "a form's target, visited by posting to it",
    "api-schema": "a document for programs",
    "api-docs": "Swagger UI's own page: third-party markup",
    "job-batch": "visited by pressing the button",
    "access-preview": "a form's target, visited by posting to it",
    "deputy-end": "a form's target",
    "document": "a file",
    "token-revoke": "a form's target",
    "publish-file": "a file",
}


def named_pages() -> set[str]:
    """The URL names of the portal's own pages: all but the API's lists and the admin's."""
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    return {name for name in names if not name.startswith("api-")} | {"api-schema", "api-docs"}


PROGRAMME, NETWORK, FINANCE = "programme@london-grid", "network@camden", "finance@camden"
AUDITOR = "auditor@london-grid"
BUYER = "buyer@camden"
AGENT, ADMINISTRATOR, STRANGER = (
    *("agent1@virgin-media-business", "administrator@london-grid"),
    "",
)
KEYHOLDER, NEWCOMER, ROLELESS = "viewer@camden", "newcomer@camden", "roleless@camden"
# For each URL name the people and addresses that show its states; {line} and so on are keys.
VISITS = {
    "home": [(PROGRAMME, "/"), (ROLELESS, "/")],
    "account_login": [
        (STRANGER, "/accounts/login/"),
        (STRANGER, "/accounts/login/?ended=idle&next=/jobs/"),
    ],
    "account_logout": [(NETWORK, "/accounts/logout/")],
    "account_reauthenticate": [(NETWORK, "/accounts/reauthenticate/")],
    "account_change_password": [(NETWORK, "/accounts/password/")],
    "account_reset_password": [(STRANGER, "/accounts/password/reset/")],
    "account_reset_password_done": [(STRANGER, "/accounts/password/reset/sent/")],
    "account_reset_password_from_key": [
        (STRANGER, "/accounts/password/reset/{reset}/"),
        (STRANGER, "/accounts/password/reset/1-x/"),
    ],
    "account_reset_password_from_key_done": [(STRANGER, "/accounts/password/reset/done/")],
    "openid_connect_login": [(STRANGER, "/accounts/oidc/council/login/")],
    "usersessions_list": [(NETWORK, "/accounts/sessions/")],
    "mfa_index": [(KEYHOLDER, "/accounts/"), (NEWCOMER, "/accounts/")],
    "mfa_reauthenticate": [(FINANCE, "/accounts/second-step/again/")],
    "mfa_activate_totp": [(NETWORK, "/accounts/app/set-up/")],
    "mfa_deactivate_totp": [
        (FINANCE, "/accounts/app/remove/"),
        (KEYHOLDER, "/accounts/app/remove/"),
    ],
    "mfa_list_webauthn": [(KEYHOLDER, "/accounts/keys/"), (NETWORK, "/accounts/keys/")],
    "mfa_add_webauthn": [(NETWORK, "/accounts/keys/add/")],
    "mfa_edit_webauthn": [(KEYHOLDER, "/accounts/keys/{key}/")],
    "mfa_remove_webauthn": [(KEYHOLDER, "/accounts/keys/{key}/remove/")],
    "mfa_view_recovery_codes": [(KEYHOLDER, "/accounts/recovery-codes/")],
    "mfa_generate_recovery_codes": [
        (KEYHOLDER, "/accounts/recovery-codes/new/"),
        (NETWORK, "/accounts/recovery-codes/new/"),
    ],
    "london-default": [(PROGRAMME, "/london/")],
    "london": [
        (NETWORK, "/london/services/"),
        ("viewer@camden", "/london/psn-network/?map=saving"),
        (PROGRAMME, "/london/psn-network/?as_at=2013-09-30&map=ceased"),
    ],
    "council": [(FINANCE, "/c/camden/"), (PROGRAMME, "/c/hackney/")],
    "councils": [(PROGRAMME, "/c/")],
    "my-work": [(NETWORK, "/my-work/"), ("viewer@camden", "/my-work/")],
    "search": [(NETWORK, "/search/?q=libary"), (NETWORK, "/search/"), (AGENT, "/search/?q=zzzz")],
    "line": [(NETWORK, "/lines/{line}/"), (FINANCE, "/lines/{old}/"), (AGENT, "/lines/{line}/")],
    "move": [(FINANCE, "/moves/{move}/")],
    "site": [(NETWORK, "/sites/{site}/")],
    "site-protect": [(NETWORK, "/sites/{site}/protection/")],
    "sites": [(NETWORK, "/c/camden/sites/")],
    "body": [(NETWORK, "/bodies/{body}/")],
    "connection": [(NETWORK, "/connections/{connection}/")],
    "contract": [(FINANCE, "/contracts/{contract}/")],
    "contract-notice": [(BUYER, "/contracts/{contract}/notice/")],
    "contracts": [(FINANCE, "/c/camden/contracts/"), (PROGRAMME, "/c/all/contracts/")],
    "supplier": [(PROGRAMME, "/suppliers/virgin-media-business/")],
    "suppliers": [(PROGRAMME, "/suppliers/")],
    "spend": [(FINANCE, "/c/camden/spend/"), (PROGRAMME, "/c/lambeth/spend/")],
    "sharing": [(FINANCE, "/c/camden/sharing/")],
    "spend-upload": [(FINANCE, "/c/camden/spend/upload/")],
    "help": [(STRANGER, "/help/"), (FINANCE, "/help/")],
    "accessibility": [(STRANGER, "/accessibility/")],
    "privacy": [(STRANGER, "/privacy/")],
    "cookies": [(STRANGER, "/cookies/")],
    "security-txt": [(STRANGER, "/.well-known/security.txt")],
    "components": [(ADMINISTRATOR, "/components/")],
    "lines": [
        (NETWORK, "/c/camden/lines/?stage=CLOSED"),
        (NETWORK, "/c/camden/lines/?q=nothing-like-it"),
        (AGENT, "/c/all/lines/?sort=-monthly&page=2"),
    ],
    "savings": [
        (FINANCE, "/c/camden/savings/"),
        (PROGRAMME, "/c/all/savings/?by=month"),
        (FINANCE, "/c/camden/savings/?by=service_type&from=2013-05&to=2013-04"),
    ],
    "jobs": [(PROGRAMME, "/jobs/")],
    "access": [
        ("auditor@london-grid", "/c/all/access/?on=2014-05-01"),
        ("approver@camden", "/c/camden/access/?review=1"),
        ("approver@camden", "/c/camden/access/?person=nobody"),
    ],
    "account": [(FINANCE, "/account/"), (AGENT, "/account/")],
    "deputies": [("approver@camden", "/account/deputies/"), (NETWORK, "/account/deputies/")],
    "trail": [
        (AUDITOR, "/c/all/trail/"),
        (AUDITOR, "/c/camden/trail/?subject=services.line:{line}"),
        (AUDITOR, "/c/camden/trail/?sample=2&seed=2014-Q2&from=2014-07-01&to=2014-06-01"),
        (ADMINISTRATOR, "/c/all/trail/?chain=SECURITY"),
    ],
    "trail-event": [(AUDITOR, "/trail/{event}/")],
    "trail-rows": [(AUDITOR, "/trail/rows/{transaction}/")],
    "exceptions": [
        (AUDITOR, "/c/all/exceptions/"),
        (AUDITOR, "/c/camden/exceptions/?from=2014-01-01&to=2014-01-31&sample=5&seed=1"),
    ],
    "document-add": [(NETWORK, "/attach/line/{line}/document/")],
    "note-add": [(NETWORK, "/attach/site/{site}/note/")],
    "tokens": [(NETWORK, "/account/tokens/"), (AGENT, "/account/tokens/")],
    "calloffs": [
        (BUYER, "/c/camden/calloffs/"),
        (PROGRAMME, "/c/all/calloffs/"),
        (AGENT, "/c/all/calloffs/"),
    ],
    "calloff": [
        (BUYER, "/calloffs/{call_off}/"),
        (PROGRAMME, "/calloffs/{call_off}/"),
        (AGENT, "/calloffs/{call_off}/"),
    ],
    "calloff-award": [(BUYER, "/c/camden/calloffs/award/")],
    "calloff-award-step": [
        (BUYER, f"/calloffs/{{draft}}/award/{step}/")
        for step in (
            *("supplier", "body", "framework", "route", "title", "money", "dates", "prices"),
            *("declarations", "signatures", "check"),
        )
    ],
    "calloff-extend": [(BUYER, "/calloffs/{call_off}/extend/")],
    "calloff-change": [(BUYER, "/calloffs/{call_off}/change/")],
    "calloff-prices": [(BUYER, "/calloffs/{call_off}/prices/")],
    "calloff-notice": [(BUYER, "/calloffs/{call_off}/notice/")],
    "calloff-sign": [(BUYER, "/calloffs/{call_off}/sign/")],
    "calloff-override": [(PROGRAMME, "/calloffs/{call_off}/override/")],
    "calloff-drop": [(BUYER, "/calloffs/{draft}/drop/")],
    "calloff-publish-notice": [(BUYER, "/calloffs/{call_off}/notices/uk6/publish/")],
    "calloff-waive-notice": [(BUYER, "/calloffs/{call_off}/notices/uk6/waive/")],
    "radar": [
        (BUYER, "/c/camden/expiring/"),
        (PROGRAMME, "/c/all/expiring/?within=24&by=supplier"),
        (BUYER, "/c/camden/expiring/?within=24&together=camden.voice.2014-07-01"),
        (BUYER, "/c/camden/expiring/?who=OTHER&family=mobile"),
    ],
    "frameworks": [(BUYER, "/frameworks/")],
    "framework": [(BUYER, "/frameworks/PSN-SERVICES/"), (PROGRAMME, "/frameworks/TRUSTNET-2014/")],
    "publish": [
        (BUYER, "/c/camden/publish/"),
        (NETWORK, "/c/camden/publish/?quarter=2013-04"),
        (PROGRAMME, "/c/all/publish/"),
    ],
    "register-facts": [
        (BUYER, "/contracts/{contract}/register/"),
        (BUYER, "/contracts/{call_off}/register/"),
    ],
    "foi": [(BUYER, "/c/camden/foi/")],
    "prices": [
        ("buyer@camden", "/c/camden/prices/"),
        (PROGRAMME, "/c/all/prices/?q=wan&sort=-monthly"),
        (AGENT, "/c/all/prices/?day=2013-03-31"),
    ],
    "price-book-upload": [
        (PROGRAMME, "/c/all/prices/upload/"),
        (PROGRAMME, "/c/camden/prices/upload/"),
    ],
    "prices-raise": [(PROGRAMME, "/c/all/prices/raise/")],
    "compare": [
        ("buyer@camden", "/c/camden/compare/"),
        ("buyer@camden", "/c/camden/compare/?family=wan&quantity=1&months=36"),
        ("buyer@camden", "/c/camden/compare/?family=&quantity=&months="),
    ],
    "item": [("buyer@camden", "/catalogue/WAN-10/"), (AGENT, "/catalogue/SEAT/")],
    "quotes": [("buyer@camden", "/c/camden/quotes/"), (PROGRAMME, "/c/all/quotes/?state=over")],
    "quote": [("buyer@camden", "/quotes/{quote}/"), (AGENT, "/quotes/{quote}/")],
    "quote-keep": [("buyer@camden", "/c/camden/quotes/keep/")],
}
PROBLEMS = [(NETWORK, "/c/sutton/"), (FINANCE, "/admin/"), (FINANCE, "/c/camden/lines/?format=x")]


def test_every_page_has_a_visit():
    assert named_pages() == VISITS.keys() | NO_PAGE.keys()


def keys() -> dict[str, object]:
    """The keys that stand in addresses: of records of Camden."""
    line = Line.objects.get(reference="CMD-HQ01|w1/NEW")
    event = AuditEvent.objects.get(chain="CMD", type="DATA_LOADED")
    newcomer = person(NEWCOMER)
    return {
        "line": line.pk,
        "old": Line.objects.get(reference="CMD-HQ01|w1/OLD").pk,
        "move": line.replacements.get().replacement_id,
        "site": line.site_id,
        "body": line.body_id,
        "connection": line.connection_id,
        "contract": line.contract_id,
        "event": event.pk,
        "transaction": event.transaction,
        "key": Authenticator.objects.get(type="webauthn").pk,
        "reset": f"{user_pk_to_url_str(newcomer)}-{default_token_generator.make_token(newcomer)}",
        "call_off": Contract.objects.get(reference="CMD/CO/008").pk,
        "draft": Contract.objects.get(reference="CMD/CO/009").pk,
        "quote": Quote.objects.get().pk,
    }


def add_people() -> None:
    """Add who is at one of the turns of signing in: with a key, with nothing, without a role."""
    keyholder = person(KEYHOLDER)
    for kind, data in (("totp", {"secret": "A" * 32}), ("webauthn", {"name": "Blue key"})):
        Authenticator.objects.create(user=keyholder, type=kind, data=data)
    RecoveryCodes.activate(keyholder)
    new.new_user(email=f"{ROLELESS}.demo.example")
    camden = Council.objects.get(register_code="CMD")
    newcomer = new.new_user(email=f"{NEWCOMER}.demo.example")
    new.new_membership(user=newcomer, role="FINANCE", council=camden)


@pytest.fixture
def committed(committed):
    add_records()


def add_records() -> None:
    """Add records and people of all kinds, so that the pages have something to show."""
    add_people()
    lambeth = Council.objects.get(register_code="LBH")
    for month in (9, 10):
        new.new_payment(lambeth, month=date(2011, month, 1), paid_on=date(2011, month, 5))
    role = person("approver@camden").memberships.get()
    new.new_delegation(membership=role, deputy=person("network@camden"))
    camden = Council.objects.get(register_code="CMD")
    line = Line.objects.get(reference="CMD-HQ01|w1/NEW")
    line.documents.add(new.new_document(camden, for_london_grid=True, supplier=line.supplier))
    line.notes.add(new.new_note(camden))
    new.new_api_token(user=person(NETWORK), expires_at=None)
    call_offs_of_camden()


def call_offs_of_camden() -> None:
    """One that is awarded and full, with everything that a page may show, and a draft."""
    camden = Council.objects.get(register_code="CMD")
    body = Body.objects.get(council=camden, kind="COUNCIL")
    supplier = Supplier.objects.get(code="virgin-media-business")
    money = {"value": Decimal(100_000), "vat": Decimal(20_000), "ceiling": Decimal(3_600)}
    facts = {"supplier": supplier, "body": body, "title": "Camden voice", **money}
    awarded = new.new_call_off(camden, reference="CMD/CO/008", notice_days=90, **facts)
    for number in (1, 2):
        new.new_contract_extension(contract=awarded, number=number)
    new.new_contract_notice(contract=awarded)
    new.new_contract_change(contract=awarded, value_change=Decimal(12_000))
    new.new_charge(new.new_line(body, contract=awarded, supplier=supplier))
    new.new_call_off(
        camden, reference="CMD/CO/009", stage="DRAFT", standstill_from=date(2014, 6, 2)
    )
    new.new_framework(ends_on=date(2014, 1, 1))


@pytest.fixture
def open_as(chromium, web):
    """Open an address in a browser in which a person is signed in, narrow at first."""
    contexts = {}
    noticed = SimpleNamespace(hosts=set(), complaints=[])

    def open_page(address: str, who: str):
        if who not in contexts:
            context = chromium.new_context(base_url=web)
            if who:
                client = Client()
                sign_in(client, person(who))
                cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
                context.add_cookies(
                    [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": web}]
                )
            contexts[who] = page = context.new_page()
            page.on("request", lambda request: noticed.hosts.add(urlsplit(request.url).netloc))
            page.on("console", lambda said: noticed.complaints.append(said.text))
            page.on("pageerror", lambda error: noticed.complaints.append(str(error)))
        page = contexts[who]
        page.set_viewport_size(NARROW)
        return page, page.goto(address)

    open_page.noticed = noticed
    yield open_page
    for page in contexts.values():
        page.context.close()


def violations(page) -> list[str]:
    """What axe-core finds on the page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate(LOOK, RULES)["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"][:3]]


def test_no_page_has_an_axe_violation_or_scrolls_sideways_and_all_are_valid_html(open_as, tmp_path):
    found: dict[str, list[str]] = {}
    held = keys()
    visits = [visit for some in VISITS.values() for visit in some]
    for number, (who, address) in enumerate([*visits, *PROBLEMS]):
        address = address.format(**held)  # noqa: PLW2901, the address as it is asked for
        page, response = open_as(address, who)
        is_html = "html" in response.headers["content-type"]
        if is_html:
            (tmp_path / f"{number}.html").write_text(f"{response.text()}\n<!-- {address} -->")
        for size in (NARROW, WIDE):
            page.set_viewport_size(size)
            problems = violations(page) if is_html else []
            if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                problems.append("scrolls sideways")
            if problems:
                found[f"{address} at {size['width']}"] = problems

    assert found == {}, "\n".join(f"{at} {what}" for at, what in found.items())
    assert len(open_as.noticed.hosts) == 1  # nobody else is asked for anything
    said = [text for text in open_as.noticed.complaints if "Failed to load resource" not in text]
    assert said == []  # no script or style that the policy forbids
    problems = invalid(tmp_path)
    assert not problems, "\n".join(problems)


def invalid(folder: Path) -> list[str]:
    """What html-validate finds in the files of a folder."""
    report = folder / "report.json"  # a pipe would be cut off where Node.js ends
    done = subprocess.run(
        [
            *("node", FRONTEND / "node_modules" / ".bin" / "html-validate"),
            *("--config", FRONTEND / ".htmlvalidate.json", "--formatter", f"json={report}"),
            *sorted(folder.glob("*.html")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.exists(), done.stderr
    return [
        f"{Path(file['filePath']).read_text().splitlines()[-1]} {message['ruleId']} "
        f"line {message['line']}: {message['message']}"
        for file in json.loads(report.read_text())
        for message in file["messages"]
    ]


def test_pages_are_small_on_the_wire(chromium, web):
    """100 kB on the first visit with everything it asks for, 30 kB of the page itself later."""
    context = chromium.new_context(base_url=web, viewport=WIDE)
    page = context.new_page()
    link = context.new_cdp_session(page)
    link.send("Network.enable")
    sizes = []
    link.on("Network.loadingFinished", lambda done: sizes.append(done["encodedDataLength"]))
    page.goto("/accounts/login/")
    page.get_by_label("Mail address").fill("programme@london-grid.demo.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code", exact=True).fill(code_of(PROGRAMME))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_load_state("networkidle")
    assert sum(sizes) < FIRST_VISIT
    for _, address in VISITS["council"] + VISITS["lines"][:1] + VISITS["savings"]:
        sizes.clear()
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert sum(sizes) < LATER, address
    context.close()
