"""Reading a price book's file: which column is which, what a cell says. Pure.

A file is the whole book of every call-off that it names, with what was and what is to come. Days in
it are as people say them: ``last_day`` is the last day on which a price holds, blank for none yet.
(The API says ``ends_on``, the first day without.)
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from londonpsn.common.errors import BadInput
from londonpsn.common.periods import FIRST_YEAR, LAST_YEAR
from londonpsn.common.tabular import FileRow
from londonpsn.common.text import fold, tidy
from services.models import Price

COLUMNS = (
    *("contract", "item", "kind", "from_quantity", "amount", "term_months", "starts_on"),
    "last_day",
)
NEEDED = ("contract", "item", "kind", "from_quantity", "amount", "starts_on")
HEADER_WITHIN = 20  # lines
KINDS = {kind.lower(): kind for kind in Price.Kind.values}
AMOUNT = re.compile(r"(\d{1,3}(,\d{3})+|\d+)(\.\d+)?|\.\d+")
BRITISH_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
PLACES = 4  # of pounds, as prices are stored
MOST_POUNDS = Decimal(9_999_999_999)
MOST_QUANTITY, MOST_MONTHS = 2_147_483_647, 600
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Problem:
    """What cannot be taken: the line of the file, the cell, and why."""

    line: int
    cell: str
    text: str

    def __str__(self):
        return f"Line {self.line}, {self.cell}: {self.text}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One price of a file; ``ends_on`` is the first day without."""

    line: int
    contract: str
    item: str
    kind: str
    from_quantity: int
    amount: Decimal
    term_months: int | None
    starts_on: date
    ends_on: date | None


class Unreadable(Exception):
    def __init__(self, line: int, cell: str, text: str):
        super().__init__(text)
        self.problem = Problem(line, cell, text)


def find_columns(rows: Iterator[FileRow]) -> dict[str, int]:
    """Return where each column stands, from the first row that is not blank.

    Raises BadInput where one is missing, twice there, or none of a price book's.
    """
    for row in rows:
        if row.is_blank and row.line < HEADER_WITHIN:
            continue
        return _columns(row)
    raise BadInput(f"No row names the columns. They are: {', '.join(COLUMNS)}.")


def _columns(row: FileRow) -> dict[str, int]:
    names = [re.sub(r"[\s-]+", "_", fold(cell)) for cell in row.cells]
    found = {name: at for at, name in enumerate(names) if name}
    if unknown := [name for name in found if name not in COLUMNS]:
        raise BadInput(
            f"A price book has no column “{unknown[0][:40]}”. Its columns are: "
            f"{', '.join(COLUMNS)}. Take the others out, or load the right file."
        )
    if twice := [name for name in found if names.count(name) > 1]:
        raise BadInput(f"The column “{twice[0]}” is there twice. Take one of them out.")
    if missing := [name for name in NEEDED if name not in found]:
        raise BadInput(
            f"The column “{missing[0]}” is missing. A price book has: {', '.join(COLUMNS)}."
        )
    return found


def read_row(row: FileRow, columns: dict[str, int]) -> Entry:
    """Return the price of a row. Raises Unreadable with the cell and what is wrong with it."""
    cells = {name: _cell(row.cells, at) for name, at in columns.items()}
    for name in ("contract", "item"):  # these are names, taken as they are written
        cells[name] = row.cells[columns[name]].strip() if cells[name] else ""

    def refuse(cell: str, text: str) -> Unreadable:
        said = f"“{cells[cell][:40]}” " if cells[cell] else ""
        return Unreadable(row.line, cell, said + text)

    for name in NEEDED:
        if not cells[name]:
            raise Unreadable(row.line, name, "this is blank. Fill it in.")
    kind = KINDS.get(re.sub(r"[\s-]+", "_", cells["kind"].lower()))
    if kind is None:
        raise refuse("kind", f"is no kind of price. Write {' or '.join(KINDS.values())}.")
    from_quantity = _whole(cells["from_quantity"], MOST_QUANTITY)
    if not from_quantity:
        raise refuse("from_quantity", "is no quantity. Write a whole number from 1 on.")
    amount = _pounds(cells["amount"])
    if amount is None:
        raise refuse("amount", "is no price. Write pounds from 0 on, with up to four decimals.")
    term = cells.get("term_months", "")
    term_months = _whole(term, MOST_MONTHS)
    if term and not term_months:
        raise refuse("term_months", "is no number of months. Leave it blank for any term.")
    starts_on, last = _day(cells["starts_on"]), cells.get("last_day", "")
    if starts_on is None:
        raise refuse("starts_on", "is no day. Write it as 2014-06-30 or 30/06/2014.")
    last_day = _day(last) if last else None
    if last and last_day is None:
        raise refuse("last_day", "is no day. Write it as 2014-06-30, or leave it blank.")
    if last_day and last_day < starts_on:
        raise refuse("last_day", "lies before the day on which the price starts.")
    ends_on = last_day and last_day + ONE_DAY
    names = (cells["contract"], cells["item"])
    return Entry(row.line, *names, kind, from_quantity, amount, term_months, starts_on, ends_on)


def _cell(cells: Sequence[str], at: int) -> str:
    return tidy(cells[at]) if at < len(cells) else ""


def _whole(text: str, most: int) -> int | None:
    """Return a whole number from 1 on, None for anything else."""
    plain = text.replace(",", "").removesuffix(".0")
    if not (plain.isascii() and plain.isdigit() and len(plain) <= len(str(most))):
        return None
    return int(plain) if 1 <= int(plain) <= most else None


def _pounds(text: str) -> Decimal | None:
    plain = text.removeprefix("£").strip()
    if not AMOUNT.fullmatch(plain):
        return None
    pounds = Decimal(plain.replace(",", ""))
    if pounds > MOST_POUNDS or pounds != pounds.quantize(Decimal(1).scaleb(-PLACES)):
        return None
    return pounds


def _day(text: str) -> date | None:
    try:
        if british := BRITISH_DAY.fullmatch(text):
            day, month, year = map(int, british.groups())
            found = date(year, month, day)
        else:
            found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None
