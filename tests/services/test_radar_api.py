"""What ends when, and what could end together, for programs: as the radar's page has it."""

from datetime import date
from decimal import Decimal

import pytest

from boroughs.models import AuditEvent, Generation
from services.models import Contract, ContractExtension
from tests import factories as new
from tests.londonpsn.test_pages import BUDGET, queries_of
from tests.services.test_radar_page import (
    PROGRAMME,
    body,
    contract_with_line,
    csv_of,
    hackney,
    voice,
)

__all__ = ["body", "hackney", "voice"]  # fixtures
RADAR, TOGETHER = "/api/v1/radar/", "/api/v1/radar/together/"


def rows_of(client, address: str) -> list[dict]:
    response = client.get(address)
    assert response.status_code == 200, response.content
    return response.json()["results"]


def references(client, query: str) -> list[str]:
    return [row["reference"] for row in rows_of(client, f"{RADAR}?{query}")]


def test_a_row_says_end_act_by_options_price_and_what_waiting_costs(browse, body, voice):
    contract = contract_with_line(
        *(body, voice, date(2014, 8, 1)), notice_days=90, renewal="ROLLS_ON", roll_on_months=3
    )
    ContractExtension.objects.create(contract=contract, number=1, months=12)
    successor = new.new_line(body, generation=Generation.objects.get(code="PSN"))
    new.new_charge(successor, amount=Decimal(30), starts_on=date(2014, 11, 1))
    new.new_replacement(old=[contract.lines.get()], new=[successor])

    (row,) = rows_of(browse(PROGRAMME), f"{RADAR}?council=HCK")

    assert row == {
        "contract": contract.pk,
        "council": "HCK",
        "reference": contract.reference,
        "title": "C",
        "supplier": contract.supplier.name,
        "supplier_code": contract.supplier.code,
        "families": ["voice"],
        "in_force_until": "2014-11-01",  # it rolled on once
        "give_notice_by": "2014-08-01",
        "notice_given_on": None,
        "is_late": False,
        "is_due_soon": True,
        "options": [],
        "renewal": "ROLLS_ON",
        "roll_on_months": 3,
        "has_rolled": 1,
        "monthly": "100.00",
        "waiting": "70.00",
        "together": [],
    }


def test_it_has_the_rows_of_the_page_in_its_order_whatever_is_asked(browse, body, voice):
    contract_with_line(body, voice, date(2015, 6, 30))
    other = contract_with_line(body, new.new_service_type(family="mobile"), date(2014, 9, 1))
    contract_with_line(body, voice, date(2016, 3, 1))
    client = browse(PROGRAMME)

    asked = (("", ""), ("within=24", "within=24"), ("family=mobile", "family=mobile"))
    supplier = f"supplier={other.supplier.code}"
    for of_page, of_api in (*asked, (supplier, supplier), ("who=SCHOOL", "body_kind=SCHOOL")):
        page = csv_of(client, f"/c/hackney/expiring/?format=csv&{of_page}")
        assert references(client, f"council=HCK&{of_api}") == [row["contract"] for row in page]
    assert references(client, "council=HCK&supplier=nobody") == []


def test_what_could_end_together_has_its_days_the_cheapest_first(browse, body, voice):
    cheap = contract_with_line(
        body, voice, date(2014, 9, 1), 40, renewal="ROLLS_ON", roll_on_months=1
    )
    dear = contract_with_line(body, voice, date(2014, 12, 1), 500)
    client = browse(PROGRAMME)

    (group,) = rows_of(client, f"{TOGETHER}?council=HCK")
    rows = rows_of(client, f"{RADAR}?council=HCK")

    assert (group["what"], group["council"]) == ("Voice", "HCK")
    assert [one["contract"] for one in group["contracts"]] == [cheap.pk, dear.pk]
    assert group["days"][0] == {
        "ends_on": "2014-12-01",
        "cost": "120.00",
        "parts": [
            {
                "contract": cheap.pk,
                "longer": {"starts_on": "2014-09-01", "ends_on": "2014-12-01"},
                "unused": None,
                "cost": "120.00",
            },
            {"contract": dear.pk, "longer": None, "unused": None, "cost": "0.00"},
        ],
    }
    assert group["days"][-1]["cost"] == "1500.00"  # the dear one is paid for unused
    cheapest = {"key": group["key"], "what": "Voice", "contracts": 2}
    for row in rows:
        assert row["together"] == [cheapest | {"ends_on": "2014-12-01", "cost": "120.00"}]


def test_call_offs_of_several_councils_could_end_together(browse, body, voice):
    other = new.new_body(new.new_council(), kind="COUNCIL")
    acme = new.new_supplier(name="Acme Lines", code="acme")
    for ours, ends_on in ((body, date(2014, 9, 1)), (other, date(2015, 2, 1))):
        facts = {"body": ours, "supplier": acme, "ends_on": ends_on, "reference": "CO"}
        new.new_call_off(ours.council, **facts)

    (group,) = rows_of(browse(PROGRAMME), f"{TOGETHER}?among=all&supplier=acme")

    assert (group["council"], group["what"]) == (None, "Acme Lines")
    assert len({one["council"] for one in group["contracts"]}) == 2


def test_it_is_paged_as_other_lists(browse, body, voice):
    for month in (9, 10, 11):
        contract_with_line(body, voice, date(2014, month, 1))

    page = browse(PROGRAMME).get(f"{RADAR}?council=HCK&limit=2&offset=1").json()

    assert (page["count"], len(page["results"])) == (3, 2)
    assert [row["in_force_until"] for row in page["results"]] == ["2014-10-01", "2014-11-01"]


@pytest.mark.parametrize("query", ["within=7", "family=none", "body_kind=X", "together_by=x"])
def test_a_question_that_the_page_does_not_offer_is_400(db, browse, query):
    response = browse(PROGRAMME).get(f"{RADAR}?{query}")

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errors"][0]["field"] == query.split("=")[0]


def test_another_council_is_404_suppliers_are_403_and_ones_own_alone_is_listed(browse, body, voice):
    contract_with_line(body, voice, date(2014, 9, 1))
    buyer, agent = browse("buyer@camden"), browse("agent1@virgin-media-business")

    for address in (RADAR, TOGETHER):
        assert buyer.get(f"{address}?council=HCK").status_code == 404
        assert agent.get(address).status_code == 403
    assert {row["council"] for row in rows_of(buyer, f"{RADAR}?within=1200")} == {"CMD"}


def test_that_it_was_read_is_written_down_at_the_council(browse, body, voice):
    contract_with_line(body, voice, date(2014, 9, 1))
    client = browse("network@camden")

    rows_of(client, f"{RADAR}?within=1200")
    rows_of(client, TOGETHER)

    events = AuditEvent.objects.filter(type="LIST_DOWNLOADED").order_by("pk")
    assert [(event.chain, event.after["list"]) for event in events] == [
        ("CMD", "api-radar-list"),
        ("CMD", "api-radar-together-list"),
    ]


def test_it_asks_as_many_queries_however_many_contracts_there_are(browse, body, voice):
    client = browse(PROGRAMME)
    rows_of(client, f"{RADAR}?within=24")  # what is written down on the first read of a day
    before = queries_of(client, f"{RADAR}?within=24")

    for month in range(1, 13):
        contract_with_line(body, voice, date(2015, month, 1), notice_days=30)
    rows_of(client, f"{RADAR}?within=24")

    assert queries_of(client, f"{RADAR}?within=24") == before <= BUDGET
    assert Contract.objects.filter(council=body.council).count() >= 12
