"""Who provides lines, and under which contracts."""

from dataclasses import replace

from django.db.models import QuerySet
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from boroughs.authorization import Permission, can
from boroughs.models import Body, Supplier
from boroughs.queries import find_council, find_row, served_councils
from londonpsn.common import clock
from londonpsn.common.facts import Fact
from londonpsn.common.tables import Column, Kind, Table
from services.models import Contract, Line
from services.queries import (
    supplier_rows,
    supply_rows,
)
from services.views.calloffs import NO_DAY, may_be_noticed
from services.views.lines import line_table
from services.views.pages import council_address, crumbs, list_page, object_page

CONTRACT_COLUMNS = (
    Column(
        "reference",
        "Contract",
        order_by="reference",
        sub=lambda contract: contract.title,
        link=lambda contract: reverse("contract", args=[contract.pk]),
    ),
    Column("title", "Title", on_page=False),
    Column("council", "Council", value=lambda contract: contract.council.short_name),
    Column(
        "supplier",
        "Supplier",
        value=lambda contract: contract.supplier.name,
        link=lambda contract: reverse("supplier", args=[contract.supplier.code]),
        order_by="supplier__name",
    ),
    Column("starts_on", "Starts", Kind.DAY, order_by="starts_on"),
    Column("ends_on", "Last day", Kind.LAST_DAY, order_by="ends_on"),
    Column("notice_days", "Days of notice", Kind.COUNT, order_by="notice_days"),
)
SUPPLIER_COLUMNS = (
    Column(
        "name",
        "Supplier",
        order_by="name",
        link=lambda supplier: reverse("supplier", args=[supplier.code]),
    ),
    Column("code", "Code", on_page=False),
    Column("role", "What it does"),
    Column("company_number", "Company number", Kind.REFERENCE),
    Column("lines", "Lines in use", Kind.COUNT, order_by="lines"),
)
SUPPLY_COLUMNS = (
    Column("council", "Council", order_by="council"),
    Column("who", "Who uses it", value=lambda row: Body.Kind(row.body_kind).label),
    Column("service", "Kind of service", order_by="service"),
    Column("lines", "Lines in use", Kind.COUNT, order_by="lines"),
    Column(
        "monthly",
        "Now, £ a month",
        Kind.POUNDS,
        sub=lambda row: f"{row.unpriced} of {row.lines} not known" if row.unpriced else "",
        order_by="monthly",
    ),
)


@require_safe
def suppliers(request):
    """Every supplier, with how many of its lines the person sees."""
    table = Table(
        name="suppliers",
        columns=SUPPLIER_COLUMNS,
        rows=supplier_rows(request.user, clock.today()),
        caption="Suppliers by name",
        empty="No suppliers are held yet.",
    )
    lede = "Who provides lines. Only lines that you may see are counted."
    return list_page(request, table, "Suppliers", lede, None)


@require_safe
def supplier(request, code):
    """One supplier: its names, and the lines and contracts of it that the person sees."""
    user = request.user
    supplier = find_row(Supplier.objects.visible_to(user), code=code)
    provided = Line.objects.visible_to(user).filter(supplier=supplier)
    contracts = Contract.objects.visible_to(user).filter(supplier=supplier)
    tables = [
        Table(
            name="provides",
            columns=[
                replace(
                    column,
                    link=lambda row: (
                        f"{reverse('lines', args=[row.slug])}"
                        f"?supplier={supplier.pk}&who={row.body_kind}&kind={row.family}"
                    ),
                )
                if column.name == "service"
                else column
                for column in SUPPLY_COLUMNS
            ],
            rows=supply_rows(provided, clock.today()),
            caption="Lines in use by council and kind",
            scope="of those that you see",
            empty="You see no line of this supplier that is in use.",
        ),
        _contract_table(contracts, ["supplier"], is_first=False),
    ]
    names = supplier.aliases.order_by("name").values_list("name", flat=True)
    context = {
        "eyebrow": "Supplier",
        "title": supplier.name,
        "facts": [
            Fact("What it does", supplier.role),
            Fact("Company number", supplier.company_number),
            Fact("Names in payment lists", "; ".join(names), unknown="none held"),
            Fact("Note", supplier.note, unknown="none"),
        ],
        "crumbs": [("Suppliers", reverse("suppliers"))],
    }
    return object_page(request, tables, context, None)


@require_safe
def contracts(request, slug):
    """The contracts of one council, or all that the person sees."""
    user = request.user
    council = None if slug == "all" else find_council(served_councils(user), slug=slug)
    visible = Contract.objects.visible_to(user)
    table = _contract_table(
        visible.of_council(council) if council else visible,
        ["council"] if council else [],
        scope=council.short_name if council else "all that you see",
    )
    lede = "What has been signed with whom, and when it ends."
    return list_page(request, table, "Contracts", lede, council)


@require_safe
def contract(request, pk):
    """One contract: its facts, and the lines under it that the person sees."""
    user = request.user
    related = ("council", "supplier")
    contracts = Contract.objects.visible_to(user).select_related(*related).with_options()
    contract = find_row(contracts, pk=pk)
    if contract.kind == Contract.Kind.CALL_OFF:
        return redirect("calloff", pk=pk)
    table = line_table(
        user,
        Line.objects.visible_to(user).filter(contract=contract),
        clock.today(),
        without=["council"],
        caption="Lines under it",
        scope=contract.council.short_name,
        empty="No line under this contract is held.",
    )
    council, supplier = contract.council, contract.supplier
    may_open, today = can(user, Permission.RECORD_VIEW, council), clock.today()
    may_notice = can(user, Permission.CALL_OFF_AWARD, council) and may_be_noticed(contract, today)
    notice = None if contract.notice_days is None else f"{contract.notice_days:,} days"
    context = {
        "eyebrow": f"Contract {contract.reference}",
        "title": contract.title,
        "facts": [
            Fact("Council", council.short_name, link=council_address(council) if may_open else ""),
            Fact("Supplier", supplier.name, link=reverse("supplier", args=[supplier.code])),
            Fact("Reference", contract.reference),
            Fact("Starts", contract.starts_on, Kind.DAY),
            Fact("Last day", contract.ends_on, Kind.LAST_DAY),
            Fact("Notice", notice),
            Fact("Give notice by", contract.notice_due(today), Kind.DAY, unknown=NO_DAY),
            Fact("Notice given on", contract.notice_given_on, Kind.DAY, unknown="none given"),
            Fact("Part months are billed", contract.get_proration_display()),
        ],
        "actions": [("Say that notice was given", reverse("contract-notice", args=[pk]))]
        * may_notice,
        "crumbs": crumbs(council, "contracts", "Contracts"),
    }
    return object_page(request, [table], context, council, about=contract)


def _contract_table(contracts: QuerySet[Contract], without=(), **options) -> Table:
    return Table(
        name="contracts",
        columns=[column for column in CONTRACT_COLUMNS if column.name not in without],
        rows=contracts.awarded().select_related("council", "supplier"),
        order=("council__short_name", "reference", "pk"),
        caption="Contracts by council and reference",
        empty="No contract is held that you may see.",
        **options,
    )
