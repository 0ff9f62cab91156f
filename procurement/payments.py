"""Reading councils' published payments: which column is which, what a cell says. Pure.

Headings and styles are those of files that councils have published (Local Government Transparency
Code, and before it was followed), with the fields of the Code's own schema.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from londonpsn.common.errors import BadInput
from londonpsn.common.money import to_the_penny
from londonpsn.common.tabular import FileRow
from londonpsn.common.text import fold, tidy
from procurement.models import Series

# For each field the headings it goes by, folded, best first.
HEADINGS = {
    "supplier": (
        "supplier name",
        "beneficiaryname",
        "supplier (beneficiary) name",
        "supplier",
        "creditor",
        "mch.merchant name",
    ),
    "amount": (
        "net amount",
        "sum of invoice net amount",
        "sum of invoice nett amount",
        "amount",
        "jv value",
        "fin.transaction amount",
        "total",
    ),
    "date": (
        "paymentdate",
        "payment date",
        "transaction date",
        "fin.transaction date",
        "journal date",
        "date",
    ),
}
CARD_HEADINGS = {"jv value", "journal reference", "mch.merchant name"}
HEADER_WITHIN = 100  # lines
TOTALS = {"grand total", "total", "totals", "sub total", "subtotal", "overall total"}
DATE_STYLES = (
    "%d/%m/%Y",
    "%d/%m/%y",
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %b %Y",
    "%d %B %Y",
)
AMOUNT = re.compile(r"(\d{1,3}(,\d{3})+|\d+)(\.\d+)?|\.\d+")
HIGHEST = Decimal("999999999999.99")
FIRST_YEAR = 1990
MONTHS = {
    word: number
    for number, words in enumerate(
        (
            *("january jan", "february feb", "march mar", "april apr", "may", "june jun"),
            *("july jul", "august aug", "september sept sep", "october oct"),
            *("november nov", "december dec"),
        ),
        start=1,
    )
    for word in words.split()
}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")  # "Over500Sept2011" has four
YEAR = re.compile(r"(?:19|20)\d\d")
TWO_YEARS = re.compile(r"(?<!\d)(?:19|20)(\d\d)[-_/. ]?(\d\d)(?!\d)")  # 2011-12
NUMBERED_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_. ]?(0[1-9]|1[0-2])(?!\d)")
MONTH_FIRST = re.compile(r"(?<!\d)(0[1-9]|1[0-2])[-_. ]((?:19|20)\d\d)(?!\d)")


class Unreadable(Exception):
    """A row that cannot be read: the cell's heading, what stands there, and why."""

    def __init__(self, cell: str, value: str, reason: str):
        super().__init__(reason)
        self.cell, self.value, self.reason = cell, value, reason


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one file keeps what: the header row, and the column of each field."""

    headings: tuple[str, ...]
    columns: dict[str, int]
    series: Series

    @property
    def folded(self) -> tuple[str, ...]:
        return tuple(fold(heading) for heading in self.headings)


@dataclass(frozen=True, slots=True)
class Entry:
    """One payment as published. ``paid_on`` is None where the row has no date of its own."""

    line: int
    supplier: str
    amount: Decimal
    paid_on: date | None
    others: tuple[tuple[str, str], ...] = ()
    is_repaired: bool = False


def find_layout(row: FileRow) -> Layout | None:
    """Return the layout if this is the header row: it names a supplier and an amount."""
    folded = [fold(cell) for cell in row.cells]
    columns = {}
    for name, headings in HEADINGS.items():
        found = [folded.index(heading) for heading in headings if heading in folded]
        if found:
            columns[name] = found[0]
    if not {"supplier", "amount"} <= columns.keys():
        return None
    is_cards = not CARD_HEADINGS.isdisjoint(folded)
    series = Series.PURCHASING_CARDS if is_cards else Series.SUPPLIER_PAYMENTS
    return Layout(tuple(tidy(cell) for cell in row.cells), columns, series)


def month_of_name(name: str) -> date | None:
    """Return the month that a file's name gives, None when it gives none or more than one.

    ``2011-12`` may be December or a financial year, so it gives none.
    """
    if any((int(year) + 1) % 100 == int(after) for year, after in TWO_YEARS.findall(name)):
        return None
    words = WORD.findall(name)
    months = [MONTHS[word.lower()] for word in words if word.lower() in MONTHS]
    years = [int(word) for word in words if YEAR.fullmatch(word)]
    if months:
        return date(years[0], months[0], 1) if len(months) == len(years) == 1 else None
    found = {(int(year), int(month)) for year, month in NUMBERED_MONTH.findall(name)}
    found |= {(int(year), int(month)) for month, year in MONTH_FIRST.findall(name)}
    return date(*found.pop(), 1) if len(found) == 1 else None


def parse_amount(text: str) -> Decimal | None:
    """Return pounds and pence of ``1,234.50``, ``£1,234.50``, ``-12``, ``(12.00)``; else None."""
    plain = tidy(text).replace(" ", "")
    is_negative = plain.startswith("(") and plain.endswith(")")
    plain = plain.strip("()") if is_negative else plain
    for sign in ("-", "−"):
        if plain.startswith((sign, f"£{sign}")) or plain.endswith(sign):
            is_negative, plain = True, plain.replace(sign, "", 1)
    plain = plain.removeprefix("£")
    if not AMOUNT.fullmatch(plain):
        return None
    pounds = Decimal(plain.replace(",", ""))
    if pounds > HIGHEST:  # before rounding, which has only so many digits
        return None
    return to_the_penny(-pounds if is_negative else pounds)


@dataclass
class DateReader:
    """Reads the dates of one file and remembers the styles it has; no year after ``last_year``."""

    last_year: int
    styles: list[str] = field(default_factory=list)

    def read(self, text: str) -> date | None:
        """Return the day written in any style found in published files, else None."""
        for style in (*self.styles, *DATE_STYLES):
            day = self.in_style(text, style)
            if day:
                if style not in self.styles:
                    self.styles.append(style)
                return day
        return None

    def in_style(self, text: str, style: str) -> date | None:
        try:
            day = datetime.strptime(text, style).date()  # noqa: DTZ007, a day has no zone
        except ValueError:
            return None
        return day if FIRST_YEAR <= day.year <= self.last_year else None


def read_row(row: FileRow, layout: Layout, dates: DateReader) -> Entry | None:
    """Return the payment of a row, None for a total row. Raises Unreadable."""
    cells = row.cells
    supplier = _cell(cells, layout.columns["supplier"])
    first = next((cell for cell in cells if cell.strip()), "")
    if fold(supplier or first) in TOTALS:
        return None
    for column, cell in enumerate(cells[len(layout.headings) :], start=len(layout.headings) + 1):
        if tidy(cell):
            raise Unreadable(
                f"cell {column}",
                tidy(cell),
                f"the header row names {len(layout.headings)} columns. A comma within a cell needs "
                "quotation marks around the cell",
            )
    if not tidy(supplier):
        raise Unreadable(_heading(layout, "supplier"), supplier, "no supplier is named")
    paid_on = None
    if "date" in layout.columns:
        text = tidy(_cell(cells, layout.columns["date"]))
        paid_on = dates.read(text) if text else None
        if text and paid_on is None:
            raise Unreadable(_heading(layout, "date"), text, "this is not a date")
    text = _cell(cells, layout.columns["amount"])
    amount = parse_amount(text)
    if amount is None:
        reason = "this is not an amount" if text.strip() else "there is no amount"
        raise Unreadable(_heading(layout, "amount"), tidy(text), reason)
    return Entry(row.line, tidy(supplier), amount, paid_on, _others(cells, layout))


def may_run_together(row: FileRow, layout: Layout) -> bool:
    """Answer whether a row can be one whose date and amount lost the comma between them."""
    columns = layout.columns
    return (
        "date" in columns
        and abs(columns["date"] - columns["amount"]) == 1
        and len(row.cells) == len(layout.headings) - 1
    )


def repair(row: FileRow, layout: Layout, dates: DateReader, month: date | None) -> Entry | None:
    """Return the payment of a row whose date and amount run together, None if that is not it.

    The cell has to split into a date and an amount in one way only. Of the styles of dates those of
    the file count, and its month where it is known.
    """
    if not may_run_together(row, layout):
        return None
    date_column, amount_column = layout.columns["date"], layout.columns["amount"]
    joined = min(date_column, amount_column)
    text = tidy(row.cells[joined])
    splits = list(_splits(text, date_column < amount_column, dates))
    if month and len(splits) > 1:
        splits = [split for split in splits if split[0].replace(day=1) == month] or splits
    if len(splits) != 1:
        return None
    ((paid_on, day_text, amount_text),) = splits
    parts = (day_text, amount_text) if date_column < amount_column else (amount_text, day_text)
    mended = FileRow(row.line, [*row.cells[:joined], *parts, *row.cells[joined + 1 :]])
    try:
        entry = read_row(mended, layout, dates)
    except Unreadable:
        return None
    if entry is None:
        return None
    return Entry(entry.line, entry.supplier, entry.amount, paid_on, entry.others, True)


def _splits(text: str, date_first: bool, dates: DateReader) -> Iterable[tuple[date, str, str]]:
    for at in range(1, len(text)):
        left, right = text[:at], text[at:]
        day_text, amount_text = (left, right) if date_first else (right, left)
        if parse_amount(amount_text) is None:
            continue
        days = {dates.in_style(day_text, style) for style in dates.styles or DATE_STYLES} - {None}
        for day in days:
            yield day, day_text, amount_text


def _others(cells: Sequence[str], layout: Layout) -> tuple[tuple[str, str], ...]:
    """Return every further cell under its folded heading, for the row's identity."""
    known = set(layout.columns.values())
    pairs = (
        (heading, fold(cell))
        for column, (heading, cell) in enumerate(zip(layout.folded, cells, strict=False))
        if column not in known
    )
    return tuple(sorted(pair for pair in pairs if pair[1]))


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""


def _heading(layout: Layout, name: str) -> str:
    return layout.headings[layout.columns[name]]


def refuse_without_header(seen: Sequence[str]) -> BadInput:
    """Return the refusal of a file in which no header row was found."""
    start = "; ".join(seen[:3]) or "nothing"
    return BadInput(
        "No row names the columns. A header row needs a supplier (for example “Supplier Name”, "
        "“Creditor”, “BeneficiaryName”) and an amount (for example “Net Amount”, “Amount”, "
        f"“Total”) within the first {HEADER_WITHIN} lines. The file begins: {start}"
    )
