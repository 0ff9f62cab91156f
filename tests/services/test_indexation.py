"""Prices rise by an index once, as the call-off has it (story 12; savings.md 4.4 rule 6, E2)."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import given
from hypothesis import strategies as st

from boroughs.models import AuditEvent
from londonpsn.common.errors import BadInput, NotVisible, Refused
from londonpsn.common.money import ZERO
from londonpsn.common.periods import Period, month_period
from services.actions.indexation import raise_prices
from services.charges import Base, month_share, percent_applied, raised
from services.models import IndexationRun, Price
from tests import factories as new
from tests.factories import APRIL, AT, member

MARCH = date(2027, 3, 1)
ON = date(2027, 3, 15)
PERCENT = Decimal("3.4")


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


def rise(contract, percent=PERCENT, on=ON, by=None):
    return raise_prices(contract_id=contract.pk, percent=percent, on=on, by=by, at=AT)


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
        ({"on": date(2012, 1, 1)}, Refused, "No price of this call-off"),
        ({"percent": Decimal(0)}, Refused, "No price of this call-off"),
    ):
        with pytest.raises(error, match=said):
            rise(**{"contract": call_off} | asked)
    rise(call_off)
    with pytest.raises(Refused, match=r"raised by 3.4 % on that day already"):
        rise(call_off, Decimal(5))

    assert len(amounts(price.item)) == 2
    assert IndexationRun.objects.count() == 1


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
    asked = {"contract": camden.pk, "percent": "3.4", "on": "2014-07-01"}

    preview = client.post(page, asked).content.decode()
    assert "£115.00" in preview
    assert "£118.45" in preview
    assert "at most 3 %" in preview
    assert "Camden" in preview
    assert not IndexationRun.objects.exists()

    done = client.post(page, asked | {"confirm": "yes"}, follow=True)
    assert "raised by 3 % from 1 July 2014 on." in done.content.decode()
    assert IndexationRun.objects.get().prices_raised == 35  # nine are £0.00 and stay so
    again = client.post(page, asked).content.decode()
    assert "raised on that day already" in again
    assert "Raise these prices" not in again


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
    buyer, other = (post(browse(who), "no") for who in ("buyer@camden", "buyer@sutton"))
    assert (buyer.status_code, other.status_code) == (403, 404)
