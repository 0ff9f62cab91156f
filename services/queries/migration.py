"""How far councils have moved: their summaries, and the groups of lines behind them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Q, QuerySet, Value

from boroughs.models import Council, JobRun
from boroughs.queries import Freshness, councils_with_freshness
from londonpsn.common.errors import BadInput, NotVisible
from londonpsn.common.periods import add_months, month_of
from services.migration import (
    CouncilChanges,
    LineGroup,
    Progress,
    Standing,
    Status,
    ceased_percent,
    connected_percent,
    is_fully_migrated,
    progress,
    retired_percent,
    standing,
    status_words,
)
from services.models import MigrationStatus, Programme
from services.stages import Stage

BILLING_CYCLES = 2  # whole calendar months that have to be clean (decisions 24)

# The old lines of a programme that count on a day, and the flags they carry on it.
SCOPE = """
scope AS MATERIALIZED (
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
flagged AS (
    SELECT flag.line_id, ARRAY_AGG(flag.kind) AS kinds
    FROM services_lineflag flag
    JOIN scope ON scope.id = flag.line_id
    WHERE flag.starts_on <= %(day)s AND (flag.ends_on IS NULL OR flag.ends_on > %(day)s)
    GROUP BY flag.line_id
)
"""

LINE_GROUPS = f"""
WITH {SCOPE},
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
stood AS (
    SELECT
        scope.id, scope.council_id,
        COALESCE(moved.to_stage, 'IDENTIFIED') AS stage,
        NOT COALESCE('NOT_REQUIRED' = ANY(flagged.kinds), FALSE) AS is_required,
        COALESCE('EXEMPT' = ANY(flagged.kinds), FALSE) AS is_exempt,
        COALESCE('DUPLICATE' = ANY(flagged.kinds), FALSE) AS is_duplicate,
        COALESCE(
            moved.to_stage IN ('BUILD', 'INSTALLED', 'ACCEPTED') AND EXISTS (
                SELECT FROM services_linemove was
                WHERE was.line_id = scope.id AND was.to_stage = 'CUTOVER' AND was.on <= %(day)s
            ), FALSE
        ) AS is_rolled_back,
        COALESCE('BILLED_AFTER_CEASE' = ANY(flagged.kinds), FALSE)
            OR (COALESCE(charged.has_begun, FALSE)
                AND (charged.billed_until IS NULL OR charged.billed_until > %(cycles_from)s))
            AS was_billed_lately,
        COALESCE(charged.has_begun, FALSE)
            AND (charged.billed_until IS NULL OR charged.billed_until > %(day)s) AS is_billed,
        charged.amount
    FROM scope
    LEFT JOIN LATERAL (
        SELECT move.to_stage FROM services_linemove move
        WHERE move.line_id = scope.id AND move.on <= %(day)s
        ORDER BY move.on DESC, move.id DESC LIMIT 1
    ) moved ON TRUE
    LEFT JOIN flagged ON flagged.line_id = scope.id
    LEFT JOIN charged ON charged.line_id = scope.id
),
told AS (  -- paid twice: billed, and a line that replaces it is billed too; asked of those alone
    SELECT stood.*, CASE WHEN is_billed THEN EXISTS (
        SELECT FROM services_replacementline old
        JOIN services_replacementline new ON new.replacement_id = old.replacement_id
        JOIN services_line line ON line.id = new.line_id
        JOIN services_charge charge ON charge.line_id = new.line_id
        WHERE old.line_id = stood.id
            AND old.side = 'OLD' AND (old.let_go_on IS NULL OR old.let_go_on > %(day)s)
            AND new.side = 'NEW' AND (new.let_go_on IS NULL OR new.let_go_on > %(day)s)
            AND charge.kind = 'RECURRING' AND charge.starts_on <= %(day)s
            AND (charge.ends_on IS NULL OR charge.ends_on > %(day)s)
            AND (line.billed_from IS NULL OR line.billed_from <= %(day)s)
            AND (line.billed_until IS NULL OR line.billed_until > %(day)s)
    ) ELSE FALSE END AS is_paid_twice
    FROM stood
)
SELECT
    council_id, stage, is_required, is_exempt, is_duplicate, is_rolled_back, was_billed_lately,
    is_billed, is_paid_twice, COUNT(*), COALESCE(SUM(amount), 0), COUNT(amount)
FROM told
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""  # noqa: S608, only parts of statements are put in

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

# What stands for "the day" inside the two above where several days are asked for at once.
ON_EACH = {"%(day)s": "asked.day", "%(cycles_from)s": "asked.cycles_from"}


def _on_each(sql: str) -> str:
    for name, column in ON_EACH.items():
        sql = sql.replace(name, column)
    return sql


STANDINGS = f"""
SELECT asked.day, found.*, NULL
FROM UNNEST(%(days)s::date[], %(cycles_from)s::date[]) AS asked (day, cycles_from),
    LATERAL ({_on_each(LINE_GROUPS)}) AS found
UNION ALL
SELECT asked.day, missing.council_id, {"NULL, " * 11} missing.code
FROM UNNEST(%(days)s::date[]) AS asked (day), LATERAL ({_on_each(MISSING_GATEWAYS)}) AS missing
"""  # noqa: S608, only parts of statements are put in

# Every council's changes by month, done by the day and after it, with how many lines there are and
# the day on which the last gateway it needs was verified. Which lines count is as of the day.
BURN_UP = f"""
WITH {SCOPE},
counted AS MATERIALIZED (
    SELECT
        scope.id, scope.council_id,
        NOT COALESCE('NOT_REQUIRED' = ANY(flagged.kinds), FALSE) AS is_required
    FROM scope
    LEFT JOIN flagged ON flagged.line_id = scope.id
    WHERE NOT COALESCE(flagged.kinds && ARRAY['EXEMPT', 'DUPLICATE']::varchar[], FALSE)
),
step AS (  -- the stages that a line has to have been through once are left out
    SELECT
        move.line_id, move.on, move.to_stage,
        LAG(move.to_stage) OVER (PARTITION BY move.line_id ORDER BY move.on, move.id) AS from_stage
    FROM services_linemove move
    JOIN counted ON counted.id = move.line_id
    WHERE move.to_stage
        NOT IN ('IDENTIFIED', 'VALIDATED', 'QUALIFIED', 'ORDERED', 'COMMITTED', 'INSTALLED')
),
moved AS MATERIALIZED (  -- a line that is rolled back is counted out again
    SELECT
        line_id, step.on,
        (to_stage = ANY(%(in_use)s))::int
            - COALESCE(from_stage = ANY(%(in_use)s), FALSE)::int AS connected,
        (to_stage = ANY(%(ceased)s))::int
            - COALESCE(from_stage = ANY(%(ceased)s), FALSE)::int AS ceased
    FROM step
),
reached AS (
    SELECT line_id, SUM(connected) AS connected, SUM(ceased) AS ceased FROM moved GROUP BY line_id
),
change AS (
    SELECT * FROM moved WHERE connected <> 0 OR ceased <> 0
    UNION ALL
    SELECT
        plan.line_id, plan.on,
        (plan.to_stage = 'CUTOVER' AND COALESCE(reached.connected, 0) = 0)::int,
        (plan.to_stage = 'CEASED' AND COALESCE(reached.ceased, 0) = 0)::int
    FROM services_plannedmove plan
    JOIN counted ON counted.id = plan.line_id
    LEFT JOIN reached ON reached.line_id = plan.line_id
    WHERE plan.on > %(today)s AND plan.to_stage IN ('CUTOVER', 'CEASED')
)
SELECT 'LINES', council_id, NULL::date, COUNT(*) FILTER (WHERE is_required), COUNT(*)
FROM counted GROUP BY council_id
UNION ALL
SELECT
    CASE WHEN change.on <= %(day)s THEN 'DONE' ELSE 'AHEAD' END, counted.council_id,
    DATE_TRUNC('month', change.on::timestamp)::date,
    COALESCE(SUM(change.connected) FILTER (WHERE counted.is_required), 0), SUM(change.ceased)
FROM change
JOIN counted ON counted.id = change.line_id
GROUP BY 1, 2, 3
UNION ALL
SELECT 'GATEWAYS', need.council_id, MAX(done.verified_on), COUNT(*) - COUNT(done.verified_on), 0
FROM boroughs_gatewayrequirement need
JOIN services_programme p ON p.id = %(programme)s
LEFT JOIN LATERAL (
    SELECT MIN(checked.verified_on) AS verified_on
    FROM boroughs_gatewaycheck checked
    WHERE checked.council_id = need.council_id AND checked.gateway_id = need.gateway_id
        AND checked.generation_id = p.generation_id
) done ON TRUE
WHERE need.council_id = ANY(%(councils)s)
    AND need.starts_on <= %(day)s AND (need.ends_on IS NULL OR need.ends_on > %(day)s)
GROUP BY need.council_id
"""  # noqa: S608, only parts of statements are put in

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
    before: Standing | None = None  # on an earlier day, where one was asked for

    @property
    def status(self) -> Status:
        return Status(self.standing.status)

    @property
    def status_words(self) -> str:
        return status_words(self.standing)

    @property
    def status_before(self) -> str | None:
        """The status on the earlier day in words, None where it was the same."""
        words = self.before and status_words(self.before)
        return None if words == self.status_words else words

    @property
    def ceased_change(self) -> Decimal | None:
        """Points of per cent by which ceased % has grown since; None where either is no data."""
        then = self.before and ceased_percent(self.before)
        return None if then is None or self.ceased_percent is None else self.ceased_percent - then

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


def programmes() -> list[Programme]:
    """Return all programmes by name, each with ``marks``: its milestones, per cent ceased."""
    marks = ArrayAgg(
        "milestones__percent",
        filter=Q(milestones__percent__isnull=False),
        order_by="milestones__percent",
        default=Value([]),
    )
    return list(Programme.objects.annotate(marks=marks).order_by("name", "pk"))


def find_programme(
    code: str | None = None, among: Collection[Programme] | None = None
) -> Programme:
    """Return the programme with this code in any case, the default one for None.

    ``among`` are those of programmes(), where they are known. Raises NotVisible when there is none.
    """
    if among is not None:
        fits = (p for p in among if (p.code.lower() == code.lower() if code else p.is_default))
        programme = next(fits, None)
    else:
        found = Programme.objects.filter(code__iexact=code) if code else default_programme()
        programme = found.first()
    if programme is None:
        raise NotVisible(f"There is no programme “{code}”." if code else "There is no programme.")
    return programme


def default_programme() -> QuerySet[Programme]:
    return Programme.objects.filter(is_default=True)


@dataclass(frozen=True, slots=True)
class CouncilChoice:
    """One council to go to, and where it stands in the default programme; None is not known."""

    council: Council
    status: Summary | None

    @property
    def name(self) -> str:
        return self.council.short_name

    @property
    def words(self) -> str:
        return self.status.status_words if self.status else ""


def council_choices(councils: QuerySet[Council]) -> list[CouncilChoice]:
    """Return the councils by name with their statuses as last worked out."""
    councils = list(councils.order_by("short_name"))
    held = MigrationStatus.objects.filter(council__in=councils, programme__is_default=True)
    kept = {status.council_id: status for status in held.select_related("programme")}
    return [
        CouncilChoice(
            council,
            Summary(council, status.programme, status, Freshness())
            if (status := kept.get(council.pk))
            else None,
        )
        for council in councils
    ]


def summaries(
    programme: Programme,
    *,
    today: date,
    now: datetime,
    as_at: date | None = None,
    since: date | None = None,
) -> list[Summary]:
    """Return every council's summary by name: as kept, or worked out for the past day ``as_at``.

    With ``since`` each also says where it stood on that day. Raises BadInput for a day that has not
    come.
    """
    if as_at and as_at > today:
        raise BadInput(
            f"{as_at:%-d %B %Y} has not come yet: the portal's day is {today:%-d %B %Y}. "
            "Ask for that day or an earlier one."
        )
    as_at = None if as_at == today else as_at
    fresh = councils_with_freshness(Council.objects.all(), [JobRun.Kind.MIGRATION_STATUS])
    if as_at:
        fresh = dict.fromkeys(fresh, Freshness(computed_at=now))
    kept = {
        status.council_id: status for status in MigrationStatus.objects.filter(programme=programme)
    }
    first_on = {
        council: status.fully_migrated_first_on
        for council, status in kept.items()
        if status.fully_migrated_first_on
    }
    days = [day for day in (as_at, since) if day]
    keys = [council.pk for council in fresh]
    on = standings_on(programme, keys, days, first_on) if days else {}
    standings_of, before = on[as_at] if as_at else kept, on.get(since, {})
    unknown = Standing(Status.NO_DATA)
    return [
        Summary(council, programme, standings_of.get(council.pk, unknown), *facts)
        for council in sorted(fresh, key=lambda council: council.short_name)
        for facts in [(fresh[council], before.get(council.pk))]
    ]


def line_groups(
    programme: Programme, council_ids: Collection[int], day: date
) -> dict[int, list[LineGroup]]:
    """Return each council's old lines in the programme, grouped by how they stood on ``day``.

    Uses the dates on which things happened, not those on which they were recorded.
    """
    values = _values(programme, council_ids, day) | {"cycles_from": _cycles_from(day)}
    groups: dict[int, list[LineGroup]] = {council: [] for council in council_ids}
    for council, *facts in _rows(LINE_GROUPS, values):
        groups[council].append(_line_group(facts))
    return groups


def _line_group(facts: list) -> LineGroup:
    stage, *held, is_paid_twice, lines, mrc, with_mrc = facts
    return LineGroup(Stage(stage), lines, *held, is_paid_twice, mrc, with_mrc)


def _cycles_from(day: date) -> date:
    return add_months(month_of(day), -BILLING_CYCLES)


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
    return standings_on(programme, council_ids, [day], first_on)[day]


def standings_on(
    programme: Programme,
    council_ids: Collection[int],
    days: Collection[date],
    first_on: dict[int, date],
) -> dict[date, dict[int, Standing]]:
    """Return where each council stood on each of the days, by one query."""
    days = sorted(set(days))
    groups: dict[tuple, list[LineGroup]] = {}
    missing: dict[tuple, list[str]] = {}
    values = _values(programme, council_ids, days[0]) | {
        "days": days,
        "cycles_from": [_cycles_from(day) for day in days],
    }
    for day, council, *facts, gateway in _rows(STANDINGS, values):
        if gateway:
            missing.setdefault((day, council), []).append(gateway)
        else:
            groups.setdefault((day, council), []).append(_line_group(facts))
    return {
        day: {
            council: standing(
                groups.get((day, council), []),
                missing.get((day, council), []),
                was_fully_migrated=council in first_on and first_on[council] <= day,
            )
            for council in council_ids
        }
        for day in days
    }


def burn_up(
    programme: Programme, council_ids: Collection[int], *, day: date, today: date
) -> list[Progress]:
    """Return how far the councils' lines had come by each month's end, all in one, by one query.

    Up to ``day`` as done; after it as done since then, or as planned after ``today``. Which lines
    are in scope and required, and which gateways are needed, is as of ``day``.
    """
    values = _values(programme, council_ids, day) | {
        "today": today,
        "in_use": [stage for stage in Stage if stage.number >= Stage.CUTOVER.number],
        "ceased": [stage for stage in Stage if stage.number >= Stage.CEASED.number],
    }
    councils: dict[int, CouncilChanges] = {}
    for what, council, on, connected, ceased in _rows(BURN_UP, values):
        changes = councils.setdefault(council, CouncilChanges())
        match what:
            case "LINES":
                changes.lines_to_replace = connected
            case "DONE":
                changes.done[on] = (connected, ceased)
            case "AHEAD":
                changes.ahead[on] = (connected, ceased)
            case "GATEWAYS":
                changes.gateways_on = None if connected else on
    return progress(councils.values(), first=month_of(programme.frozen_on), day=day)


def _values(programme: Programme, council_ids: Collection[int], day: date) -> dict:
    return {"programme": programme.pk, "councils": list(council_ids), "day": day}


def _rows(sql: str, values: dict) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
