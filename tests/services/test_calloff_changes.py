"""What is done to a call-off once it is awarded, and what it asks of people then."""

from datetime import date
from decimal import Decimal

import pytest

from londonpsn.common.errors import BadInput, NotVisible, Refused
from londonpsn.common.periods import Period
from londonpsn.common.work import work_of
from services import awarding
from services.actions import calloffs
from services.exceptions import overrides
from services.models import Contract, ContractExtension
from services.queries.calloffs import Burn, burn_down, drift_of, legal_rules
from services.views.calloff_words import drift_in_words
from tests import factories as new
from tests.factories import APRIL, AT, TODAY, member
from tests.services.test_calloffs import (
    DECEMBER,
    awarded,
    drafted,
    events,
    verbs,
)


@pytest.fixture
def council(db):
    return new.new_council(short_name="Zedborough")


@pytest.fixture
def buyer(council):
    return member(council, "BUYER")


@pytest.fixture
def colleague(council):
    return member(council, "BUYER")


# Signing and notices


def test_signing_later_gives_the_notices_their_days(council, buyer):
    call_off = awarded(council, buyer, signed_on=None)
    assert days_of(call_off) == {"UK6": DECEMBER, "UK7": None}

    signed(call_off, buyer, date(2026, 12, 28))

    assert days_of(call_off) == {"UK6": date(2026, 12, 28), "UK7": date(2027, 1, 27)}


def days_of(call_off) -> dict:
    return dict(call_off.notices.values_list("code", "due_on"))


def signed(call_off, by, day, supplier=None, on=date(2026, 12, 31), reason=""):
    facts = {"signed_on": day, "supplier_signed_on": supplier, "reason": reason}
    return calloffs.sign(call_off_id=call_off.pk, by=by, on=on, at=AT, **facts)


def test_a_day_of_signature_is_corrected_with_a_reason(council, buyer):
    call_off = awarded(council, buyer, signed_on=date(2026, 12, 12))

    with pytest.raises(Refused, match="It was signed on 12 December 2026"):
        signed(call_off, buyer, DECEMBER)
    signed(call_off, buyer, DECEMBER, reason="The figures were swapped.")

    assert days_of(call_off) == {"UK6": DECEMBER, "UK7": date(2027, 1, 20)}
    (event,) = events("CALL_OFF_CHANGED")
    assert event.before == {"signed_on": "2026-12-12", "supplier_signed_on": None}
    assert event.after == {"signed_on": "2026-12-21", "supplier_signed_on": None}
    assert event.note == "The figures were swapped."


def test_the_supplier_may_sign_later_and_needs_no_reason(council, buyer):
    call_off = awarded(council, buyer)

    call_off = signed(call_off, buyer, DECEMBER, supplier=date(2026, 12, 30))

    assert call_off.supplier_signed_on == date(2026, 12, 30)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((date(2027, 1, 1), None), "This day has not come yet"),
        ((DECEMBER, date(2027, 1, 1)), "This day has not come yet"),
        ((date(9999, 12, 31), None), "9999 lies outside 1990 to 2099"),
        ((date(2026, 11, 1), None), "Its procurement commenced on 2 November 2026"),
        ((date(2026, 12, 21), None), "Nothing changes"),
    ],
)
def test_a_day_that_cannot_be_is_no_signature(council, buyer, days, words):
    call_off = awarded(council, buyer)

    with pytest.raises(BadInput, match=words):
        signed(call_off, buyer, *days, reason="A typo")


def test_a_standstill_can_begin_with_the_award_notice(council, buyer):
    """6.4: it begins with the day of publication."""
    call_off = awarded(council, buyer, signed_on=None)
    facts = {"code": "UK6", "link": "https://a.example", "published_on": DECEMBER}
    who = {"call_off_id": call_off.pk, "by": buyer, "on": DECEMBER, "at": AT}

    with pytest.raises(BadInput, match="A standstill begins with the award notice"):
        calloffs.publish_notice(standstill_days=8, **facts | {"code": "UK7"}, **who)
    calloffs.publish_notice(standstill_days=8, **facts, **who)

    call_off.refresh_from_db()
    law = awarding.law_of(call_off, legal_rules(), on=DECEMBER)
    assert law.standstill_ends_on == date(2027, 1, 4)
    assert events("NOTICE_PUBLISHED")[0].after["standstill_days"] == 8


def test_a_notice_is_published_once_with_its_link(council, buyer):
    call_off = new.new_call_off(council)
    notice = new.new_contract_notice(contract=call_off)

    verbs(call_off, buyer)["publish"]()

    notice.refresh_from_db()
    assert (notice.published_on, notice.link) == (TODAY, "https://a.example")
    assert events("NOTICE_PUBLISHED")[0].after["notice"] == "UK6"
    for verb in ("publish", "waive"):
        with pytest.raises(Refused, match="UK6 was published on 30 June 2014 already"):
            verbs(call_off, buyer)[verb]()


def test_a_notice_is_waived_with_a_reason(council, buyer):
    call_off = new.new_call_off(council)
    notice = new.new_contract_notice(contract=call_off)
    who = {"call_off_id": call_off.pk, "code": "UK6", "by": buyer, "at": AT}

    with pytest.raises(BadInput, match="Say why"):
        calloffs.waive_notice(reason=" ", **who)
    calloffs.waive_notice(reason="An exception of schedule 5.", **who)

    notice.refresh_from_db()
    assert notice.waived_reason == "An exception of schedule 5."
    assert events("NOTICE_WAIVED")[0].note == "An exception of schedule 5."


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"published_on": date(2014, 7, 1)}, BadInput, "has not come yet"),
        ({"link": "javascript:alert(1)"}, BadInput, "beginning with https://"),
        ({"code": "UK4"}, NotVisible, "UK4"),
    ],
)
def test_a_notice_that_cannot_be_is_not_published(council, buyer, wrong, error, words):
    call_off = new.new_call_off(council)
    new.new_contract_notice(contract=call_off)
    facts = {"code": "UK6", "link": "https://a.example", "published_on": TODAY} | wrong

    with pytest.raises(error, match=words):
        calloffs.publish_notice(call_off_id=call_off.pk, by=buyer, on=TODAY, at=AT, **facts)


# Extensions, changes, notice


def test_an_option_is_taken_in_order_and_the_call_off_ends_later(council, buyer):
    call_off = new.new_call_off(council)
    for number in (1, 2):
        new.new_contract_extension(contract=call_off, number=number, months=6)

    verbs(call_off, buyer)["extend"]()

    assert call_off.ending(TODAY).ends_on == date(2016, 10, 1)
    (event,) = events("CALL_OFF_EXTENDED")
    assert (event.before["ends_on"], event.after["ends_on"]) == ("2016-04-01", "2016-10-01")
    with pytest.raises(Refused, match="The option to be taken next is number 2"):
        verbs(call_off, buyer)["extend"]()


def test_a_year_from_29_february_ends_with_february(council, buyer):
    days = {"starts_on": date(2013, 2, 28), "ends_on": date(2016, 2, 29)}
    call_off = new.new_call_off(council, **days)
    new.new_contract_extension(contract=call_off)

    verbs(call_off, buyer)["extend"]()

    assert call_off.ending(TODAY).ends_on == date(2017, 3, 1)  # last day 28 February


@pytest.mark.parametrize(
    ("fields", "options", "words"),
    [
        ({"ends_on": TODAY}, 1, "It ended on 29 June 2014"),
        ({"notice_given_on": APRIL}, 1, "Notice was given on 1 April 2013: it cannot be extended"),
        ({}, 0, "No option to extend it is left"),
        (
            {"ends_on": date(2014, 4, 1), "renewal": "ROLLS_ON", "roll_on_months": 12},
            1,
            "It has rolled on: its options ended with its first term.",
        ),
    ],
)
def test_an_extension_is_refused(council, buyer, fields, options, words):
    call_off = new.new_call_off(council, **fields)
    for number in range(1, options + 1):
        new.new_contract_extension(contract=call_off, number=number)

    with pytest.raises(Refused, match=words):
        verbs(call_off, buyer)["extend"]()

    assert not ContractExtension.objects.filter(taken_on__isnull=False).exists()


def changed(call_off, by, value=0, days=0, on=TODAY, **more):
    return calloffs.change(
        call_off_id=call_off.pk,
        value_change=Decimal(value),
        days_change=days,
        reason="More sites",
        by=by,
        on=on,
        at=AT,
        **more,
    )


def test_changes_add_up_to_a_drift_of_value_and_term(council, buyer):
    """£100,000 and 1,096 days; changed by £8,000 and £4,000, and 100 days."""
    money = {"value": Decimal("100000.00"), "vat": Decimal("20000.00")}
    call_off = new.new_call_off(council, **money)

    changed(call_off, buyer, value=8000)
    call_off = changed(call_off, buyer, value=4000, days=100)

    assert (call_off.value, call_off.vat) == (Decimal(112000), Decimal("22400.00"))
    assert call_off.ends_on == date(2016, 7, 10)
    changes = list(call_off.changes.order_by("pk").values_list("value_change", "days_change"))
    drift = drift_of(call_off, changes)
    assert (drift.value, drift.term) == (Decimal("12.0"), Decimal("9.1"))
    assert events("CALL_OFF_CHANGED")[0].before["value"] == "100000.00"


def test_a_change_that_reaches_the_threshold_calls_for_the_notice_of_a_change_alone(council, buyer):
    """6.4: UK10 before modifying. The award was below it, and its notices are not made up."""
    call_off = awarded(council, buyer, value=Decimal(170_000), vat=Decimal(34_000))

    changed(call_off, buyer, value=1_000, on=date(2027, 2, 1))
    assert not call_off.notices.exists()
    changed(call_off, buyer, value=10_000, on=date(2027, 3, 1))
    changed(call_off, buyer, value=1, on=date(2027, 3, 2))

    assert days_of(call_off) == {"UK10": date(2027, 3, 1)}


def test_each_change_has_a_notice_of_its_own_once_the_last_is_published(council, buyer):
    call_off = awarded(council, buyer)
    first, second = date(2027, 3, 1), date(2027, 4, 1)
    facts = {"code": "UK10", "link": "https://a.example", "by": buyer, "on": second, "at": AT}

    for day in (first, second):
        changed(call_off, buyer, value=1_000, on=day)
        calloffs.publish_notice(call_off_id=call_off.pk, published_on=day, **facts)

    notices = call_off.notices.filter(code="UK10").order_by("pk")
    assert list(notices.values_list("published_on", flat=True)) == [first, second]


def test_where_the_law_has_no_notice_of_a_change_none_is_made_up(council, buyer):
    money = {"value": Decimal(900_000), "vat": Decimal(180_000)}
    call_off = new.new_call_off(council, **money)  # under the regulations of 2006

    changed(call_off, buyer, value=1_000)

    assert not call_off.notices.exists()


def test_a_ceiling_is_changed_with_a_reason_that_is_kept(council, buyer):
    call_off = new.new_call_off(council)

    call_off = changed(call_off, buyer, ceiling_change=Decimal(5000))
    call_off = changed(call_off, buyer, ceiling_change=Decimal(-1000))

    assert call_off.ceiling == Decimal(4000)
    assert events("CALL_OFF_CHANGED")[1].before["ceiling"] == "5000.00"
    assert list(call_off.changes.order_by("pk").values_list("ceiling_change", flat=True)) == [
        Decimal(5000),
        Decimal(-1000),
    ]
    with pytest.raises(BadInput, match="Its ceiling would fall below nothing"):
        changed(call_off, buyer, ceiling_change=Decimal(-4001))


def test_a_change_that_is_sent_twice_adds_its_value_once(council, buyer):
    call_off = new.new_call_off(council, value=Decimal(100))

    changed(call_off, buyer, value=10, changes_so_far=0)
    with pytest.raises(Refused, match="It has changed since you looked at it"):
        changed(call_off, buyer, value=10, changes_so_far=0)

    assert call_off.changes.count() == 1


LIMIT = "the limit of 10% (not checked in its source)"


def test_past_the_limits_of_the_law_a_change_warns_and_where_none_is_held_it_says_so(
    council, buyer
):
    """£200,000 and 1,096 days; changed by £18,000 and by 110 days, then by 10 more."""
    call_off = awarded(council, buyer)

    def said(on):
        changes = list(call_off.changes.values_list("value_change", "days_change"))
        law = awarding.law_of(call_off, legal_rules(), on=on)
        return drift_in_words(drift_of(call_off, changes), law)

    call_off = changed(call_off, buyer, value=18_000, days=110, on=DECEMBER)
    assert said(DECEMBER) == [
        f"Value changed by 9.0% in all, within {LIMIT}: 1.0% is left.",
        f"Term changed by 10.0% in all, within {LIMIT}: 0.0% is left.",
    ]
    call_off = changed(call_off, buyer, days=10, on=DECEMBER)
    assert said(DECEMBER)[1] == f"Term changed by 10.9% in all, past {LIMIT} for small changes."
    assert (
        said(TODAY)[0]
        == "Value changed by 9.0% in all; the limit of the law on the day is not held."
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "Nothing changes"),
        ({"value": -101}, "fall below nothing"),
        ({"days": -700}, "over already"),
        ({"days": 2_900_000}, "lies outside 1990 to 2099"),
        ({"days": 10**9}, "No contract runs to such a day"),
        ({"days": 36_500}, "2116 lies outside 1990 to 2099"),
        ({"value": 10**12}, "more than any contract is worth"),
    ],
)
def test_a_change_that_cannot_be_is_refused(council, buyer, change, words):
    call_off = new.new_call_off(council, value=Decimal(100))

    with pytest.raises(BadInput, match=words):
        changed(call_off, buyer, **change)

    assert not call_off.changes.exists()


def test_a_call_off_that_is_over_is_not_changed(council, buyer):
    with pytest.raises(Refused, match="It ended on 29 June 2014"):
        changed(new.new_call_off(council, ends_on=TODAY), buyer, days=10)


# Notice


def test_notice_ends_what_would_roll_on(council, buyer):
    facts = {"ends_on": date(2014, 10, 1), "renewal": "ROLLS_ON", "roll_on_months": 12}
    call_off = new.new_call_off(council, notice_days=30, **facts)
    assert call_off.ending(date(2015, 1, 1)).ends_on == date(2015, 10, 1)

    verbs(call_off, buyer)["notice"]()

    call_off.refresh_from_db()
    assert call_off.ending(date(2015, 1, 1)).ends_on == date(2014, 10, 1)
    with pytest.raises(Refused, match="already"):
        verbs(call_off, buyer)["notice"]()


def test_notice_is_given_on_a_contract_that_is_no_call_off(council, buyer):
    days = {"ends_on": date(2014, 10, 1), "notice_days": 30}
    contract = new.new_contract(council, renewal="ROLLS_ON", roll_on_months=12, **days)
    facts = {"given_on": TODAY, "by": buyer, "on": TODAY, "at": AT}

    calloffs.give_notice(contract_id=contract.pk, **facts)

    contract.refresh_from_db()
    assert contract.ending(date(2015, 1, 1)).ends_on == date(2014, 10, 1)
    assert events("NOTICE_GIVEN")[0].subject_id == contract.pk


def test_notice_on_a_contract_of_which_no_end_is_known_is_kept(council, buyer):
    contract = new.new_contract(council)

    calloffs.give_notice(contract_id=contract.pk, given_on=TODAY, by=buyer, on=TODAY, at=AT)

    contract.refresh_from_db()
    assert contract.notice_given_on == TODAY


@pytest.mark.parametrize(
    ("fields", "options", "due"),
    [
        ({}, 0, date(2015, 12, 31)),  # whether it rolls on is not known
        ({"renewal": "ENDS"}, 0, None),
        ({"renewal": "ENDS"}, 1, date(2015, 12, 31)),  # extend it by then
        ({"notice_given_on": TODAY}, 0, None),
        ({"renewal": "ROLLS_ON", "roll_on_months": 12, "notice_days": None}, 0, None),
    ],
)
def test_notice_is_due_by_one_rule(council, fields, options, due):
    call_off = new.new_call_off(council, **{"notice_days": 90} | fields)
    for number in range(1, options + 1):
        new.new_contract_extension(contract=call_off, number=number)

    assert call_off.notice_due(TODAY) == due


def test_what_ends_by_itself_needs_no_notice(council, buyer):
    call_off = new.new_call_off(council, renewal="ENDS")

    with pytest.raises(Refused, match="ends by itself on 31 March 2016"):
        verbs(call_off, buyer)["notice"]()


# The ceiling


def line_of(call_off, amount, **fields):
    line = new.new_line(call_off.body, contract=call_off, **fields)
    new.new_charge(line, amount=Decimal(amount), starts_on=call_off.starts_on)
    return line


def test_what_is_ordered_is_what_its_lines_cost_over_its_term(council):
    """36 months of £100, of which 14 and 29 days of June are over; and £50 once."""
    call_off = new.new_call_off(council, ceiling=Decimal(4500))
    line = line_of(call_off, 100)
    new.new_charge(line, kind="ONE_OFF", amount=Decimal(50))

    burn = burn_down([call_off], TODAY)[call_off.pk]

    assert (burn.committed, burn.so_far) == (Decimal("3650.00"), Decimal("1546.67"))
    assert (burn.left, burn.percent, burn.state) == (
        Decimal("850.00"),
        Decimal("81.1"),
        Burn.NEAR,
    )


def test_only_billed_months_within_the_term_count(council):
    call_off = new.new_call_off(council, ceiling=Decimal(10_000))
    line_of(call_off, 100, billed_from=date(2014, 4, 1), billed_until=date(2014, 6, 16))
    line_of(call_off, 10, billed_from=date(2016, 3, 1))  # the last month; it goes on after it

    assert burn_down([call_off], TODAY)[call_off.pk].committed == Decimal("260.00")


def test_a_line_without_a_price_is_said_and_not_counted_as_nothing(council):
    call_off = new.new_call_off(council, ceiling=Decimal(10_000))
    line_of(call_off, 100)
    new.new_line(call_off.body, contract=call_off)

    burn = burn_down([call_off], TODAY)[call_off.pk]

    assert (burn.lines, burn.unpriced) == (2, 1)


@pytest.mark.parametrize(
    ("ceiling", "state"),
    [
        (None, Burn.UNLIMITED),
        ("4500.01", Burn.FREE),  # 79.9 %
        ("4500.00", Burn.NEAR),  # 80 %
        ("3600.01", Burn.NEAR),
        ("3600.00", Burn.REACHED),  # 100 %
        ("0.00", Burn.REACHED),
    ],
)
def test_a_ceiling_warns_at_80_and_blocks_at_100_per_cent(council, ceiling, state):
    call_off = new.new_call_off(council, ceiling=ceiling and Decimal(ceiling))
    line_of(call_off, 100)

    burn = burn_down([call_off], TODAY)[call_off.pk]

    assert burn.state == state
    assert burn.is_blocked == (state == Burn.REACHED)


def test_an_option_that_is_taken_commits_its_months_too(council, buyer):
    call_off = new.new_call_off(council, ceiling=Decimal(4800))
    new.new_contract_extension(contract=call_off)
    line_of(call_off, 100)

    verbs(call_off, buyer)["extend"]()

    assert burn_down([call_off], TODAY)[call_off.pk].is_blocked


def test_the_programme_overrides_a_ceiling_with_a_reason_and_it_is_an_exception(council):
    call_off = new.new_call_off(council, ceiling=Decimal(3600))
    line_of(call_off, 100)
    officer, auditor = member(role="PROGRAMME_OFFICER"), member(council, "AUDITOR")

    calloffs.override_ceiling(
        call_off_id=call_off.pk, reason="A new one is awarded in July.", by=officer, on=TODAY, at=AT
    )

    burn = burn_down([call_off], TODAY)[call_off.pk]
    assert (burn.state, burn.is_blocked) == (Burn.OVERRIDDEN, False)
    (found,) = overrides(auditor, Period(TODAY, None))
    assert (found.kind, found.who_id) == ("Override", officer.pk)
    assert found.address == f"/calloffs/{call_off.pk}/"
    assert (found.reason, found.amount) == ("A new one is awarded in July.", Decimal(3600))
    assert list(overrides(member(new.new_council(), "AUDITOR"), Period(None, None))) == []
    assert list(overrides(auditor, Period(None, TODAY))) == []
    with pytest.raises(Refused, match="nothing to override"):
        verbs(call_off, officer)["override"]()


def test_notices_waived_own_awards_and_early_signatures_are_exceptions(council, buyer, colleague):
    facts = {"standstill_from": DECEMBER, "standstill_days": 8, "signed_on": date(2027, 1, 4)}
    own = awarded(council, buyer, title="Ours", **facts)
    draft = drafted(council, buyer, framework=own.framework, body=own.body)
    calloffs.award(call_off_id=draft.pk, by=colleague, on=DECEMBER, at=AT)
    calloffs.waive_notice(call_off_id=draft.pk, code="UK7", reason="Exempt.", by=buyer, at=AT)

    found = list(overrides(member(council, "AUDITOR"), Period(None, None)))

    assert [(row.kind, row.what, row.reference) for row in found] == [
        ("Waiver", "UK7 not published", "Voice"),
        ("Award without a second person", "Drafted and awarded by one person", "Ours"),
        ("Override", "Signed before its standstill was over on 4 January 2027", "Ours"),
    ]
    assert found[0].reason == "Exempt."
    assert list(overrides(member(new.new_council(), "AUDITOR"), Period(None, None))) == []


def test_an_override_ends_with_its_ceiling(council):
    call_off = new.new_call_off(council, ceiling=Decimal(3600))
    line_of(call_off, 100)
    verbs(call_off, member(role="PROGRAMME_OFFICER"))["override"]()

    call_off.ceiling = Decimal(3000)

    assert burn_down([call_off], TODAY)[call_off.pk].is_blocked


def test_a_ceiling_that_blocks_nothing_is_not_overridden(council):
    call_off = new.new_call_off(council, ceiling=Decimal(3600))

    with pytest.raises(Refused, match="blocks nothing"):
        verbs(call_off, member(role="PROGRAMME_OFFICER"))["override"]()


def test_many_call_offs_are_burnt_down_by_one_query(council, django_assert_num_queries):
    for _ in range(5):
        line_of(new.new_call_off(council), 100)
    call_offs = list(Contract.objects.call_offs().prefetch_related("extensions"))

    with django_assert_num_queries(1):
        assert len(burn_down(call_offs, TODAY)) == len(call_offs)


# My work


def test_my_work_has_drafts_notices_and_ceilings_for_buyers_alone(council, buyer):
    draft = drafted(council, buyer)
    late = new.new_call_off(council, ceiling=Decimal(4500))
    line_of(late, 100)
    for code, due_on in (("UK6", date(2014, 6, 29)), ("UK7", date(2014, 7, 4))):
        new.new_contract_notice(contract=late, code=code, due_on=due_on)

    found = [(item.kind, item.band, item.reference) for item in work_of(buyer, TODAY)]

    assert found == [
        ("Drafts of call-offs", "Due this week", draft.reference),
        ("Notices to publish", "Late", late.reference),
        ("Notices to publish", "Due this week", late.reference),
        ("Ceilings", "Due this week", late.reference),
    ]
    assert all(work_of(member(council, role), TODAY) == [] for role in ("VIEWER", "AUDITOR"))
    assert work_of(member(new.new_council(), "BUYER"), TODAY) == []


def test_my_work_of_london_grid_has_the_ceilings_that_are_reached(council):
    reached, near = (
        new.new_call_off(council, ceiling=Decimal(ceiling)) for ceiling in (3600, 4500)
    )
    for call_off in (reached, near):
        line_of(call_off, 100)

    found = work_of(member(role="PROGRAMME_OFFICER"), TODAY)

    ceilings = [item for item in found if item.kind == "Ceilings"]
    assert [(item.reference, item.band) for item in ceilings] == [(reached.reference, "Late")]
    assert ceilings[0].what.endswith("let orders go past the ceiling, or say no")


def test_an_award_notice_without_a_day_is_asked_for(council, buyer):
    call_off = new.new_call_off(council)
    new.new_contract_notice(contract=call_off, code="UK6", due_on=None)
    new.new_contract_notice(contract=call_off, code="UK7", due_on=None)

    (item,) = work_of(buyer, TODAY)

    assert (item.what, item.band) == ("Publish UK6", "Due this week")
    assert item.why == "To be published before it is signed, or waived with a reason"
