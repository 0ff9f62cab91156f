"""The kinds of file that `manage.py load` takes; apps register theirs when they are ready."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Upload:
    """One file to load: by whom and when, for which council and month, and whether to keep it.

    ``on`` is the portal's day, for what holds from a day on.
    """

    path: Path
    name: str
    at: datetime
    by: object | None = None
    council_code: str | None = None
    month: date | None = None
    on: date | None = None
    dry_run: bool = False


class Report(Protocol):
    """What came of a load, in sentences: a summary, and what is to be looked at.

    ``is_refused`` says that nothing of the file was kept, because of what is to be looked at.
    """

    is_refused: bool

    def summary(self) -> list[str]: ...

    def problems(self) -> list[str]: ...


IMPORTERS: dict[str, Callable[[Upload], Report]] = {}


def register(kind: str, load: Callable[[Upload], Report]) -> None:
    IMPORTERS[kind] = load
