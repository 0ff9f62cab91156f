"""Prices and quotes: the book on a day, what one order line costs, what other councils pay."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import F, Max, Min, Q, QuerySet

from londonpsn.common.money import to_the_penny
from londonpsn.common.periods import in_words, last_day
from services.models import CatalogueItem, Contract, Price, Quote

RECURRING, ONE_OFF = Price.Kind.RECURRING, Price.Kind.ONE_OFF
ENOUGH = 5  # councils: what is said of fewer tells of one (decisions 6)
EXPIRING_WITHIN = timedelta(days=14)


# The book


@dataclass(frozen=True, slots=True)
class BookRow:
    """What an item costs from a quantity on: each month and once, pounds for one, None for none.

    ``ends_on`` is the first day on which one of the two no longer holds.
    """

    contract: int
    contract_reference: str
    council: str
    supplier: str
    code: str
    name: str
    unit: str
    from_quantity: int
    monthly: Decimal | None
    one_off: Decimal | None
    term_months: int | None
    starts_on: date
    ends_on: date | None


def book_rows(prices: QuerySet[Price], day: date) -> QuerySet:
    """Return the prices in force on ``day``, one row for each call-off, item and quantity.

    A row has what BookRow has; ``book_row`` makes one of it.
    """
    in_force = prices.in_force_on(day)
    return in_force.values("contract_id", "item_id", "from_quantity").annotate(
        contract_reference=F("contract__reference"),
        council=F("contract__council__short_name"),
        supplier=F("contract__supplier__name"),
        code=F("item__code"),
        name=F("item__name"),
        unit=F("item__unit"),
        monthly=Max("amount", filter=Q(kind=RECURRING)),
        one_off=Max("amount", filter=Q(kind=ONE_OFF)),
        term_months=Max("term_months"),
        since=Max("starts_on"),
        until=Min("ends_on"),
    )


def book_row(row: dict) -> BookRow:
    same = ("contract_reference", "council", "supplier", "code", "name", "unit", "from_quantity")
    return BookRow(
        contract=row["contract_id"],
        **{name: row[name] for name in (*same, "monthly", "one_off", "term_months")},
        starts_on=row["since"],
        ends_on=row["until"],
    )


def whole_book(prices: QuerySet[Price]) -> QuerySet[Price]:
    """Return every price that was, is and is to come, as a file of a whole book has them."""
    return prices.select_related("contract", "item")


BOOK_ORDER = (
    *("contract__reference", "contract_id", "item__code", "kind", "from_quantity", "starts_on"),
    "pk",
)


# One order line


@dataclass(frozen=True, slots=True)
class OrderPrice:
    """What one of an item costs when so many are ordered; pounds, None where the book has none.

    ``next_from`` and ``next_recurring`` are the next band: the quantity from which one is cheaper
    or dearer a month, None where there is no further band.
    """

    quantity: int
    recurring: Decimal | None
    one_off: Decimal | None
    from_quantity: int
    term_months: int | None
    next_from: int | None = None
    next_recurring: Decimal | None = None

    @property
    def monthly(self) -> Decimal | None:
        """Pounds a month for the whole quantity, as it is billed."""
        return None if self.recurring is None else to_the_penny(self.recurring * self.quantity)

    @property
    def once(self) -> Decimal | None:
        return None if self.one_off is None else to_the_penny(self.one_off * self.quantity)


@dataclass(frozen=True, slots=True)
class NoPrice:
    """Why the book has no price for an order line, in words."""

    reason: str


@dataclass(frozen=True, slots=True)
class QuotedPrice:
    """What an order comes to by a quote, for the whole quantity; pounds without recoverable VAT."""

    quote: Quote
    monthly: Decimal
    once: Decimal


def price_for(
    contract: Contract,
    item: CatalogueItem,
    quantity: int,
    on: date,
    *,
    quote: Quote | None = None,
) -> OrderPrice | QuotedPrice | NoPrice:
    """Return the price of ``quantity`` of an item under a call-off on a day; one query at most.

    Of several bands the highest that the quantity reaches counts, for all of it. With a ``quote``
    it is what that says, as long as it can be ordered.
    """
    if quote is not None:
        return _quoted(quote, (contract.pk, item.pk, quantity), on)
    if item.is_by_quote:
        return NoPrice(f"{item.name} is priced by quote: ask the supplier for one.")
    held = Price.objects.filter(contract=contract, item=item).in_force_on(on)
    columns = ("kind", "from_quantity", "amount", "term_months")
    bands = held.order_by("from_quantity").values_list(*columns)
    return price_of(list(bands), quantity) or NoPrice(_why_none(bands, item, on))


def _quoted(quote: Quote, asked: tuple[int, int, int], on: date) -> QuotedPrice | NoPrice:
    if (quote.contract_id, quote.item_id, quote.quantity) != asked:
        return NoPrice(f"Quote {quote.number} is for something else, or for another quantity.")
    if quote.valid_until <= on:
        until = in_words(last_day(quote.valid_until))
        return NoPrice(
            f"Quote {quote.number} has expired: its last day was {until}. Ask the supplier anew."
        )
    if not quote.is_orderable_on(on):
        return NoPrice(
            f"Quote {quote.number} cannot be ordered: it cannot be delivered, or is of a later day."
        )
    return QuotedPrice(quote, to_the_penny(quote.monthly), to_the_penny(quote.one_off))


def _why_none(bands: Sequence[tuple], item: CatalogueItem, on: date) -> str:
    day = f"{on.day} {on:%B %Y}"
    if bands:
        return f"{item.name} has a price from {bands[0][1]:,} on; fewer have none on {day}."
    return f"{item.name} has no price in force on {day}."


def price_of(bands: Iterable[tuple], quantity: int) -> OrderPrice | None:
    """Return what the bands (kind, from quantity, amount, term; in order) come to, if anything."""
    reached, ahead = {}, None
    for band in bands:
        kind, from_quantity = band[:2]
        if from_quantity <= quantity:
            reached[kind] = band
        elif kind == RECURRING and ahead is None:
            ahead = band
    if not reached:
        return None
    once, monthly = reached.get(ONE_OFF), reached.get(RECURRING)
    leading = monthly or once
    return OrderPrice(
        quantity=quantity,
        recurring=monthly and monthly[2],
        one_off=once and once[2],
        from_quantity=leading[1],
        term_months=leading[3],
        next_from=ahead and ahead[1],
        next_recurring=ahead and ahead[2],
    )


# One item


@dataclass(frozen=True, slots=True)
class Peers:
    """What other councils pay a month for one of an item: of how many, and the median."""

    councils: int
    median: Decimal


def peer_prices(user, item: CatalogueItem, day: date) -> Peers | None:
    """Return what other councils than the person's own pay for one of an item; None for too few.

    Each counts by its lowest price. The person's own do not count towards the five: they are known,
    and can be taken out again. The least and the most would each be one council's own price. Who
    sees the prices of all councils has the median of all.
    """
    own = [] if user.access.all_councils else user.access.council_ids
    awarded = Price.objects.filter(contract__stage=Contract.Stage.AWARDED, item=item)
    others = awarded.exclude(contract__council__in=own)
    lowest = (
        others.in_force_on(day)
        .filter(kind=RECURRING, from_quantity=1)
        .values("contract__council")
        .annotate(lowest=Min("amount"))
        .values_list("lowest", flat=True)
    )
    amounts = list(lowest.order_by())
    return Peers(len(amounts), statistics.median(amounts)) if len(amounts) >= ENOUGH else None


# Quotes


def expiring_quotes(quotes: QuerySet[Quote], day: date) -> QuerySet[Quote]:
    """Return the quotes that can be ordered on ``day`` and not for much longer, the next first."""
    soon = quotes.orderable_on(day).filter(valid_until__lte=day + EXPIRING_WITHIN)
    return soon.select_related("council", "item").order_by("valid_until", "pk")
