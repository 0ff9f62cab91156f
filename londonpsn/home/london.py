"""What the London page is made of: the map in its colours, the councils' table, two charts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.urls import reverse

from boroughs.models import Council
from londonpsn.common import charts
from londonpsn.common.charts import Chart, Key
from londonpsn.common.periods import add_months, last_day
from londonpsn.common.tables import Column, Kind, Table
from londonpsn.common.template_filters import month as month_in_words
from londonpsn.common.template_filters import pounds, share
from londonpsn.home.queries import London
from procurement.queries import SavingsTable, ShownShare, TableRow
from services.migration import Progress, Status
from services.queries import Summary

# Worst first: what slipped back, then how far there is to go; who has nothing to do comes last.
WORST_FIRST = [
    Status.REGRESSED,
    Status.NOT_STARTED,
    Status.PLANNING,
    Status.IN_PROGRESS,
    Status.CONNECTED,
    Status.FULLY_MIGRATED,
    Status.EXEMPT,
    Status.NO_DATA,
]
MONTHS_A_PAGE = 240  # a chart's table shows them all
TWO_YEARS = 24  # of the months of money; the files hold them all
ALL_COUNCILS = 100
MONTHS_AHEAD = 6  # drawn after the day shown, or after the pay-back; the table has all months


def last_monday(day: date) -> date:
    """Return the last Monday before ``day``."""
    return day - timedelta(days=day.weekday() or 7)


# The map

MODES = {"status": "Status", "ceased": "Ceased %", "saving": "Less than the old price"}
HEADINGS = {
    "status": "Councils by status",
    "ceased": "Councils by old lines ceased",
    "saving": "Councils by what is paid less than the old price",
}
# The five steps of one hue: from which per cent, in which words.
CEASED_STEPS = (
    (0, Status.NOT_STARTED, "None ceased"),
    (Decimal("0.1"), Status.PLANNING, "Under 50% ceased"),
    (50, Status.IN_PROGRESS, "50% to 89.9% ceased"),
    (90, Status.CONNECTED, "90% to 99.9% ceased"),
    (100, Status.FULLY_MIGRATED, "All ceased"),
)
SAVING_STEPS = (
    (-(10**6), Status.REGRESSED, "Worse off"),
    (0, Status.NOT_STARTED, "Up to 9.9% less"),
    (10, Status.PLANNING, "10% to 24.9% less"),
    (25, Status.IN_PROGRESS, "25% to 49.9% less"),
    (50, Status.CONNECTED, "50% to 74.9% less"),
    (75, Status.FULLY_MIGRATED, "75% or more less"),
)
NO_DATA = (Status.NO_DATA, "No data")
Shares = Mapping[str, ShownShare]  # by register code


@dataclass(frozen=True, slots=True)
class Tile:
    """One council on the map: the look of a status, a figure, and both in words."""

    council: Council
    look: Status
    figure: str
    words: str


def tiles(london: London, mode: str, shares: Shares) -> list[Tile]:
    """Return a tile for each council."""
    found = []
    for row in london.rows:
        ceased = row.ceased_percent
        figure = "" if ceased is None else f"{ceased}%"
        look, words = row.status, row.status_words
        if mode == "ceased":
            look, words = _step(CEASED_STEPS, ceased)
        elif mode == "saving":
            saved = shares[row.council.register_code]
            figure = "" if saved.percent is None else share(saved.percent)
            look, words = _step(SAVING_STEPS, saved.percent)
            words = saved.unknown or words
        found.append(Tile(row.council, look, figure, words))
    return found


def legend(tiles: Sequence[Tile], mode: str) -> list[tuple[Status, str, int]]:
    """Each look in words with the number of councils; what is told apart is counted apart."""
    counts = Counter((tile.look, tile.words) for tile in tiles)
    if mode == "status":
        order = list(Status).index
        held = {(status, status.label): 0 for status in Status} | counts
        keys = sorted(held, key=lambda key: (order(key[0]), key[1]))
    else:
        steps = CEASED_STEPS if mode == "ceased" else SAVING_STEPS
        unknown = sorted({(tile.look, tile.words) for tile in tiles if not tile.figure})
        keys = [*((look, words) for _, look, words in steps), *dict.fromkeys([NO_DATA, *unknown])]
    return [(look, words, counts[look, words]) for look, words in keys]


def _step(steps, value: Decimal | None) -> tuple[Status, str]:
    if value is None:
        return NO_DATA
    return next((look, words) for floor, look, words in reversed(steps) if value >= floor)


# The table


@dataclass(frozen=True, slots=True)
class CouncilRow:
    """One council in the table; ``address`` is blank where the person may not open its page."""

    summary: Summary
    saved: ShownShare
    address: str

    @property
    def council(self) -> str:
        return self.summary.council.short_name

    @property
    def rank(self) -> tuple:
        ceased = self.ceased_percent
        return (
            WORST_FIRST.index(self.summary.status),
            ceased if ceased is not None else 0,
            self.council,
        )

    @property
    def status(self) -> str:
        return self.summary.status_words

    @property
    def reasons(self) -> str:
        return "; ".join(reason["text"] for reason in self.summary.reasons)

    @property
    def status_before(self) -> str | None:
        return self.summary.status_before

    @property
    def ceased_change(self) -> Decimal | None:
        return self.summary.ceased_change

    @property
    def connected_percent(self) -> Decimal | None:
        return self.summary.connected_percent

    @property
    def ceased_percent(self) -> Decimal | None:
        return self.summary.ceased_percent

    @property
    def retired_percent(self) -> Decimal | None:
        return self.summary.retired_percent

    @property
    def saving_percent(self) -> Decimal | None:
        return self.saved.percent

    @property
    def lines_in_scope(self) -> int:
        return self.summary.lines_in_scope

    @property
    def paid_twice(self) -> Decimal | None:
        return self.summary.standing.mrc_paid_twice if self.lines_in_scope else None

    @property
    def computed_at(self):
        return self.summary.freshness.computed_at


def councils_table(
    london: London,
    programme,
    shares: Shares,
    *,
    since: date,
    is_past: bool,
    sees_pounds: bool,
    visible_ids,
) -> Table:
    """The councils, worst first; ``visible_ids`` are those whose pages open, None for all."""
    rows = [
        CouncilRow(
            row,
            shares[row.council.register_code],
            reverse("council", args=[row.council.slug]) if is_open else "",
        )
        for row in london.rows
        for is_open in [visible_ids is None or row.council.pk in visible_ids]
    ]
    since_when = f"{since.day} {since:%B}"
    columns = [
        Column("council", "Council", link=lambda row: row.address, order_by="council"),
        Column("status", "Status and reasons", template="home/_status.html", order_by="rank"),
        Column("reasons", "Reasons", on_page=False),
        Column(
            "status_before",
            f"Status since {since_when}",
            template="home/_status_change.html",
        ),
        Column("connected_percent", "Connected", Kind.SHARE, order_by="connected_percent"),
        Column("ceased_percent", "Ceased", Kind.SHARE, order_by="ceased_percent"),
        Column(
            "ceased_change",
            f"Ceased since {since_when}, points",
            Kind.COUNT,
            template="home/_ceased_change.html",
            order_by="ceased_change",
        ),
        Column("retired_percent", "Retired", Kind.SHARE, order_by="retired_percent"),
        Column("lines_in_scope", "Old lines in scope", Kind.COUNT, order_by="lines_in_scope"),
        Column(
            "saving_percent",
            "Less than the old price",
            Kind.SHARE,
            value=lambda row: row.saved.unknown or row.saving_percent,
            template="home/_saving.html",
            order_by="saving_percent",
        ),
    ]
    if sees_pounds:
        twice = "Paid twice, £ a month"
        columns.append(
            Column("paid_twice", twice, Kind.POUNDS, order_by="paid_twice", unknown="No data")
        )
    if not is_past:
        columns.append(
            Column(
                "computed_at",
                "Figures as of",
                Kind.MOMENT,
                sub=_freshness,
                order_by="computed_at",
                unknown="never",
            )
        )
    return Table(
        name="councils",
        columns=columns,
        rows=sorted(rows, key=lambda row: row.rank),
        caption=f"{len(rows)} councils, worst first",
        scope=f"{programme.name}, council lines only. The same facts as the map",
        anchor=lambda row: row.summary.council.slug,
        a_page=ALL_COUNCILS,
    )


def _freshness(row: CouncilRow) -> str:
    fresh = row.summary.freshness
    said = ("being worked out again", fresh.stale_since), ("the last attempt failed", fresh.error)
    return ", ".join(words for words, is_so in said if is_so)


# The charts


def progress_table(rows: Sequence[Progress]) -> Table:
    return Table(
        name="progress",
        columns=[
            Column("on", "By the end of", Kind.DAY, sub=lambda row: _planned(row.is_planned)),
            Column("connected", "Lines connected", Kind.COUNT),
            Column("ceased", "Old lines ceased", Kind.COUNT),
            Column("councils", "Councils connected", Kind.COUNT),
        ],
        rows=rows,
        caption="Lines and councils connected, old lines ceased, by month",
        css=lambda row: "est" if row.is_planned else "",
        a_page=MONTHS_A_PAGE,
        is_first=False,
        is_wide=True,
    )


def progress_chart(
    rows: Sequence[Progress], table, london: London, *, day: date, is_past: bool, marks
) -> Chart:
    """Lines connected and ceased against the plan; the gap between them is paid for twice."""
    standing = london.standing
    reached = [charts.Reached(row.on, row.connected, row.ceased, row.is_planned) for row in rows]
    return Chart(
        title="Lines connected and old lines ceased",
        say=f"{standing.lines_connected:,} of {standing.lines_to_replace:,} lines are connected "
        f"and {standing.lines_ceased:,} of {standing.lines_in_scope:,} old ones ceased; "
        f"{london.connected} of {len(london.rows)} councils are connected. "
        "In the hatched gap old and new both run.",
        drawing=charts.drawn(
            charts.burn_up,
            reached,
            day=day,
            in_scope=standing.lines_in_scope,
            milestones=list(marks),
        ),
        table=table,
        twin="Connected and ceased as a table",
        key=[
            Key("Connected", "connected"),
            Key("Ceased", "ceased"),
            Key("Done since, or planned" if is_past else "Planned", "planned"),
            Key("Both running", "both"),
            Key("Milestone", "milestone"),
        ],
    )


def councils_chart(rows: Sequence[Progress], table, london: London, *, day: date) -> Chart:
    """Councils connected by month, against all there are."""
    count = len(london.rows)
    return Chart(
        title="Councils connected",
        say=f"{london.connected} of {count} councils are connected: every line that has to be "
        "replaced is in use on the new, and their gateways are verified.",
        drawing=charts.drawn(
            charts.councils_connected,
            [charts.Reached(row.on, row.councils, 0, row.is_planned) for row in rows],
            day=day,
            councils=count,
        ),
        table=None,
        twin=f"The table “{table.table.caption}” has the same facts.",
        key=[Key("Connected", "connected"), Key("Planned", "planned")],
    )


def net_table(sums: SavingsTable, *, sees_pounds: bool) -> Table:
    """What the moves come to by month.

    Who does not see all councils sees the net alone: what is still paid for the old is that of
    one council where only one still pays.
    """
    amounts = [
        ("baseline", "Old price"),
        ("legacy", "Still paid for the old"),
        ("new", "New service"),
        ("one_off", "One-off"),
        ("net", "Net"),
    ]
    return Table(
        name="net",
        columns=[
            Column(
                "month",
                "Month",
                Kind.MONTH,
                value=lambda row: row.first_month,
                sub=lambda row: row.words,
            ),
            *(
                Column(name, label, Kind.POUNDS, value=_amount(name))
                for name, label in amounts
                if sees_pounds or name == "net"
            ),
            Column("added_up", "Added up", Kind.POUNDS),
        ],
        rows=sums.rows,
        caption="What the moves come to, by month",
        scope="all councils’ own lines",
        css=lambda row: "est" if row.is_planned else "",
        a_page=TWO_YEARS,
        is_first=False,
        is_wide=True,
    )


def _amount(name: str):
    return lambda row: getattr(row.amounts, name)


def net_chart(sums: SavingsTable, table, *, day: date) -> Chart:
    """The running total of net, with the month from which it is never below zero again."""
    to_date = sums.to_date
    ends = {row.first_month: last_day(add_months(row.first_month, 1)) for row in sums.rows}
    lowest = min(sums.rows, key=lambda row: row.added_up)
    pays_back = _pays_back_words(sums)
    until = add_months(max(to_date.to_month, sums.pays_back or to_date.to_month), MONTHS_AHEAD)
    return Chart(
        title=f"What the moves come to, added up since {month_in_words(to_date.from_month)}",
        say=" ".join(
            [
                "Old price less everything paid, one-off charges included; all councils’ own lines,"
                f" schools stand apart. To {month_in_words(to_date.to_month)} it comes to "
                f"{pounds(to_date.amounts.net)}.",
                _lowest_words(lowest),
                f"It {pays_back[0].lower()}{pays_back[1:]}."
                if sums.pays_back
                else "It does not pay back in the period.",
            ]
        ).replace("  ", " "),
        drawing=charts.drawn(
            charts.cumulative_net,
            [
                charts.AddedUp(ends[row.first_month], row.added_up, row.is_planned)
                for row in sums.rows
                if row.first_month <= until
            ],
            day=day,
            pays_back_on=ends.get(sums.pays_back),
            words=pays_back,
        ),
        table=table,
        twin="Added up as a table",
        key=[
            Key("To date", "done"),
            Key("Planned", "planned"),
            Key("Below zero", "below"),
            *([Key("Pays back", "pays-back")] if sums.pays_back else []),
        ],
        basis="Expected, from contract prices. Coverage "
        f"{share(to_date.coverage.amount_percent)} of money, "
        f"{share(to_date.coverage.lines_percent)} of lines.",
    )


def _pays_back_words(sums: SavingsTable) -> str:
    if sums.pays_back is None:
        return ""
    says = "Will pay back" if sums.pays_back > sums.to_date.to_month else "Pays back"
    return f"{says} {month_in_words(sums.pays_back)}"


def _lowest_words(row: TableRow) -> str:
    if row.added_up >= 0:
        return ""
    is_ahead = "will be" if row.is_planned else "was"
    return f"It {is_ahead} {pounds(-row.added_up)} down in {month_in_words(row.first_month)}."


def _planned(is_planned: bool) -> str:
    return "planned" if is_planned else ""
