"""The file of a whole price book: what was, is and is to come, for who loads it again."""

from django.db.models import QuerySet

from londonpsn.common.money import in_pennies_or_finer
from londonpsn.common.periods import last_day
from londonpsn.common.tables import Column, Table
from services.models import Price
from services.queries.prices import BOOK_ORDER, whole_book

BOOK = "price-book"
# The columns of a price book's file (services.price_book), so that an export is an import.
COLUMNS = (
    Column("contract", "", value=lambda price: price.contract.reference),
    Column("item", "", value=lambda price: price.item.code),
    Column("kind", ""),
    Column("from_quantity", ""),
    Column("amount", "", value=lambda price: in_pennies_or_finer(price.amount)),
    Column("term_months", ""),
    Column("starts_on", ""),
    Column("last_day", "", value=lambda price: price.ends_on and last_day(price.ends_on)),
)


def book_table(prices: QuerySet[Price]) -> Table:
    """Return the book of some call-offs' prices, to be sent as a file alone."""
    return Table(
        name=BOOK,
        columns=COLUMNS,
        rows=whole_book(prices),
        order=BOOK_ORDER,
        caption="The whole book",
        is_first=False,
    )
