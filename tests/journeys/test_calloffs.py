"""A buyer awards a call-off and extends one by keyboard, with and without scripts."""

from datetime import date

import pytest

from boroughs.models import Body, Council, Supplier
from services.models import Contract
from tests import factories as new
from tests.conftest import PASSWORD
from tests.journeys.conftest import NARROW, WIDE


@pytest.fixture(params=[True, False], ids=["with-scripts", "without-scripts"])
def buyer(request, chromium, web):
    """The page of a buyer of Camden, signed in by keyboard."""
    context = chromium.new_context(base_url=web, viewport=WIDE, java_script_enabled=request.param)
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text))
    page.goto("/accounts/login/")
    write(page, "Mail address", "buyer@camden.demo.example")
    write(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/my-work/")
    yield page
    context.close()


def write(page, label: str, text: str) -> None:
    """Go to a field and type."""
    page.get_by_label(label, exact=True).focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def write_day(page, group: str, text: str) -> None:
    """Go to the first of three boxes, and on by the tab key."""
    page.get_by_role("group", name=group, exact=True).get_by_label("Day").focus()
    for number, part in enumerate(text.split()):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.press("Control+A")
        page.keyboard.type(part)


def choose(page, label: str, option: str) -> None:
    """Go to a list and type what is looked for."""
    page.get_by_label(label, exact=True).focus()
    page.keyboard.type(option)


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def follow(page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def asked(page, question: str) -> None:
    """Wait for the page that asks it; it has one heading, and fits on a phone."""
    page.get_by_role("heading", level=1, name=question).wait_for()
    assert page.get_by_role("heading", level=1).count() == 1


def test_a_buyer_awards_a_call_off_by_keyboard(buyer):
    page = buyer
    new.new_framework(name="PSN Connectivity", owner="Crown Commercial Service", regime="PCR2006")
    page.get_by_role("navigation", name="Menu").get_by_role("link", name="Call-offs").focus()
    page.keyboard.press("Enter")
    follow(page, "Award a call-off")

    asked(page, "Which supplier is it with?")
    press(page, "Save and continue")
    assert "Choose the supplier." in page.get_by_role("alert").inner_text()
    choose(page, "Supplier", "Virgin Media")
    press(page, "Save and continue")

    asked(page, "Who is it for?")
    page.get_by_label("Who it is for", exact=True).focus()
    page.keyboard.press("ArrowDown")
    press(page, "Save and continue")

    asked(page, "Which framework is it under?")
    page.get_by_role("radio", name="PSN Connectivity, Crown Commercial Service", exact=True).focus()
    page.keyboard.press("Space")
    write(page, "Lot", "Lot 1")
    press(page, "Save and continue")

    asked(page, "How was the supplier chosen?")
    assert "question 4 of 10" in page.inner_text("main")
    page.get_by_role("radio", name="Further competition").focus()
    page.keyboard.press("Space")
    write(page, "How many suppliers were invited?", "12")
    write(page, "How many bids were received?", "4")
    press(page, "Save and come back later")

    page.wait_for_url("**/c/camden/calloffs/")
    draft = Contract.objects.get(stage="DRAFT")
    assert (draft.invited, draft.bids) == (12, 4)
    follow(page, draft.reference)

    asked(page, "What is it called, and what is bought?")
    write(page, "Title", "Camden voice and wireless")
    press(page, "Save and continue")
    asked(page, "What is it worth?")
    write(page, "Value without VAT, £", "684,000")
    write(page, "VAT on top of it, £", "136,800")
    press(page, "Save and continue")
    asked(page, "When does it run?")
    write_day(page, "Procurement commenced on", "2 6 2014")
    write_day(page, "First day", "1 8 2014")
    write_day(page, "Last day", "31 7 2017")
    press(page, "Save and continue")
    asked(page, "Do prices rise, and what does leaving early cost?")
    write(page, "The index of how many months before", "3")
    press(page, "Save and continue")
    assert "Choose how rises are worked out" in page.get_by_role("alert").inner_text()
    choose(page, "Prices rise with an index", "On the price before")
    press(page, "Save and continue")
    asked(page, "Who decided, and who pays?")
    write(page, "Declaration of interests", "none")
    write(page, "Reference of the decision", "CAB/2014/7")
    press(page, "Save and continue")
    asked(page, "When is it signed?")
    page.set_viewport_size(NARROW)
    write_day(page, "Standstill begins on", "27 6 2014")
    write(page, "Standstill, working days", "10")
    press(page, "Save and continue")

    asked(page, "Check your answers")
    assert "ends 10 July 2014" in page.inner_text("main")
    assert "index of 3 months before" in page.inner_text("main")
    page.set_viewport_size(WIDE)
    follow(page, "Change ceiling")
    asked(page, "What is it worth?")
    write(page, "Ceiling, £", "750000")
    press(page, "Save and continue")
    asked(page, "Check your answers")
    assert "£750,000.00" in page.inner_text("main")
    press(page, "Award this call-off")

    asked(page, "Camden voice and wireless")
    assert "“Camden voice and wireless” is awarded." in page.get_by_role("alert").inner_text()
    draft.refresh_from_db()
    assert (draft.stage, draft.ends_on) == ("AWARDED", date(2017, 8, 1))
    assert page.complaints == []


def test_a_buyer_extends_a_call_off_by_keyboard(buyer):
    page, camden = buyer, Council.objects.get(slug="camden")
    body = Body.objects.get(council=camden, kind="COUNCIL")
    supplier = Supplier.objects.get(code="virgin-media-business")
    call_off = new.new_call_off(
        camden, body=body, supplier=supplier, reference="CMD/CO/008", title="Camden voice"
    )
    new.new_contract_extension(contract=call_off)
    page.goto("/c/camden/calloffs/")

    follow(page, "CMD/CO/008")
    asked(page, "Camden voice")
    follow(page, "Take option 1")
    asked(page, "Extend this call-off")
    assert "12 months longer: to 31 March 2017." in page.inner_text("main")
    press(page, "Take this extension")

    asked(page, "Camden voice")
    assert "The extension is taken." in page.get_by_role("alert").inner_text()
    assert "31 March 2017" in page.inner_text("main")
    assert call_off.extensions.get().taken_on == date(2014, 6, 30)
    assert page.complaints == []


@pytest.mark.parametrize("address", ["viewer@camden", "network@camden"])
def test_award_and_extension_are_refused_to_others_in_words(page, address):
    camden = Council.objects.get(slug="camden")
    call_off = new.new_call_off(camden, title="Camden voice")
    new.new_contract_extension(contract=call_off)
    page.goto("/accounts/login/")
    write(page, "Mail address", f"{address}.demo.example")
    write(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/accounts/" not in url)

    page.goto("/c/camden/calloffs/")
    assert page.get_by_role("link", name="Award a call-off").count() == 0
    page.goto(f"/calloffs/{call_off.pk}/")
    assert page.get_by_role("link", name="Take option 1").count() == 0

    words = "You need the right to draft, award, change and extend a call-off for Camden."
    for refused in ("/c/camden/calloffs/award/", f"/calloffs/{call_off.pk}/extend/"):
        page.goto(refused)
        assert words in page.inner_text("main")
