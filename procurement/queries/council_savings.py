"""Savings as pages and the API show them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Count, DecimalField, Sum, Value

from boroughs.authorization import Permission
from boroughs.models import Body, Council, User
from londonpsn.common.money import percent
from londonpsn.common.periods import add_months, financial_year_code, month_code, month_of
from procurement.models import SavingsByMonth, SavingsCoverage
from procurement.savings import Amounts, pays_back
from services.models import Programme, Replacement, ReplacementLine

# What savings can be grouped by, and the column it is kept in; time is grouped by month.
KEYS = {
    "council": "council__register_code",
    "body_kind": "body_kind",
    "service_type": "service_type__code",
}
PERIODS = {"month": month_code, "financial_year": financial_year_code}
GROUPINGS = (*PERIODS, *KEYS)
AMOUNTS = ("baseline", "legacy", "new", "one_off")

# The moves of councils with the baseline that counts, their lines with the days that count, what
# these are charged, and whether all of it is known: what savings are worked out from.
MONEY_OF_MOVES = """
grouped AS MATERIALIZED (  -- each replacement with the baseline that counts: the last version
    SELECT DISTINCT ON (r.id)
        r.id, body.council_id, body.kind AS body_kind, r.service_type_id,
        base.id AS baseline_id, base.amount, base.starts_on, base.ends_on
    FROM services_replacement r
    JOIN boroughs_body body ON body.id = r.body_id
    LEFT JOIN services_baseline base ON base.replacement_id = r.id
    WHERE body.council_id = ANY(%(councils)s)
    ORDER BY r.id, base.version DESC
),
member AS MATERIALIZED (  -- its lines, with the days billed while they take part in it
    SELECT
        g.id AS group_id, m.side, m.line_id, m.let_go_on, line.contract_id, line.billed_from,
        GREATEST(line.billed_from, g.starts_on) AS starts_on,
        LEAST(line.billed_until, g.ends_on, m.let_go_on) AS ends_on
    FROM grouped g
    JOIN services_replacementline m ON m.replacement_id = g.id
    JOIN services_line line ON line.id = m.line_id
),
charge AS MATERIALIZED (  -- what they are charged, within those days
    SELECT
        c.id, m.group_id, m.line_id, m.side, c.kind, c.amount, c.starts_on AS charged_on,
        m.let_go_on,
        GREATEST(c.starts_on, m.starts_on) AS starts_on, LEAST(c.ends_on, m.ends_on) AS ends_on
    FROM member m
    JOIN services_charge c ON c.line_id = m.line_id
),
priced AS (
    SELECT group_id, line_id, SUM(ends_on - starts_on) AS days
    FROM charge
    WHERE kind = 'RECURRING' AND starts_on < ends_on
    GROUP BY group_id, line_id
),
composed AS (  -- what its lines say of a group: whether all money is known, and its contract
    SELECT
        m.group_id,
        COUNT(*) FILTER (WHERE m.side = 'OLD' AND m.let_go_on IS NULL) AS lines,
        CASE WHEN BOOL_OR(m.side = 'NEW') THEN MIN(m.contract_id) FILTER (WHERE m.side = 'NEW')
             ELSE MIN(m.contract_id) END AS contract_id,
        BOOL_AND(
            m.ends_on <= m.starts_on
            OR COALESCE(p.days, 0) = m.ends_on - m.starts_on
            OR (m.side = 'NEW' AND m.billed_from IS NULL AND COALESCE(p.days, 0) > 0)
        ) AS money_is_known
    FROM member m
    LEFT JOIN priced p USING (group_id, line_id)
    GROUP BY m.group_id
)
"""

# Each move's amounts in a span of months, as procurement.savings.amounts_by_month has them.
MOVE_SUMS = f"""
WITH {MONEY_OF_MOVES},
covered AS (
    SELECT g.*
    FROM grouped g
    LEFT JOIN composed c ON c.group_id = g.id
    WHERE g.body_kind = %(body_kind)s AND g.amount IS NOT NULL
        AND COALESCE(c.money_is_known, TRUE)
        AND (%(service_types)s::bigint[] IS NULL OR g.service_type_id = ANY(%(service_types)s))
),
month AS (
    SELECT each::date AS starts_on, (each + INTERVAL '1 month')::date AS ends_on
    FROM GENERATE_SERIES(
        %(from_month)s::timestamp, %(to_month)s::timestamp, INTERVAL '1 month'
    ) AS each
),
recurring AS (
    SELECT id AS group_id, 'B' AS what, amount, starts_on, ends_on FROM covered
    UNION ALL
    SELECT g.id, CASE c.side WHEN 'OLD' THEN 'L' ELSE 'N' END, c.amount, c.starts_on, c.ends_on
    FROM charge c
    JOIN covered g ON g.id = c.group_id
    WHERE c.kind = 'RECURRING' AND c.starts_on < c.ends_on
),
part AS (
    SELECT
        r.group_id, r.what,
        ROUND(
            r.amount * (LEAST(r.ends_on, month.ends_on) - GREATEST(r.starts_on, month.starts_on))
                / (month.ends_on - month.starts_on), 2
        ) AS pounds
    FROM recurring r
    JOIN month ON r.starts_on < month.ends_on AND month.starts_on < r.ends_on
    UNION ALL
    SELECT g.id, 'X', ROUND(c.amount, 2)
    FROM charge c
    JOIN covered g ON g.id = c.group_id
        AND c.charged_on >= g.starts_on AND c.charged_on < LEAST(g.ends_on, c.let_go_on)
    JOIN month ON c.charged_on >= month.starts_on AND c.charged_on < month.ends_on
    WHERE c.kind = 'ONE_OFF'
)
SELECT
    group_id,
    COALESCE(SUM(pounds) FILTER (WHERE what = 'B'), 0),
    COALESCE(SUM(pounds) FILTER (WHERE what = 'L'), 0),
    COALESCE(SUM(pounds) FILTER (WHERE what = 'N'), 0),
    COALESCE(SUM(pounds) FILTER (WHERE what = 'X'), 0)
FROM part
GROUP BY group_id
"""  # noqa: S608, only parts of statements are put in


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what is in scope a saving rests on; pounds a month and old lines."""

    amount: Decimal = Decimal(0)
    amount_covered: Decimal = Decimal(0)
    lines: int = 0
    lines_covered: int = 0

    @property
    def amount_percent(self) -> Decimal | None:
        return percent(self.amount_covered, self.amount)

    @property
    def lines_percent(self) -> Decimal | None:
        return percent(self.lines_covered, self.lines)


@dataclass(frozen=True, slots=True)
class SavingsRow:
    """Pounds of one period or of one key."""

    key: str
    amounts: Amounts
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class SavingsFilter:
    """Which savings: those that ``user`` sees, of these councils, from a month to a month.

    ``user`` None is the portal itself, which sees everything; both months are included.
    """

    user: User | None
    council_ids: Collection[int] | None = None
    body_kind: str | None = None
    service_types: Collection[int] | None = None
    from_month: date | None = None
    to_month: date | None = None

    def apply(self, model, *, by_month: bool = True):
        rows = model.objects.visible_to(self.user) if self.user else model.objects.all()
        if self.council_ids is not None:
            rows = rows.filter(council__in=self.council_ids)
        if self.body_kind:
            rows = rows.filter(body_kind=self.body_kind)
        if self.service_types is not None:
            rows = rows.filter(service_type__in=self.service_types)
        if by_month and self.from_month:
            rows = rows.filter(month__gte=self.from_month)
        if by_month and self.to_month:
            rows = rows.filter(month__lte=self.to_month)
        return rows


def savings(wanted: SavingsFilter, group_by: str) -> list[SavingsRow]:
    """Return savings by period or by key, in order; every month asked for is there."""
    if group_by in PERIODS:
        return _by_period(wanted, PERIODS[group_by])
    column = KEYS[group_by]
    coverage = coverage_by(wanted, column)
    rows = wanted.apply(SavingsByMonth).values(column).annotate(**_sums(AMOUNTS))
    return [
        SavingsRow(row[column], _amounts(row), coverage.get(row[column], Coverage()))
        for row in rows.order_by(column)
    ]


def savings_by_month(wanted: SavingsFilter) -> dict[date, Amounts]:
    """Return the sums of every month of the filter, zero where nothing is held."""
    rows = wanted.apply(SavingsByMonth).values("month").annotate(**_sums(AMOUNTS))
    held = {row["month"]: _amounts(row) for row in rows.order_by("month")}
    if not held and not (wanted.from_month and wanted.to_month):
        return {}
    month = wanted.from_month or min(held)
    last = wanted.to_month or max(held)
    months = {}
    while month <= last:
        months[month] = held.get(month, Amounts())
        month = add_months(month, 1)
    return months


@dataclass(frozen=True, slots=True)
class Headline:
    """Pounds of a span of months with their coverage: expected, from contract prices."""

    amounts: Amounts
    coverage: Coverage
    from_month: date
    to_month: date


@dataclass(frozen=True, slots=True)
class TableRow:
    """One month or financial year; ``is_planned`` when no month of it has ended."""

    code: str
    first_month: date
    last_month: date
    words: str
    is_planned: bool
    amounts: Amounts
    added_up: Decimal

    @property
    def share(self) -> Decimal | None:
        return self.amounts.share


@dataclass(frozen=True, slots=True)
class SavingsTable:
    """Savings of one kind of body, period by period. Kinds are never added to one another.

    ``councils`` is how many are in every month's sum, at the least.
    """

    body_kind: str
    councils: int
    months: dict[date, Amounts]
    rows: list[TableRow]
    to_date: Headline
    pays_back: date | None

    def by(self, period: str) -> list[TableRow]:
        """Return the rows by another period, ``month`` or ``financial_year``."""
        return _table_rows(self.months, PERIODS[period], self.to_date.to_month)


def savings_tables(wanted: SavingsFilter, period: str, today: date) -> dict[str, SavingsTable]:
    """Return a table for each kind of body that has savings, by ``month`` or ``financial_year``.

    The council's own comes first, and no two are added up. "To date" is up to the last month ended
    by ``today``; later months are planned (decisions 16 and 17).
    """
    rows = wanted.apply(SavingsByMonth).values("body_kind", "month")
    rows = rows.annotate(councils=Count("council", distinct=True), **_sums(AMOUNTS))
    by_kind: dict[str, dict[date, Amounts]] = {}
    councils: dict[str, set[int]] = {}
    for row in rows.order_by("month"):
        by_kind.setdefault(row["body_kind"], {})[row["month"]] = _amounts(row)
        councils.setdefault(row["body_kind"], set()).add(row["councils"])
    covered = coverage_by(wanted, "body_kind")
    last = last_month_ended(today)
    return {
        kind: SavingsTable(
            kind,
            min(councils[kind]),
            months,
            _table_rows(months, PERIODS[period], last),
            Headline(
                sum((a for month, a in months.items() if month <= last), Amounts()),
                covered.get(kind, Coverage()),
                min(months),
                min(last, max(months)),
            ),
            pays_back(months),
        )
        for kind in Body.Kind.values
        if (months := by_kind.get(kind))
    }


def _table_rows(months: dict[date, Amounts], code_of, last: date) -> list[TableRow]:
    periods: dict[str, dict[date, Amounts]] = {}
    for month, amounts in months.items():
        periods.setdefault(code_of(month), {})[month] = amounts
    rows, added_up = [], Decimal("0.00")
    for code, held in periods.items():
        amounts = sum(held.values(), Amounts())
        added_up += amounts.net
        ended = sum(month <= last for month in held)
        words = _progress_words(ended, len(held))
        rows.append(TableRow(code, min(held), max(held), words, not ended, amounts, added_up))
    return rows


def _progress_words(ended: int, months: int) -> str:
    if ended == 0:
        return "planned"
    if months == 1:
        return ""
    if ended == months:
        return "year ended" if months == 12 else "ended"
    return f"{ended} month{'' if ended == 1 else 's'} to date, {months - ended} planned"


def coverage_by(wanted: SavingsFilter, column: str) -> dict[str, Coverage]:
    rows = wanted.apply(SavingsCoverage, by_month=False).values(column)
    rows = rows.annotate(**_sums(("amount", "amount_covered", "lines", "lines_covered")))
    return {row.pop(column): Coverage(**row) for row in rows.order_by(column)}


def coverage(wanted: SavingsFilter) -> Coverage:
    """Return the coverage of everything in the filter."""
    sums = _sums(("amount", "amount_covered", "lines", "lines_covered"))
    row = wanted.apply(SavingsCoverage, by_month=False).aggregate(**sums)
    return Coverage(**{name: value or 0 for name, value in row.items()})


def _by_period(wanted: SavingsFilter, code_of) -> list[SavingsRow]:
    covered = coverage(wanted)
    periods: dict[str, Amounts] = {}
    for month, amounts in savings_by_month(wanted).items():
        code = code_of(month)
        periods[code] = periods.get(code, Amounts()) + amounts
    return [SavingsRow(code, amounts, covered) for code, amounts in periods.items()]


def _sums(names: Iterable[str]) -> dict[str, Sum]:
    return {name: Sum(name) for name in names}


def _amounts(row: dict) -> Amounts:
    return Amounts(**{name: row[name] for name in AMOUNTS})


@dataclass(frozen=True, slots=True)
class KeyRow:
    """Pounds of one kind of service or one council, over all months of the filter."""

    key: str
    name: str
    amounts: Amounts


# What a table can be cut by beside time: the key as the API has it, and its name.
CUTS = {
    "service_type": ("service_type__code", "service_type__name"),
    "council": ("council__register_code", "council__short_name"),
    "supplier": ("contract__supplier__code", "contract__supplier__name"),
    "contract": ("contract__reference", "contract__title"),
}


def savings_by_key(wanted: SavingsFilter, cut: str) -> dict[str, list[KeyRow]]:
    """Return for each kind of body its rows by what CUTS names: of the new line's contract."""
    key, name = CUTS[cut]
    # Two councils may name a contract alike: what a contract is cut by is the contract itself.
    own = ["contract"] if cut == "contract" else []
    rows = wanted.apply(SavingsByMonth).values("body_kind", key, name, *own)
    found: dict[str, list[KeyRow]] = {}
    for row in rows.annotate(**_sums(AMOUNTS)).order_by(name, key):
        held = KeyRow(row[key] or "", row[name] or "No contract is known", _amounts(row))
        found.setdefault(row["body_kind"], []).append(held)
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """What adds to a sum: a move or a council, in words, and what it comes to net.

    ``pk`` is that of the move, ``slug`` that of the council.
    """

    name: str
    words: str
    net: Decimal
    pk: int | None = None
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts that add most to a net, and all the others together."""

    most: list[Part]
    others: int
    others_net: Decimal


def moves_that_add_most(wanted: SavingsFilter, count: int = 5) -> Parts:
    """Return the moves of one council that add most to the filter's net, by two queries.

    The filter names one council that the person sees, a kind of body and both months.
    """
    values = {
        "councils": list(wanted.council_ids),
        "body_kind": wanted.body_kind,
        "service_types": None if wanted.service_types is None else list(wanted.service_types),
        "from_month": wanted.from_month,
        "to_month": wanted.to_month,
    }
    with connection.cursor() as cursor:
        cursor.execute(MOVE_SUMS, values)
        sums = [(pk, Amounts(*amounts).net) for pk, *amounts in cursor.fetchall()]
    sums.sort(key=lambda row: (-row[1], row[0]))
    most, others = sums[:count], sums[count:]
    names = _names_of_moves(wanted.user, [pk for pk, _ in most])
    return Parts(
        [Part(*names[pk], net, pk=pk) for pk, net in most if pk in names],
        len(others),
        sum((net for _, net in others), Decimal("0.00")),
    )


def _names_of_moves(user: User, keys: Collection[int]) -> dict[int, tuple[str, str]]:
    """A move is called by its new line, by an old one where there is none."""
    visible = Replacement.objects.visible_to(user).filter(pk__in=keys)
    members = ReplacementLine.objects.filter(replacement__in=visible).order_by("-side", "-pk")
    names = {}
    for member in members.select_related("line__service_type"):
        line = member.line
        words = line.service_type.name + (f", {line.quantity:,}" if line.quantity > 1 else "")
        names[member.replacement_id] = (line.reference, words)
    return names


def councils_that_add_most(wanted: SavingsFilter, count: int = 5) -> Parts:
    """Return the councils that add most to the filter's net."""
    name, slug = "council__short_name", "council__slug"
    rows = wanted.apply(SavingsByMonth).values(name, slug).annotate(**_sums(AMOUNTS))
    parts = [Part(row[name], "", _amounts(row).net, slug=row[slug]) for row in rows.order_by(name)]
    parts.sort(key=lambda part: -part.net)
    others = parts[count:]
    return Parts(parts[:count], len(others), sum((part.net for part in others), Decimal("0.00")))


def programme_savings(programme: Programme) -> SavingsFilter:
    """Return the savings of all councils' own lines in a programme, whoever asks."""
    kinds = programme.service_types.values("pk")
    return SavingsFilter(None, body_kind=Body.Kind.COUNCIL, service_types=kinds)


@dataclass(frozen=True, slots=True)
class ShownShare:
    """How much less than the old price a council pays, to the last month ended.

    In per cent, without one-offs; or in words why that is not shown.
    """

    percent: Decimal | None
    unknown: str = ""


NO_DATA, NOT_SHARED = ShownShare(None, "No data"), ShownShare(None, "Not shared")
TODAY_ALONE = ShownShare(None, "Shown for today alone")
TOO_FEW_LINES = ShownShare(None, "Too few lines to show")
ENOUGH_LINES = 5  # with fewer, a share and the prices that all councils pay tell an old price


def shown_shares(
    wanted: SavingsFilter, councils: Iterable[Council], *, user: User, day: date, today: date
) -> dict[str, ShownShare]:
    """Return by register code what each council saves in per cent, as far as the person sees it.

    Everybody sees that of councils whose records they see. That of another one is shown where it
    shares it, for ``today`` alone and with enough lines behind it: out of the shares of many days,
    and the sums of all councils on each, pounds could be worked out.
    """
    held = _shares(wanted, day)
    shown = {}
    for council in councils:
        percent, lines = held.get(council.register_code, (None, 0))
        known = NO_DATA if percent is None else ShownShare(percent)
        if not user.access.allows(Permission.RECORD_VIEW, council.pk):
            if not council.shares_saving:
                known = NOT_SHARED
            elif day != today:
                known = TODAY_ALONE
            elif percent is not None and lines < ENOUGH_LINES:
                known = TOO_FEW_LINES
        shown[council.register_code] = known
    return shown


def _shares(wanted: SavingsFilter, today: date) -> dict[str, tuple[Decimal | None, int]]:
    """Return by register code how much less than the old price was paid, and for how many lines.

    In per cent, to the last month ended by ``today``, without one-offs; one query.
    """
    to_date, code = replace(wanted, to_month=last_month_ended(today)), "council__register_code"
    names = ("baseline", "legacy", "new")
    none = {name: Value(Decimal(0), DecimalField()) for name in names}
    paid = to_date.apply(SavingsByMonth).values_list(code)
    paid = paid.annotate(**_sums(names), lines=Value(0)).order_by()
    covered = wanted.apply(SavingsCoverage, by_month=False).values_list(code)
    covered = covered.annotate(**none, lines=Sum("lines_covered")).order_by()
    found: dict[str, tuple[Amounts, int]] = {}
    for council, *amounts, lines in paid.union(covered, all=True):
        sums, behind = found.get(council, (Amounts(), 0))
        found[council] = sums + Amounts(*amounts), behind + lines
    return {council: (sums.share, lines) for council, (sums, lines) in found.items()}


def last_month_ended(today: date) -> date:
    """Return the last month that was over by the end of the day before ``today`` or on it."""
    tomorrow = date.fromordinal(today.toordinal() + 1)
    return add_months(month_of(tomorrow), -1)
