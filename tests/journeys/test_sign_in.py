"""Signing in as people do it: by keyboard, with and without scripts, with an app and with a key."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from boroughs.models import AuditEvent
from londonpsn.home.signing_in import sessions
from tests.conftest import PASSWORD, code_of
from tests.journeys.conftest import WIDE, wait_for
from tests.journeys.test_every_page import invalid, violations
from tests.journeys.test_stories import FOCUSED, tab_to

NETWORK, FINANCE = "network@camden", "finance@camden"
NEW_PASSWORD = "correct horse battery staple"


@pytest.fixture(params=["with scripts", "without scripts"])
def either(request, chromium, web):
    context = chromium.new_context(
        base_url=web, viewport=WIDE, java_script_enabled=request.param == "with scripts"
    )
    yield context.new_page()
    context.close()


def enter(page, address: str, password: str = PASSWORD) -> None:
    tab_to(page, "Mail address")
    page.keyboard.type(f"{address}.demo.example")
    tab_to(page, "Password")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def press(page, name: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Enter")


def test_with_password_and_code_to_the_page_asked_for_and_out_again(either):
    page = either
    page.goto("/c/camden/spend/")
    enter(page, FINANCE)
    page.wait_for_url("/accounts/second-step/")
    tab_to(page, "Code")
    page.keyboard.type(code_of(FINANCE))
    page.keyboard.press("Enter")

    page.wait_for_url("/c/camden/spend/")
    assert "at " in page.locator("footer [data-ends-at]").locator("..").inner_text()
    press(page, "Sign out")
    page.wait_for_url("/accounts/login/")


def test_a_newcomer_sets_up_an_app_keeps_the_codes_and_goes_on(either, committed):
    page = either
    page.goto("/accounts/login/")
    enter(page, "viewer@camden")
    page.wait_for_url("/my-work/")
    press(page, "Camden viewer")
    page.wait_for_url("/account/")
    press(page, "Second step at sign-in")
    page.wait_for_url("/accounts/")
    press(page, "Set up an app")
    page.wait_for_url("/accounts/app/set-up/")
    secret = page.locator(".secret").inner_text()
    assert re.fullmatch("[A-Z2-7]{32}", secret)
    tab_to(page, "Code")
    page.keyboard.type("123456")
    page.keyboard.press("Enter")
    page.locator("main").get_by_text("This code is not right").first.wait_for()
    assert page.locator(".secret").inner_text() == secret


def test_a_forgotten_password_is_set_anew_by_the_link_in_the_mail(either):
    page = either
    page.goto("/accounts/login/")
    press(page, "I have forgotten my password")
    page.wait_for_url("/accounts/password/reset/")
    tab_to(page, "Mail address")
    page.keyboard.type(f"{NETWORK}.demo.example")
    page.keyboard.press("Enter")
    page.wait_for_url("/accounts/password/reset/sent/")
    newest = max(Path(settings.EMAIL_FILE_PATH).iterdir(), key=lambda file: file.stat().st_mtime)

    page.goto(re.search(r"http://\S+", newest.read_text())[0])
    tab_to(page, "New password")
    page.keyboard.type(NEW_PASSWORD)
    tab_to(page, "The same password again")
    page.keyboard.type(NEW_PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("/accounts/password/reset/done/")
    press(page, "Sign in with your new password")
    page.wait_for_url("/accounts/login/")
    enter(page, NETWORK, NEW_PASSWORD)

    page.wait_for_url("/my-work/")


def test_a_form_may_lead_on_to_the_councils_own_sign_in_and_nowhere_else(page):
    policy = page.goto("/accounts/login/").headers["content-security-policy"]

    assert "form-action 'self' http://localhost:9;" in f"{policy};"


# The time-out


def set_used(minutes_ago: float) -> None:
    """Make the only sign-in there is one that was last used some minutes ago."""
    for row in Session.objects.all():
        store = row.get_decoded()
        if sessions.USED_AT in store:
            store[sessions.USED_AT] -= 60 * minutes_ago
            row.session_data = Session.get_session_store_class()().encode(store)
            row.save()


def used_at() -> float:
    stores = (row.get_decoded() for row in Session.objects.all())
    return max(store[sessions.USED_AT] for store in stores if sessions.USED_AT in store)


def look(page) -> None:
    """What happens when a person comes back to the window."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


@pytest.fixture
def signed_in(page):
    page.goto("/c/camden/lines/")
    enter(page, NETWORK)
    page.wait_for_url("/c/camden/lines/")
    return page


def test_before_the_end_one_is_asked_and_stays(signed_in):
    page = signed_in
    tab_to(page, "Reference or site")
    page.keyboard.type("half a word")
    set_used(26)
    before = used_at()

    look(page)
    dialog = page.get_by_role("dialog", name="You will be signed out soon")
    dialog.wait_for()
    assert page.evaluate(FOCUSED) == "Stay signed in"
    assert violations(page) == []
    page.keyboard.press("Enter")
    wait_for(lambda: not dialog.is_visible())

    assert used_at() > before + 60 * 20
    assert page.evaluate(FOCUSED) == "Reference or site"  # as it was left
    assert page.get_by_label("Reference or site").input_value() == "half a word"
    assert page.complaints == []


def test_escape_stays_too_and_the_other_button_signs_out(signed_in):
    page = signed_in
    set_used(26)
    look(page)
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    page.keyboard.press("Escape")
    wait_for(lambda: not dialog.is_visible())

    set_used(26)
    look(page)
    dialog.wait_for()
    tab_to(page, "Sign out", presses=1)
    page.keyboard.press("Enter")

    page.wait_for_url("/accounts/login/")


def test_after_the_end_the_page_says_why_and_leads_back(signed_in):
    page = signed_in
    page.goto("/c/camden/lines/?q=hq01")
    set_used(31)

    look(page)
    page.wait_for_url("/accounts/login/?ended=idle*")
    assert "was not used for 30 minutes" in page.inner_text("main")
    enter(page, NETWORK)

    page.wait_for_url("/c/camden/lines/?q=hq01")


# A security key, which needs scripts


@pytest.fixture
def key(page):
    """A key that the browser makes believe is plugged in, and touched whenever asked."""
    link = page.context.new_cdp_session(page)
    link.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "isUserVerified": True}
    options |= {"hasUserVerification": True, "automaticPresenceSimulation": True}
    return link.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_key_is_added_asked_for_at_sign_in_and_confirms(signed_in, key, tmp_path):
    page = signed_in
    page.goto("/accounts/keys/add/")
    tab_to(page, "Name of the key")
    page.keyboard.press("Control+A")
    page.keyboard.type("Blue key")
    press(page, "Add the key")
    page.wait_for_url("/accounts/recovery-codes/")
    assert "Blue key" in (page.goto("/accounts/keys/") and page.inner_text("main"))

    press(page, "Sign out")
    page.wait_for_url("/accounts/login/")
    enter(page, NETWORK)
    page.wait_for_url("/accounts/second-step/")
    assert violations(page) == []
    (tmp_path / "second-step.html").write_text(page.content())
    press(page, "Use your security key")
    page.wait_for_url("/my-work/")

    page.goto("/accounts/keys/again/?next=/jobs/")
    assert violations(page) == []
    (tmp_path / "again.html").write_text(page.content())
    press(page, "Use your security key")
    page.wait_for_url("/jobs/")
    assert page.complaints == []
    assert AuditEvent.objects.filter(type="SECOND_FACTOR_ADDED").count() == 1
    assert invalid(tmp_path) == []


def test_a_key_that_does_not_work_is_said_in_words(signed_in):
    page = signed_in
    link = page.context.new_cdp_session(page)
    link.send("WebAuthn.enable")  # and no key is there
    page.goto("/accounts/keys/add/")
    page.evaluate(
        "() => { navigator.credentials.create = () => Promise.reject(new DOMException()) }"
    )

    press(page, "Add the key")

    page.get_by_text("The key did not work.").wait_for()
