"""The demonstration's catalogue: its items, the price book of every call-off, and one quote."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from boroughs.models import Site
from londonpsn.common.bulk import copy_rows
from londonpsn.demo import generate
from services.models import CatalogueItem, Contract, Price, Quote, ServiceType

HOLDS_UNTIL = generate.month_day(generate.MONTHS)  # prices are constant for all 60 months
BY_QUOTE = {
    "code": "WAN-BUILD",
    "name": "Ethernet line with a new duct",
    "unit": "circuit",
    "net": "ON_NET",
    "lead_time_days": 120,
}
QUOTED = "CMD"  # the council with a quote that expires
QUOTED_ON, VALID_UNTIL = date(2014, 6, 10), date(2014, 7, 11)  # it holds to 10 July
QUOTE_MONTHLY, QUOTE_ONE_OFF = Decimal("545.00"), Decimal("1200.00")


def load_prices(contracts: Mapping[int, int]) -> None:
    """Add the items that are missing, and the price book to each call-off (council to contract)."""
    book = list(_rows("price_book.csv"))
    items = _items(book)
    copy_rows(
        Price,
        ["contract_id", "item_id", "kind", "from_quantity", "amount", "starts_on", "ends_on"],
        (
            (contract, items[row["item"]], kind, 1, pounds, generate.FIRST_MONTH, HOLDS_UNTIL)
            for contract in contracts.values()
            for row in book
            for kind, pounds in _prices(row)
        ),
    )


def load_quote(today: date) -> None:
    """Add the placed case: a quote to Camden that holds for ten more days on the demo's day."""
    contract = Contract.objects.filter(reference=f"{QUOTED}/LONDONPSN").first()
    if contract is None or today < QUOTED_ON:
        return
    Quote.objects.create(
        council_id=contract.council_id,
        contract=contract,
        item=CatalogueItem.objects.get(code=BY_QUOTE["code"]),
        site=Site.objects.filter(code=f"{QUOTED}-HQ01").first(),
        number="Q-2014-0612",
        quantity=1,
        monthly=QUOTE_MONTHLY,
        one_off=QUOTE_ONE_OFF,
        term_months=36,
        quoted_on=QUOTED_ON,
        valid_until=VALID_UNTIL,
        survey=Quote.Survey.YELLOW,
    )


def _items(book: list[dict[str, str]]) -> dict[str, int]:
    """Return the primary keys of the items by code; they are added where they are missing."""
    described = {row["item"]: row for row in _rows("catalogue.csv")}
    kinds = dict(ServiceType.objects.values_list("code", "pk"))
    CatalogueItem.objects.bulk_create(
        (
            CatalogueItem(
                code=row["item"],
                name=described[row["item"]]["name"],
                service_type_id=kinds[row["service_type"]],
                unit=row["unit"],
                net=described[row["item"]]["net"],
                lead_time_days=int(described[row["item"]]["lead_time_days"]),
                options=described[row["item"]]["options"],
            )
            for row in book
        ),
        ignore_conflicts=True,
    )
    CatalogueItem.objects.get_or_create(
        code=BY_QUOTE["code"],
        defaults=BY_QUOTE | {"service_type_id": kinds["WAN-ETH-1G"], "is_by_quote": True},
    )
    return dict(CatalogueItem.objects.values_list("code", "pk"))


def _prices(row: Mapping[str, str]) -> Iterator[tuple[str, Decimal]]:
    """Yield both prices of an item: a known zero is a price of nothing, not a missing one."""
    yield Price.Kind.RECURRING, Decimal(row["monthly_pence"]) / 100
    yield Price.Kind.ONE_OFF, Decimal(row["one_off_pence"]) / 100


def _rows(table: str) -> Iterator[dict[str, str]]:
    with (Path(__file__).parent / table).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
