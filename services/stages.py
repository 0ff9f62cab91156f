"""The table of a line's migration stages (spec 5.2, decisions 23)."""

from itertools import pairwise

from django.db.models import TextChoices

from boroughs.authorization import Permission
from londonpsn.common.stages import Move


class Stage(TextChoices):
    """How far an old line has come; the labels are what people read (JOURNEYS 3)."""

    IDENTIFIED = "IDENTIFIED", "Found"
    VALIDATED = "VALIDATED", "Confirmed"
    QUALIFIED = "QUALIFIED", "Solution chosen"
    ORDERED = "ORDERED", "Ordered"
    COMMITTED = "COMMITTED", "Date promised"
    BUILD = "BUILD", "Being built"
    INSTALLED = "INSTALLED", "Delivered"
    ACCEPTED = "ACCEPTED", "Accepted"
    CUTOVER = "CUTOVER", "In use"
    CEASE_ORDERED = "CEASE_ORDERED", "Cease ordered"
    CEASED = "CEASED", "Ceased"
    CLOSED = "CLOSED", "Closed"

    @property
    def number(self) -> int:
        """The number of the stage, 0 to 11."""
        return list(Stage).index(self)


ORDER = list(Stage)
FORWARD = tuple(Move(source, target, Permission.LINE_MOVE) for source, target in pairwise(ORDER))
# A service that is retired and not replaced skips to its cease; it carries NOT_REQUIRED.
RETIRED = (Move(Stage.VALIDATED, Stage.CEASE_ORDERED, Permission.LINE_MOVE),)
# Rolled back in the same move: to ACCEPTED where the kit is fine, to BUILD where it is not.
ROLL_BACK = tuple(
    Move(source, target, Permission.LINE_MOVE)
    for source in (Stage.CUTOVER, Stage.CEASE_ORDERED)
    for target in (Stage.ACCEPTED, Stage.BUILD)
)
MOVES = FORWARD + RETIRED + ROLL_BACK
