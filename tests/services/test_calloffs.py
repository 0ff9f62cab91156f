"""Call-offs: who may, what may be awarded, and what the law wants of it."""

from datetime import date
from decimal import Decimal
from threading import Barrier, Event, Thread

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from boroughs.models import AuditEvent
from londonpsn.common.errors import BadInput, NotVisible, Refused
from services import awarding
from services.actions import calloffs
from services.models import Contract, ContractNotice, Framework
from services.queries.calloffs import (
    legal_rules,
)
from tests import factories as new
from tests.factories import AT, TODAY, member

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
        "price terms": lambda: calloffs.keep_price_terms(
            terms={"exit_percent": Decimal(1)}, reason="x", **who
        ),
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


@pytest.mark.parametrize(
    ("role", "verb"),
    [
        (role, verb)
        for role in (*PEOPLE, "PROGRAMME_OFFICER")
        for verb in verbs(Contract(pk=0), None)
        if (role, verb) != ("PROGRAMME_OFFICER", "override")
    ],
)
def test_every_other_role_is_refused_in_words(council, role, verb):
    call_off = new.new_call_off(council)
    by = member(role=role) if role == "PROGRAMME_OFFICER" else member(council, role)

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
    waiting = """
        SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
                       WHERE NOT granted AND datname = current_database())
    """
    with connection.cursor() as cursor:
        while True:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
