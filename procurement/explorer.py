"""What the savings page is made of: a table for each kind of body, and the chart of its years."""

from collections.abc import Iterator, Sequence

from boroughs.models import Body
from londonpsn.common import charts
from londonpsn.common.charts import Chart, Key
from londonpsn.common.tables import Column, Kind, Table
from londonpsn.common.template_filters import month, pounds, share
from procurement.queries import CUTS, KeyRow, MoveMonth, SavingsTable, TableRow
from procurement.savings import Amounts

ROWS_A_PAGE = 240  # every month of a programme
AMOUNTS = {
    "baseline": "Old price",
    "legacy": "Still paid for the old",
    "new": "New service",
    "one_off": "One-off",
    "net": "Net",
}
NAMES = {
    Body.Kind.COUNCIL: ("council-lines", "Council lines", "Cash"),
    Body.Kind.SCHOOL: ("schools", "Schools", "Avoided, not cash: old prices are quotes"),
    Body.Kind.OTHER: ("other-bodies", "Other public bodies", ""),
}
MONEY_KEY = (
    Key("Still paid for the old", "legacy"),
    Key("New service", "new"),
    Key("One-off", "one-off"),
    Key("Old price", "old-price"),
    Key("Paler: planned", "paler"),
)
MONTHS_BEFORE, MONTHS_SHOWN = 2, 12  # of a move's chart
LABELS = {
    "financial_year": "Financial year",
    "month": "Month",
    "service_type": "Kind of service",
    "council": "Council",
    "supplier": "New supplier",
    "contract": "New contract",
}


def table(
    kind: str, sums: SavingsTable, by: str, keyed: Sequence[KeyRow], request, year: TableRow | None
) -> Table:
    """One kind of body by period, or by key; in files the columns are named as in the API."""
    name, caption, remark = NAMES[kind]
    covered = sums.to_date.coverage
    scope = [
        remark,
        f"Coverage {share(covered.amount_percent)} of money, "
        f"{share(covered.lines_percent)} of lines",
    ]
    if by in CUTS:
        first, last = min(sums.months), max(sums.months)
        scope.append(f"{month(first)} to {month(last)}")
        if last > sums.to_date.to_month:
            scope.append(f"planned after {month(sums.to_date.to_month)}")
    is_explained = kind == Body.Kind.COUNCIL and by == "financial_year"
    return Table(
        name=name,
        columns=_key_columns(by)
        if by in CUTS
        else _period_columns(by, request if is_explained else None),
        rows=keyed if by in CUTS else sums.by(by),
        caption=caption,
        scope="; ".join(part for part in scope if part),
        css=lambda row: _look(row, year if is_explained else None),
        a_page=ROWS_A_PAGE,
        is_first=False,
        is_wide=True,
    )


def years_table(kind: str, sums: SavingsTable) -> Table:
    """One kind of body by financial year, where a page is about something else."""
    name, caption, remark = NAMES[kind]
    covered = sums.to_date.coverage
    coverage = f"Coverage {share(covered.amount_percent)} of money"
    return Table(
        name=f"{name}-by-year",
        columns=_period_columns("financial_year", None),
        rows=sums.by("financial_year"),
        caption=f"{caption} by financial year",
        scope="; ".join(part for part in (remark, coverage) if part),
        css=lambda row: _look(row, None),
        a_page=ROWS_A_PAGE,
        is_first=False,
        is_wide=True,
    )


def chart(sums: SavingsTable, by: str, year: TableRow, years) -> Chart:
    """Where the old price of council lines goes, by year, or by month where months are shown."""
    return Chart(
        title=f"Where each {'month' if by == 'month' else 'year'}’s old price goes",
        say="Council lines. The dashed outline is the old price; what it leaves free after "
        f"everything paid is the net, {pounds(year.amounts.net)} in {year.code} ({year.words}).",
        drawing=charts.drawn(
            charts.money_bars,
            list(_bars(sums, "month" if by == "month" else "financial_year")),
        ),
        table=years if by in CUTS else None,
        twin="Years as a table" if by in CUTS else "The table of council lines has the same facts.",
        key=MONEY_KEY,
        basis="Expected, from contract prices. Coverage "
        f"{share(sums.to_date.coverage.amount_percent)} of money, "
        f"{share(sums.to_date.coverage.lines_percent)} of lines.",
    )


def _bars(sums: SavingsTable, period: str) -> Iterator[charts.Bar]:
    """Yield a bar for each period; of one in progress what has ended stands apart from the plan."""
    for row in sums.by(period):
        within = [m for m in sums.months if row.first_month <= m <= row.last_month]
        ended = [m for m in within if m <= sums.to_date.to_month]
        planned = within[len(ended) :]
        label = f"{row.first_month:%b %Y}" if period == "month" else row.code
        is_split = bool(ended and planned)
        for months, is_planned, words in ((ended, False, "to date"), (planned, True, "planned")):
            if months:
                yield _bar(
                    f"{label} {words}" if is_split else label,
                    sum((sums.months[m] for m in months), Amounts()),
                    is_planned,
                )


def _bar(label: str, amounts: Amounts, is_planned: bool) -> charts.Bar:
    pounds_of = (amounts.baseline, amounts.legacy, amounts.new, amounts.one_off)
    return charts.Bar(label, *pounds_of, is_planned)


def move_chart(months: Sequence[MoveMonth]) -> Chart:
    """What one move costs in the months around its change, against its old price."""
    changes = next((n for n, row in enumerate(months) if row.amounts.new), 0)
    shown = months[max(0, changes - MONTHS_BEFORE) :][:MONTHS_SHOWN]
    return Chart(
        title="What is paid each month, against the old price",
        say=f"{month(shown[0].month)} to {month(shown[-1].month)}. The dashed outline is the old "
        "price; what it leaves free after everything paid is the net.",
        drawing=charts.drawn(
            charts.money_bars,
            [_bar(f"{row.month:%b %Y}", row.amounts, row.is_planned) for row in shown],
        ),
        table=None,
        twin="The table below has every month.",
        key=MONEY_KEY,
        basis="Expected, from contract prices.",
    )


def _period_columns(by: str, request) -> list[Column]:
    """``request`` is given where each year links to its own explanation."""

    def link(row):
        query = request.GET.copy()
        query["year"] = row.code
        return f"?{query.urlencode()}#explained"

    return [
        Column(
            "shown",
            LABELS[by],
            value=lambda row: _words(row, by),
            sub=lambda row: row.words,
            link=link if request else None,
            in_file=False,
        ),
        Column("period", LABELS[by], value=lambda row: row.code, on_page=False),
        *_amount_columns(),
        Column("share", "% of old price", Kind.SHARE, in_file=False),
        Column("added_up", "Added up", Kind.POUNDS, in_file=False),
    ]


def _key_columns(by: str) -> list[Column]:
    return [
        Column("name", LABELS[by], order_by="name", in_file=False),
        Column("key", "Code", on_page=False),
        *_amount_columns(),
        Column(
            "share",
            "% of old price",
            Kind.SHARE,
            value=lambda row: row.amounts.share,
            in_file=False,
        ),
    ]


def _amount_columns() -> list[Column]:
    return [
        Column(name, label, Kind.POUNDS, value=_amount(name)) for name, label in AMOUNTS.items()
    ]


def _amount(name: str):
    return lambda row: getattr(row.amounts, name)


def _words(row: TableRow, by: str) -> str:
    return month(row.first_month) if by == "month" else row.code


def _look(row, year: TableRow | None) -> str:
    looks = []
    if getattr(row, "is_planned", False):
        looks.append("est")
    if year and row.code == year.code:
        looks.append("on")
    return " ".join(looks)
