"""Frameworks, and what is bought under them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from services.models import Contract, Framework
from services.queries.prices import ENOUGH


@dataclass(frozen=True, slots=True)
class InAll:
    """What is bought under a framework: call-offs, councils, and pounds signed where known.

    ``value`` is None where too few councils have a value for their sum to be told.
    """

    call_offs: int
    councils: int
    value: Decimal | None


def call_offs_in_all(framework: Framework) -> InAll | None:
    """Return what all councils have bought under it; None where they are fewer than five."""
    signed = framework.call_offs.filter(stage=Contract.Stage.AWARDED)
    sums = signed.aggregate(
        call_offs=Count("pk"),
        councils=Count("council", distinct=True),
        valued=Count("council", distinct=True, filter=Q(value__isnull=False)),
        value=Sum("value"),  # last: what stands before it would count the sum
    )
    if sums.pop("valued") < ENOUGH:
        sums["value"] = None
    return InAll(**sums) if sums["councils"] >= ENOUGH else None


def call_offs_under(framework: Framework, user) -> QuerySet[Contract]:
    """Return the call-offs under it that the person sees."""
    return Contract.objects.visible_to(user).filter(framework=framework)


def ends_with_its_call_offs(framework: Framework, day: date) -> date | None:
    """Return the first day without it and what was awarded under it, as they stand on ``day``.

    None where one of these ends is not known. Its terms are those of its call-offs, which may
    outlast it.
    """
    signed = framework.call_offs.awarded().with_options()
    ends = [framework.ends_on, *(one.ending(day).ends_on for one in signed)]
    return None if None in ends else max(ends)
