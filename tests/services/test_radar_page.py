"""The expiry radar: what it shows of whom, its arithmetic, and what it asks of people."""

import csv
import re
from datetime import date
from decimal import Decimal

import pytest

from boroughs.models import Body, Council, Generation
from londonpsn.common.work import Band, work_of
from services.models import Contract, ContractExtension
from services.queries.radar import standings_of
from tests import factories as new
from tests.factories import TODAY, member
from tests.londonpsn.test_pages import BUDGET, queries_of

PROGRAMME = "programme@london-grid"


@pytest.fixture
def hackney(db):
    return Council.objects.get(slug="hackney")


@pytest.fixture
def body(hackney):
    return Body.objects.get(council=hackney, kind="COUNCIL")


@pytest.fixture
def voice(db):
    return new.new_service_type(family="voice", name="A voice")


def contract_with_line(body, voice, ends_on, price=100, **terms):
    """Return a contract with one old line, billed so many pounds a month."""
    contract = new.new_contract(body.council, ends_on=ends_on, **terms)
    line = new.new_line(body, contract=contract, service_type=voice)
    new.new_charge(line, amount=Decimal(price))
    return contract


def csv_of(client, address: str) -> list[dict[str, str]]:
    response = client.get(address)
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def text_of(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", response.content.decode()))


def references(client, query: str = "") -> list[str]:
    rows = csv_of(client, f"/c/hackney/expiring/?format=csv{query}")
    return [row["contract"] for row in rows]


def test_it_shows_what_ends_or_needs_notice_within_12_months_nearest_first(browse, body, voice):
    later = contract_with_line(body, voice, date(2015, 6, 30))
    first = contract_with_line(body, voice, date(2014, 9, 1))
    by_notice = contract_with_line(body, voice, date(2015, 8, 1), notice_days=60)
    contract_with_line(body, voice, date(2015, 9, 1), notice_days=30)
    contract_with_line(body, voice, date(2014, 6, 1))  # over
    client = browse(PROGRAMME)

    assert references(client) == [one.reference for one in (first, later, by_notice)]
    assert len(references(client, "&within=24")) == 4
    assert references(client, "&within=3") == [first.reference]


def test_it_says_end_notice_options_rolling_price_and_cost_of_waiting(browse, body, voice):
    contract = contract_with_line(
        *(body, voice, date(2014, 8, 1)),
        notice_days=90,
        renewal="ROLLS_ON",
        roll_on_months=3,
    )
    ContractExtension.objects.create(contract=contract, number=1, months=12)
    old = contract.lines.get()
    successor = new.new_line(body, generation=Generation.objects.get(code="PSN"))
    new.new_charge(successor, amount=Decimal(30), starts_on=date(2014, 11, 1))
    new.new_replacement(old=[old], new=[successor])

    (row,) = csv_of(browse(PROGRAMME), "/c/hackney/expiring/?format=csv")

    assert row == {
        "contract": contract.reference,
        "title": "C",
        "supplier": contract.supplier.name,
        "services": "Voice",
        "ends_on": "2014-11-01",  # it rolled on once: nobody gave notice by 2 May
        "notice_by": "2014-08-01",
        "options": "none",  # they ended with its first term
        "rolls_on": "for 3 months; it has once",
        "monthly": "100.0000",
        "waiting": "70.0000",
    }


def test_waiting_is_not_known_where_no_new_line_has_a_price(browse, body, voice):
    contract_with_line(body, voice, date(2014, 8, 1))

    (row,) = csv_of(browse(PROGRAMME), "/c/hackney/expiring/?format=csv")

    assert (row["monthly"], row["waiting"]) == ("100.0000", "")


def test_late_notice_is_said_in_brick_and_notice_due_in_90_days_in_amber(browse, body, voice):
    contract_with_line(body, voice, date(2014, 8, 1), notice_days=37)  # 24 June
    contract_with_line(body, voice, date(2014, 9, 1), notice_days=30)  # 1 August
    contract_with_line(body, voice, date(2015, 5, 1), notice_days=30)

    page = browse(PROGRAMME).get("/c/hackney/expiring/").content.decode()

    assert '<b class="neg">24 June 2014</b><span class="sub neg">late</span>' in page
    assert page.count("row-late") == 1
    assert page.count("row-soon") == 1


@pytest.mark.parametrize(
    "terms",
    [
        {"renewal": "ENDS"},  # it ends anyway, and there is no option to take
        {"renewal": "", "notice_given_on": date(2014, 6, 20)},
        {"renewal": "ROLLS_ON", "roll_on_months": 12, "notice_given_on": date(2014, 6, 20)},
    ],
)
def test_no_notice_is_asked_where_none_is_needed(body, voice, terms):
    contract = contract_with_line(body, voice, date(2014, 8, 1), notice_days=37, **terms)

    (standing,) = standings_of(Contract.objects.filter(pk=contract.pk), TODAY)

    assert standing.notice_by is None


def test_pounds_of_council_and_school_lines_stand_apart(browse, body, voice):
    contract = contract_with_line(body, voice, date(2014, 9, 1), price=100)
    school = new.new_body(body.council, kind="SCHOOL")
    line = new.new_line(school, contract=contract, service_type=voice)
    new.new_charge(line, amount=Decimal(7))
    client = browse(PROGRAMME)

    (ours,) = csv_of(client, "/c/hackney/expiring/?format=csv")
    (schools,) = csv_of(client, "/c/hackney/expiring/?format=csv&who=SCHOOL")

    assert (ours["monthly"], schools["monthly"]) == ("100.0000", "7.0000")
    assert csv_of(client, "/c/hackney/expiring/?format=csv&who=OTHER") == []


def test_it_is_narrowed_by_supplier_and_services(browse, body, voice):
    one = contract_with_line(body, voice, date(2014, 9, 1))
    other = contract_with_line(body, new.new_service_type(family="mobile"), date(2014, 10, 1))
    client = browse(PROGRAMME)

    assert references(client, f"&supplier={one.supplier.code}") == [one.reference]
    assert references(client, "&family=mobile") == [other.reference]
    assert references(client, "&family=no-such&supplier=nor-this") == [
        one.reference,
        other.reference,
    ]


def test_what_could_end_together_shows_each_day_with_its_arithmetic(browse, body, voice):
    cheap = contract_with_line(
        body, voice, date(2014, 9, 1), 40, renewal="ROLLS_ON", roll_on_months=1
    )
    dear = contract_with_line(body, voice, date(2014, 12, 1), 500)
    client = browse(PROGRAMME)

    (choice,) = csv_of(client, "/c/hackney/expiring/?format=csv&table=together")
    text = text_of(client, "/c/hackney/expiring/?together=hackney.voice.2014-09-01")

    assert (choice["what"], choice["contracts"]) == ("Voice", "2")
    assert (choice["day"], choice["cost"]) == ("2014-12-01", "120.00")
    runs_on = "runs on for 3 months (3 × £40.00 = £120.00) after 31 August 2014"
    assert f"{cheap.reference} {runs_on}" in text
    unused = "is still to be paid for 3 months (3 × £500.00 = £1,500.00) after all have ended"
    assert f"{dear.reference} {unused}" in text


def test_contracts_of_two_councils_or_services_do_not_end_together(browse, body, voice):
    contract_with_line(body, voice, date(2014, 9, 1))
    contract_with_line(body, new.new_service_type(family="mobile"), date(2014, 9, 1))
    contract_with_line(new.new_body(new.new_council(), kind="COUNCIL"), voice, date(2014, 9, 1))

    text = text_of(browse(PROGRAMME), "/c/hackney/expiring/")

    assert "No two of these contracts end within 12 months of each other." in text


def test_call_offs_of_several_councils_could_end_together(browse, body, voice):
    """Issue 5, 3: across councils, what could end together and the cheapest day to join."""
    other = new.new_body(new.new_council(short_name="Zedshire"), kind="COUNCIL")
    acme = new.new_supplier(name="Acme Lines", code="acme")
    for ours, ends_on in ((body, date(2014, 9, 1)), (other, date(2015, 2, 1))):
        facts = {"body": ours, "supplier": acme, "ends_on": ends_on, "reference": "CO"}
        call_off = new.new_call_off(ours.council, **facts)
        line = new.new_line(ours, contract=call_off, service_type=voice)
        new.new_charge(line, amount=Decimal(100))
    contract_with_line(body, voice, date(2014, 10, 1), supplier=acme)  # no call-off
    page = "/c/all/expiring/?within=12&among=all&supplier=acme"

    text = text_of(browse(PROGRAMME), page)
    (row,) = csv_of(browse(PROGRAMME), f"{page}&format=csv&table=together")

    assert "2 councils" in text
    assert row["contracts"] == "2"
    assert "call-offs of all" not in text_of(browse(PROGRAMME), "/c/hackney/expiring/")


def test_waiting_is_the_same_whatever_is_left_out(browse, body, voice):
    """A new line that is shared with a contract outside the time asked saves nothing by itself."""
    soon = contract_with_line(body, voice, date(2014, 9, 1))
    late = contract_with_line(body, voice, date(2016, 9, 1))
    successor = new.new_line(body, generation=Generation.objects.get(code="PSN"))
    new.new_charge(successor, amount=Decimal(120), starts_on=date(2014, 11, 1))
    new.new_replacement(old=[soon.lines.get(), late.lines.get()], new=[successor])
    client = browse(PROGRAMME)

    for within in (12, 1200):
        rows = csv_of(client, f"/c/hackney/expiring/?format=csv&within={within}")
        assert {row["waiting"] for row in rows} == {""}


# Who


def test_another_council_is_404_and_all_shows_ones_own(browse, body, voice):
    foreign = contract_with_line(body, voice, date(2014, 9, 1))
    client = browse("buyer@camden")

    assert client.get("/c/hackney/expiring/").status_code == 404
    assert client.get("/c/nowhere/expiring/").status_code == 404
    ours = csv_of(client, "/c/all/expiring/?format=csv")
    assert {row["council"] for row in ours} == {"Camden"}
    assert foreign.reference not in {row["contract"] for row in ours}


def test_suppliers_are_told_whom_it_is_for(db, browse):
    response = browse("agent1@virgin-media-business").get("/c/all/expiring/")

    assert response.status_code == 403
    assert "What ends when is for councils and London Grid." in response.content.decode()


# My work


def notices_of(council, role: str) -> list:
    work = work_of(member(council, role), TODAY)
    return [one for one in work if one.kind == "Notice on contracts"]


@pytest.mark.parametrize(
    ("days", "band"),
    [(37, Band.LATE), (31, Band.DUE), (18, Band.DUE), (17, None)],  # 24 June to 14 July
)
def test_notice_is_work_of_buyers_and_network_officers_a_fortnight_ahead(body, voice, days, band):
    council = new.new_council()
    ours = new.new_body(council, kind="COUNCIL")
    contract = contract_with_line(ours, voice, date(2014, 8, 1), notice_days=days)
    radar = f"/c/{council.slug}/expiring/"

    for role in ("BUYER", "NETWORK_OFFICER"):
        items = notices_of(council, role)
        assert [one.band for one in items] == ([band] if band else [])
        assert [one.reference for one in items] == ([contract.reference] if band else [])
        row = f"?supplier={contract.supplier.code}#contract-{contract.pk}"
        assert [one.address for one in items] == ([radar + row] if band else [])
    for role in ("FINANCE", "APPROVER", "VIEWER"):
        assert not notices_of(council, role)


# The budget


def test_it_asks_as_many_queries_however_many_contracts_there_are(browse, body, voice):
    client = browse(PROGRAMME)
    before = queries_of(client, "/c/all/expiring/?within=24")

    for month in range(1, 13):
        contract_with_line(body, voice, date(2015, month, 1), notice_days=30)

    assert queries_of(client, "/c/all/expiring/?within=24") == before <= BUDGET
