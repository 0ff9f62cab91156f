"""Lifecycles as a table of moves: what is not in the table cannot happen."""

from collections.abc import Iterable
from dataclasses import dataclass

from londonpsn.common.errors import Refused


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step; ``needs`` is the permission it takes."""

    source: object
    target: object
    needs: str


class IllegalMove(Refused):
    pass


def find_move(moves: Iterable[Move], source, target) -> Move:
    """Return the move from ``source`` to ``target``, or raise IllegalMove with what can follow."""
    for move in moves:
        if move.source == source and move.target == target:
            return move
    following = ", ".join(str(m.target.label) for m in moves if m.source == source)
    raise IllegalMove(
        f"From “{source.label}” it cannot go to “{target.label}”. It can go to: "
        f"{following or 'nothing, this is the last stage'}."
    )
