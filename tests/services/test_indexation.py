"""Prices rise by an index once, as the call-off has it (story 12; savings.md 4.4 rule 6, E2)."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from boroughs.models import AuditEvent, JobRun
from londonpsn.common.errors import BadInput, NotVisible, Refused
from londonpsn.common.money import ZERO
from londonpsn.common.periods import Period, month_period
from services.actions.indexation import raise_framework_prices, raise_prices
from services.charges import Base, Rounding, index_month, month_share, percent_applied, raised
from services.models import Contract, IndexationRun, Price
from services.queries.indexation import plan_rises
from tests import factories as new
from tests.factories import APRIL, AT, member
from tests.services.test_calloffs import at_once

MARCH = date(2027, 3, 1)
ON = date(2027, 3, 15)
PERCENT = Decimal("3.4")
FIRST_OF_JULY = {"on_0": "1", "on_1": "7", "on_2": "2014"}


# Pure


def test_e2_march_is_two_prices_each_for_its_days():
    old, risen = Decimal(720), raised(Decimal(720), Decimal(720), PERCENT, Base.PREVIOUS)

    month = month_period(MARCH)
    parts = [
        month_share(old, Period(None, ON), month),
        month_share(risen, Period(ON, None), month),
    ]

    assert risen == Decimal("744.48")
    assert parts == [Decimal("325.16"), Decimal("408.26")]
    assert sum(parts, ZERO) == Decimal("733.42")


@pytest.mark.parametrize(
    ("current", "original", "percent", "base", "expected"),
    [
        ("110", "100", "10", Base.PREVIOUS, "121"),  # compound
        ("110", "100", "10", Base.ORIGINAL, "120"),  # the same pounds each time
        ("0.45", "0.45", "3.4", Base.PREVIOUS, "0.4653"),  # not rounded to the penny
        ("0.0125", "0.0125", "2", Base.PREVIOUS, "0.0128"),  # 0.01275, half away from zero
        ("100", "100", "-2.5", Base.PREVIOUS, "97.5"),
        ("5", "100", "-10", Base.ORIGINAL, "0"),  # never below zero
        ("0", "0", "3.4", Base.PREVIOUS, "0"),
    ],
)
def test_a_rise_is_worked_out_on_its_base_and_rounded_once(
    current, original, percent, base, expected
):
    amounts = (Decimal(current), Decimal(original), Decimal(percent))

    assert raised(*amounts, base) == Decimal(expected)


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        (Rounding.STORED, "10.3348"),  # 9.995 x 1.034 = 10.33483
        (Rounding.PENNY, "10.33"),
        (Rounding.POUND, "10"),
    ],
)
def test_a_raised_price_is_rounded_as_the_call_off_says(rounding, expected):
    price = Decimal("9.995")

    assert raised(price, price, PERCENT, Base.PREVIOUS, rounding) == Decimal(expected)


@pytest.mark.parametrize(
    ("price", "percent", "rounding"),
    [
        ("10.40", "0", Rounding.POUND),  # nothing rises
        ("1.40", "3", Rounding.POUND),  # 1.442 would be rounded below what it was
        ("0.45", "3.4", Rounding.POUND),  # to nothing
        ("0.004", "3.4", Rounding.PENNY),
        ("0.3", "-2", Rounding.POUND),
        ("1.60", "-3", Rounding.POUND),  # 1.552 would be rounded above it
    ],
)
def test_rounding_alone_moves_no_price_the_other_way_or_to_nothing(price, percent, rounding):
    price = Decimal(price)

    assert raised(price, price, Decimal(percent), Base.PREVIOUS, rounding) == price


@pytest.mark.parametrize(
    ("on", "lag", "month"),
    [
        (date(2015, 4, 1), 3, date(2015, 1, 1)),
        (date(2015, 1, 31), 2, date(2014, 11, 1)),
        (date(2016, 2, 29), 12, date(2015, 2, 1)),
        (date(2015, 4, 15), 0, date(2015, 4, 1)),
        (date(2015, 4, 1), None, None),
    ],
)
def test_a_rise_takes_the_index_of_a_month_before_by_its_lag(on, lag, month):
    assert index_month(on, lag) == month


@pytest.mark.parametrize(
    ("percent", "floor", "cap", "applied"),
    [
        ("3.4", None, None, "3.4"),
        ("3.4", None, "3", "3"),
        ("3.4", "4", None, "4"),
        ("-1", "0", "5", "0"),
        ("2", "1", "3", "2"),
    ],
)
def test_floor_and_cap_bind_what_the_index_asks_for(percent, floor, cap, applied):
    floor, cap = (limit and Decimal(limit) for limit in (floor, cap))

    assert percent_applied(Decimal(percent), floor, cap) == Decimal(applied)


@given(
    st.decimals(0, 100_000, places=4),
    st.decimals(-20, 20, places=3),
    st.lists(st.decimals(0, 10, places=3), max_size=4),
)
def test_rises_on_the_original_price_add_up_and_compound_ones_never_come_to_less(
    price, first, percents
):
    simple = compound = price
    for percent in percents:
        simple = raised(simple, price, percent, Base.ORIGINAL)
        compound = raised(compound, price, percent, Base.PREVIOUS)

    assert compound >= simple >= price
    assert abs(simple - price * (1 + sum(percents, Decimal(0)) / 100)) <= Decimal("0.0001") * len(
        percents
    )
    assert raised(price, price, first, Base.PREVIOUS) == raised(price, price, first, Base.ORIGINAL)


# Story 12


@pytest.fixture
def call_off(db):
    return new.new_contract(reference="ZED/2", index_base="PREVIOUS")


def test_a_rise_is_a_job_that_was_done_for_its_council(call_off):
    new.new_price(call_off, new.new_catalogue_item(), amount=Decimal(720), starts_on=APRIL)

    rise(call_off)
    rise(call_off)  # changes nothing, so it is no job

    job = JobRun.objects.get(kind="INDEXATION")
    assert (job.council, job.day, job.rows_changed, job.state) == (call_off.council, ON, 1, "DONE")


def test_lag_and_rounding_of_the_call_off_are_kept_to_and_recorded(call_off):
    Contract.objects.filter(pk=call_off.pk).update(index_lag_months=3, index_rounding="POUND")
    item = new.new_catalogue_item()
    new.new_price(call_off, item, amount=Decimal(720), starts_on=APRIL)

    run = rise(call_off)

    assert [amount for amount, *_ in amounts(item)] == [Decimal(720), Decimal(744)]
    assert run.index_month == date(2026, 12, 1)
    event = AuditEvent.objects.filter(type="PRICES_INDEXED").latest("pk")
    assert event.after["index_month"] == "2026-12-01"


def rise(contract, percent=PERCENT, on=ON, by=None, today=None, seen=None):
    asked = {"percent": percent, "on": on, "today": today or on, "seen": seen}
    return raise_prices(contract_id=contract.pk, by=by, at=AT, **asked)


def amounts(item) -> list[tuple]:
    rows = Price.objects.filter(item=item).order_by("starts_on")
    return list(rows.values_list("amount", "starts_on", "ends_on"))


def test_story_12_indexation_raises_prices_in_force_once(call_off):
    """3.4 % on 15 March: expired rows untouched, renewed ones not twice, a re-run does nothing."""
    in_force = new.new_price(call_off, amount=Decimal(720))
    expired = new.new_price(call_off, amount=Decimal(50), ends_on=date(2027, 3, 1))
    ends_that_day = new.new_price(call_off, amount=Decimal(60), ends_on=ON)
    renewed = new.new_price(call_off, amount=Decimal(80), ends_on=ON)
    new.new_price(call_off, renewed.item, amount=Decimal("82.72"), starts_on=ON)
    to_come = new.new_price(call_off, amount=Decimal(90), starts_on=date(2027, 4, 1))
    elsewhere = new.new_price(amount=Decimal(10))

    run = rise(call_off)
    held = list(Price.objects.order_by("pk").values())
    again = rise(call_off)

    assert (run.prices_raised, run.percent, run.applied) == (1, PERCENT, PERCENT)
    assert amounts(in_force.item) == [
        (Decimal(720), APRIL, ON),
        (Decimal("744.48"), ON, None),
    ]
    assert amounts(expired.item) == [(Decimal(50), APRIL, date(2027, 3, 1))]
    assert amounts(ends_that_day.item) == [(Decimal(60), APRIL, ON)]
    assert amounts(renewed.item) == [(Decimal(80), APRIL, ON), (Decimal("82.72"), ON, None)]
    assert amounts(to_come.item) == [(Decimal(90), date(2027, 4, 1), None)]
    assert amounts(elsewhere.item) == [(Decimal(10), APRIL, None)]
    assert again.pk == run.pk
    assert list(Price.objects.order_by("pk").values()) == held
    assert AuditEvent.objects.filter(type="PRICES_INDEXED").count() == 1


def test_a_raised_price_points_at_the_one_before_and_knows_the_first(call_off):
    price = new.new_price(
        call_off, amount=Decimal(100), ends_on=date(2029, 4, 1), term_months=36, from_quantity=5
    )

    rise(call_off, Decimal(10))
    rise(call_off, Decimal(10), on=date(2028, 3, 15))

    first, second = Price.objects.filter(item=price.item, raised_from__isnull=False).order_by("pk")
    assert (first.amount, first.raised_from, first.original) == (110, price, 100)
    assert (second.amount, second.raised_from, second.original) == (121, first, 100)
    assert (second.ends_on, second.term_months, second.from_quantity) == (date(2029, 4, 1), 36, 5)


def test_rises_on_the_first_price_are_of_what_was_first_agreed(call_off):
    call_off.index_base = "ORIGINAL"
    call_off.save(update_fields=["index_base"])
    price = new.new_price(call_off, amount=Decimal(100))

    rise(call_off, Decimal(10))
    rise(call_off, Decimal(10), on=date(2028, 3, 15))

    assert [amount for amount, *_ in amounts(price.item)] == [100, 110, 120]


def test_the_call_offs_cap_binds_and_is_kept(call_off):
    call_off.index_cap = Decimal(3)
    call_off.save(update_fields=["index_cap"])
    price = new.new_price(call_off, kind="ONE_OFF", amount=Decimal(200))

    run = rise(call_off)

    assert (run.percent, run.applied) == (PERCENT, 3)
    assert amounts(price.item)[1][0] == 206
    event = AuditEvent.objects.get(type="PRICES_INDEXED")
    assert event.after["applied"] == "3.00"
    assert (event.subject_id, event.council_id) == (call_off.pk, call_off.council_id)


def test_what_lines_are_billed_is_not_touched(call_off):
    price = new.new_price(call_off, amount=Decimal(720))
    line = new.new_line(contract=call_off, service_type=price.item.service_type)
    charge = new.new_charge(line, amount=Decimal(720))

    rise(call_off)

    charge.refresh_from_db()
    assert (charge.amount, charge.ends_on) == (720, None)


def test_a_rise_is_refused_in_words_and_changes_nothing(call_off):
    price = new.new_price(call_off, amount=Decimal(720))
    fixed = new.new_contract(reference="FIXED")

    for asked, error, said in (
        ({"contract": fixed}, Refused, "FIXED has no indexation"),
        ({"percent": Decimal(101)}, BadInput, "is no per cent to raise prices by"),
        ({"on": date(2012, 1, 1)}, Refused, "No price of ZED/2 that is in force"),
        ({"percent": Decimal(0)}, Refused, "No price of ZED/2 that is in force"),
    ):
        with pytest.raises(error, match=said):
            rise(**{"contract": call_off} | asked)
    rise(call_off)
    with pytest.raises(Refused, match=r"raised by 3.4 % on that day already"):
        rise(call_off, Decimal(5))

    assert len(amounts(price.item)) == 2
    assert IndexationRun.objects.count() == 1


def test_a_rise_before_an_existing_rise_is_refused_in_words(call_off):
    price = new.new_price(call_off, amount=Decimal(720))
    rise(call_off)
    held = amounts(price.item)

    with pytest.raises(Refused) as refused:
        rise(call_off, on=date(2027, 3, 10))

    assert str(refused.value) == (
        "Prices of ZED/2 were raised on 15 March 2027 already; a rise before that day cannot be "
        "made any more."
    )
    assert amounts(price.item) == held
    (plan,) = plan_rises([call_off], PERCENT, date(2027, 3, 10)).plans
    assert plan.why_not == str(refused.value)


def test_a_rise_is_made_at_most_three_months_ahead(call_off):
    """One that was dated wrongly stands in the way of every rise before it."""
    new.new_price(call_off, amount=Decimal(720))

    with pytest.raises(Refused, match="at most 3 months ahead, today up to 14 March 2027"):
        rise(call_off, today=date(2026, 12, 14))

    assert rise(call_off, today=date(2026, 12, 15)).prices_raised == 1


def test_a_rise_that_has_changed_since_it_was_looked_at_is_refused(call_off):
    price = new.new_price(call_off, amount=Decimal(720))
    seen = plan_rises([call_off], PERCENT, ON).digest
    another = new.new_price(call_off, amount=Decimal(10))

    with pytest.raises(Refused, match="It has changed since you looked at it"):
        rise(call_off, seen=seen)

    assert len(amounts(price.item)) == 1
    another.delete()
    assert rise(call_off, seen=seen).prices_raised == 1


# Story 12 for one framework


@pytest.fixture
def framework(db):
    framework = new.new_framework(name="Wires")
    for number in range(3):
        call_off = new.new_call_off(
            framework=framework, index_base="PREVIOUS", index_cap=number + 2
        )
        new.new_price(call_off, amount=Decimal(100))
    new.new_price(new.new_call_off(framework=framework), amount=Decimal(100))  # without an index
    return framework


def rise_all(framework, percent=PERCENT, on=ON, by=None, seen=None):
    asked = {"percent": percent, "on": on, "today": on, "seen": seen}
    return raise_framework_prices(framework_id=framework.pk, by=by, at=AT, **asked)


def test_story_12_a_rise_for_one_framework_raises_each_call_off_once(framework):
    elsewhere = new.new_price(new.new_contract(index_base="PREVIOUS"))

    runs = rise_all(framework)
    held = list(Price.objects.order_by("pk").values())
    again = rise_all(framework)

    assert [(run.prices_raised, run.applied) for run in runs] == [(1, 2), (1, 3), (1, PERCENT)]
    risen = Price.objects.filter(starts_on=ON).order_by("contract_id")
    assert [price.amount for price in risen] == [102, 103, Decimal("103.4")]
    assert amounts(elsewhere.item) == [(Decimal(100), APRIL, None)]
    assert again == runs
    assert list(Price.objects.order_by("pk").values()) == held
    assert AuditEvent.objects.filter(type="PRICES_INDEXED").count() == 3


def test_a_rise_for_a_framework_leaves_out_what_was_raised_already_and_says_so(framework):
    first, second, third = framework.call_offs.exclude(index_base="").order_by("pk")
    rise(first, on=date(2027, 4, 1))
    rise(second, Decimal(1))

    planned = plan_rises([first, second, third], PERCENT, ON)
    runs = rise_all(framework, seen=planned.digest)

    assert [run.contract for run in runs] == [third]
    assert [plan.why_not.partition(";")[0] for plan in planned.plans] == [
        f"Prices of {first.reference} were raised on 1 April 2027 already",
        f"The prices of {second.reference} were raised by 1 % on that day already, and are not "
        "raised twice. Load a price book to change them.",
        "",
    ]


def test_only_programme_officers_raise_prices_for_a_framework(framework):
    council = framework.call_offs.first().council

    with pytest.raises(PermissionDenied, match="load a price book and raise prices"):
        rise_all(framework, by=member(council, "BUYER"))

    assert not IndexationRun.objects.exists()
    assert len(rise_all(framework, by=member(role="PROGRAMME_OFFICER"))) == 3


def test_a_rise_for_a_framework_asks_as_many_queries_however_many_call_offs(framework):
    def queries(day):
        with CaptureQueriesContext(connection) as captured:
            rise_all(framework, on=day)
        return len(captured)

    few = queries(ON)
    for _ in range(10):
        call_off = new.new_call_off(framework=framework, index_base="PREVIOUS")
        new.new_price(call_off, amount=Decimal(100))

    assert queries(date(2028, 3, 15)) - few < 10 * 3  # the events, one by one


def test_a_call_offs_page_says_how_many_lines_a_rise_has_left_behind(council, browse):
    camden = council("CMD")
    call_off = new.new_call_off(camden, index_base="PREVIOUS")
    price = new.new_price(call_off, amount=Decimal(720))
    body = camden.bodies.get(kind="COUNCIL")
    for amount in (720, 720, 999):
        line = new.new_line(body, contract=call_off, service_type=price.item.service_type)
        new.new_charge(line, amount=Decimal(amount))
    page, words = f"/calloffs/{call_off.pk}/", "Prices rose on 1 June 2014;"

    before = browse("buyer@camden").get(page).content.decode()
    rise(call_off, on=date(2014, 6, 1))
    after = browse("buyer@camden").get(page).content.decode()

    assert words not in before
    assert f"{words} 2 lines are still at the old price here." in after


# Two at once


def test_two_rises_at_once_are_one(transactional_db, committed):
    call_off = new.new_contract(reference="ZED/2", index_base="PREVIOUS")
    price = new.new_price(call_off, amount=Decimal(720))

    found = at_once(lambda: rise(call_off).pk, lambda: rise(call_off).pk)

    assert found[0] == found[1]
    assert [amount for amount, *_ in amounts(price.item)] == [720, Decimal("744.48")]
    assert AuditEvent.objects.filter(type="PRICES_INDEXED").count() == 1


def test_a_rise_of_a_framework_and_one_of_its_call_offs_at_once_raise_it_once(
    transactional_db, committed
):
    framework = new.new_framework()
    call_offs = [
        new.new_call_off(framework=framework, index_base="PREVIOUS", index_cap=5) for _ in range(3)
    ]
    for call_off in call_offs:
        new.new_price(call_off, amount=Decimal(100))

    found = at_once(lambda: len(rise_all(framework)), lambda: rise(call_offs[2]).prices_raised)

    assert sorted(found) == [1, 3]
    assert Price.objects.filter(starts_on=ON).count() == 3
    assert IndexationRun.objects.count() == 3


@pytest.mark.parametrize("role", ["BUYER", "NETWORK_OFFICER", "FINANCE", "APPROVER", "AUDITOR"])
def test_only_programme_officers_raise_prices(call_off, role):
    new.new_price(call_off)

    with pytest.raises(PermissionDenied, match="load a price book and raise prices"):
        rise(call_off, by=member(call_off.council, role))
    with pytest.raises(NotVisible):
        rise(call_off, by=member(new.new_council(), role))

    assert not IndexationRun.objects.exists()
    assert rise(call_off, by=member(role="PROGRAMME_OFFICER")).prices_raised == 1


# The page and the API


@pytest.fixture
def camden(council):
    contract = council("CMD").contracts.get(reference="CMD/LONDONPSN")
    contract.index_base, contract.index_cap = "PREVIOUS", Decimal(3)
    contract.save(update_fields=["index_base", "index_cap"])
    return contract


def test_the_page_shows_every_price_before_and_after_and_then_raises_them(camden, browse):
    client, page = browse("programme@london-grid"), "/c/camden/prices/raise/"
    asked = {"contract": camden.pk, "percent": "3.4"} | FIRST_OF_JULY

    looked_over = client.post(page, asked)
    preview, seen = looked_over.content.decode(), looked_over.context["planned"].digest
    assert "£115.00" in preview
    assert "£118.45" in preview
    assert "at most 3 %" in preview
    assert "Camden" in preview
    assert not IndexationRun.objects.exists()

    assert f'name="seen" value="{seen}"' in preview

    done = client.post(page, asked | {"seen": seen}, follow=True)
    assert "raised by 3 % from 1 July 2014 on." in done.content.decode()
    assert IndexationRun.objects.get().prices_raised == 35  # nine are £0.00 and stay so
    again = client.post(page, asked).content.decode()
    assert "on that day already" in again
    assert "Raise these prices" not in again
    before = client.post(page, asked | {"on_1": "6"}).content.decode()
    assert "were raised on 1 July 2014 already" in before
    assert "Raise these prices" not in before


def test_a_fall_of_prices_is_said_without_a_judgement(camden, browse):
    """To a council less is better: a screen reader must not say that it is worse off."""
    asked = {"contract": camden.pk, "percent": "-2"} | FIRST_OF_JULY

    preview = browse("programme@london-grid").post("/c/camden/prices/raise/", asked)

    text = preview.content.decode()
    assert " less</div>" in text
    assert "worse off" not in text


def test_the_page_raises_nothing_that_was_not_looked_over(camden, browse):
    client, page = browse("programme@london-grid"), "/c/camden/prices/raise/"
    asked = {"contract": camden.pk, "percent": "3.4"} | FIRST_OF_JULY
    seen = client.post(page, asked).context["planned"].digest
    new.new_price(camden, amount=Decimal(5))

    answer = client.post(page, asked | {"seen": seen}).content.decode()

    assert "It has changed since you looked at it. Look again." in answer
    assert not IndexationRun.objects.exists()


def test_the_page_raises_all_call_offs_under_a_framework(framework, browse):
    client, page = browse("programme@london-grid"), "/c/all/prices/raise/"
    asked = {"framework": framework.pk, "percent": "3.4"} | FIRST_OF_JULY

    looked_over = client.post(page, asked)
    assert "Call-offs" in looked_over.content.decode()
    assert not IndexationRun.objects.exists()
    seen = {"seen": looked_over.context["planned"].digest}
    done = client.post(page, asked | seen, follow=True)

    assert "3 prices of 3 call-offs under Wires raised from 1 July 2014 on." in (
        done.content.decode()
    )
    both = client.post(page, asked | {"contract": framework.call_offs.first().pk})
    assert "Choose the framework or one call-off, not both." in both.content.decode()
    assert "Choose the call-off." in client.post(page, {"percent": "3"}).content.decode()


@pytest.mark.parametrize(
    ("lags", "words"),
    [
        ((3, 3, 3), ["April 2014"]),
        ((3, 3, None), ["April 2014", "not held of 1 of 3"]),
        ((3, 6, None), ["different months", "raise one by one those that want another per cent"]),
        ((None, None, None), ["not held"]),
    ],
)
def test_the_page_says_which_month_s_index_a_rise_takes(framework, browse, lags, words):
    for call_off, lag in zip(framework.call_offs.exclude(index_base=""), lags, strict=True):
        Contract.objects.filter(pk=call_off.pk).update(index_lag_months=lag)
    asked = {"framework": framework.pk, "percent": "3.4"} | FIRST_OF_JULY

    looked_over = browse("programme@london-grid").post("/c/all/prices/raise/", asked)

    (fact,) = [one for one in looked_over.context["facts"] if one.label == "It is the index of"]
    shown = looked_over.content.decode()
    assert all(some in shown for some in words)
    assert ("raise one by one" in fact.sub) == ("different months" in words)


def test_the_page_is_refused_to_the_buyer_in_words(camden, browse):
    answer = browse("buyer@camden").get("/c/camden/prices/raise/")

    assert answer.status_code == 403
    assert "You need the right to load a price book and raise prices" in answer.content.decode()


def test_the_api_works_a_rise_out_and_makes_it_once(camden, browse):
    client, address = browse("programme@london-grid"), "/api/v1/prices/index/"
    asked = {"contract": camden.pk, "percent": "3.4", "on": "2014-07-01"}

    def post(sender, key, said=asked):
        return sender.post(address, said, "application/json", headers={"Idempotency-Key": key})

    plan = post(client, "plan").json()
    assert (plan["is_done"], plan["applied"], plan["prices_raised"]) == (False, "3.000", 35)
    wan = next(
        row for row in plan["prices"] if (row["item"], row["kind"]) == ("WAN-10", "RECURRING")
    )
    assert (wan["before"], wan["after"]) == ("115.0000", "118.4500")
    assert plan["affected"][0]["council"] == "Camden"
    assert not IndexationRun.objects.exists()

    for key in ("rise", "rise", "again"):
        done = post(client, key, asked | {"confirm": True}).json()
        assert (done["is_done"], done["prices_raised"]) == (True, 35)
    assert IndexationRun.objects.count() == 1
    late = post(client, "late", asked | {"confirm": True, "on": "2014-06-30"})
    assert (late.status_code, "were raised on 1 July 2014" in late.json()["detail"]) == (409, True)
    buyer, other = (post(browse(who), "no") for who in ("buyer@camden", "buyer@sutton"))
    assert (buyer.status_code, other.status_code) == (403, 404)


def test_the_api_says_which_month_s_index_a_rise_takes_and_when_was_the_last(camden, browse):
    Contract.objects.filter(pk=camden.pk).update(index_lag_months=2)
    client, address = browse("programme@london-grid"), "/api/v1/prices/index/"

    def post(key, **said):
        asked = {"contract": camden.pk, "percent": "1", "on": "2014-07-01"} | said
        how = {"content_type": "application/json", "headers": {"Idempotency-Key": key}}
        return client.post(address, asked, **how).json()

    first = post("one", confirm=True)
    later = post("two", on="2014-08-01")

    assert (first["index_months"], first["raised_last_on"]) == (["2014-05"], None)
    assert (later["index_months"], later["raised_last_on"]) == (["2014-06"], "2014-07-01")


def test_the_api_raises_all_call_offs_under_a_framework(framework, browse):
    client, address = browse("programme@london-grid"), "/api/v1/prices/index/"
    asked = {"framework": framework.code, "percent": "3.4", "on": "2014-07-01"}

    def post(key, said, sender=client):
        return sender.post(address, said, "application/json", headers={"Idempotency-Key": key})

    plan = post("plan", asked).json()
    stale = post("stale", asked | {"confirm": True, "seen": "x"})
    done = post("rise", asked | {"confirm": True, "seen": plan["digest"]}).json()
    again = post("again", asked | {"confirm": True}).json()
    neither = post("neither", {"percent": "3.4", "on": "2014-07-01"})

    assert (plan["is_done"], plan["prices_raised"], plan["applied"]) == (False, 3, None)
    assert stale.status_code == 409
    assert [(one["is_done"], one["prices_raised"]) for one in (done, again)] == [(True, 3)] * 2
    assert IndexationRun.objects.count() == 3
    assert neither.status_code == 400
    assert post("no", asked, browse("buyer@camden")).status_code == 403
