"""Frameworks, and what is bought under them."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from services.models import Contract, Framework

ENOUGH = 5  # councils of which a sum tells nothing about one (decisions 6)


@dataclass(frozen=True, slots=True)
class InAll:
    """What is bought under a framework: call-offs, councils, and pounds signed where known."""

    call_offs: int
    councils: int
    value: Decimal | None


def call_offs_in_all(framework: Framework) -> InAll | None:
    """Return what all councils have bought under it; None where they are fewer than five."""
    signed = framework.call_offs.filter(stage=Contract.Stage.AWARDED)
    sums = signed.aggregate(
        call_offs=Count("pk"), councils=Count("council", distinct=True), value=Sum("value")
    )
    return InAll(**sums) if sums["councils"] >= ENOUGH else None


def call_offs_under(framework: Framework, user) -> QuerySet[Contract]:
    """Return the call-offs under it that the person sees."""
    return Contract.objects.visible_to(user).filter(framework=framework)
