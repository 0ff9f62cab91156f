"""Call-offs: what may be awarded, what the law wants of it, and what is done to one later."""

from datetime import date
from decimal import Decimal
from threading import Barrier, Event, Thread

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from boroughs.models import AuditEvent
from londonpsn.common.errors import BadInput, NotVisible, Refused
from londonpsn.common.periods import Period
from londonpsn.common.work import work_of
from services import awarding
from services.actions import calloffs
from services.exceptions import overrides
from services.models import Contract, ContractExtension, ContractNotice, Framework
from services.queries.calloffs import (
    Burn,
    burn_down,
    drift_of,
    legal_rules,
)
from services.views.calloff_words import drift_in_words
from tests import factories as new
from tests.factories import APRIL, AT, TODAY, member

DECEMBER = date(2026, 12, 21)
PEOPLE = ("NETWORK_OFFICER", "APPROVER", "FINANCE", "AUDITOR", "VIEWER")


@pytest.fixture
def council(db):
    return new.new_council(short_name="Zedborough")


@pytest.fixture
def buyer(council):
    return member(council, "BUYER")


@pytest.fixture
def colleague(council):
    return member(council, "BUYER")


def answers(council, **fields) -> dict:
    """Everything that an award in December 2026 needs: £200,000 and £40,000 of VAT."""
    facts = {
        "body": fields.pop("body", None)
        or new.new_body(council, kind="COUNCIL", name="Zed council"),
        "framework": fields.pop("framework", None) or new.new_framework(regime="PA2023"),
        "route": "DIRECT_AWARD",
        "route_reason": "One supplier reaches every site.",
        "title": "Voice",
        "value": Decimal("200000.00"),
        "vat": Decimal("40000.00"),
        "commenced_on": date(2026, 11, 2),
        "starts_on": date(2027, 2, 1),
        "ends_on": date(2030, 2, 1),
        "signed_on": DECEMBER,
        "conflict": "none",
        "decision_reference": "CAB/2026/118",
    }
    return facts | fields


def drafted(council, by, **fields) -> Contract:
    facts = answers(council, **fields)
    supplier = facts.pop("supplier", None) or new.new_supplier()
    return calloffs.draft(council=council, supplier=supplier, by=by, at=AT, answers=facts)


def awarded(council, by, on=DECEMBER, **fields) -> Contract:
    return calloffs.award(call_off_id=drafted(council, by, **fields).pk, by=by, on=on, at=AT)


def events(kind) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(type=kind).order_by("pk"))


# What the law makes of an award


def test_a_240_000_pounds_direct_award_signed_in_december_2026(council, buyer):
    """Story 18: regime, notices and their days, a voluntary standstill over Christmas.

    UK6 by regulation 6.4: before the contract is entered into, and it starts the standstill.
    """
    facts = {"standstill_from": DECEMBER, "standstill_days": 8, "signed_on": date(2027, 1, 5)}

    call_off = awarded(council, buyer, **facts)

    law = awarding.law_of(call_off, legal_rules(), on=DECEMBER)
    assert call_off.regime == "PA2023"
    assert law.value_with_vat == Decimal("240000.00")
    assert law.is_above
    assert law.standstill.value == 8
    assert law.standstill_ends_on == date(2027, 1, 4)  # 25 and 28 December, 1 January are no days
    notices = ContractNotice.objects.filter(contract=call_off).order_by("code")
    assert list(notices.values_list("code", "due_on")) == [
        ("UK6", date(2026, 12, 21)),
        ("UK7", date(2027, 2, 4)),
    ]


@pytest.mark.parametrize(
    ("commenced_on", "net", "vat", "is_above", "codes"),
    [
        (date(2026, 11, 2), "205000", "41000", True, ["UK6", "UK7"]),  # £246,000 with VAT
        (date(2026, 11, 2), "173100", "34620", True, ["UK6", "UK7"]),  # the threshold itself
        (date(2026, 11, 2), "173099.99", "34620", False, []),
        (date(2025, 12, 31), "179000", "35800", False, []),  # £214,800 of £214,904 that year
        (date(2026, 1, 1), "179000", "35800", True, ["UK6", "UK7"]),
        (date(2014, 6, 2), "205000", "41000", None, []),  # not held
        (date(2028, 1, 1), "205000", "41000", None, []),  # not held yet
    ],
)
def test_the_threshold_of_the_day_counts_vat(
    council, buyer, commenced_on, net, vat, is_above, codes
):
    facts = {"value": Decimal(net), "vat": Decimal(vat), "signed_on": None}

    call_off = awarded(council, buyer, on=date(2028, 2, 1), commenced_on=commenced_on, **facts)

    assert awarding.law_of(call_off, legal_rules(), on=DECEMBER).is_above is is_above
    assert sorted(call_off.notices.values_list("code", flat=True)) == codes


@pytest.mark.parametrize("route", ["DIRECT_AWARD", "FURTHER_COMPETITION"])
@pytest.mark.parametrize("commenced_on", [date(2014, 1, 1), date(2020, 1, 1), date(2026, 1, 1)])
def test_a_call_off_never_calls_for_uk4_or_uk5(council, buyer, route, commenced_on):
    money = {"value": Decimal(9_000_000), "vat": Decimal(1_800_000)}

    call_off = awarded(council, buyer, route=route, commenced_on=commenced_on, **money)

    assert not call_off.notices.filter(code__in=["UK4", "UK5"]).exists()


@pytest.mark.parametrize(
    ("commenced_on", "regime"),
    [
        (date(2015, 2, 25), "PCR2006"),
        (date(2015, 2, 26), "PCR2015"),
        (date(2025, 2, 23), "PCR2015"),
        (date(2025, 2, 24), "PA2023"),
    ],
)
def test_the_regime_is_that_of_the_day_the_frameworks_procurement_commenced(
    council, buyer, commenced_on, regime
):
    framework = new.new_framework(commenced_on=commenced_on)

    assert awarded(council, buyer, framework=framework).regime == regime


def test_the_regime_that_is_held_of_the_framework_comes_first(council, buyer):
    framework = new.new_framework(regime="PCR2015", commenced_on=date(2026, 1, 1))

    assert awarded(council, buyer, framework=framework).regime == "PCR2015"


def test_in_2014_nothing_is_held_and_nothing_is_blocked(council, buyer):
    """A standstill of a number of days of the council's own, where the law's is not held."""
    days = {"commenced_on": date(2014, 6, 2), "signed_on": TODAY, "starts_on": date(2014, 8, 1)}
    standstill = {"standstill_from": date(2014, 6, 27), "standstill_days": 10}

    framework = {"framework": new.new_framework(regime="PCR2006")}
    days |= framework | {"ends_on": date(2017, 8, 1)}

    call_off = awarded(council, buyer, on=TODAY, **days, **standstill)

    law = awarding.law_of(call_off, legal_rules(), on=TODAY)
    assert (law.regime, law.threshold, law.standstill) == ("PCR2006", None, None)
    assert law.standstill_ends_on == date(2014, 7, 10)
    assert not call_off.notices.exists()


# What stands in the way


def refused_with(call_off, by, on=DECEMBER) -> str:
    with pytest.raises(Refused) as refusal:
        calloffs.award(call_off_id=call_off.pk, by=by, on=on, at=AT)
    call_off.refresh_from_db()
    assert call_off.stage == "DRAFT"
    assert not call_off.notices.exists()
    assert not events("CALL_OFF_AWARDED")
    return str(refusal.value)


@pytest.mark.parametrize("signed_on", [DECEMBER, None, date(2027, 1, 5)])
def test_a_call_off_is_blocked_when_its_framework_has_expired(council, buyer, signed_on):
    framework = new.new_framework(name="NGN", regime="PA2023", ends_on=DECEMBER)

    words = refused_with(drafted(council, buyer, framework=framework, signed_on=signed_on), buyer)

    assert words == "NGN has expired on 20 December 2026. Choose one that still runs."


@pytest.mark.parametrize(
    ("on", "signed_on"),
    [
        (DECEMBER, None),  # its last day; the call-off starts after it
        (date(2027, 1, 5), DECEMBER),  # signed on its last day, written down later
    ],
)
def test_a_framework_may_be_used_on_its_last_day(council, buyer, on, signed_on):
    framework = new.new_framework(regime="PA2023", ends_on=date(2026, 12, 22))

    call_off = awarded(council, buyer, on=on, framework=framework, signed_on=signed_on)

    assert call_off.stage == "AWARDED"


def test_a_call_off_is_blocked_before_its_framework_begins(council, buyer):
    framework = new.new_framework(name="NGN", regime="PA2023", starts_on=date(2026, 12, 22))

    words = refused_with(drafted(council, buyer, framework=framework), buyer)

    assert words == "NGN begins only on 22 December 2026. Choose one that has begun."


@pytest.mark.parametrize(
    ("on", "signed_on", "commenced_on"),
    [
        (DECEMBER, None, date(2026, 12, 22)),
        (DECEMBER, date(2026, 12, 1), date(2026, 12, 2)),
        (DECEMBER, date(2027, 1, 5), date(2026, 12, 22)),
    ],
)
def test_a_procurement_commences_before_it_is_awarded_and_signed(
    council, buyer, on, signed_on, commenced_on
):
    draft = drafted(council, buyer, signed_on=signed_on, commenced_on=commenced_on)

    assert refused_with(draft, buyer, on).startswith("Its procurement cannot have commenced on ")


@pytest.mark.parametrize("entitles", ["COUNCILS", "NAMED"])
def test_a_call_off_is_blocked_when_its_body_is_not_entitled(council, buyer, entitles):
    school = new.new_body(council, kind="SCHOOL", name="Zed school")
    framework = new.new_framework(name="NGN", regime="PA2023", entitles=entitles)

    words = refused_with(drafted(council, buyer, body=school, framework=framework), buyer)

    assert words == "Zed school may not buy under NGN. Choose another framework."


def test_a_named_council_is_entitled_with_its_schools(council, buyer):
    framework = new.new_framework(regime="PA2023", entitles="NAMED")
    framework.named.add(council)
    school = new.new_body(council, kind="SCHOOL")

    assert awarded(council, buyer, body=school, framework=framework).stage == "AWARDED"


@pytest.mark.parametrize("commenced_on", [None, date(2005, 1, 1)])
def test_a_call_off_is_blocked_when_the_regime_of_its_framework_is_unset(
    council, buyer, commenced_on
):
    """Whenever its own procurement commenced."""
    framework = new.new_framework(name="RM6116", commenced_on=commenced_on)

    words = refused_with(drafted(council, buyer, framework=framework), buyer)

    assert words.startswith("London Grid has not said which law RM6116 is under.")


@pytest.mark.parametrize("name", awarding.NEEDED)
def test_a_call_off_is_blocked_when_a_fact_is_missing(council, buyer, name):
    empty = None if Contract._meta.get_field(name).null else ""
    draft = drafted(council, buyer)
    calloffs.answer(call_off_id=draft.pk, answers={name: empty}, by=buyer, at=AT)

    assert awarding.NEEDED[name] in refused_with(draft, buyer)


def test_a_direct_award_says_why(council, buyer):
    draft = drafted(council, buyer, route_reason="")

    assert refused_with(draft, buyer) == "Say why it is a direct award."


@pytest.mark.parametrize("name", ["conflict", "decision_reference"])
def test_nobody_awards_without_a_declaration_and_a_decision(council, buyer, colleague, name):
    draft = drafted(council, buyer, **{name: ""})

    for by in (buyer, colleague):
        assert refused_with(draft, by) == awarding.NEEDED[name]


def test_answers_that_changed_after_they_were_looked_over_are_not_awarded(council, buyer):
    draft = drafted(council, buyer)
    seen = awarding.digest(draft, [])
    calloffs.answer(call_off_id=draft.pk, answers={"value": Decimal(1)}, by=buyer, at=AT)
    who = {"call_off_id": draft.pk, "by": buyer, "on": DECEMBER, "at": AT}

    with pytest.raises(Refused, match="It has changed since you looked at it"):
        calloffs.award(seen=seen, **who)

    draft = Contract.objects.get(pk=draft.pk)
    assert draft.stage == "DRAFT"
    assert calloffs.award(seen=awarding.digest(draft, []), **who).stage == "AWARDED"


def test_everything_that_stands_in_the_way_is_said_at_once(council, buyer):
    draft = calloffs.draft(council=council, supplier=new.new_supplier(), by=buyer, at=AT)

    words = refused_with(draft, buyer)

    assert words.startswith(" ".join(awarding.NEEDED.values()))


# Who may


def verbs(call_off: Contract, by) -> dict:
    """Every write of an awarded call-off, by one person."""
    who = {"call_off_id": call_off.pk, "by": by, "at": AT}
    dated = who | {"on": TODAY}
    return {
        "answer": lambda: calloffs.answer(answers={"title": "x"}, **who),
        "award": lambda: calloffs.award(**dated),
        "drop": lambda: calloffs.drop(**who),
        "sign": lambda: calloffs.sign(signed_on=TODAY, supplier_signed_on=None, **dated),
        "extend": lambda: calloffs.take_extension(number=1, **dated),
        "change": lambda: calloffs.change(
            value_change=Decimal(1), days_change=0, reason="x", **dated
        ),
        "notice": lambda: calloffs.give_notice(
            contract_id=call_off.pk, given_on=TODAY, by=by, on=TODAY, at=AT
        ),
        "publish": lambda: calloffs.publish_notice(
            code="UK6", link="https://a.example", published_on=TODAY, **dated
        ),
        "waive": lambda: calloffs.waive_notice(code="UK6", reason="x", **who),
        "override": lambda: calloffs.override_ceiling(reason="x", **dated),
    }


@pytest.mark.parametrize("role", [*PEOPLE, "PROGRAMME_OFFICER"])
@pytest.mark.parametrize("verb", verbs(Contract(pk=0), None))
def test_every_other_role_is_refused_in_words(council, role, verb):
    call_off = new.new_call_off(council)
    by = member(role=role) if role == "PROGRAMME_OFFICER" else member(council, role)
    if (role, verb) == ("PROGRAMME_OFFICER", "override"):
        pytest.skip("this is for them")

    with pytest.raises(PermissionDenied, match="You need the right to "):
        verbs(call_off, by)[verb]()

    assert not AuditEvent.objects.filter(subject_id=call_off.pk).exists()


@pytest.mark.parametrize("verb", verbs(Contract(pk=0), None))
def test_a_foreign_call_off_does_not_exist(council, buyer, verb):
    call_off = new.new_call_off()

    with pytest.raises(NotVisible):
        verbs(call_off, buyer)[verb]()


def test_a_buyer_does_not_override_a_ceiling(council, buyer):
    with pytest.raises(PermissionDenied, match="let a call-off go past its ceiling"):
        verbs(new.new_call_off(council), buyer)["override"]()


def test_nobody_drafts_for_a_council_that_is_not_theirs(council):
    stranger = member(new.new_council(), "BUYER")

    with pytest.raises(NotVisible):
        calloffs.draft(council=council, supplier=new.new_supplier(), by=stranger, at=AT)


def test_a_draft_is_there_for_those_alone_who_may_award_it(council, buyer, colleague):
    supplier = new.new_supplier()
    draft = drafted(council, buyer, supplier=supplier)

    def sees(user):
        return Contract.objects.visible_to(user).filter(pk=draft.pk).exists()

    assert sees(buyer)
    assert sees(colleague)
    assert not any(sees(member(council, role)) for role in PEOPLE)
    assert not sees(member(role="PROGRAMME_OFFICER"))
    agent = member(role="SUPPLIER_AGENT", supplier=supplier)
    assert not sees(agent)
    calloffs.award(call_off_id=draft.pk, by=buyer, on=DECEMBER, at=AT)
    assert sees(agent)


# Drafts


def test_a_draft_is_kept_answer_by_answer(council, buyer):
    supplier = new.new_supplier()
    draft = calloffs.draft(council=council, supplier=supplier, by=buyer, at=AT)
    assert draft.reference == f"{council.register_code}/CO/001"

    kept = calloffs.answer(
        call_off_id=draft.pk, answers={"title": "Voice"}, extensions=[12, 12], by=buyer, at=AT
    )

    assert (kept.title, kept.value) == ("Voice", None)
    assert list(kept.extensions.order_by("number").values_list("months", flat=True)) == [12, 12]
    first, second = events("CALL_OFF_DRAFTED")
    assert first.after["supplier"] == supplier.code
    assert (second.before, second.after) == (
        {"title": "", "extensions": []},
        {"title": "Voice", "extensions": [12, 12]},
    )
    assert second.role == "BUYER"


def test_what_is_answered_the_same_again_writes_nothing(council, buyer):
    draft = drafted(council, buyer)

    calloffs.answer(call_off_id=draft.pk, answers={"title": "Voice"}, by=buyer, at=AT)

    assert len(events("CALL_OFF_DRAFTED")) == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ends_on": date(2027, 2, 1)}, "The last day has to lie after the first."),
        ({"renewal": "ROLLS_ON"}, "Say by how many months it rolls on."),
        ({"reference": "TAKEN"}, "Give a reference that no other contract of the council has."),
        ({"title": "x" * 121}, "at most 120 characters"),
        ({"stage": "AWARDED"}, "“stage” is no fact of a call-off."),
        ({"supplier": None}, "Choose the supplier."),
        ({"ends_on": date(9999, 12, 31)}, "9999 lies outside 1990 to 2099."),
        ({"review_on": date(1, 1, 1)}, "1 lies outside 1990 to 2099."),
        ({"minimum_term_ends_on": date(1, 1, 1)}, "1 lies outside 1990 to 2099."),
        ({"notice_days": 32_767}, "Give up to 1,000 days of notice."),
        ({"standstill_days": 32_767}, "Give a standstill of 1 to 60 working days."),
        ({"roll_on_months": 121}, "Let it roll on by 1 to 120 months."),
    ],
)
def test_answers_that_contradict_each_other_are_refused_in_words(council, buyer, wrong, words):
    new.new_contract(council, reference="TAKEN")
    draft = drafted(council, buyer)

    with pytest.raises(BadInput, match=words):
        calloffs.answer(call_off_id=draft.pk, answers=wrong, by=buyer, at=AT)


def test_a_body_of_another_council_is_no_answer(council, buyer):
    draft = drafted(council, buyer)

    with pytest.raises(BadInput, match="Choose a body of this council"):
        calloffs.answer(call_off_id=draft.pk, answers={"body": new.new_body()}, by=buyer, at=AT)


def test_a_declaration_stands_in_the_record_and_not_in_the_trail(council, buyer):
    drafted(council, buyer, conflict="Ms Smith holds shares.")

    assert "Smith" not in str([event.after for event in events("CALL_OFF_DRAFTED")])


def test_an_awarded_call_off_is_not_answered_or_dropped_any_more(council, buyer):
    call_off = awarded(council, buyer)

    for verb in ("answer", "award", "drop"):
        with pytest.raises(Refused, match="It is awarded already"):
            verbs(call_off, buyer)[verb]()


def test_a_draft_is_dropped(council, buyer):
    draft = drafted(council, buyer)

    calloffs.drop(call_off_id=draft.pk, by=buyer, at=AT)

    assert not Contract.objects.filter(pk=draft.pk).exists()
    assert events("CALL_OFF_DROPPED")[0].before == {"reference": draft.reference}


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


# Two at once


def at_once(*works) -> list:
    """Do several things at the same time, each in its own connection; what each came to."""
    found, barrier = [], Barrier(len(works))

    def one(work):
        barrier.wait()
        try:
            found.append(work())
        except Refused as error:
            found.append(str(error))
        finally:
            connection.close()

    threads = [Thread(target=one, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_awards_at_once_are_one(transactional_db, committed):
    council = new.new_council()
    buyer = member(council, "BUYER")
    draft = drafted(council, buyer)

    def award():
        return calloffs.award(call_off_id=draft.pk, by=buyer, on=DECEMBER, at=AT).stage

    found = at_once(award, award)

    assert sorted(found) == [
        "AWARDED",
        "It is awarded already, and its answers stand. Change it from its own page.",
    ]
    assert draft.notices.count() == 2
    assert len(events("CALL_OFF_AWARDED")) == 1


def test_two_extensions_at_once_take_one_option(transactional_db, committed):
    council = new.new_council()
    buyer = member(council, "BUYER")
    call_off = new.new_call_off(council)
    for number in (1, 2):
        new.new_contract_extension(contract=call_off, number=number)

    def extend():
        verbs(call_off, buyer)["extend"]()
        return "taken"

    found = at_once(extend, extend)

    assert sorted(found) == ["The option to be taken next is number 2. Look at it again.", "taken"]
    assert call_off.extensions.filter(taken_on__isnull=False).count() == 1


def test_two_drafts_are_not_given_one_reference_at_once(transactional_db, committed):
    council = new.new_council()
    buyer = member(council, "BUYER")
    body = new.new_body(council)
    drafts = [drafted(council, buyer, body=body) for _ in range(2)]

    def named(draft):
        who = {"call_off_id": draft.pk, "by": buyer, "at": AT}
        return calloffs.answer(answers={"reference": "VOICE/1"}, **who).reference

    found = at_once(*(lambda draft=draft: named(draft) for draft in drafts))

    refused = "Give a reference that no other contract of the council has."
    assert sorted(found) == [refused, "VOICE/1"]


def test_a_frameworks_new_end_and_an_award_do_not_cross(transactional_db, committed):
    """The award waits for the administrator, and is held against the new end."""
    council = new.new_council()
    buyer = member(council, "BUYER")
    draft = drafted(council, buyer)
    begun = Event()

    def end_it():
        with transaction.atomic():
            Framework.objects.filter(pk=draft.framework_id).update(ends_on=DECEMBER)
            begun.set()
            _wait_until_somebody_waits()
        return "ended"

    def award():
        begun.wait()
        return calloffs.award(call_off_id=draft.pk, by=buyer, on=DECEMBER, at=AT).stage

    found = at_once(end_it, award)

    words = "A framework has expired on 20 December 2026. Choose one that still runs."
    assert sorted(found) == [words, "ended"]


def _wait_until_somebody_waits() -> None:
    """Return once another session waits for a lock; a test that hangs here is ended by its time."""
    waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"
    with connection.cursor() as cursor:
        while True:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
