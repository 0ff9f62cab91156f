"""The register of contracts as the Local Government Transparency Code wants it. Pure.

Source: regulation 6.5. The columns are the required fields of the Code's schema in its order; days
are dd/mm/yyyy, pounds plain with two decimals. No number of a purchase order or of an invoice, no
address and no name of a person is in it.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from londonpsn.common.money import to_the_penny
from londonpsn.common.periods import last_day
from londonpsn.common.tabular import FORMULA

# What the Code has words for: an invitation to those on a framework is not published, so it is one
# to quote. A direct award invites nobody, and there is no word for it.
PROCESS_TYPES = {"FURTHER_COMPETITION": "Invitation to quote"}
COLUMNS = {  # the header of the file: what people call it
    "ContractReference": "Reference",
    "ContractTitle": "Title",
    "OrganisationalUnit": "Directorate or service responsible",
    "Description": "Description",
    "StartDate": "Start",
    "EndDate": "End",
    "ReviewDate": "Review date",
    "ContractValue": "Value",
    "IrrecoverableVAT": "VAT not recovered",
    "SupplierName": "Supplier",
    "CharityCommissionNumber": "Supplier’s charity number",
    "SMESupplier": "Whether the supplier is small or medium",
    "VCSESupplier": "Whether the supplier is a voluntary or social enterprise",
    "ProcessType": "How the supplier was chosen",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One contract in the register. None, or an empty text, is not known; ``ends_on`` is the
    first day without. ``key`` is the contract's, and not in the file.
    """

    key: int
    reference: str
    title: str
    organisational_unit: str
    description: str
    starts_on: date | None
    ends_on: date | None
    review_on: date | None
    value: Decimal | None
    irrecoverable_vat: Decimal | None
    supplier: str
    charity_number: str
    is_sme: bool | None
    is_vcse: bool | None
    route: str

    @property
    def cells(self) -> dict[str, str]:
        """What stands in the file, by column."""
        cells = (
            *map(_text, (self.reference, self.title, self.organisational_unit, self.description)),
            _day(self.starts_on),
            _day(last_day(self.ends_on) if self.ends_on else None),
            _day(self.review_on),
            *map(_pounds, (self.value, self.irrecoverable_vat)),
            *map(_text, (self.supplier, self.charity_number)),
            *map(_yes_or_no, (self.is_sme, self.is_vcse)),
            PROCESS_TYPES.get(self.route, ""),
        )
        return dict(zip(COLUMNS, cells, strict=True))

    @property
    def missing(self) -> list[str]:
        """The columns that are to be filled and are not; a charity number only of a charity.

        The Code has no word for a direct award: its cell is blank, and nothing is missing.
        """
        held = (
            *(self.reference, self.title, self.organisational_unit, self.description),
            *(self.starts_on, self.ends_on, self.review_on, self.value, self.irrecoverable_vat),
            *(self.supplier, self.charity_number, self.is_sme, self.is_vcse, self.route),
        )
        needless = set() if self.is_vcse else {"CharityCommissionNumber"}
        return [
            name
            for name, fact in zip(COLUMNS, held, strict=True)
            if (fact is None or not str(fact).strip()) and name not in needless
        ]


def as_file(entries: Iterable[Entry]) -> bytes:
    """Return the file to publish: UTF-8 without a mark, so that the first header is exact."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(entry.cells.values() for entry in entries)
    return text.getvalue().encode()


def _text(words: str) -> str:
    """On one line; what a spreadsheet would run as a formula gets a quotation mark before it."""
    words = " ".join(words.split())
    return f"'{words}" if words.startswith(FORMULA) else words


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def _pounds(amount: Decimal | None) -> str:
    return "" if amount is None else f"{to_the_penny(amount):f}"


def _yes_or_no(value: bool | None) -> str:
    return "" if value is None else str(value).lower()
