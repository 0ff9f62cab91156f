"""Suppliers' quotes: the list, one of them, and keeping one."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from boroughs.authorization import Permission, can, check
from boroughs.queries import find_council, find_row, served_councils, visible_councils
from londonpsn.common import clock
from londonpsn.common.errors import Refused
from londonpsn.common.facts import Fact
from londonpsn.common.tables import Column, Kind, Table, file_asked
from services.actions.quotes import keep_quote
from services.models import Contract, Quote
from services.price_forms import QuoteForm
from services.views.pages import council_address, crumbs, object_page

STATES = {"": "All", "open": "Can be ordered", "over": "No longer"}


def quote_columns(day) -> list[Column]:
    return [
        Column(
            "number",
            "Quote",
            Kind.REFERENCE,
            order_by="number",
            link=lambda quote: reverse("quote", args=[quote.pk]),
        ),
        Column("council", "Council", value=lambda quote: quote.council.short_name),
        Column("item", "Item", value=lambda quote: quote.item.name, order_by="item__name"),
        Column(
            "site",
            "Site",
            value=lambda quote: quote.site and quote.site.name,
            unknown="no one site",
        ),
        Column(
            "contract",
            "Call-off",
            value=lambda quote: quote.contract.reference,
            sub=lambda quote: quote.contract.supplier.name,
            order_by="contract__reference",
        ),
        Column("quantity", "Quantity", Kind.COUNT),
        Column("monthly", "£ a month", Kind.POUNDS, order_by="monthly"),
        Column("one_off", "£ once", Kind.POUNDS, order_by="one_off"),
        Column("term_months", "Term", template="services/_term.html"),
        Column("quoted_on", "Made on", Kind.DAY, order_by="quoted_on"),
        Column(
            "valid_until",
            "Holds until",
            Kind.LAST_DAY,
            sub=lambda quote: state_of(quote, day),
            order_by="valid_until",
        ),
        Column(
            "survey",
            "Survey",
            value=lambda quote: quote.get_survey_display(),
            unknown="not made, or not known",
        ),
    ]


def state_of(quote: Quote, day) -> str:
    """Say whether a quote can be ordered, and why not."""
    if quote.valid_until <= day:
        return "expired, cannot be ordered"
    if not quote.is_orderable_on(day):
        return "cannot be ordered: it cannot be delivered, or is of a later day"
    left = (quote.valid_until - day).days
    return "today is the last day" if left == 1 else f"can be ordered, {left} days left"


@require_safe
def quotes(request, slug):
    """The quotes to one council, or all that the person sees."""
    user, day = request.user, clock.today()
    council = None if slug == "all" else find_council(served_councils(user), slug=slug)
    rows = Quote.objects.visible_to(user)
    if council:
        rows = rows.of_council(council)
    state = request.GET.get("state", "")
    if state == "open":
        rows = rows.orderable_on(day)
    elif state == "over":
        rows = rows.exclude(pk__in=rows.orderable_on(day).values("pk"))
    table = Table(
        name="quotes",
        columns=[c for c in quote_columns(day) if not (council and c.name == "council")],
        rows=rows.select_related("council", "item", "site", "contract__supplier"),
        order=("valid_until", "pk"),
        caption="Quotes, those that hold for the shortest time first",
        scope=council.short_name if council else "all that you see",
        is_wide=True,
        empty="No quote is held here.",
    )
    if file := file_asked(request, table):
        return file
    context = {
        "council": council,
        "slug": slug,
        "table": table.on_page(request),
        "choices": [
            (words, f"?state={name}" if name else "?", name == state)
            for name, words in STATES.items()
        ],
        "may_keep": council and can(user, Permission.QUOTE_KEEP, council),
    }
    return render(request, "services/quotes.html", context)


@require_safe
def quote(request, pk):
    """One quote, as it was made."""
    user, day = request.user, clock.today()
    related = ("council", "item", "site", "contract__supplier")
    quote = find_row(Quote.objects.visible_to(user).select_related(*related), pk=pk)
    contract = quote.contract
    may_open = can(user, Permission.RECORD_VIEW, quote.council)
    term = quote.term_months and f"{quote.term_months} months"
    context = {
        "eyebrow": f"Quote of {contract.supplier.name}",
        "title": quote.number,
        "facts": [
            Fact(
                "Council",
                quote.council.short_name,
                link=council_address(quote.council) if may_open else "",
            ),
            Fact("Item", quote.item.name, link=reverse("item", args=[quote.item.code])),
            Fact("Call-off", contract.reference, link=reverse("contract", args=[contract.pk])),
            Fact(
                "Site",
                quote.site and quote.site.name,
                link=reverse("site", args=[quote.site_id]) if quote.site and may_open else "",
                unknown="for no one site",
            ),
            Fact("Quantity", quote.quantity, Kind.COUNT),
            Fact("A month, for all", quote.monthly, Kind.POUNDS),
            Fact("Once, for all", quote.one_off, Kind.POUNDS),
            Fact("Term", term, unknown="none agreed"),
            Fact("Made on", quote.quoted_on, Kind.DAY),
            Fact("Holds until", quote.valid_until, Kind.LAST_DAY, sub=state_of(quote, day)),
            Fact(
                "Survey of the site",
                quote.get_survey_display(),
                unknown="not made, or not known",
            ),
        ],
        "crumbs": crumbs(quote.council, "quotes", "Quotes"),
    }
    return object_page(request, [], context, quote.council, about=quote)


@require_http_methods(["GET", "HEAD", "POST"])
def quote_keep(request, slug):
    """Keep a quote that a supplier has made to the council."""
    user = request.user
    council = find_council(visible_councils(user), slug=slug)
    check(user, Permission.QUOTE_KEEP, council)
    contracts = Contract.objects.visible_to(user).of_council(council)
    contracts = contracts.filter(stage=Contract.Stage.AWARDED).order_by("reference", "pk")
    form = QuoteForm(
        request.POST if request.method == "POST" else None, council=council, contracts=contracts
    )
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            kept = keep_quote(
                contract_id=chosen["contract"].pk,
                item=chosen["item"],
                site_id=chosen["site"] and chosen["site"].pk,
                facts=form.facts,
                on=clock.today(),
                by=user,
                at=clock.now(),
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Quote {kept.number} is kept. It is not changed any more.")
            return redirect("quote", pk=kept.pk)
    context = {"council": council, "form": form, "crumbs": crumbs(council, "quotes", "Quotes")}
    return render(request, "services/quote_keep.html", context)
