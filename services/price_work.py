"""What quotes ask of a council's buyers."""

from collections.abc import Iterator
from datetime import date

from django.urls import reverse

from boroughs.authorization import Role
from londonpsn.common.periods import last_day as last_day_of
from londonpsn.common.template_filters import last_day
from londonpsn.common.work import A_SOURCE, Band, Item, More
from services.models import Quote
from services.queries.prices import expiring_quotes

EXPIRING = "Quotes that expire"


def quotes_expiring(user, today: date) -> Iterator[Item | More]:
    """Yield the quotes that can be ordered for no longer than a fortnight, the next first."""
    councils = user.access.councils_as(Role.BUYER)
    if not councils:
        return
    quotes = Quote.objects.visible_to(user).filter(council__in=councils)
    found = list(expiring_quotes(quotes, today))
    for quote in found[:A_SOURCE]:
        yield Item(
            kind=EXPIRING,
            band=Band.DUE,
            what="Order it, or let it expire",
            why=f"{quote.item.name}: the price holds until {last_day(quote.valid_until)}",
            place=quote.council.short_name,
            reference=quote.number,
            address=reverse("quote", args=[quote.pk]),
            action="Look at the quote",
            for_whom="Buyers",
            due=last_day_of(quote.valid_until),
            monthly=quote.monthly,
        )
    if len(found) > A_SOURCE:
        address = f"{reverse('quotes', args=['all'])}?state=open"
        yield More(kind=EXPIRING, band=Band.DUE, count=len(found) - A_SOURCE, address=address)
