"""The pages of call-offs and of their award, and the API: what they say, to whom."""

import csv
import json
from datetime import date
from decimal import Decimal

import pytest

from boroughs.models import AuditEvent, Body, Council, Supplier
from londonpsn.home.context import MENU
from services.models import Contract, Framework
from services.urls import urlpatterns
from tests import factories as new
from tests.conftest import person
from tests.factories import TODAY, numbers
from tests.londonpsn.test_pages import BUDGET, queries_of
from tests.services.test_calloffs import drafted

BUYER, PROGRAMME, AGENT = "buyer@camden", "programme@london-grid", "agent1@virgin-media-business"
OTHERS = ("network@camden", "approver@camden", "finance@camden", "viewer@camden")


@pytest.fixture
def camden(db):
    return Council.objects.get(slug="camden")


@pytest.fixture
def vmb(db):
    return Supplier.objects.get(code="virgin-media-business")


@pytest.fixture
def call_off(camden, vmb):
    """An awarded call-off of Camden, of which much is known and something internal."""
    facts = {"value": Decimal(100_000), "vat": Decimal(20_000), "ceiling": Decimal(4_500)}
    facts |= {"title": "Camden voice", "lot": "Lot 1", "conflict": "Declared: shares"}
    facts |= {"route_reason": "They were cheapest", "decision_reference": "CAB-9"}
    call_off = new.new_call_off(camden, supplier=vmb, notice_days=90, **facts)
    new.new_contract_extension(contract=call_off)
    line = new.new_line(call_off.body, contract=call_off, supplier=vmb)
    new.new_charge(line, amount=Decimal(100))
    return call_off


def text_of(client, page: str, **query) -> str:
    response = client.get(page, query)
    assert response.status_code == 200
    return response.content.decode()


def day(name: str, text: str) -> dict:
    return {f"{name}_{n}": part for n, part in enumerate(text.split())}


# The list


def test_the_list_says_what_the_buyer_needs(call_off, browse):
    new.new_contract_notice(contract=call_off, due_on=date(2014, 6, 1))
    new.new_contract_change(contract=call_off, value_change=Decimal(10_000))
    said = {"index_base": "PREVIOUS", "index_cap": Decimal(5), "index_lag_months": 3}
    Contract.objects.filter(pk=call_off.pk).update(**said)

    rows = b"".join(browse(BUYER).get("/c/camden/calloffs/?format=csv").streaming_content)

    (row,) = [
        row
        for row in csv.DictReader(rows.decode("utf-8-sig").splitlines())
        if row["reference"] == call_off.reference
    ]
    assert row == {
        "reference": call_off.reference,
        "title": "Camden voice",
        "supplier": "Virgin Media Business",
        "framework": "A framework",
        "lot": "Lot 1",
        "ends_on": "2016-04-01",
        "notice_by": "2015-12-31",
        "extensions_left": "1",
        "value": "100000.00",
        "committed": "3600.00",
        "left": "900.00",
        "changed": "11.1",
        "notices": "UK6",
        "missing": "No",
        "index_base": "PREVIOUS",
        "index_cap": "5.00",
        "index_floor": "",
        "exit_percent": "",
        "index_lag_months": "3",
        "index_rounding": "",
    }
    text = text_of(browse(BUYER), "/c/camden/calloffs/")
    assert "close to its ceiling" in text
    assert "late" in text
    assert (
        "missing: directorate or service responsible, description, review date, VAT not recovered"
        in text
    )


def test_drafts_come_first_for_who_may_award_and_are_not_there_for_others(call_off, browse):
    client = browse(BUYER)
    client.post("/c/camden/calloffs/award/", {"supplier": call_off.supplier_id, "later": "1"})
    draft = Contract.objects.get(stage="DRAFT")

    text = text_of(client, "/c/camden/calloffs/")

    assert text.index(draft.reference) < text.index(call_off.reference)
    for other in ("viewer@camden", "auditor@london-grid"):
        assert draft.reference not in text_of(browse(other), "/c/all/calloffs/")
        assert browse(other).get(f"/calloffs/{draft.pk}/").status_code == 404


@pytest.mark.parametrize("sort", ["committed", "-left", "value", "-ends_on", "reference"])
def test_the_list_is_sorted(call_off, browse, sort):
    new.new_call_off(call_off.council, ceiling=Decimal(10), value=Decimal(1))

    assert browse(BUYER).get(f"/c/camden/calloffs/?sort={sort}").status_code == 200


def test_lists_and_pages_keep_the_budget_of_queries_with_twenty_call_offs(call_off, browse):
    for _ in range(20):
        other = new.new_call_off(call_off.council)
        new.new_contract_notice(contract=other)
        new.new_contract_change(contract=other)
        new.new_charge(new.new_line(other.body, contract=other))

    for address in (BUYER, PROGRAMME):
        for page in ("/c/camden/calloffs/", "/c/all/calloffs/", "/my-work/"):
            assert queries_of(browse(address), page) <= BUDGET
        assert queries_of(browse(address), "/api/v1/contracts/?kind=call_off") <= BUDGET


def test_the_page_keeps_a_budget_of_queries(call_off, browse):
    for _ in range(20):
        new.new_contract_change(contract=call_off)
        new.new_charge(new.new_line(call_off.body, contract=call_off))

    assert queries_of(browse(BUYER), f"/calloffs/{call_off.pk}/") <= BUDGET


def test_every_page_about_a_call_off_stands_under_their_item_of_the_menu():
    pages = {path.name for path in urlpatterns if path.name.startswith("calloff-")}

    assert pages - set(MENU["calloffs"][2]) == set()


# One call-off


def test_the_page_says_how_much_is_ordered_what_changed_and_what_is_due(call_off, browse):
    new.new_contract_notice(contract=call_off, due_on=date(2014, 6, 1))
    new.new_contract_change(contract=call_off, value_change=Decimal(10_000), reason="More sites")

    text = text_of(browse(BUYER), f"/calloffs/{call_off.pk}/")

    assert "£3,600.00 ordered: £1,496.67 billed so far, £2,103.33 to come until its end" in text
    assert "80.0% of £4,500.00. It is close to its ceiling." in text
    assert "UK6, contract award notice, before it is signed: due by 1 June 2014." in text
    assert "<b>Late.</b>" in text
    assert "Value changed by 11.1% in all; the limit of the law on the day is not held." in text
    assert "More sites" in text
    assert "Take option 1" in text
    assert "31 December 2015" in text  # give notice by
    assert "Public Contracts Regulations 2006" in text


def test_a_contract_that_is_a_call_off_is_shown_on_its_own_page(call_off, browse):
    client = browse(BUYER)

    assert client.get(f"/contracts/{call_off.pk}/").url == f"/calloffs/{call_off.pk}/"
    plain = Contract.objects.filter(council=call_off.council, kind="CONTRACT").first()
    assert client.get(f"/calloffs/{plain.pk}/").status_code == 404


def test_suppliers_see_their_own_awarded_call_offs_without_internal_reasons(call_off, browse):
    other = new.new_call_off(call_off.council)
    client = browse(AGENT)

    text = text_of(client, f"/calloffs/{call_off.pk}/")
    listed = text_of(client, "/c/all/calloffs/")
    answer = client.get(f"/api/v1/contracts/{call_off.pk}/").json()

    for words in (
        "Declared: shares",
        "They were cheapest",
        "CAB-9",
        "ordered",
        "£4,500.00",
        "Ordered",
    ):
        assert words not in text
        assert words not in json.dumps(answer, ensure_ascii=False)
    assert "Camden voice" in text
    assert "Ordered" not in listed
    assert (answer["title"], answer["conflict"], answer["burn_down"]) == (
        "Camden voice",
        "",
        None,
    )
    assert client.get(f"/calloffs/{other.pk}/").status_code == 404
    for verb in ("extend", "change", "notice", "sign", "override", "notices/uk6/publish"):
        assert client.get(f"/calloffs/{call_off.pk}/{verb}/").status_code in (403, 404)


ADDRESSES = (
    *("", "extend/", "change/", "notice/", "sign/", "override/", "award/check/", "award/money/"),
    *("notices/uk6/publish/", "notices/uk6/waive/", "drop/"),
)


@pytest.mark.parametrize("part", ADDRESSES)
def test_a_foreign_call_off_is_404_on_every_page(call_off, browse, part):
    new.new_contract_notice(contract=call_off)

    assert browse("buyer@sutton").get(f"/calloffs/{call_off.pk}/{part}").status_code == 404
    assert browse("buyer@sutton").post(f"/calloffs/{call_off.pk}/{part}").status_code in (404, 405)


@pytest.mark.parametrize("address", [*OTHERS, PROGRAMME])
@pytest.mark.parametrize("verb", ["extend", "change", "notice", "sign", "notices/uk6/waive"])
def test_other_roles_read_and_are_refused_in_words(call_off, browse, address, verb):
    new.new_contract_notice(contract=call_off)
    client = browse(address)

    assert client.get(f"/calloffs/{call_off.pk}/").status_code == 200
    answer = client.post(f"/calloffs/{call_off.pk}/{verb}/", {"number": 1})

    assert answer.status_code == 403
    words = "You need the right to draft, award, change and extend a call-off for Camden."
    assert words in answer.content.decode()


@pytest.mark.parametrize("address", OTHERS)
def test_an_award_is_for_buyers(camden, browse, address):
    answer = browse(address).get("/c/camden/calloffs/award/")

    assert answer.status_code == 403
    assert "You need the right to draft, award" in answer.content.decode()
    assert "Award a call-off" not in text_of(browse(address), "/c/camden/calloffs/")


# What is done to one


def test_an_extension_says_first_what_comes_of_it(call_off, browse):
    client, page = browse(BUYER), f"/calloffs/{call_off.pk}/extend/"

    assert "Option 1 makes it 12 months longer: to 31 March 2017." in text_of(client, page)
    answer = client.post(page, {"number": 1}, follow=True).content.decode()

    assert "The extension is taken." in answer
    assert "Option 1, 12 months: taken on 30 June 2014." in answer
    again = client.post(page, {"number": 1})
    assert "No option to extend it is left." in again.content.decode()


def test_a_change_a_notice_and_a_signature_are_kept(call_off, browse):
    client, page = browse(BUYER), f"/calloffs/{call_off.pk}"
    new.new_contract_notice(contract=call_off)

    change = {"value_change": "−£1,000.00", "reason": "Fewer sites"}
    client.post(f"{page}/change/", change | day("ends_on", "30 4 2016"))
    client.post(f"{page}/notice/", day("given_on", "30 6 2014"))
    client.post(f"{page}/sign/", day("signed_on", "1 4 2013"))
    published = {"link": "https://a.example/1"} | day("published_on", "30 6 2014")
    client.post(f"{page}/notices/uk6/publish/", published)

    call_off.refresh_from_db()
    assert (call_off.value, call_off.ends_on) == (Decimal(99_000), date(2016, 5, 1))
    assert (call_off.notice_given_on, call_off.signed_on) == (date(2014, 6, 30), date(2013, 4, 1))
    assert call_off.notices.get().link == "https://a.example/1"


@pytest.mark.parametrize(
    ("verb", "sent", "words"),
    [
        ("change", {}, "Say why it is changed."),
        ("change", {"reason": "x"}, "Nothing changes."),
        ("change", {"reason": "x", "value_change": "much"}, "Enter a number."),
        ("notice", day("given_on", "31 6 2014"), "This is no day."),
        ("notice", day("given_on", "1 7 2014"), "This day has not come yet."),
        ("notice", day("given_on", "30 6 14"), "The year has to lie between"),
        ("notice", {}, "Write the day on which notice was given."),
        ("notices/uk6/publish", {"link": "x y"}, "This is no address."),
        ("notices/uk6/waive", {}, "Say why."),
    ],
)
def test_mistakes_are_said_first_and_nothing_is_kept(call_off, browse, verb, sent, words):
    new.new_contract_notice(contract=call_off)
    before = AuditEvent.objects.count()

    text = browse(BUYER).post(f"/calloffs/{call_off.pk}/{verb}/", sent).content.decode()

    assert "There is a problem" in text
    assert words in text
    assert "<title>Error: " in text
    assert AuditEvent.objects.count() == before


def test_a_new_last_day_is_held_against_the_end_with_the_options_taken(call_off, browse):
    client, page = browse(BUYER), f"/calloffs/{call_off.pk}"
    client.post(f"{page}/extend/", {"number": 1})

    text = text_of(client, f"{page}/change/")
    sent = {"reason": "Moved", "changes_so_far": "0"} | day("ends_on", "30 4 2017")
    client.post(f"{page}/change/", sent)

    assert "It ends on 31 March 2017, with the options that were taken." in text
    call_off.refresh_from_db()
    assert call_off.ending(date(2014, 6, 30)).ends_on == date(2017, 5, 1)
    assert call_off.changes.get().days_change == 30


def test_a_last_day_that_months_cannot_come_to_is_refused_in_words(call_off, browse):
    """From 28 February a month later is 28 March, from 1 March it is 1 April."""
    Contract.objects.filter(pk=call_off.pk).update(ends_on=date(2015, 2, 28))
    call_off.extensions.update(months=1, taken_on=date(2014, 6, 1))

    sent = {"reason": "Moved"} | day("ends_on", "29 3 2015")
    text = browse(BUYER).post(f"/calloffs/{call_off.pk}/change/", sent).content.decode()

    assert "Counted in months it cannot end on this day. Try the day before it." in text
    assert not call_off.changes.exists()


def test_a_new_ceiling_is_kept_and_a_change_sent_twice_is_kept_once(call_off, browse):
    client, page = browse(BUYER), f"/calloffs/{call_off.pk}/change/"
    assert 'name="changes_so_far" value="0"' in text_of(client, page)
    sent = {"ceiling": "5000", "value_change": "10", "reason": "More", "changes_so_far": "0"}

    client.post(page, sent)
    again = client.post(page, sent).content.decode()

    assert "It has changed since you looked at it. Look again." in again
    call_off.refresh_from_db()
    assert (call_off.ceiling, call_off.value) == (Decimal(5000), Decimal(100_010))


def test_before_it_is_signed_an_open_standstill_and_an_unpublished_notice_are_said(
    call_off, browse
):
    standstill = {"standstill_from": date(2014, 6, 27), "standstill_days": 10}
    Contract.objects.filter(pk=call_off.pk).update(**standstill)
    new.new_contract_notice(contract=call_off)

    text = text_of(browse(BUYER), f"/calloffs/{call_off.pk}/sign/")

    assert "Its standstill lasts until 10 July 2014. Sign it after that day." in text
    assert "UK6 is not published yet. It has to be, before it is signed." in text


def test_the_award_notice_offers_its_day_as_the_first_of_a_standstill(call_off, browse):
    new.new_contract_notice(contract=call_off)
    client, page = browse(BUYER), f"/calloffs/{call_off.pk}/notices/uk6/publish/"
    published = {"link": "https://a.example/1", "standstill_days": "8"}

    client.post(page, published | day("published_on", "27 6 2014"))

    call_off.refresh_from_db()
    assert (call_off.standstill_from, call_off.standstill_days) == (date(2014, 6, 27), 8)
    text = text_of(client, f"/calloffs/{call_off.pk}/")
    assert "Voluntary, 8 working days, ends 8 July 2014" in text


def test_what_has_rolled_on_is_not_offered_an_extension(call_off, browse):
    rolled = {"ends_on": date(2014, 4, 1), "renewal": "ROLLS_ON", "roll_on_months": 12}
    Contract.objects.filter(pk=call_off.pk).update(**rolled)
    client, page = browse(BUYER), f"/calloffs/{call_off.pk}/"

    text = text_of(client, page)

    assert "Option 1, 12 months: ended with the first term." in text
    assert "Take option 1" not in text
    words = "It has rolled on: its options ended with its first term."
    assert words in text_of(client, f"{page}extend/")
    assert words in client.post(f"{page}extend/", {"number": 1}).content.decode()


def test_what_ends_by_itself_offers_no_notice(call_off, browse):
    client, page = browse(BUYER), f"/calloffs/{call_off.pk}/"
    assert "Say that notice was given" in text_of(client, page)
    call_off.extensions.all().delete()

    Contract.objects.filter(pk=call_off.pk).update(renewal="ENDS")

    assert "Say that notice was given" not in text_of(client, page)
    answer = client.get(f"/api/v1/contracts/{call_off.pk}/").json()
    assert answer["give_notice_by"] is None


def test_notice_on_an_old_contract_is_kept_from_its_page_and_by_programs(
    call_off, camden, browse, send
):
    facts = {"ends_on": date(2014, 10, 1), "notice_days": 30}
    first, second = (new.new_contract(camden, **facts) for _ in range(2))
    client, page = browse(BUYER), f"/contracts/{first.pk}/"

    assert f'href="{page}notice/">Say that notice was given' in text_of(client, page)
    assert "As it stands it ends on 30 September 2014." in text_of(client, f"{page}notice/")
    answer = client.post(f"{page}notice/", day("given_on", "27 6 2014"))
    by_program = send(f"{second.pk}/give-notice/", {"given_on": "2014-06-27"})

    assert answer.url == page
    assert by_program.json()["notice_given_on"] == "2014-06-27"
    for contract in (first, second):
        contract.refresh_from_db()
        assert contract.notice_given_on == date(2014, 6, 27)
    assert "Say that notice was given" not in text_of(client, page)
    for other in OTHERS:
        assert "Say that notice was given" not in text_of(browse(other), page)
        assert browse(other).post(f"{page}notice/").status_code == 403


def test_the_programme_overrides_a_ceiling_that_is_reached(call_off, browse):
    Contract.objects.filter(pk=call_off.pk).update(ceiling=3600)
    client, page = browse(PROGRAMME), f"/calloffs/{call_off.pk}/"
    assert "Let orders go past the ceiling" in text_of(client, page)

    client.post(f"{page}override/", {"reason": "A new one is awarded in July."})

    assert "overridden by London Grid" in text_of(client, page)
    assert "Let orders go past the ceiling" not in text_of(client, page)


# The award, one question a page


def test_a_journey_without_scripts_from_the_first_question_to_the_award(camden, vmb, browse):
    client = browse(BUYER)
    framework = Framework.objects.order_by("pk").last() or new.new_framework()
    body = Body.objects.get(council=camden, kind="COUNCIL")
    Framework.objects.filter(pk=framework.pk).update(entitles="EVERYBODY", ends_on=None)

    first = client.post("/c/camden/calloffs/award/", {"supplier": vmb.pk})
    draft = Contract.objects.get(stage="DRAFT")
    page = f"/calloffs/{draft.pk}/award"
    assert first.url == f"{page}/body/"
    dates = day("commenced_on", "2 6 2014") | day("starts_on", "1 8 2014")
    dates |= day("ends_on", "31 7 2017") | {"extension_count": "1", "extension_months": "12"}
    answers = {
        "body": {"body": body.pk},
        "framework": {"framework": framework.pk, "lot": "Lot 1"},
        "route": {"route": "FURTHER_COMPETITION", "invited": "12", "bids": "4"},
        "title": {
            "title": "Camden voice and wireless",
            "reference": "CMD/7",
            "description": "Voice",
        },
        "money": {"value": "£684,000.00", "vat": "136,800", "ceiling": "750000"},
        "dates": dates | {"notice_days": "90", "renewal": "ENDS"},
        "prices": {
            "index_base": "PREVIOUS",
            "index_cap": "5",
            "index_lag_months": "3",
            "index_rounding": "PENNY",
            "exit_percent": "50",
        },
        "declarations": {"conflict": "none", "decision_reference": "CAB-1", "cost_centre": "IT440"},
        "signatures": day("standstill_from", "27 6 2014") | {"standstill_days": "10"},
    }
    steps = list(answers)
    for step, following in zip(steps, [*steps[1:], "check"], strict=True):
        assert f"question {steps.index(step) + 2} of 10" in text_of(client, f"{page}/{step}/")
        answer = client.post(f"{page}/{step}/", answers[step])
        assert answer.status_code == 302, answer.content.decode()
        assert answer.url == f"{page}/{following}/"
    text = text_of(client, f"{page}/check/")
    for words in (
        "Camden voice and wireless",
        "£684,000.00",
        "£820,800.00",
        "31 July 2017",
        "1 of 12 months",
        "On the price before, so that rises add up",
        "at most 5 %, index of 3 months before, rounded to the penny",
        "50 % of the charges left of its minimum term",
        "Voluntary, 10 working days, ends 10 July 2014",
        "Public Contracts Regulations 2006",
        "The threshold of that day is not held",
        "12 invited, 4 bids",
        "not answered yet",  # when it is signed
    ):
        assert words in text

    done = client.post(f"{page}/check/", follow=True)

    assert "“Camden voice and wireless” is awarded." in done.content.decode()
    draft.refresh_from_db()
    assert (draft.stage, draft.regime, draft.ends_on) == ("AWARDED", "PCR2006", date(2017, 8, 1))
    assert client.get(f"{page}/money/").url == f"/calloffs/{draft.pk}/"


@pytest.fixture
def draft(camden, vmb, browse):
    browse(BUYER).post("/c/camden/calloffs/award/", {"supplier": vmb.pk})
    return Contract.objects.get(stage="DRAFT")


def test_a_page_that_is_saved_for_later_keeps_what_is_there(draft, browse):
    client = browse(BUYER)

    answer = client.post(f"/calloffs/{draft.pk}/award/money/", {"value": "100", "later": "1"})

    assert answer.url == "/c/camden/calloffs/"
    draft.refresh_from_db()
    assert (draft.value, draft.vat) == (Decimal(100), None)
    assert client.get(f"/calloffs/{draft.pk}/").url == f"/calloffs/{draft.pk}/award/body/"


def test_a_question_that_may_be_left_empty_is_not_asked_again_once_a_later_one_is_answered(
    draft, browse
):
    new_facts = {"body": Body.objects.get(council=draft.council, kind="COUNCIL")}
    new_facts |= {"framework": new.new_framework(regime="PCR2006"), "route": "FURTHER_COMPETITION"}
    new_facts |= {"title": "Voice", "value": Decimal(1), "vat": Decimal(0)}
    new_facts |= {"commenced_on": TODAY, "starts_on": TODAY, "ends_on": date(2017, 1, 1)}
    Contract.objects.filter(pk=draft.pk).update(**new_facts)
    page = f"/calloffs/{draft.pk}/"
    assert browse(BUYER).get(page).url == f"{page}award/prices/"

    Contract.objects.filter(pk=draft.pk).update(cost_centre="IT440")

    assert browse(BUYER).get(page).url == f"{page}award/declarations/"


def test_what_is_said_of_rises_needs_what_they_are_worked_out_on(draft, browse):
    page = f"/calloffs/{draft.pk}/award/prices/"

    text = browse(BUYER).post(page, {"index_lag_months": "3"}).content.decode()

    assert "Choose how rises are worked out, or leave empty what is said of them below." in text
    draft.refresh_from_db()
    assert draft.index_lag_months is None


def test_a_buyer_says_what_the_contract_says_of_prices_after_the_award(call_off, browse):
    client, page = browse(BUYER), f"/calloffs/{call_off.pk}/"
    assert "Say how prices rise" in client.get(page).content.decode()

    said = {"index_base": "PREVIOUS", "index_cap": "5", "exit_percent": "50"}
    answer = client.post(f"{page}prices/", said | {"reason": "Schedule 4"}, follow=True)

    text = answer.content.decode()
    assert "What is said of its prices is kept." in text
    assert "at most 5 %" in text
    assert "50 % of the charges left of its minimum term" in text


def test_a_question_that_is_not_answered_is_asked_again_with_the_errors_first(draft, browse):
    text = browse(BUYER).post(f"/calloffs/{draft.pk}/award/money/", {"value": "x"}).content.decode()

    assert text.index("There is a problem") < text.index('name="value"')
    assert 'href="#id_vat"' in text


def test_a_framework_that_cannot_be_used_says_why(draft, browse):
    new.new_framework(name="Old one", ends_on=date(2014, 6, 30))
    new.new_framework(name="Theirs", entitles="NAMED")
    client = browse(BUYER)
    body = Body.objects.get(council=draft.council, kind="COUNCIL")
    client.post(f"/calloffs/{draft.pk}/award/body/", {"body": body.pk})

    text = text_of(client, f"/calloffs/{draft.pk}/award/framework/")

    assert "Old one, Its owner, last day 29 June 2014, cannot be used: it has expired" in text
    assert f"Theirs, Its owner, cannot be used: {body.name} may not use it" in text


def test_check_answers_says_what_stands_in_the_way_and_awards_nothing(draft, browse):
    client, page = browse(BUYER), f"/calloffs/{draft.pk}/award/check/"

    text = text_of(client, page)
    answer = client.post(page, follow=True).content.decode()

    assert "It cannot be awarded yet:" in text
    assert "Award this call-off" not in text
    assert f'href="/calloffs/{draft.pk}/award/framework/?checking">Choose the framework.' in text
    assert "Not done" in answer
    draft.refresh_from_db()
    assert draft.stage == "DRAFT"


def test_a_change_from_check_answers_leads_back_there(draft, browse):
    page = f"/calloffs/{draft.pk}/award"

    answer = browse(BUYER).post(f"{page}/money/?checking", {"value": "1", "vat": "0"})

    assert answer.url == f"{page}/check/"


def test_answers_that_changed_since_are_not_awarded_from_the_page(draft, browse):
    days = {"commenced_on": date(2014, 5, 1), "signed_on": None}
    facts = {"framework": new.new_framework(regime="PCR2006")}
    facts["body"] = draft.council.bodies.get(kind="COUNCIL")
    whole = drafted(draft.council, person(BUYER), **facts, **days)
    client, page = browse(BUYER), f"/calloffs/{whole.pk}/award/check/"
    assert 'name="seen"' in text_of(client, page)

    text = client.post(page, {"seen": "of before"}, follow=True).content.decode()

    assert "It has changed since you looked at it. Look again." in text


def test_options_that_differ_stay_when_the_dates_are_saved(draft, browse, send):
    send(f"{draft.pk}/answer/", {"extensions": [12, 6]})
    client, page = browse(BUYER), f"/calloffs/{draft.pk}/award/dates/"
    assert "They are of 12, 6 months." in text_of(client, page)
    dates = day("commenced_on", "2 6 2014") | day("starts_on", "1 8 2014")
    dates |= day("ends_on", "31 7 2017") | {"extension_count": "2", "extension_months": ""}

    assert client.post(page, dates).status_code == 302

    months = draft.extensions.order_by("number").values_list("months", flat=True)
    assert list(months) == [12, 6]


def test_a_framework_that_does_not_name_the_supplier_is_warned_of(draft, browse):
    draft.framework = new.new_framework(name="NGN", suppliers_text="Somebody else")
    draft.save()

    text = text_of(browse(BUYER), f"/calloffs/{draft.pk}/award/check/")

    assert "As far as is held, NGN does not name Virgin Media Business." in text


def test_a_supplier_left_blank_for_later_is_asked_for(draft, browse):
    page = f"/calloffs/{draft.pk}/award/supplier/"

    text = browse(BUYER).post(page, {"later": "1"}).content.decode()

    assert "Choose the supplier." in text


def test_a_figure_of_the_law_that_nobody_has_read_says_so(draft, browse):
    facts = {"value": Decimal(200_000), "vat": Decimal(40_000), "commenced_on": date(2026, 1, 1)}
    for name, value in facts.items():
        setattr(draft, name, value)
    draft.framework = new.new_framework(regime="PA2023")
    draft.save()

    text = text_of(browse(BUYER), f"/calloffs/{draft.pk}/award/check/")

    assert "threshold of £207,720.00 with VAT (not checked in its source)" in text
    assert "due by 30 June 2014 (the rule is not checked in its source)." in text


def test_a_draft_is_dropped_from_its_page(draft, browse):
    client = browse(BUYER)

    assert client.post(f"/calloffs/{draft.pk}/drop/").url == "/c/camden/calloffs/"

    assert not Contract.objects.filter(pk=draft.pk).exists()


def test_a_body_of_another_council_is_not_offered_and_not_taken(draft, browse):
    sutton = Body.objects.get(council__slug="sutton", kind="COUNCIL")
    page = f"/calloffs/{draft.pk}/award/body/"

    assert sutton.name not in text_of(browse(BUYER), page)
    assert browse(BUYER).post(page, {"body": sutton.pk}).status_code == 200
    draft.refresh_from_db()
    assert draft.body is None


# The API


@pytest.fixture
def send(browse):
    """Post to a verb of the API with a key of its own."""

    def post(path, sent=None, who=BUYER):
        return browse(who).post(
            f"/api/v1/contracts/{path}",
            json.dumps(sent or {}),
            content_type="application/json",
            headers={"Idempotency-Key": f"k-{next(numbers)}"},
        )

    return post


def everything(camden, framework) -> dict:
    body = Body.objects.get(council=camden, kind="COUNCIL")
    return {
        "council": "CMD",
        "supplier": "virgin-media-business",
        "body": body.pk,
        "framework": framework.code,
        "route": "DIRECT_AWARD",
        "route_reason": "One supplier",
        "title": "Voice",
        "value": "200000.00",
        "vat": "40000.00",
        "ceiling": "250000.00",
        "commenced_on": "2026-11-02",
        "starts_on": "2027-02-01",
        "ends_on": "2030-02-01",
        "signed_on": "2026-12-21",
        "conflict": "none",
        "decision_reference": "CAB-1",
        "extensions": [12, 6],
    }


def test_a_call_off_is_drafted_awarded_and_changed_by_programs(camden, send, settings):
    settings.PORTAL_TODAY = date(2026, 12, 21)
    draft = send("", everything(camden, new.new_framework(regime="PA2023")))
    assert draft.status_code == 201, draft.content
    key = draft.json()["id"]
    assert (draft.json()["stage"], draft.json()["burn_down"]) == ("DRAFT", None)

    answered = send(f"{key}/answer/", {"lot": "Lot 2"}).json()
    assert (answered["lot"], answered["title"]) == ("Lot 2", "Voice")
    awarded = send(f"{key}/award/").json()
    assert (awarded["stage"], awarded["regime"]) == ("AWARDED", "PA2023")
    assert awarded["notices"][1] == {
        "code": "UK7",
        "due_on": "2027-01-20",
        "published_on": None,
        "link": "",
        "waived_reason": "",
    }
    extended = send(f"{key}/extend/", {"number": 1}).json()
    assert (extended["ends_on"], extended["in_force_until"]) == ("2030-02-01", "2031-02-01")
    changed = send(f"{key}/change/", {"value_change": "-20000.00", "reason": "Fewer"}).json()
    assert (changed["value"], changed["changed_value_percent"]) == ("180000.00", "-10.0")
    assert changed["burn_down"]["percent"] == "0.0"
    ceiling = {"ceiling_change": "-50000.00", "changes_so_far": 1, "reason": "Fewer"}
    assert send(f"{key}/change/", ceiling).json()["ceiling"] == "200000.00"
    assert send(f"{key}/change/", ceiling).status_code == 409
    noticed = send(f"{key}/give-notice/", {"given_on": "2014-06-30"}).json()
    assert noticed["notice_given_on"] == "2014-06-30"
    publication = {"code": "UK6", "link": "https://a.example/1", "published_on": "2014-06-30"}
    assert send(f"{key}/publish-notice/", publication).json()["notices"][0]["link"]
    waived = send(f"{key}/waive-notice/", {"code": "UK7", "reason": "None needed"}).json()
    assert waived["notices"][1]["waived_reason"] == "None needed"


def test_a_program_is_refused_as_people_are(call_off, send, browse):
    for path in ("extend/", "award/", "drop/"):
        sent = {"number": 1}
        assert send(f"{call_off.pk}/{path}", sent, "viewer@camden").status_code == 403
        assert send(f"{call_off.pk}/{path}", sent, "buyer@sutton").status_code == 404
    answer = send(f"{call_off.pk}/award/")
    assert (answer.status_code, answer.json()["detail"][:21]) == (409, "It is awarded already")
    override = send(f"{call_off.pk}/override-ceiling/", {"reason": "x"}, PROGRAMME)
    assert (override.status_code, override.json()["detail"][:11]) == (409, "Its ceiling")
    assert send(f"{call_off.pk}/extend/", {"number": "x"}).status_code == 400
    assert send(f"{call_off.pk}/override-ceiling/", {"reason": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("verb", "sent"),
    [
        ("sign", {"signed_on": "9999-12-31"}),
        ("give-notice", {"given_on": "0001-01-01"}),
        ("publish-notice", {"code": "UK6", "link": "https://a.b/", "published_on": "9999-12-31"}),
        ("change", {"days_change": 36_500, "reason": "x"}),
    ],
)
def test_a_day_that_nobody_means_is_400_and_no_page_breaks(call_off, send, browse, verb, sent):
    new.new_contract_notice(contract=call_off)

    assert send(f"{call_off.pk}/{verb}/", sent).status_code == 400
    assert browse(BUYER).get("/c/camden/calloffs/").status_code == 200


def test_programs_say_what_the_contract_says_of_prices(call_off, send):
    said = {"index_base": "ORIGINAL", "index_lag_months": 3, "reason": "Schedule 4"}

    answer = send(f"{call_off.pk}/price-terms/", said)

    assert answer.status_code == 200, answer.content
    assert (answer.json()["index_base"], answer.json()["index_lag_months"]) == ("ORIGINAL", 3)
    assert send(f"{call_off.pk}/price-terms/", {"exit_percent": "5"}).status_code == 400
    assert send(f"{call_off.pk}/price-terms/", said, who=PROGRAMME).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"council": "STN"}, 404),
        ({"council": "XXX"}, 404),
        ({"supplier": "nobody"}, 400),
        ({"framework": "none"}, 400),
        ({"body": 0}, 404),
        ({"value": "-1"}, 400),
        ({"ends_on": "2027-02-01"}, 400),
        ({"exit_percent": "-5"}, 400),
        ({"index_base": "PREVIOUS", "index_lag_months": 32_767}, 400),
        ({"index_cap": "3"}, 400),
        ({"extensions": [0]}, 400),
        ({"extensions": [121]}, 400),
        ({"ends_on": "9999-12-31"}, 400),
        ({"review_on": "0001-01-01"}, 400),
        ({"regime": "PA2023", "stage": "AWARDED"}, 201),  # not theirs to say: left out
    ],
)
def test_what_cannot_be_drafted_is_refused(camden, send, wrong, status):
    answer = send("", everything(camden, new.new_framework()) | wrong)

    assert answer.status_code == status, answer.content
    assert Contract.objects.filter(stage="DRAFT").count() == (status == 201)


def test_contracts_are_filtered_by_kind_and_framework(call_off, browse):
    client, route = browse(BUYER), "/api/v1/contracts/"

    def found(**query):
        return {row["id"] for row in client.get(route, query).json()["results"]}

    assert call_off.pk in found(kind="call_off", council="CMD")
    assert call_off.pk not in found(kind="contract")
    assert found(framework=call_off.framework.code) == {call_off.pk}
    assert client.get(route, {"kind": "gift"}).status_code == 400
