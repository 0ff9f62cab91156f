"""One line with its money, and one move."""

from django.db.models import Exists, OuterRef
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from boroughs.authorization import Permission, can
from boroughs.queries import find_row
from boroughs.subjects import trail_address
from boroughs.views.attached import attached
from londonpsn.common import clock
from londonpsn.common.facts import Fact
from londonpsn.common.periods import last_day
from londonpsn.common.tables import Column, Kind, Table, file_asked
from procurement import explorer, queries
from procurement.savings import price_of
from services.models import Contract, Line, Replacement, ReplacementLine
from services.queries import line_row, listed_lines, move_rows, steps_of


def _period_words(charge) -> str:
    first = f"{charge.starts_on:%-d %B %Y}"
    if charge.kind == charge.Kind.ONE_OFF:
        return f"on {first}"
    if charge.ends_on is None:
        return f"from {first}"
    return f"from {first} until {last_day(charge.ends_on):%-d %B %Y}"


CHARGE_COLUMNS = (
    Column("period", "Period", value=_period_words, in_file=False),
    Column("starts_on", "From", Kind.DAY, on_page=False),
    Column("ends_on", "First day without", Kind.DAY, on_page=False),
    Column("kind", "Kind", value=lambda charge: charge.get_kind_display()),
    Column("amount", "Amount, £", Kind.POUNDS),
)
MONTH = Column("month", "Month", Kind.MONTH, sub=lambda row: "planned" if row.is_planned else "")
ONCE = Column("once", "One-off", Kind.POUNDS)
LINE_MONTH_COLUMNS = {
    ReplacementLine.Side.OLD: (
        MONTH,
        Column("recurring", "Still paid for the old", Kind.POUNDS),
        ONCE,
    ),
    ReplacementLine.Side.NEW: (MONTH, Column("recurring", "New service", Kind.POUNDS), ONCE),
}
MOVE_COLUMNS = (
    MONTH,
    Column("old_price", "Old price", Kind.POUNDS, value=lambda row: row.amounts.baseline),
    Column("old", "Still paid for the old", Kind.POUNDS, value=lambda row: row.amounts.legacy),
    Column("new", "New service", Kind.POUNDS, value=lambda row: row.amounts.new),
    Column("paid_twice", "of it paid twice", Kind.POUNDS),
    Column("one_off", "One-off", Kind.POUNDS, value=lambda row: row.amounts.one_off),
    Column("net", "Net", Kind.POUNDS, value=lambda row: row.amounts.net),
    Column("added_up", "Added up", Kind.POUNDS),
)


@require_safe
def line(request, pk):
    """One line: its facts, steps, move, charges, money by month and history."""
    user, today = request.user, clock.today()
    related = ("connection", "contract", "reviewed_by")
    visible = listed_lines(Line.objects.visible_to(user), today).select_related(*related)
    contracts = Contract.objects.visible_to(user).filter(pk=OuterRef("contract"))
    line = find_row(visible.annotate(shows_contract=Exists(contracts)), pk=pk)
    council = line.body.council
    # A supplier's people see what they provide, and nobody's name or reasons (decisions 6).
    sees_council = can(user, Permission.RECORD_VIEW, council)
    row, charges = line_row(line, today), list(line.charges.order_by("starts_on", "kind", "pk"))
    moves, parts = move_rows(line.moves.all()), queries.parts_of(line, user)
    part = parts[0] if parts else None
    months = queries.line_months(line, part, charges, today) if part else []
    tables = [
        Table(
            name="charges",
            columns=CHARGE_COLUMNS,
            rows=charges,
            caption="Charges",
            scope="for the whole quantity",
            empty="No charge of this line is held: what it costs is not known.",
            is_first=False,
        )
    ]
    if part:
        tables.append(
            Table(
                name="months",
                columns=LINE_MONTH_COLUMNS[part.side],
                rows=months,
                caption="Money by month",
                scope="within the period of the old price",
                css=lambda row: "est" if row.is_planned else "",
                empty="The months are not worked out: this line’s move has no old price, or what "
                "this line costs is not known for every day on which it is billed.",
                is_wide=True,
            )
        )
    if file := file_asked(request, *tables, council=council):
        return file
    context = {
        "council": council,
        "row": row,
        "line": line,
        "sees_council": sees_council,
        "facts": _line_facts(line, row, sees_council),
        "steps": steps_of(line.pk, row.stage, moves) if row.stage and not row.is_new else [],
        "flags": list(line.flags.in_force_on(today).order_by("starts_on", "pk"))
        if sees_council
        else [],
        "parts": parts,
        "tables": [table.on_page(request) for table in tables],
        "moves": moves,
        "trail": trail_address(user, line, council),
        "attached": attached(request, line, council),
        "crumbs": [
            (f"Lines of {council.short_name}", reverse("lines", args=[council.slug])),
            *(
                [(line.site.name, _address("site", line.site))]
                if line.site and sees_council
                else []
            ),
        ],
    }
    return render(request, "procurement/line.html", context)


@require_safe
def move(request, pk):
    """One move: the steps of its old line, what it costs and saves, month by month."""
    user, today = request.user, clock.today()
    related = ("body__council", "service_type")
    visible = Replacement.objects.visible_to(user).with_protection()
    replacement = find_row(visible.select_related(*related), pk=pk)
    move = queries.move_of(replacement)
    months = queries.move_months(move.group, today)
    table = Table(
        name="months",
        columns=MOVE_COLUMNS,
        rows=months,
        caption="Old and new money by month",
        scope="part months by days of the month; net is old price less still paid for the old, "
        "new service and one-off",
        css=lambda row: "est" if row.is_planned else "",
        is_wide=True,
    )
    council = replacement.body.council
    if file := file_asked(request, table, council=council):
        return file
    site = next((m.line.site for m in move.members if m.line.site), None)
    context = {
        "council": council,
        "body": replacement.body,
        "site": site,
        "title": queries.move_title(move),
        "move": move,
        "behind": queries.furthest_behind(move),
        "sentence": queries.move_sentence(move, months, today),
        "chart": explorer.move_chart(months) if months else None,
        "table": table.on_page(request) if months else None,
        "sides": [
            ("Old line", [(m, _old_facts(m, today)) for m in move.old]),
            ("New line", [(m, _new_facts(m, today)) for m in move.new]),
        ],
        "trail": trail_address(user, replacement, council),
        "attached": attached(request, replacement, council),
        "crumbs": _crumbs(council, site),
    }
    return render(request, "procurement/move.html", context)


def _line_facts(line, row, sees_council: bool) -> list[Fact]:
    """Return all that is held of a line; what is the council's own business for its people only."""

    def linked(label, thing, view, unknown="not known") -> Fact:
        may_open = thing and sees_council
        link = _address(view, thing) if may_open else ""
        return Fact(label, str(thing) if thing else None, link=link, unknown=unknown)

    supplier = line.supplier
    contract = line.contract
    # A contract that the person may not see is left out: it is known, and not theirs.
    contract_facts = [] if contract else [Fact("Contract", None)]
    if line.shows_contract:
        link, sub = _address("contract", contract), contract.reference
        contract_facts = [Fact("Contract", contract.title, link=link, sub=sub)]
    facts = [
        Fact("Reference", line.reference),
        Fact("Description", line.description),
        Fact("Kind of service", line.service_type.name),
        Fact("Quantity", line.quantity, Kind.COUNT, sub=line.service_type.unit),
        Fact("Network", line.generation.name),
        linked("Body", line.body, "body"),
        linked("Site", line.site, "site", "Council-wide"),
        Fact("Place in the building", line.room),
        linked("Connection", line.connection, "connection"),
        Fact("Supplier", supplier.name, link=reverse("supplier", args=[supplier.code])),
        *contract_facts,
        Fact("Billing account", line.billing_account),
        Fact("Phone numbers", line.phone_numbers),
        Fact("In use from", line.starts_on, Kind.DAY),
        Fact("In use until", line.ends_on, Kind.LAST_DAY, unknown="no end known"),
        Fact("Billed from", line.billed_from, Kind.DAY),
        Fact("Billed until", line.billed_until, Kind.LAST_DAY, unknown="no end known"),
        Fact("Now, £ a month", row.monthly, Kind.POUNDS)
        if row.is_billed
        else Fact("Now, £ a month", None, unknown="none now"),
        Fact("Minimum term until", line.minimum_term_ends_on, Kind.LAST_DAY),
        Fact("Last on a bill", line.last_billed_on, Kind.DAY),
        Fact("Last used", line.last_used_on, Kind.DAY),
    ]
    if sees_council:
        facts += [
            Fact("Used for", line.used_for),
            Fact("Owner", line.owner),
            Fact("Cost centre", line.cost_centre),
            Fact(
                "Last reviewed",
                line.reviewed_on,
                Kind.DAY,
                sub=f"by {line.reviewed_by.name}" if line.reviewed_by else "",
            ),
        ]
    if line.found_on:
        facts.append(Fact("Found late", line.found_on, Kind.DAY))
    return facts


def _old_facts(member, today) -> list[Fact]:
    line = member.line
    contract = line.contract
    return [
        *_member_facts(member, today),
        Fact("Billed until", line.billed_until, Kind.LAST_DAY, unknown="no end known"),
        Fact("Contract’s last day", contract and contract.ends_on, Kind.LAST_DAY),
    ]


def _new_facts(member, today) -> list[Fact]:
    line = member.line
    return [
        *_member_facts(member, today),
        *(
            Fact("One-off", charge.amount, Kind.POUNDS, sub=f"{charge.on:%-d %B %Y}")
            for charge in member.money.one_offs
        ),
        Fact("Billed from", line.billed_from, Kind.DAY),
        Fact("Cost centre", line.cost_centre),
    ]


def _member_facts(member, today) -> list[Fact]:
    line = member.line
    facts = [
        Fact("Reference", line.reference, link=_address("line", line)),
        Fact("Kind of service", line.service_type.name),
        Fact("Supplier", line.supplier.name, link=reverse("supplier", args=[line.supplier.code])),
        Fact("£ a month", price_of(member.money, today), Kind.POUNDS),
    ]
    if member.let_go_on:
        facts.append(Fact("In another move from", member.let_go_on, Kind.DAY))
    return facts


def _crumbs(council, site) -> list[tuple[str, str]]:
    lines = (f"Lines of {council.short_name}", reverse("lines", args=[council.slug]))
    return [lines, (site.name, _address("site", site))] if site else [lines]


def _address(view: str, thing) -> str:
    return reverse(view, args=[thing.pk])
