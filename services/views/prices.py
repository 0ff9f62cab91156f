"""The price book, items of the catalogue, and offers beside each other."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from boroughs.authorization import Permission, can
from boroughs.queries import (
    find_council,
    find_row,
    sees_summaries,
    served_councils,
    visible_councils,
)
from londonpsn.common import clock
from londonpsn.common.facts import Fact
from londonpsn.common.periods import last_day
from londonpsn.common.tables import Column, Kind, Table, file_asked
from londonpsn.common.template_filters import unit_pounds
from services.models import CatalogueItem, Price
from services.price_book_export import book_table
from services.price_forms import CompareForm, PriceFilterForm, per_cent
from services.queries.offers import Offer, offers_of, paid_now
from services.queries.prices import ENOUGH, book_row, book_rows, peer_prices
from services.views.pages import council_address, object_page

UNIT = "services/_unit_price.html"
TERM, HOLDS = "services/_term.html", "services/_until.html"


def from_quantity(row) -> str:
    return "any" if row.from_quantity == 1 else f"{row.from_quantity:,} and more"


def _last_day(price):
    return price.ends_on and last_day(price.ends_on)


def working(one: Offer) -> str | None:
    """Say in one sentence how an offer's whole-life cost is worked out."""
    if one.cost is None:
        return None
    cost = one.cost
    said = f"{unit_pounds(cost.one_off)} once + {unit_pounds(cost.monthly)} × {cost.months} months"
    if cost.exit_months is None:
        return f"{said}; no term is known, so no charge for leaving"
    if cost.exit_months:
        left = f"{unit_pounds(cost.monthly)} × {cost.exit_months} months left of its term"
        share = "all of it: no smaller share for leaving is held"
        if cost.exit_percent is not None:
            share = f"of which {per_cent(cost.exit_percent)} is charged"
        return f"{said} + {left}, {share}"
    return said


BOOK_COLUMNS = (
    Column(
        "code",
        "Item",
        Kind.REFERENCE,
        order_by="code",
        link=lambda row: reverse("item", args=[row.code]),
    ),
    Column("name", "What", order_by="name", sub=lambda row: row.unit),
    Column("unit", "Unit", on_page=False),
    Column("council", "Council", order_by="council"),
    Column("from_quantity", "How many", value=from_quantity, in_file=False),
    Column("from_quantity", "From quantity", on_page=False),
    Column("monthly", "£ a month", Kind.POUNDS, template=UNIT, order_by="monthly"),
    Column("one_off", "£ once", Kind.POUNDS, template=UNIT, order_by="one_off"),
    Column("term_months", "Term", template=TERM),
    Column("starts_on", "In force since", Kind.DAY, order_by="since"),
    Column("ends_on", "Until", Kind.LAST_DAY, template=HOLDS, order_by="until", in_file=False),
    Column("last_day", "Last day", value=_last_day, on_page=False),
    Column(
        "contract",
        "Call-off",
        value=lambda row: row.contract_reference,
        order_by="contract_reference",
    ),
    Column("supplier", "Supplier", order_by="supplier"),
)
PRICE_COLUMNS = (
    Column("contract", "Call-off", value=lambda price: price.contract.reference),
    Column("council", "Council", value=lambda price: price.contract.council.short_name),
    Column("kind", "Paid", value=lambda price: price.get_kind_display()),
    Column("from_quantity", "How many", value=from_quantity, in_file=False),
    Column("from_quantity", "From quantity", on_page=False),
    Column(
        "amount",
        "£ for one",
        Kind.POUNDS,
        template=UNIT,
        sub=lambda price: "raised by an index" if price.raised_from_id else "",
    ),
    Column("term_months", "Term", template=TERM),
    Column("starts_on", "From", Kind.DAY, order_by="starts_on"),
    Column("ends_on", "Last day", Kind.LAST_DAY, template=HOLDS, order_by="ends_on"),
)
OFFER_COLUMNS = (
    Column("label", "Offer", sub=lambda one: one.note),
    Column("reference", "Call-off", sub=lambda one: one.supplier),
    Column("supplier", "Supplier", on_page=False),
    Column("service_type", "Kind of service"),
    *(
        Column(name, label, Kind.POUNDS, value=lambda one, of=name: _cost(one, of), unknown="–")
        for name, label in (
            ("one_off", "Once, £"),
            ("recurring", "All months, £"),
            ("exit_charge", "For leaving, £"),
            ("total", "Whole life, £"),
        )
    ),
    Column("working", "How it is worked out", value=working, unknown="–"),
)
PAID_COLUMNS = (
    Column("service_type", "Kind of service"),
    Column("lines", "Lines", Kind.COUNT),
    Column("quantity", "Quantity", Kind.COUNT),
    Column(
        "monthly",
        "Now, £ a month",
        Kind.POUNDS,
        sub=lambda row: f"{row.unpriced} of {row.lines} not known" if row.unpriced else "",
    ),
    Column("as_many", "So many over the term, £", Kind.POUNDS),
)


def _cost(one: Offer, name: str):
    return one.cost and getattr(one.cost, name)


@require_safe
def prices(request, slug):
    """The price book of one council's call-offs, or of all that the person sees, on a day."""
    user = request.user
    council = None if slug == "all" else find_council(served_councils(user), slug=slug)
    visible = Price.objects.visible_to(user)
    if council:
        visible = visible.filter(contract__council=council)
    form = PriceFilterForm(request.GET)
    day = form.chosen.get("day") or clock.today()
    scope = council.short_name if council else "all that you see"
    table = Table(
        name="prices",
        columns=[c for c in BOOK_COLUMNS if not (council and c.name == "council")],
        rows=book_rows(form.narrow(visible), day),
        row=book_row,
        order=("code", "from_quantity", "contract_reference", "contract_id"),
        caption="Prices by item",
        scope=f"{scope}, in force on {day.day} {day:%B %Y}",
        is_wide=True,
        empty="No price fits what you have chosen.",
    )
    if file := file_asked(request, table, book_table(visible)):
        return file
    context = {
        "council": council,
        "slug": slug,
        "form": form,
        "table": table.on_page(request),
        "may_load": can(user, Permission.PRICES_LOAD, council),
        "may_compare": council and can(user, Permission.RECORD_VIEW, council),
    }
    return render(request, "services/prices.html", context)


@require_safe
def item(request, code):
    """One item: its facts, what the person's councils pay over time, and what others pay."""
    user, day = request.user, clock.today()
    items = CatalogueItem.objects.visible_to(user).select_related("service_type")
    item = find_row(items, code=code)
    own = Price.objects.visible_to(user).filter(item=item)
    table = Table(
        name="prices",
        columns=PRICE_COLUMNS,
        rows=own.select_related("contract__council"),
        order=("contract__reference", "-kind", "from_quantity", "-starts_on", "pk"),
        caption="Its prices",
        scope="those that were, are and are to come, of call-offs that you see",
        empty="No price of it is held that you may see.",
    )
    lead_time = item.lead_time_days
    context = {
        "eyebrow": f"Catalogue, {item.code}",
        "title": item.name,
        "facts": [
            Fact("Kind of service", item.service_type.name),
            Fact("Unit", item.unit),
            Fact("Options", item.options, unknown="none held"),
            Fact("From order to delivery", lead_time and f"{lead_time} working days"),
            Fact("Network", item.get_net_display()),
            Fact("Priced", "by quote" if item.is_by_quote else "in the price book"),
            *(_peer_facts(user, item, day) if sees_summaries(user) else []),
        ],
        "crumbs": [("Prices", reverse("prices", args=["all"]))],
    }
    return object_page(request, [table], context, None)


def _peer_facts(user, item: CatalogueItem, day) -> list[Fact]:
    """Say what other councils pay, only where they are too many to tell one from another."""
    others = "councils" if user.access.all_councils else "other councils"
    peers = peer_prices(user, item, day)
    if peers is None:
        few = f"fewer than {ENOUGH} {others} have a price of it, so nothing is said"
        return [Fact(f"What {others} pay a month", None, unknown=few)]
    return [
        Fact(
            f"What {others} pay a month",
            f"{unit_pounds(peers.median)} in the middle",
            sub=f"for one, in the books of {peers.councils} {others}",
        )
    ]


@require_safe
def compare(request, slug):
    """Items and quotes of one kind side by side at whole-life cost, and what is paid now."""
    user, day = request.user, clock.today()
    council = find_council(visible_councils(user), slug=slug)
    if not can(user, Permission.RECORD_VIEW, council):
        raise PermissionDenied("Prices are for the council’s people and London Grid.")
    asked = bool(request.GET)
    form = CompareForm(request.GET if asked else None, initial={"quantity": 1, "months": 36})
    context = {"council": council, "form": form, "crumbs": _crumbs(council)}
    if asked and _is_readable(form):
        chosen = form.cleaned_data
        term = {"quantity": chosen["quantity"], "months": chosen["months"]}
        offers = offers_of(user, council, chosen["family"], day=day, **term)
        form.offer(offers)
        shown = [one for one in offers if one.key in form.options] or offers
        tables = _compared(shown, paid_now(user, council, chosen["family"], day), term)
        if file := file_asked(request, *tables):
            return file
        context |= {"tables": [table.on_page(request) for table in tables], **term}
    if "tables" not in context:  # there is nothing to choose among yet
        del form.fields["option"]
    return render(request, "services/compare.html", context)


def _is_readable(form: CompareForm) -> bool:
    """Answer whether the question is whole; which options there are is not known yet."""
    form.fields["option"].choices = [(key, key) for key in form.options]
    return form.is_valid()


def _compared(offers: list[Offer], now, term: dict) -> list[Table]:
    words = f"{term['quantity']:,} over {term['months']} months"
    return [
        Table(
            name="offers",
            columns=OFFER_COLUMNS,
            rows=offers,
            caption="Offers, cheapest first",
            scope=words,
            a_page=100,
            empty="Neither the price book nor a quote that holds has anything of this kind.",
        ),
        Table(
            name="paid-now",
            columns=[
                Column(
                    column.name,
                    column.label,
                    column.kind,
                    value=lambda row: row.for_quantity(**term),
                )
                if column.name == "as_many"
                else column
                for column in PAID_COLUMNS
            ],
            rows=now,
            caption="What the council pays now",
            scope="its own lines, at the average of each kind of service: not of the same item, "
            "where a kind has several speeds",
            is_first=False,
            empty="The council has no lines of this kind that are billed.",
        ),
    ]


def _crumbs(council) -> list[tuple[str, str]]:
    return [
        (council.short_name, council_address(council)),
        ("Prices", reverse("prices", args=[council.slug])),
    ]
