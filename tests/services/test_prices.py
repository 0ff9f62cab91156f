"""Prices, offers and quotes: what is said of them, and to whom."""

import csv
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from boroughs.models import AuditEvent, Council, Site
from londonpsn.common.errors import BadInput, NotVisible, Refused
from londonpsn.common.work import Band, work_of
from services.actions.quotes import keep_quote
from services.models import CatalogueItem, Contract, Price, Quote
from services.queries.offers import offers_of, paid_now
from services.queries.prices import NoPrice, Peers, QuotedPrice, peer_prices, price_for
from services.whole_life import whole_life
from tests import factories as new
from tests.conftest import person
from tests.factories import AT, TODAY, member
from tests.londonpsn.test_pages import BUDGET, queries_of

BUYER, OFFICER, AGENT = "buyer@camden", "programme@london-grid", "agent1@virgin-media-business"


def text_of(client, page: str) -> str:
    answer = client.get(page)
    assert answer.status_code == 200, page
    return answer.content.decode()


def rows_of(client, page: str) -> list[list[str]]:
    text = b"".join(client.get(page).streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines()))


@pytest.fixture
def camden(council):
    return council("CMD")


@pytest.fixture
def call_off(camden):
    return camden.contracts.get(reference="CMD/LONDONPSN")


# The price of an order line


@pytest.fixture
def seats(db):
    """Seats at £6.40, from ten on £6, from a hundred on £5; £15 once, from ten on £10."""
    contract, item = new.new_contract(), new.new_catalogue_item(name="Seat")
    for quantity, amount in ((1, "6.40"), (10, "6.00"), (100, "5.00")):
        new.new_price(contract, item, from_quantity=quantity, amount=Decimal(amount))
    for quantity, amount in ((1, "15"), (10, "10")):
        once = {"kind": "ONE_OFF", "from_quantity": quantity}
        new.new_price(contract, item, amount=Decimal(amount), **once)
    return contract, item


@pytest.mark.parametrize(
    ("quantity", "recurring", "one_off", "next_from", "next_recurring"),
    [
        (1, "6.40", "15", 10, "6.00"),
        (9, "6.40", "15", 10, "6.00"),
        (10, "6.00", "10", 100, "5.00"),
        (99, "6.00", "10", 100, "5.00"),
        (100, "5.00", "10", None, None),
    ],
)
def test_the_highest_band_that_the_quantity_reaches_counts(
    seats, quantity, recurring, one_off, next_from, next_recurring
):
    price = price_for(*seats, quantity, TODAY)

    assert (price.recurring, price.one_off) == (Decimal(recurring), Decimal(one_off))
    assert price.next_from == next_from
    assert price.next_recurring == (next_recurring and Decimal(next_recurring))
    assert price.monthly == Decimal(recurring) * quantity
    assert price.once == Decimal(one_off) * quantity


def test_the_price_of_an_order_line_is_one_query(seats):
    with CaptureQueriesContext(connection) as captured:
        price_for(*seats, 10, TODAY)

    assert len(captured) == 1


def test_where_there_is_no_price_it_is_said_why(seats):
    contract, item = seats
    quoted = new.new_catalogue_item(name="Fibre", is_by_quote=True)
    Price.objects.filter(from_quantity=1).delete()

    assert price_for(contract, quoted, 1, TODAY) == NoPrice(
        "Fibre is priced by quote: ask the supplier for one."
    )
    assert price_for(contract, item, 1, date(2013, 3, 31)) == NoPrice(
        "Seat has no price in force on 31 March 2013."
    )
    assert price_for(contract, item, 1, TODAY) == NoPrice(
        "Seat has a price from 10 on; fewer have none on 30 June 2014."
    )


def test_a_price_holds_to_the_day_before_its_end(db):
    price = new.new_price(ends_on=TODAY)

    before = price_for(price.contract, price.item, 1, TODAY - timedelta(days=1))
    assert (before.recurring, before.one_off) == (100, None)
    assert isinstance(price_for(price.contract, price.item, 1, TODAY), NoPrice)


# The book


def test_the_book_shows_both_prices_of_an_item_in_one_row(browse, call_off):
    text = text_of(browse(BUYER), "/c/camden/prices/")
    rows = rows_of(browse(BUYER), "/c/camden/prices/?format=csv&q=WAN-10G")

    assert "All 22, Camden, in force on 30 June 2014" in text
    assert rows == [
        [
            *("code", "name", "unit", "from_quantity", "monthly", "one_off", "term_months"),
            *("starts_on", "last_day", "contract", "supplier"),
        ],
        [
            *("WAN-10G", "Ethernet line, 10 Gbit/s", "circuit", "1", "1490.0000", "4500.0000", ""),
            *("2013-04-01", "2018-03-31", "CMD/LONDONPSN", "Virgin Media Business"),
        ],
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=wan-1", 4),
        ("?q=ethernet", 4),
        ("?q=CMD/LONDON", 22),
        ("?family=voice", 3),
        ("?family=voice&q=sip", 1),
        ("?day=2013-03-31", 0),
        ("?family=nonsense", 22),
    ],
)
def test_the_book_is_narrowed_by_what_stands_in_the_address(browse, call_off, query, found):
    client = browse(BUYER)

    assert len(rows_of(client, f"/c/camden/prices/{query}&format=csv")) == found + 1
    words = "No price fits what you have chosen." if not found else f"All {found}, Camden"
    assert words in text_of(client, f"/c/camden/prices/{query}")


def test_the_book_can_be_sorted_by_each_heading(browse, call_off):
    client = browse(BUYER)

    for name in ("code", "monthly", "-one_off", "starts_on", "ends_on", "contract", "supplier"):
        assert rows_of(client, f"/c/camden/prices/?sort={name}&format=csv")[1:]


# The item


def test_an_item_says_what_it_is_and_what_it_cost_over_time(browse, call_off):
    item = CatalogueItem.objects.get(code="WAN-10")
    Price.objects.filter(contract=call_off, item=item).update(ends_on=TODAY)
    new.new_price(call_off, item, amount=Decimal("118.4567"), starts_on=TODAY, term_months=36)

    text = text_of(browse(BUYER), "/catalogue/WAN-10/")

    assert "60 working days" in text
    assert "On the supplier’s own network" in text
    assert "£115.00" in text
    assert "£118.4567" in text  # as it is, not rounded
    assert "36 months" in text
    assert "29 June 2014" in text


def test_what_others_pay_is_the_median_of_five_others_or_more(browse, call_off, buyer):
    item = CatalogueItem.objects.get(code="WAN-10")
    page, few = "/catalogue/WAN-10/", "fewer than 5 other councils have a price"
    assert few in text_of(browse(BUYER), page)  # two others have one in the small data set

    for amount in (99, 98):
        price = new.new_price(item=item, amount=Decimal(amount))
    new.new_price(price.contract, item, from_quantity=10, amount=Decimal(1))  # a band
    draft = new.new_contract(kind="CALL_OFF", stage="DRAFT")
    new.new_price(draft, item, amount=Decimal(2))
    assert peer_prices(buyer, item, TODAY) is None  # the own one does not count

    new.new_price(item=item, amount=Decimal("130.50"))
    assert peer_prices(buyer, item, TODAY) == Peers(councils=5, median=Decimal(115))
    text = text_of(browse(BUYER), page)
    assert "£115.00 in the middle" in text
    assert "for one, in the books of 5 other councils" in text
    assert "What councils pay" not in text_of(browse(AGENT), page)


def test_the_price_of_a_single_other_council_is_nowhere_on_the_page(browse, call_off):
    item = CatalogueItem.objects.get(code="WAN-10")
    for amount in ("97.31", "99", "101", "130.53"):
        new.new_price(item=item, amount=Decimal(amount))

    text = text_of(browse(BUYER), "/catalogue/WAN-10/")

    assert "in the middle" in text
    assert not [amount for amount in ("97.31", "130.53") if amount in text]


def test_prices_of_another_council_are_not_there(browse, council):
    sutton = council("STN").contracts.get(reference="STN/LONDONPSN")
    client = browse(BUYER)

    assert client.get("/c/sutton/prices/").status_code == 404
    assert client.get("/c/sutton/quotes/").status_code == 404
    assert client.get("/c/sutton/compare/").status_code == 404
    for page in ("/c/all/prices/", "/catalogue/WAN-10/"):
        assert "STN/LONDONPSN" not in text_of(client, page)
        assert "Sutton" not in text_of(client, page)
    whole = rows_of(client, "/c/all/prices/?format=csv&table=price-book")
    assert {row[0] for row in whole[1:]} == {"CMD/LONDONPSN"}
    assert sutton.prices.exists()


def test_a_supplier_sees_its_own_prices_and_quotes_only(browse, camden):
    own = Contract.objects.get(reference="CMD/LONDONPSN")
    bt = new.new_price(new.new_contract(camden, reference="BT/1"))
    draft = new.new_contract(camden, supplier=own.supplier, kind="CALL_OFF", stage="DRAFT")
    planned = new.new_price(draft)
    theirs = new.new_quote(bt.contract)
    client = browse(AGENT)

    whole = rows_of(client, "/c/all/prices/?format=csv&table=price-book")
    assert {row[0].split("/")[-1] for row in whole[1:]} == {"LONDONPSN"}
    assert client.get(f"/quotes/{theirs.pk}/").status_code == 404
    assert client.get(f"/quotes/{Quote.objects.get(contract=own).pk}/").status_code == 200
    assert client.get("/c/camden/compare/").status_code == 404
    for price in (bt, planned):
        assert client.get(f"/api/v1/prices/{price.pk}/").status_code == 404


# Offers beside each other


@pytest.mark.parametrize(
    ("months", "agreed", "exit_months", "total"),
    [
        (36, 36, 0, "4590.00"),  # 450 + 115 x 36
        (12, 36, 24, "4590.00"),  # leaving costs what is left of the term
        (48, 36, 0, "5970.00"),
        (12, None, None, "1830.00"),
    ],
)
def test_whole_life_is_once_and_each_month_and_what_leaving_costs(
    months, agreed, exit_months, total
):
    cost = whole_life(
        monthly=Decimal(115), one_off=Decimal(450), months=months, agreed_months=agreed
    )

    assert (cost.exit_months, cost.total) == (exit_months, Decimal(total))
    assert cost.total == cost.one_off + cost.recurring + cost.exit_charge


def test_e7_leaving_early_costs_the_contract_s_share_of_the_months_that_are_left():
    cost = whole_life(
        monthly=Decimal(1200),
        one_off=Decimal(0),
        months=21,
        agreed_months=36,
        exit_percent=Decimal(50),
    )

    assert (cost.exit_months, cost.exit_charge) == (15, Decimal("9000.00"))
    assert cost.exit_charge - 15 * Decimal(480) == Decimal("1800.00")  # worse than waiting


def test_a_share_for_leaving_that_is_held_is_used_and_said(browse, call_off):
    Price.objects.filter(contract=call_off, item__code="WAN-10").update(term_months=36)
    Contract.objects.filter(pk=call_off.pk).update(exit_percent=Decimal(50))

    text = text_of(browse(BUYER), "/c/camden/compare/?family=wan&quantity=1&months=12")

    assert "+ £115.00 × 24 months left of its term, of which 50 % is charged" in text
    assert "£3,210.00" in text  # 450 + 115 x 12 + 115 x 24 / 2


def test_a_charge_for_leaving_says_that_it_is_of_the_whole_price(browse, call_off):
    Price.objects.filter(contract=call_off, item__code="WAN-10").update(term_months=36)

    text = text_of(browse(BUYER), "/c/camden/compare/?family=wan&quantity=1&months=12")

    assert "+ £115.00 × 24 months left of its term, all of it: no smaller share" in text
    assert "not of the same item, where a kind has several speeds" in text


def test_a_month_is_rounded_once_and_then_multiplied():
    cost = whole_life(monthly=Decimal("0.4653") * 3, one_off=Decimal("0.005"), months=10)

    assert (cost.monthly, cost.one_off, cost.total) == (
        *(Decimal("1.40"), Decimal("0.01")),
        Decimal("14.01"),
    )


@pytest.fixture
def buyer(camden):
    return member(camden, "BUYER")


def test_offers_stand_cheapest_first_with_quotes_among_them(buyer, camden, call_off):
    term = {"day": TODAY, "quantity": 1, "months": 36}
    Price.objects.filter(item__code="WAN-10").update(term_months=36)

    offers = offers_of(buyer, camden, "wan", **term)

    assert [(one.label, one.cost.total) for one in offers] == [
        ("Broadband line over fibre to the cabinet", Decimal(95 + 39 * 36)),
        ("Ethernet line, 10 Mbit/s", Decimal(450 + 115 * 36)),
        ("School line, 10 Mbit/s", Decimal(130 * 36)),
        ("Ethernet line, 100 Mbit/s", Decimal(950 + 245 * 36)),
        ("Quote Q-2014-0612: Ethernet line with a new duct", Decimal(1200 + 545 * 36)),
        ("Ethernet line, 1 Gbit/s", Decimal(1800 + 590 * 36)),
        ("School line, 100 Mbit/s", Decimal(690 * 36)),
        ("School line, 1 Gbit/s", Decimal(1450 * 36)),
        ("Ethernet line, 10 Gbit/s", Decimal(4500 + 1490 * 36)),
    ]


def test_a_quote_is_only_for_what_it_was_made_for_and_as_long_as_it_holds(buyer, camden, call_off):
    term = {"quantity": 2, "months": 36}

    offers = {one.key: one for one in offers_of(buyer, camden, "wan", day=TODAY, **term)}
    later = offers_of(buyer, camden, "wan", day=date(2014, 7, 11), **term)

    quote = offers[f"q{Quote.objects.get().pk}"]
    assert (quote.cost, quote.note) == (None, "Quoted for 1, not for 2.")
    assert not [one for one in later if one.key.startswith("q")]


def test_what_is_paid_now_is_of_the_councils_own_lines(buyer, camden):
    body = new.new_body(camden, kind="SCHOOL")
    council_body = camden.bodies.get(kind="COUNCIL")
    kind = new.new_service_type(name="A rare line", family="other")
    for place, amount, quantity in ((council_body, 90, 3), (council_body, 30, 1), (body, 500, 1)):
        new.new_charge(
            new.new_line(place, service_type=kind, quantity=quantity), amount=Decimal(amount)
        )

    (now,) = paid_now(buyer, camden, "other", TODAY)

    assert (now.lines, now.quantity, now.monthly, now.unpriced) == (2, 4, 120, 0)
    assert now.for_quantity(2, 12) == 720  # £30 each on average
    new.new_line(council_body, service_type=kind)
    (now,) = paid_now(buyer, camden, "other", TODAY)
    assert (now.unpriced, now.for_quantity(2, 12)) == (1, None)


def test_the_page_shows_the_arithmetic_and_only_what_is_ticked(browse, call_off):
    client, page = browse(BUYER), "/c/camden/compare/"
    assert "Choose a kind of service, how many" in text_of(client, page)

    text = text_of(client, f"{page}?family=wan&quantity=1&months=36")
    assert "£450.00 once + £115.00 × 36 months; no term is known" in text
    assert "£4,590.00" in text
    assert "What the council pays now" in text

    wan_10 = CatalogueItem.objects.get(code="WAN-10").pk
    ticked = text_of(
        client, f"{page}?family=wan&quantity=1&months=36&option=p{call_off.pk}-{wan_10}"
    )
    assert "All 1, 1 over 36 months" in ticked
    rows = rows_of(client, f"{page}?family=wan&quantity=1&months=36&format=csv")
    assert rows[1][0] == "Broadband line over fibre to the cabinet"
    assert rows[1][7] == "1499.00"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("family=&quantity=1&months=36", "Choose the kind of service."),
        ("family=wan&quantity=&months=36", "Say how many"),
        ("family=wan&quantity=1&months=9999", "less than or equal to 600"),
    ],
)
def test_what_cannot_be_compared_is_said_in_words(browse, call_off, query, said):
    assert said in text_of(browse(BUYER), f"/c/camden/compare/?{query}")


# Quotes


def facts(**changes) -> dict:
    said = {"number": "Q-7", "quantity": 2, "monthly": Decimal(90), "one_off": Decimal(100)}
    days = {"quoted_on": date(2014, 6, 2), "valid_until": date(2014, 8, 1)}
    return said | days | {"term_months": 36, "survey": "GREEN"} | changes


def keep(call_off, by, **changes) -> Quote:
    site = changes.pop("site_id", None)
    return keep_quote(
        contract_id=call_off.pk,
        item=CatalogueItem.objects.get(code="WAN-1G"),
        facts=facts(**changes),
        site_id=site,
        on=TODAY,
        by=by,
        at=AT,
    )


def test_a_quote_is_kept_as_it_was_made(call_off, buyer, camden):
    site = Site.objects.get(code="CMD-HQ01")

    quote = keep(call_off, buyer, site_id=site.pk)

    assert (quote.council, quote.site, quote.survey) == (camden, site, "GREEN")
    event = AuditEvent.objects.get(type="QUOTE_KEPT")
    assert (event.subject_id, event.council_id, event.role) == (quote.pk, camden.pk, "BUYER")
    assert event.after["monthly"] == "90"


def test_a_quote_that_cannot_be_is_refused_in_words(call_off, buyer, council):
    keep(call_off, buyer)
    elsewhere = Site.objects.filter(body__council=council("STN")).first()
    draft = new.new_contract(call_off.council, kind="CALL_OFF", stage="DRAFT")
    theirs = council("STN").contracts.first()

    for asked, error, said in (
        ({}, Refused, "A quote Q-7 is held under this call-off"),
        ({"number": "Q-8", "quoted_on": date(2014, 7, 1)}, BadInput, "still to come"),
        ({"number": "Q-8", "valid_until": date(2014, 6, 2)}, BadInput, "lies before the day"),
        ({"number": "Q-8", "site_id": elsewhere.pk}, NotVisible, "There is no site"),
    ):
        with pytest.raises(error, match=said):
            keep(call_off, buyer, **asked)
    with pytest.raises(Refused, match="is a draft"):
        keep(draft, buyer)
    with pytest.raises(NotVisible):
        keep(theirs, buyer)
    assert Quote.objects.filter(council=call_off.council).count() == 2  # with the placed one


@pytest.mark.parametrize("role", ["NETWORK_OFFICER", "APPROVER", "FINANCE", "VIEWER", "AUDITOR"])
def test_only_buyers_keep_quotes(call_off, role):
    with pytest.raises(PermissionDenied, match="keep a supplier's quote"):
        keep(call_off, member(call_off.council, role))


@pytest.mark.parametrize(
    ("day", "survey", "orderable"),
    [
        (date(2014, 5, 31), "", False),  # not made yet
        (date(2014, 6, 1), "", True),
        (date(2014, 8, 31), "YELLOW", True),  # its last day
        (date(2014, 9, 1), "GREEN", False),  # expired
        (date(2014, 7, 1), "RED", False),  # cannot be delivered
    ],
)
def test_an_expired_quote_cannot_be_ordered(db, day, survey, orderable):
    quote = new.new_quote(survey=survey)

    assert quote.is_orderable_on(day) is orderable
    assert Quote.objects.filter(pk=quote.pk).orderable_on(day).exists() is orderable


def test_an_order_is_priced_by_a_quote_only_while_that_holds(db):
    item = new.new_catalogue_item(is_by_quote=True)
    quote = new.new_quote(item=item, number="Q-1", quantity=3)
    red = new.new_quote(quote.contract, item, number="Q-2", quantity=3, survey="RED")

    def priced(quote, quantity=3, on=date(2014, 8, 31)):
        return price_for(quote.contract, item, quantity, on, quote=quote)

    assert priced(quote) == QuotedPrice(quote, Decimal(100), Decimal(50))
    assert priced(quote, on=date(2014, 9, 1)) == NoPrice(
        "Quote Q-1 has expired: its last day was 31 August 2014. Ask the supplier anew."
    )
    assert "for another quantity" in priced(quote, 2).reason
    assert "cannot be delivered" in priced(red).reason


def test_a_quote_is_frozen_whoever_writes(call_off, buyer):
    quote = keep(call_off, buyer)

    for change in (
        lambda: Quote.objects.filter(pk=quote.pk).update(monthly=1),
        lambda: Quote.objects.filter(pk=quote.pk).delete(),
        lambda: connection.cursor().execute("UPDATE services_quote SET valid_until = '2030-01-01'"),
    ):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            change()

    quote.documents.add(new.new_document(call_off.council))
    assert quote.documents.count() == 1
    assert Quote.objects.get(pk=quote.pk).monthly == 90


def test_no_quote_is_kept_under_a_call_off_that_is_over(camden, buyer):
    over = new.new_call_off(camden, ends_on=date(2014, 6, 1))

    with pytest.raises(Refused, match="This call-off is over: its last day was 31 May 2014"):
        keep(over, buyer)


def test_the_demo_has_an_item_that_is_priced_by_quote(call_off):
    """It has no price in the book, and the placed quote is for it."""
    item = CatalogueItem.objects.get(is_by_quote=True)
    quote = Quote.objects.get()

    assert (quote.item, item.prices.exists()) == (item, False)
    assert isinstance(price_for(call_off, item, 1, TODAY), NoPrice)
    assert price_for(call_off, item, 1, TODAY, quote=quote).monthly == Decimal(545)


def test_the_demos_prices_hold_for_the_sixty_months(call_off):
    assert set(call_off.prices.values_list("starts_on", "ends_on")) == {
        (date(2013, 4, 1), date(2018, 4, 1))
    }


def test_a_buyer_keeps_a_quote_on_the_page(browse, call_off):
    client, page = browse(BUYER), "/c/camden/quotes/keep/"
    item = CatalogueItem.objects.get(code="WAN-1G")
    said = {"contract": call_off.pk, "item": item.pk, "site": "cmd-hq01", "number": "Q-9"}
    said |= {"quantity": 1, "monthly": "£1,545.50", "one_off": "0", "term_months": ""}
    said |= {"quoted_on_0": "20", "quoted_on_1": "6", "quoted_on_2": "2014", "survey": ""}
    said |= {"last_day_0": "31", "last_day_1": "7", "last_day_2": "2014"}

    blank = client.post(page, {}).content.decode()
    assert "Write the number that the supplier gave it." in blank
    unknown = client.post(page, said | {"site": "nowhere"}).content.decode()
    assert "Camden has no site “nowhere”." in unknown

    kept = client.post(page, said, follow=True).content.decode()
    assert "Quote Q-9 is kept." in kept
    assert "31 July 2014" in kept
    quote = Quote.objects.get(number="Q-9")
    assert (quote.monthly, quote.valid_until) == (Decimal("1545.50"), date(2014, 8, 1))
    twice = client.post(page, said).content.decode()
    assert "A quote Q-9 is held under this call-off" in twice
    assert browse("viewer@camden").get(page).status_code == 403


def test_the_list_says_which_quotes_can_be_ordered(browse, call_off):
    new.new_quote(call_off, number="Q-OLD", valid_until=date(2014, 6, 15))
    client, page = browse(BUYER), "/c/camden/quotes/"

    everything = text_of(client, page)
    assert "can be ordered, 11 days left" in everything
    assert "expired, cannot be ordered" in everything
    assert "Q-OLD" not in text_of(client, f"{page}?state=open")
    assert "Q-2014-0612" not in text_of(client, f"{page}?state=over")


def test_an_expiring_quote_is_the_buyers_work(db, camden):
    """The placed case: a quote to Camden holds to 10 July 2014."""
    items = [i for i in work_of(person(BUYER), TODAY) if i.kind == "Quotes that expire"]

    (item,) = items
    assert (item.reference, item.due, item.band) == ("Q-2014-0612", date(2014, 7, 10), Band.DUE)
    for day in (date(2014, 6, 26), date(2014, 7, 11)):  # too early, and too late
        found = {one.kind for one in work_of(person(BUYER), day)}
        assert "Quotes that expire" not in found
    assert "Quotes that expire" not in {one.kind for one in work_of(person("buyer@sutton"), TODAY)}
    assert "Quotes that expire" not in {
        one.kind for one in work_of(person("network@camden"), TODAY)
    }


# The API


def test_the_api_lists_items_prices_and_quotes(browse, call_off):
    client = browse(BUYER)

    items = client.get("/api/v1/catalogue-items/?limit=100").json()
    assert items["count"] == 23
    assert items["results"][0] | {"id": 0} == {
        "id": 0,
        "code": "AUDIO",
        "name": "Audio conference account",
        "service_type": "CONF-AUDIO",
        "unit": "account",
        "options": "",
        "lead_time_days": 20,
        "net": "",
        "is_by_quote": False,
    }
    prices = client.get("/api/v1/prices/?item=WAN-10&on=2014-06-30").json()["results"]
    assert [(row["kind"], row["amount"], row["ends_on"]) for row in prices] == [
        ("RECURRING", "115.0000", "2018-04-01"),
        ("ONE_OFF", "450.0000", "2018-04-01"),
    ]
    assert client.get("/api/v1/prices/?on=2013-03-31").json()["count"] == 0
    assert client.get(f"/api/v1/prices/?contract={call_off.pk}").json()["count"] == 44
    assert client.get("/api/v1/prices/?council=CMD").json()["count"] == 44
    assert client.get("/api/v1/prices/?council=STN").status_code == 404
    (quote,) = client.get("/api/v1/quotes/").json()["results"]
    assert (quote["number"], quote["valid_until"], quote["is_orderable"]) == (
        *("Q-2014-0612", "2014-07-11"),
        True,
    )
    assert client.get("/api/v1/quotes/?orderable_on=2014-07-11").json()["count"] == 0
    assert browse("buyer@sutton").get(f"/api/v1/quotes/{quote['id']}/").status_code == 404


def test_a_quote_is_kept_through_the_api(browse, call_off):
    asked = {"contract": call_off.pk, "item": "WAN-1G", "site": "CMD-HQ01", "number": "Q-API"}
    asked |= {"monthly": "10.00", "one_off": "0", "quoted_on": "2014-06-02"}
    asked |= {"valid_until": "2014-08-01"}
    client, address = browse(BUYER), "/api/v1/quotes/"

    def post(key, said=asked, sender=client):
        named = {"Idempotency-Key": key} if key else {}
        return sender.post(address, said, "application/json", headers=named)

    kept, sent_twice, again = post("one"), post("one"), post("two")
    bad, unnamed = post("three", asked | {"monthly": "x"}), post("")

    assert (kept.status_code, again.status_code, bad.status_code) == (201, 409, 400)
    assert (sent_twice.status_code, sent_twice.json()) == (201, kept.json())
    assert unnamed.status_code == 400
    assert kept.json()["site"] == "CMD-HQ01"
    for who, status in (("network@camden", 403), ("buyer@sutton", 404)):
        refused = post("four", asked | {"number": "N"}, browse(who))
        assert refused.status_code == status
    assert Quote.objects.filter(number__in=["Q-API", "N"]).count() == 1


# Budgets

PAGES = (
    *("/c/camden/prices/", "/c/all/prices/", "/catalogue/WAN-10/", "/c/camden/quotes/"),
    *("/c/camden/compare/?family=wan&quantity=3&months=36", "/c/camden/compare/"),
    *("/c/all/quotes/", "/api/v1/prices/", "/api/v1/quotes/", "/api/v1/catalogue-items/"),
)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", [OFFICER, BUYER])
def test_pages_of_prices_keep_the_budget(db, browse, page, who):
    camden = Council.objects.get(register_code="CMD")
    for number in range(20):
        contract = new.new_contract(camden, reference=f"MANY/{number}")
        new.new_price(contract, CatalogueItem.objects.get(code="WAN-10"))
        new.new_quote(contract, item=CatalogueItem.objects.get(code="WAN-10"))

    assert queries_of(browse(who), page) <= BUDGET


def test_the_placed_quote_is_one_page_of_few_queries(db, browse):
    assert queries_of(browse(BUYER), f"/quotes/{Quote.objects.get().pk}/") <= BUDGET
