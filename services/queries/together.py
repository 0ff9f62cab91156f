"""Which contracts on the radar could end together, and on which days."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.models import Contract, ServiceType
from services.queries.radar import RadarRow
from services.radar import JointEnd, joint_ends, within_a_year


@dataclass(frozen=True, slots=True)
class Together:
    """Contracts that could end together; ``words`` say what they have in common."""

    key: str
    words: str
    rows: tuple[RadarRow, ...]

    @property
    def council(self) -> str:
        names = {row.council for row in self.rows}
        return names.pop() if len(names) == 1 else f"{len(names)} councils"

    @property
    def first_end(self) -> date:
        return self.rows[0].ends_on

    @property
    def last_end(self) -> date:
        return self.rows[-1].ends_on

    @property
    def count(self) -> int:
        return len(self.rows)

    def days(self) -> list[JointEnd]:
        return joint_ends([row.as_running() for row in self.rows])


@dataclass(frozen=True, slots=True)
class Cheapest:
    """The cheapest day of contracts that could end together, worked out for what is shown."""

    together: Together
    joint: JointEnd

    @staticmethod
    def of(together: Together) -> "Cheapest":
        return Cheapest(together, together.days()[0])


def together(
    rows: Iterable[RadarRow], *, by_supplier: bool, across: bool = False
) -> list[Together]:
    """Return what could end together: of one council, and of one family of services or supplier.

    A contract of several families stands with each of them, and ends as a whole. ``across``
    councils it is their call-offs alone, of one supplier each time, which could become one.
    """
    found: dict[tuple[str, str, str], list[RadarRow]] = defaultdict(list)
    labels = dict(ServiceType.Family.choices)
    for row in rows:
        if row.ends_on is None or (across and row.contract.kind != Contract.Kind.CALL_OFF):
            continue
        contract = row.contract
        if by_supplier or across:
            names = [(contract.supplier_code, contract.supplier_name)]
        else:
            names = [(code, labels[code]) for code in row.provided.families]
        for code, words in names:
            found["all" if across else contract.council_slug, words, code].append(row)
    return [
        Together(
            key=f"{slug}.{code}.{ours[near.start].ends_on}",
            words=words,
            rows=tuple(ours[near.start : near.stop]),
        )
        for (slug, words, code), ours in sorted(found.items(), key=lambda item: item[0])
        for near in within_a_year([row.ends_on for row in ours])
    ]
