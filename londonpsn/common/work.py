"""What people have to do; apps register where theirs comes from when they are ready."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

A_SOURCE = 50  # rows of one band that a source lists; it says how many more there are


class Band(StrEnum):
    """How pressing it is; the values are the words on the page."""

    LATE = "Late"
    DUE = "Due this week"
    WAITING = "Waiting on others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to do: what and why, where, by when, and the page on which it is done.

    ``kind`` is what such things are called together. ``monthly`` is pounds a month that hang on
    it, None where that is not known or nothing does.
    """

    kind: str
    band: Band
    what: str
    why: str
    place: str
    reference: str
    address: str
    action: str
    for_whom: str
    due: date | None = None
    monthly: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """How many things of one kind are not listed, being too many, and the list that has them.

    ``where`` is what that list is called.
    """

    kind: str
    band: Band
    count: int
    address: str
    where: str = "Lines"


Source = Callable[[object, date], Iterable[Item | More]]
SOURCES: list[Source] = []


def register(source: Source) -> None:
    """Let an app say what its facts ask of a person on the portal's day; once, when it is ready."""
    SOURCES.append(source)


def work_of(user, today: date) -> list[Item | More]:
    """Return everything the person has to do, as each source orders it."""
    return [item for source in SOURCES for item in source(user, today)]
