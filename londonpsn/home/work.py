"""How a person's work is laid out: cards on top, then a table for each band."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from londonpsn.common.tables import Column, Kind, Table
from londonpsn.common.work import A_SOURCE, Band, Item, More

CARDS = 4
CSS = {Band.LATE: "row-late", Band.DUE: "row-soon", Band.WAITING: ""}
EMPTY = {
    Band.LATE: "Nothing is late.",
    Band.DUE: "Nothing is due this week.",
    Band.WAITING: "You wait for nobody.",
}


@dataclass(frozen=True)
class Card:
    """How much there is of one kind in one band."""

    kind: str
    band: Band
    count: int
    first_due: date | None
    monthly: Decimal | None  # pounds a month; None where one of them is not known or not listed


@dataclass(frozen=True)
class Desk:
    """All that a person has to do."""

    work: Sequence[Item | More]

    def items(self, band: Band) -> list[Item]:
        """Return what is listed of a band: by day, what has none last."""
        ours = [item for item in self.work if isinstance(item, Item) and item.band == band]
        return sorted(ours, key=lambda item: (item.due is None, item.due or date.min))

    def more(self, band: Band) -> list[More]:
        return [more for more in self.work if isinstance(more, More) and more.band == band]

    def count(self, band: Band) -> int:
        return len(self.items(band)) + sum(more.count for more in self.more(band))

    @property
    def sentence(self) -> str:
        """Say how much there is: “2 late, 4 due this week, 3 waiting on others.”"""
        late, due, waiting = (self.count(band) for band in Band)
        if not late and not due and not waiting:
            return "Nothing to do: nothing is late, nothing is due this week."
        first = f"{late:,} late" if late else "Nothing is late"
        return f"{first}, {due:,} due this week, {waiting:,} waiting on others."

    @property
    def cards(self) -> list[Card]:
        """Return the first few kinds, late ones before due ones, the most first in each."""
        kinds = dict.fromkeys((item.band, item.kind) for band in Band for item in self.items(band))
        cards = [self._card(band, kind) for band, kind in kinds]
        order = list(Band)
        return sorted(cards, key=lambda card: (order.index(card.band), -card.count))[:CARDS]

    def _card(self, band: Band, kind: str) -> Card:
        items = [item for item in self.items(band) if item.kind == kind]
        more = sum(more.count for more in self.more(band) if more.kind == kind)
        days = [item.due for item in items if item.due]
        amounts = [item.monthly for item in items]
        is_known = not more and None not in amounts
        return Card(
            kind=kind,
            band=band,
            count=len(items) + more,
            first_due=min(days, default=None),
            monthly=sum(amounts) if is_known else None,
        )


def table(desk: Desk, band: Band, today: date) -> Table:
    """Return the table of one band; the first owns the address's plain fields."""
    return Table(
        name=band.name.lower(),
        columns=_columns(today),
        rows=desk.items(band),
        caption=f"Work: {band.lower()}",
        css=lambda item: CSS[band],
        empty=EMPTY[band],
        a_page=A_SOURCE,
        is_first=band == Band.LATE,
    )


def _columns(today: date) -> tuple[Column, ...]:
    return (
        Column("what", "What", sub=lambda item: item.why),
        Column("why", "Why", on_page=False),
        Column("place", "Where", order_by="place"),
        Column("reference", "Reference", link=lambda item: item.address),
        Column(
            "due",
            "Due",
            Kind.DAY,
            sub=lambda item: _how_far(item.due, today),
            order_by="due",
            unknown="no day",
        ),
        Column(
            "monthly",
            "At stake, £ a month",
            Kind.POUNDS,
            order_by="monthly",
            unknown="no figure",
        ),
        Column("for_whom", "For whom", on_page=False),
        Column("action", "Action", template="home/_action.html", in_file=False),
    )


def _how_far(due: date | None, today: date) -> str:
    if due is None:
        return ""
    days = (due - today).days
    if days < 0:
        return f"{-days} day{'s' if days < -1 else ''} late"
    return {0: "today", 1: "tomorrow"}.get(days, f"in {days} days")
