"""The five steps of an old line, from its stages and their days (JOURNEYS 3). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.stages import ORDER, Stage

FIVE = (
    ("Chosen", (Stage.IDENTIFIED, Stage.VALIDATED, Stage.QUALIFIED)),
    ("On order", (Stage.ORDERED, Stage.COMMITTED, Stage.BUILD, Stage.INSTALLED)),
    ("In use", (Stage.ACCEPTED, Stage.CUTOVER)),
    ("Old line ceased", (Stage.CEASE_ORDERED, Stage.CEASED)),
    ("Closed", (Stage.CLOSED,)),
)
# The stages that a line skips when it is retired and not replaced.
REPLACING = ORDER[Stage.QUALIFIED.number : Stage.CEASE_ORDERED.number]


@dataclass(frozen=True, slots=True)
class Reached:
    """A line came to a stage on a day, from another; ``source`` None is not known."""

    source: Stage | None
    stage: Stage
    on: date


@dataclass(frozen=True, slots=True)
class Step:
    """One of the five steps: ``state`` is done, now or ahead.

    ``on`` is the day it was completed, the day of the latest stage reached in the step that is
    under way, or the day planned for the end of one ahead. ``words`` are its stages with their
    days.
    """

    label: str
    state: str
    on: date | None
    words: str


def steps(stage: Stage, moves: Sequence[Reached], planned: Mapping[Stage, date]) -> list[Step]:
    """Return the steps of a line in ``stage``; ``moves`` in the order in which they count.

    After a roll-back only what is still reached has its day. A line that is retired and not
    replaced goes from Confirmed to its cease, and the steps between are not among its own.
    """
    days = {move.stage: move.on for move in moves if move.stage.number <= stage.number}
    to_cease = [move for move in moves if move.stage == Stage.CEASE_ORDERED]
    is_retired = (
        stage.number >= Stage.CEASE_ORDERED.number
        and bool(to_cease)
        and to_cease[-1].source == Stage.VALIDATED
    )
    found, is_over = [], True
    for label, all_stages in FIVE:
        stages = [each for each in all_stages if not (is_retired and each in REPLACING)]
        if not stages:
            continue
        reached = [each for each in stages if each.number <= stage.number]
        if len(reached) == len(stages):
            state, on = "done", days.get(stages[-1])
        elif is_over:
            is_over = False
            state, on = "now", days.get(reached[-1]) if reached else None
        else:
            state, on = "ahead", planned.get(stages[-1])
        words = "; ".join(_words(each, each in reached, days, planned) for each in stages)
        found.append(Step(label, state, on, words))
    return found


def _words(stage: Stage, is_reached: bool, days: Mapping, planned: Mapping) -> str:
    on = (days if is_reached else planned).get(stage)
    if on is None:
        return f"{stage.label}, day not known" if is_reached else f"{stage.label}, not yet"
    return f"{stage.label} {'' if is_reached else 'planned '}{on:%-d %B %Y}"
