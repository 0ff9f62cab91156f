"""Offers beside each other at whole-life cost, for programs: as the page has them."""

from decimal import Decimal

import pytest

from boroughs.models import AuditEvent
from services.models import CatalogueItem, Contract, Price
from tests.services.test_prices import AGENT, BUYER, rows_of

COMPARE, PAID = "/api/v1/compare/", "/api/v1/compare/paid-now/"
ASKED = "council=CMD&family=wan&quantity=1&months=12"


@pytest.fixture
def call_off(db):
    return Contract.objects.get(reference="CMD/LONDONPSN")


def results(client, address: str) -> list[dict]:
    response = client.get(address)
    assert response.status_code == 200, response.content
    return response.json()["results"]


def test_an_offer_that_is_not_there_is_no_other_one(browse, call_off):
    assert results(browse(BUYER), f"{COMPARE}?{ASKED}&option=q0") == []


def test_an_offer_says_what_it_comes_to_over_the_term_and_for_leaving(browse, call_off):
    """E7: a charge for leaving is a share of the months that are left."""
    Price.objects.filter(contract=call_off, item__code="WAN-10").update(term_months=36)
    Contract.objects.filter(pk=call_off.pk).update(exit_percent=Decimal(50))
    wan_10 = CatalogueItem.objects.get(code="WAN-10")
    key = f"p{call_off.pk}-{wan_10.pk}"

    (offer,) = results(browse(BUYER), f"{COMPARE}?{ASKED}&option={key}")

    assert offer == {
        "key": key,
        "label": "Ethernet line, 10 Mbit/s",
        "reference": "CMD/LONDONPSN",
        "supplier": call_off.supplier.name,
        "service_type": wan_10.service_type.name,
        "note": "",
        "one_off": "450.00",
        "monthly": "115.00",
        "recurring": "1380.00",
        "exit_charge": "1380.00",  # 115 x 24 / 2
        "total": "3210.00",
        "exit_months": 24,
        "exit_percent": "50.00",
    }


def test_offers_and_what_is_paid_now_are_those_of_the_page(browse, call_off):
    client, page = browse(BUYER), f"/c/camden/compare/?{ASKED}&format=csv"

    header, *offers = rows_of(client, page)
    paid_header, *paid = rows_of(client, f"{page}&table=paid-now")

    found = results(client, f"{COMPARE}?{ASKED}")
    at = header.index
    assert [(one["label"], one["total"] or "") for one in found] == [
        (row[at("label")], row[at("total")]) for row in offers
    ]
    assert found[0]["label"] == "Broadband line over fibre to the cabinet"
    now = results(client, f"{PAID}?{ASKED}")
    at = paid_header.index
    assert [(one["service_type"], str(one["lines"]), one["as_many"] or "") for one in now] == [
        (row[at("service_type")], row[at("lines")], row[at("as_many")]) for row in paid
    ]
    assert now


def test_what_cannot_be_priced_has_no_cost_and_says_why(browse, call_off):
    found = results(browse(BUYER), f"{COMPARE}?council=CMD&family=wan&quantity=2")

    (quote,) = (one for one in found if one["key"].startswith("q"))
    assert (quote["total"], quote["exit_months"]) == (None, None)
    assert quote["note"] == "Quoted for 1, not for 2."


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("family=wan", "Name one council"),
        ("council=CMD", "family: This field is required."),
        ("council=CMD&family=none", "family"),
        ("council=CMD&family=wan&months=601", "months"),
        ("council=CMD&family=wan&quantity=0", "quantity"),
    ],
)
def test_a_question_that_is_not_whole_is_400_in_words(browse, call_off, query, words):
    for address in (COMPARE, PAID):
        answer = browse(BUYER).get(f"{address}?{query}")
        assert (answer.status_code, words in answer.json()["detail"]) == (400, True)


def test_another_council_is_404_also_for_suppliers(browse, call_off):
    for who in ("buyer@sutton", AGENT):
        for address in (COMPARE, PAID):
            assert browse(who).get(f"{address}?{ASKED}").status_code == 404


def test_that_it_was_read_is_written_down_at_the_council(browse, call_off):
    results(browse(BUYER), f"{COMPARE}?{ASKED}")

    event = AuditEvent.objects.get(type="LIST_DOWNLOADED")
    assert event.chain == "CMD"
    assert event.after["list"] == "api-compare-list"
