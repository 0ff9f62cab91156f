"""Rows for pages, reports and jobs, from several models of what runs and how it moves."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Q, QuerySet, Subquery

from boroughs.models import Council, JobRun
from boroughs.queries import Freshness, freshness
from londonpsn.common.errors import BadInput, NotVisible
from londonpsn.common.periods import add_months, month_of
from services.migration import (
    LineGroup,
    Standing,
    Status,
    ceased_percent,
    connected_percent,
    is_fully_migrated,
    retired_percent,
    standing,
)
from services.models import Line, MigrationStatus, Programme
from services.models.line import billed_on
from services.stages import Stage

BILLING_CYCLES = 2  # whole calendar months that have to be clean (decisions 24)

LINE_GROUPS = """
WITH scope AS MATERIALIZED (
    SELECT line.id, body.council_id, line.billed_from, line.billed_until
    FROM services_line line
    JOIN boroughs_body body ON body.id = line.body_id
    JOIN services_programme p ON p.id = %(programme)s
    JOIN services_programme_service_types t
        ON t.programme_id = p.id AND t.servicetype_id = line.service_type_id
    JOIN boroughs_generation old ON old.id = line.generation_id
    JOIN boroughs_generation new ON new.id = p.generation_id
    WHERE body.council_id = ANY(%(councils)s)
        AND body.kind = ANY(p.body_kinds)
        AND old.sequence < new.sequence
        AND (line.ends_on IS NULL OR line.ends_on > p.frozen_on)
        AND (line.found_on IS NULL OR line.found_on <= %(day)s)
),
moved AS (
    SELECT DISTINCT ON (move.line_id)
        move.line_id, move.to_stage,
        BOOL_OR(move.to_stage = 'CUTOVER') OVER (PARTITION BY move.line_id) AS was_in_use
    FROM services_linemove move
    JOIN scope ON scope.id = move.line_id
    WHERE move.on <= %(day)s
    ORDER BY move.line_id, move.on DESC, move.id DESC
),
flagged AS (
    SELECT flag.line_id, ARRAY_AGG(flag.kind) AS kinds
    FROM services_lineflag flag
    JOIN scope ON scope.id = flag.line_id
    WHERE flag.starts_on <= %(day)s AND (flag.ends_on IS NULL OR flag.ends_on > %(day)s)
    GROUP BY flag.line_id
),
charged AS (  -- the charge in force on the last billed day, as known on the day (decisions 24)
    SELECT DISTINCT ON (charge.line_id)
        charge.line_id, charge.amount,
        GREATEST(charge.starts_on, scope.billed_from) <= %(day)s AS has_begun,
        LEAST(charge.ends_on, scope.billed_until) AS billed_until
    FROM services_charge charge
    JOIN scope ON scope.id = charge.line_id
    WHERE charge.kind = 'RECURRING'
    ORDER BY charge.line_id, (charge.starts_on <= %(day)s) DESC, charge.starts_on DESC
),
replaced AS (  -- old lines whose new line is billed on the day
    SELECT DISTINCT old.line_id
    FROM services_replacementline old
    JOIN scope ON scope.id = old.line_id
    JOIN services_replacementline new ON new.replacement_id = old.replacement_id
    JOIN services_line line ON line.id = new.line_id
    JOIN services_charge charge ON charge.line_id = new.line_id
    WHERE old.side = 'OLD' AND (old.let_go_on IS NULL OR old.let_go_on > %(day)s)
        AND new.side = 'NEW' AND (new.let_go_on IS NULL OR new.let_go_on > %(day)s)
        AND charge.kind = 'RECURRING'
        AND charge.starts_on <= %(day)s AND (charge.ends_on IS NULL OR charge.ends_on > %(day)s)
        AND (line.billed_from IS NULL OR line.billed_from <= %(day)s)
        AND (line.billed_until IS NULL OR line.billed_until > %(day)s)
),
stood AS (
    SELECT
        scope.council_id,
        COALESCE(moved.to_stage, 'IDENTIFIED') AS stage,
        NOT COALESCE('NOT_REQUIRED' = ANY(flagged.kinds), FALSE) AS is_required,
        COALESCE('EXEMPT' = ANY(flagged.kinds), FALSE) AS is_exempt,
        COALESCE('DUPLICATE' = ANY(flagged.kinds), FALSE) AS is_duplicate,
        COALESCE(moved.was_in_use AND moved.to_stage IN ('BUILD', 'INSTALLED', 'ACCEPTED'), FALSE)
            AS is_rolled_back,
        COALESCE('BILLED_AFTER_CEASE' = ANY(flagged.kinds), FALSE)
            OR (COALESCE(charged.has_begun, FALSE)
                AND (charged.billed_until IS NULL OR charged.billed_until > %(cycles_from)s))
            AS was_billed_lately,
        COALESCE(charged.has_begun, FALSE)
            AND (charged.billed_until IS NULL OR charged.billed_until > %(day)s) AS is_billed,
        replaced.line_id IS NOT NULL AS is_replaced,
        charged.amount
    FROM scope
    LEFT JOIN moved ON moved.line_id = scope.id
    LEFT JOIN flagged ON flagged.line_id = scope.id
    LEFT JOIN charged ON charged.line_id = scope.id
    LEFT JOIN replaced ON replaced.line_id = scope.id
)
SELECT
    council_id, stage, is_required, is_exempt, is_duplicate, is_rolled_back, was_billed_lately,
    is_billed, is_billed AND is_replaced, COUNT(*), COALESCE(SUM(amount), 0), COUNT(amount)
FROM stood
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""

MISSING_GATEWAYS = """
SELECT need.council_id, gateway.code
FROM boroughs_gatewayrequirement need
JOIN boroughs_gateway gateway ON gateway.id = need.gateway_id
JOIN services_programme p ON p.id = %(programme)s
WHERE need.council_id = ANY(%(councils)s)
    AND need.starts_on <= %(day)s AND (need.ends_on IS NULL OR need.ends_on > %(day)s)
    AND NOT EXISTS (
        SELECT FROM boroughs_gatewaycheck done
        WHERE done.council_id = need.council_id AND done.gateway_id = need.gateway_id
            AND done.generation_id = p.generation_id AND done.verified_on <= %(day)s
    )
"""

# Days on which the rule of FULLY_MIGRATED can become true: a line closes, a gateway is verified or
# no longer needed, a flag begins or ends, a month starts that makes two clean ones.
TURNING_DAYS = """
WITH scope AS (
    SELECT line.id, body.council_id, line.billed_until
    FROM services_line line
    JOIN boroughs_body body ON body.id = line.body_id
    JOIN services_programme p ON p.id = %(programme)s
    JOIN services_programme_service_types t
        ON t.programme_id = p.id AND t.servicetype_id = line.service_type_id
    JOIN boroughs_generation old ON old.id = line.generation_id
    JOIN boroughs_generation new ON new.id = p.generation_id
    WHERE body.council_id = ANY(%(councils)s) AND body.kind = ANY(p.body_kinds)
        AND old.sequence < new.sequence
)
SELECT council_id, turns_on FROM (
    SELECT scope.council_id, move.on AS turns_on
    FROM scope JOIN services_linemove move ON move.line_id = scope.id AND move.to_stage = 'CLOSED'
    UNION
    SELECT scope.council_id, day
    FROM scope JOIN services_lineflag flag ON flag.line_id = scope.id,
        LATERAL (VALUES (flag.starts_on), (flag.ends_on)) AS turn (day)
    UNION
    SELECT scope.council_id,
        (DATE_TRUNC('month', (LEAST(charge.ends_on, scope.billed_until) - 1)::timestamp)
            + INTERVAL '3 months')::date
    FROM scope JOIN services_charge charge ON charge.line_id = scope.id
    UNION
    SELECT council_id, verified_on FROM boroughs_gatewaycheck WHERE council_id = ANY(%(councils)s)
    UNION
    SELECT council_id, ends_on FROM boroughs_gatewayrequirement WHERE council_id = ANY(%(councils)s)
) turn
WHERE turns_on <= %(day)s
ORDER BY turns_on
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """What all council people see of one council in one programme (decisions 6)."""

    council: Council
    programme: Programme
    standing: Standing | MigrationStatus
    freshness: Freshness

    @property
    def status(self) -> Status:
        return Status(self.standing.status)

    @property
    def status_words(self) -> str:
        """The status as people read it; who pays for nothing old any more is told so."""
        if self.status == Status.CONNECTED and not self.standing.lines_billed:
            return "Connected, last bills to check"
        return self.status.label

    @property
    def reasons(self) -> list[dict]:
        return self.standing.reasons

    @property
    def lines_in_scope(self) -> int:
        return self.standing.lines_in_scope

    @property
    def connected_percent(self) -> Decimal | None:
        return connected_percent(self.standing)

    @property
    def ceased_percent(self) -> Decimal | None:
        return ceased_percent(self.standing)

    @property
    def retired_percent(self) -> Decimal | None:
        return retired_percent(self.standing)


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line as lists show it: ``monthly`` and ``stage`` as of the querysets' annotations.

    ``is_new`` says that no programme moves on from its generation.
    """

    pk: int
    reference: str
    description: str
    council: str
    body: str
    service: str
    quantity: int
    unit: str
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
    lines = lines.select_related(*related).with_stage().with_monthly(day)
    return lines.annotate(
        is_new=Q(generation__sequence__gte=Subquery(newest)), is_billed=billed_on(day)
    )


def line_row(line: Line, day: date) -> LineRow:
    """Return a line of listed_lines() as a row of a list."""
    return LineRow(
        pk=line.pk,
        reference=line.reference,
        description=line.description,
        council=line.body.council.short_name,
        body=line.body.name,
        service=line.service_type.name,
        quantity=line.quantity,
        unit=line.service_type.unit,
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


def find_programme(code: str | None = None) -> Programme:
    """Return the programme with this code in any case, the default one for None.

    Raises NotVisible when there is none.
    """
    programmes = Programme.objects.filter(code__iexact=code) if code else default_programme()
    programme = programmes.first()
    if programme is None:
        raise NotVisible(f"There is no programme “{code}”." if code else "There is no programme.")
    return programme


def default_programme() -> QuerySet[Programme]:
    return Programme.objects.filter(is_default=True)


def summaries(
    programme: Programme, *, today: date, now: datetime, as_at: date | None = None
) -> list[Summary]:
    """Return every council's summary by name: as kept, or worked out for the past day ``as_at``.

    Raises BadInput for a day that has not come.
    """
    if as_at and as_at > today:
        raise BadInput(
            f"{as_at:%-d %B %Y} has not come yet: the portal's day is {today:%-d %B %Y}. "
            "Ask for that day or an earlier one."
        )
    councils = list(Council.objects.order_by("short_name"))
    keys = [council.pk for council in councils]
    kept = {
        status.council_id: status for status in MigrationStatus.objects.filter(programme=programme)
    }
    if as_at is None or as_at == today:
        standings_of, fresh = kept, freshness([JobRun.Kind.MIGRATION_STATUS], keys)
    else:
        first_on = {
            council: status.fully_migrated_first_on
            for council, status in kept.items()
            if status.fully_migrated_first_on
        }
        standings_of = standings(programme, keys, as_at, first_on)
        fresh = dict.fromkeys(keys, Freshness(computed_at=now))
    unknown = Standing(Status.NO_DATA)
    return [
        Summary(council, programme, standings_of.get(council.pk, unknown), fresh[council.pk])
        for council in councils
    ]


def line_groups(
    programme: Programme, council_ids: Collection[int], day: date
) -> dict[int, list[LineGroup]]:
    """Return each council's old lines in the programme, grouped by how they stood on ``day``.

    Uses the dates on which things happened, not those on which they were recorded.
    """
    values = _values(programme, council_ids, day)
    values["cycles_from"] = add_months(month_of(day), -BILLING_CYCLES)
    groups: dict[int, list[LineGroup]] = {council: [] for council in council_ids}
    for council, stage, *facts, is_paid_twice, lines, mrc, with_mrc in _rows(LINE_GROUPS, values):
        groups[council].append(LineGroup(Stage(stage), lines, *facts, is_paid_twice, mrc, with_mrc))
    return groups


def missing_gateways(
    programme: Programme, council_ids: Collection[int], day: date
) -> dict[int, list[str]]:
    """Return the codes of gateways each council needs on ``day`` and has not verified by then."""
    missing: dict[int, list[str]] = {council: [] for council in council_ids}
    for council, gateway in _rows(MISSING_GATEWAYS, _values(programme, council_ids, day)):
        missing[council].append(gateway)
    return missing


def fully_migrated_first_on(
    programme: Programme, council_ids: Collection[int], day: date
) -> dict[int, date]:
    """Return the first day, up to ``day``, on which the rule of FULLY_MIGRATED was true.

    Councils for which it never was are left out. Derived from dated facts alone (decisions 24).
    """
    turning: dict[date, list[int]] = {}
    for council, turns_on in _rows(TURNING_DAYS, _values(programme, council_ids, day)):
        turning.setdefault(turns_on, []).append(council)
    first: dict[int, date] = {}
    for turns_on, councils in turning.items():
        open_councils = [council for council in councils if council not in first]
        if not open_councils:
            continue
        groups = line_groups(programme, open_councils, turns_on)
        missing = missing_gateways(programme, open_councils, turns_on)
        for council in open_councils:
            if is_fully_migrated(groups[council], missing[council]):
                first[council] = turns_on
    return first


def standings(
    programme: Programme, council_ids: Collection[int], day: date, first_on: dict[int, date]
) -> dict[int, Standing]:
    """Return where each council stood on ``day``; ``first_on`` as of fully_migrated_first_on()."""
    groups = line_groups(programme, council_ids, day)
    missing = missing_gateways(programme, council_ids, day)
    return {
        council: standing(
            groups[council],
            missing[council],
            was_fully_migrated=council in first_on and first_on[council] <= day,
        )
        for council in council_ids
    }


def _values(programme: Programme, council_ids: Collection[int], day: date) -> dict:
    return {"programme": programme.pk, "councils": list(council_ids), "day": day}


def _rows(sql: str, values: dict) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
