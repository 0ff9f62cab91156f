"""What is to be done about lines: those paid twice, and moves that are due."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextChoices,
    Value,
    When,
    Window,
)
from django.db.models.functions import RowNumber
from django.db.models.lookups import Exact

from boroughs.models import Body
from services.models import Charge, Line, LineMove, PlannedMove, ReplacementLine
from services.models.line import billed_on
from services.stages import Stage

A_WEEK = timedelta(days=7)


class ToDo(TextChoices):
    """What a list of lines can be narrowed to: those that ask for something on the day."""

    PAID_TWICE = "paid-twice", "Paid twice"
    MOVE = "move", "Planned to move by now, or within a week"


def to_do(lines: QuerySet[Line], what: ToDo, day: date) -> QuerySet[Line]:
    """Keep the lines of which something is to be done, as My work has it."""
    if what == ToDo.PAID_TWICE:
        return lines.filter(Exists(_paid_twice_as_old(day)))
    return lines.filter(pk__in=_plans_ahead(lines, before=day + A_WEEK).values("line"))


def lines_paid_twice(lines: QuerySet[Line], day: date, at_most: int) -> QuerySet[Line]:
    """Return the old lines billed on ``day`` whose new line is billed too, the dearest first.

    The rule of LINE_GROUPS for single lines; at most so many for each kind of body. Each line has
    ``monthly``, ``new_reference`` and ``in_all``, the number of all of its kind of body.
    """
    dearest = (F("monthly").desc(nulls_last=True), F("pk").asc())
    of_it = _billed_members(day).filter(
        side=ReplacementLine.Side.NEW,
        replacement__members__line=OuterRef("pk"),
        replacement__members__side=ReplacementLine.Side.OLD,
    )
    return (
        to_do(lines, ToDo.PAID_TWICE, day)
        .select_related("body", "site")
        .with_monthly(day)
        .annotate(
            new_reference=Subquery(of_it.order_by("pk").values("line__reference")[:1]),
            in_all=Window(Count("pk"), partition_by="body__kind"),
            nth=Window(RowNumber(), partition_by="body__kind", order_by=dearest),
        )
        .filter(nth__lte=at_most)
        .order_by("body__kind", *dearest)
    )


def _billed_members(day: date) -> QuerySet[ReplacementLine]:
    is_charged = Exists(
        Charge.objects.filter(line=OuterRef("line"), kind=Charge.Kind.RECURRING).in_force_on(day)
    )
    is_open = Q(let_go_on=None) | Q(let_go_on__gt=day)
    return ReplacementLine.objects.filter(is_open, is_charged, billed_on(day, "line__"))


def _paid_twice_as_old(day: date) -> QuerySet[ReplacementLine]:
    """The part that a line (the outer ``pk``) has as the old one of two that are billed."""
    members = _billed_members(day)
    new = members.filter(replacement=OuterRef("replacement"), side=ReplacementLine.Side.NEW)
    return members.filter(Exists(new), line=OuterRef("pk"), side=ReplacementLine.Side.OLD)


@dataclass(frozen=True, slots=True)
class MoveToMake:
    """The next planned move of the lines of one place that are meant to make it on one day.

    ``monthly`` is pounds a month billed for them, None where that of one is not known. ``line`` and
    ``reference`` are those of the only line, or of one of them.
    """

    council: str
    body: str
    body_kind: Body.Kind
    site: str | None
    site_code: str | None
    to_stage: Stage
    on: date
    lines: int
    line: int
    reference: str
    monthly: Decimal | None


def moves_due(lines: QuerySet[Line], *, before: date, day: date) -> list[MoveToMake]:
    """Return the next moves planned for before a day and not made yet, the oldest first.

    A move is made when the line has reached its stage, or gone further.
    """
    ahead = _plans_ahead(lines, before=before).order_by("line", "wanted").distinct("line")
    in_force = Charge.objects.filter(line=OuterRef("line"), kind=Charge.Kind.RECURRING)
    price = Subquery(in_force.in_force_on(day).values("amount")[:1])
    is_billed = billed_on(day, "line__")
    places = {
        "council": F("line__body__council__slug"),
        "body": F("line__body__name"),
        "body_kind": F("line__body__kind"),
        "site": F("line__site__name"),
        "site_code": F("line__site__code"),
    }
    rows = (
        PlannedMove.objects.filter(pk__in=ahead.values("pk"))
        .annotate(price=price)
        .values("to_stage", "on", "line__body", "line__site", **places)
        .annotate(
            lines=Count("pk"),
            one=Min("line"),
            reference=Min("line__reference"),
            billed=Sum("price", filter=is_billed),
            unknown=Count("pk", filter=is_billed & Q(price=None)),
        )
        .order_by("on", "site_code", "line__body", "to_stage")
    )
    return [
        MoveToMake(
            **{name: row[name] for name in ("council", "body", "site", "site_code", "on")},
            body_kind=Body.Kind(row["body_kind"]),
            to_stage=Stage(row["to_stage"]),
            lines=row["lines"],
            line=row["one"],
            reference=row["reference"],
            monthly=None if row["unknown"] else row["billed"] or Decimal(0),
        )
        for row in rows
    ]


def _plans_ahead(lines: QuerySet[Line], *, before: date) -> QuerySet[PlannedMove]:
    last = LineMove.objects.filter(line=OuterRef("line")).order_by("-on", "-pk")
    planned = PlannedMove.objects.filter(on__lt=before, line__in=lines.values("pk")).annotate(
        reached=_number_of(Subquery(last.values("to_stage")[:1])),
        wanted=_number_of(F("to_stage")),
    )
    return planned.filter(wanted__gt=F("reached"))


def _number_of(stage) -> Case:
    """The number of a stage, -1 for none."""
    return Case(
        *(When(Exact(stage, one), then=Value(one.number)) for one in Stage), default=Value(-1)
    )
