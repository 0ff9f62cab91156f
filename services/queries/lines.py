"""Lines, their moves and what they belong to, as pages show them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import (
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from boroughs.models import Connection, Council, Site, Supplier
from services.models import Charge, Contract, Line, LineMove, PlannedMove, Programme
from services.models.line import billed_on, in_use_on
from services.stages import Stage
from services.steps import Reached, Step, steps


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line as lists show it: ``monthly`` and ``stage`` as of the querysets' annotations.

    ``is_new`` says that no programme moves on from its generation.
    """

    pk: int
    reference: str
    description: str
    council_id: int
    council: str
    body: str
    body_kind: str
    service: str
    quantity: int
    unit: str
    site_id: int | None
    site: str | None
    supplier: str
    is_new: bool
    generation: str
    stage: Stage | None
    is_planned: bool
    is_billed: bool
    monthly: Decimal | None
    starts_on: date | None
    ends_on: date | None


def listed_lines(lines: QuerySet[Line], day: date) -> QuerySet[Line]:
    """Return lines with all that ``line_row`` looks at; one query, whatever their number."""
    related = ("body__council", "site", "service_type", "generation", "supplier")
    newest = Programme.objects.order_by("-generation__sequence").values("generation__sequence")[:1]
    lines = lines.select_related(*related).with_stage_number().with_monthly(day)
    return lines.annotate(
        is_new=Q(generation__sequence__gte=Subquery(newest)), is_billed=billed_on(day)
    )


def line_row(line: Line, day: date) -> LineRow:
    """Return a line of listed_lines() as a row of a list."""
    return LineRow(
        pk=line.pk,
        reference=line.reference,
        description=line.description,
        council_id=line.body.council_id,
        council=line.body.council.short_name,
        body=line.body.name,
        body_kind=line.body.kind,
        service=line.service_type.name,
        quantity=line.quantity,
        unit=line.service_type.unit,
        site_id=line.site_id,
        site=line.site.name if line.site else None,
        supplier=line.supplier.name,
        is_new=line.is_new,
        generation=line.generation.name,
        stage=Stage(line.stage) if line.stage else None,
        is_planned=bool(line.starts_on and line.starts_on > day),
        is_billed=line.is_billed,
        monthly=line.monthly,
        starts_on=line.starts_on,
        ends_on=line.ends_on,
    )


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A move of a line from stage to stage; ``by``, ``proof`` and ``reason`` may be empty."""

    on: date
    line_id: int
    reference: str
    to_stage: Stage
    from_stage: Stage | None
    by: str
    proof: str
    reason: str


def move_rows(moves: QuerySet[LineMove], *, limit: int | None = None) -> list[MoveRow]:
    """Return moves, latest first; one query."""
    moves = moves.select_related("line", "by").order_by("-on", "-pk")[:limit]
    return [
        MoveRow(
            on=move.on,
            line_id=move.line_id,
            reference=move.line.reference,
            to_stage=Stage(move.to_stage),
            from_stage=Stage(move.from_stage) if move.from_stage else None,
            by=move.by.name if move.by else "",
            proof=move.proof,
            reason=move.reason,
        )
        for move in moves
    ]


def steps_of(line_id: int, stage: Stage, moves: list[MoveRow]) -> list[Step]:
    """Return the five steps of an old line; ``moves`` are all of its moves, latest first."""
    planned = PlannedMove.objects.filter(line=line_id).values_list("to_stage", "on")
    reached = [Reached(move.from_stage, move.to_stage, move.on) for move in reversed(moves)]
    return steps(stage, reached, {Stage(to_stage): on for to_stage, on in planned})


@dataclass(frozen=True, slots=True)
class SupplyRow:
    """What a supplier provides to one kind of body of a council, of one kind of service.

    ``monthly`` are the pounds a month that are known, ``unpriced`` the billed lines where they are
    not; None when they are not known of any.
    """

    slug: str
    council: str
    body_kind: str
    service: str
    family: str
    lines: int
    monthly: Decimal | None
    unpriced: int


def supply_rows(lines: QuerySet[Line], day: date) -> list[SupplyRow]:
    """Return the lines in use on ``day``, counted by council, who uses them and kind."""
    names = {
        "slug": F("body__council__slug"),
        "council": F("body__council__short_name"),
        "body_kind": F("body__kind"),
        "service": F("service_type__name"),
        "family": F("service_type__family"),
    }
    # At most one recurring charge of a line is in force on a day, so a join counts no line twice.
    open_end = Q(charges__ends_on=None) | Q(charges__ends_on__gt=day)
    recurring = Q(charges__kind=Charge.Kind.RECURRING, charges__starts_on__lte=day)
    rows = (
        lines.filter(in_use_on(day))
        .annotate(price=FilteredRelation("charges", condition=recurring & open_end))
        .values(**names)
        .annotate(
            lines=Count("pk"),
            known=Sum("price__amount", filter=billed_on(day)),
            unpriced=Count("pk", filter=billed_on(day) & Q(price=None)),
        )
        .order_by("council", "body_kind", "service")
    )
    found = []
    for row in rows:
        known = row.pop("known")
        nothing = None if row["unpriced"] else Decimal(0)
        found.append(SupplyRow(monthly=nothing if known is None else known, **row))
    return found


@dataclass(frozen=True, slots=True)
class SupplierRow:
    """A supplier, and how many of its lines that the person sees are in use."""

    code: str
    name: str
    role: str
    company_number: str
    lines: int


def supplier_rows(user, day: date) -> list[SupplierRow]:
    """Return every supplier by name; two queries."""
    in_use = Line.objects.visible_to(user).filter(in_use_on(day))
    counts = dict(in_use.values_list("supplier").annotate(lines=Count("pk")).order_by())
    return [
        SupplierRow(
            supplier.code,
            supplier.name,
            supplier.role,
            supplier.company_number,
            counts.get(supplier.pk, 0),
        )
        for supplier in Supplier.objects.visible_to(user).order_by("name")
    ]


def suppliers_of(council: Council) -> QuerySet[Supplier]:
    """Return the suppliers of a council's lines, old and new, and of its contracts."""
    of_it = [
        Exists(model.objects.of_council(council).filter(supplier=OuterRef("pk")))
        for model in (Line, Contract)
    ]
    return Supplier.objects.filter(of_it[0] | of_it[1])


def listed_sites(sites: QuerySet[Site], day: date) -> QuerySet[Site]:
    """Return sites with how many connections they have and lines in use on ``day``; one query."""

    def count(rows: QuerySet) -> Coalesce:
        rows = rows.filter(site=OuterRef("pk")).order_by().values("site")
        return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0)

    return (
        sites.with_shown_postcode()
        .select_related("body__council")
        .annotate(
            connections_held=count(Connection.objects.all()),
            lines_in_use=count(Line.objects.filter(in_use_on(day))),
        )
    )
