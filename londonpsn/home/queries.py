"""What the roof's own pages show: it joins councils, services and procurement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, Sum

from boroughs.models import Council, Generation
from boroughs.queries import Freshness, freshness
from londonpsn.common.money import percent
from londonpsn.common.template_filters import pounds
from procurement.queries import SavingsTable
from services.migration import (
    Standing,
    Status,
    ceased_percent,
    connected_percent,
    retired_percent,
)
from services.models import Line, MigrationStatus
from services.models.line import billed_on, in_use_on
from services.queries import Summary

ENOUGH_COUNCILS = 5  # sums over fewer are not open to all (decisions 6)


@dataclass(frozen=True, slots=True)
class Rate:
    """One of the three rates: a label, the share, and the sentence under it."""

    label: str
    share: Decimal | None
    words: str


@dataclass(frozen=True)
class London:
    """All councils in one programme."""

    rows: Sequence[Summary]

    @property
    def council_ids(self) -> list[int]:
        return [row.council.pk for row in self.rows]

    @property
    def connected(self) -> int:
        """Councils that are connected; the fully migrated are among them (spec 5.4)."""
        reached = (Status.CONNECTED, Status.FULLY_MIGRATED)
        return sum(row.status in reached for row in self.rows)

    @property
    def fully_migrated(self) -> int:
        return sum(row.status == Status.FULLY_MIGRATED for row in self.rows)

    @property
    def freshness(self) -> Freshness:
        return Freshness.oldest(row.freshness for row in self.rows)

    def total(self, name: str):
        return sum((getattr(row.standing, name) for row in self.rows), 0)

    @property
    def standing(self) -> Standing:
        """All councils as one; its status says nothing."""
        return Standing(Status.NO_DATA, **{name: self.total(name) for name in SUMMED})


SUMMED = (
    "lines_in_scope",
    "lines_to_replace",
    "lines_connected",
    "lines_ceased",
    "lines_with_mrc",
    "mrc_in_scope",
    "mrc_ceased",
    "lines_paid_twice",
    "mrc_paid_twice",
)


def is_open_to(user, london: London, sums: SavingsTable | None) -> bool:
    """Answer whether the person may see the programme's sums of pounds (decisions 6).

    What is summed has to be of enough councils, or each could be worked out from it.
    """
    if user.access.all_councils:
        return True
    with_old_money = sum(bool(row.standing.lines_with_mrc) for row in london.rows)
    return min(with_old_money, sums.councils if sums else 0) >= ENOUGH_COUNCILS


def rates(standing, *, with_pounds: bool = False, marks: Sequence[int] = ()) -> list[Rate]:
    """Return the three rates, always together, the headline first (spec 5.3).

    ``marks`` are the milestones, per cent ceased, that stand on the bars.
    """
    marked = f". Marks: {', '.join(str(mark) for mark in marks)}" if marks else ""
    ceased = f"{standing.lines_ceased:,} of {standing.lines_in_scope:,} old lines switched off"
    known = percent(standing.lines_with_mrc, standing.lines_in_scope)
    retired = f"of old monthly bills ended; known for {known}% of lines" if known else ""
    if with_pounds and known:
        retired = (
            f"{pounds(standing.mrc_ceased)} of {pounds(standing.mrc_in_scope)} a month ended, from "
            f"contract prices; known for {known}% of lines"
        )
    return [
        Rate(
            "Ceased, the headline",
            ceased_percent(standing),
            ceased + marked,
        ),
        Rate(
            "Connected",
            connected_percent(standing),
            f"{standing.lines_connected:,} of {standing.lines_to_replace:,} in use on the new",
        ),
        Rate("Retired", retired_percent(standing), retired),
    ]


@dataclass(frozen=True, slots=True)
class KindRow:
    """Lines of one service type and body kind: how many there are today, and pounds a month.

    The pounds are those known; ``unpriced`` are the billed lines for which they are not.
    """

    body_kind: str
    name: str
    old_lines: int
    old_monthly: Decimal | None
    old_unpriced: int
    new_lines: int
    new_monthly: Decimal | None
    new_unpriced: int
    planned_lines: int


def lines_by_kind(user, council: Council, day: date, newest: Generation | None) -> list[KindRow]:
    """Return the council's lines by who uses them and kind of service, as of ``day``.

    Old are those of a generation before ``newest``. A line that has ended, or not begun, is in
    nobody's use; one that is not billed yet costs nothing yet.
    """
    live = in_use_on(day)
    new = Q(generation__sequence__gte=newest.sequence if newest else 0)
    unpriced = live & billed_on(day) & Q(monthly=None)
    rows = (
        Line.objects.visible_to(user)
        .of_council(council)
        .with_monthly(day)
        .values("body__kind", "service_type__name")
        .annotate(
            old_lines=Count("pk", filter=live & ~new),
            new_lines=Count("pk", filter=live & new),
            planned_lines=Count("pk", filter=Q(starts_on__gt=day)),
            old_monthly=Sum("monthly", filter=live & ~new),
            new_monthly=Sum("monthly", filter=live & new),
            old_unpriced=Count("pk", filter=unpriced & ~new),
            new_unpriced=Count("pk", filter=unpriced & new),
        )
        .order_by("body__kind", "service_type__name")
    )
    for row in rows:
        for side in ("old", "new"):
            if not row[f"{side}_unpriced"]:
                row[f"{side}_monthly"] = row[f"{side}_monthly"] or Decimal(0)
    return [
        KindRow(body_kind=row.pop("body__kind"), name=row.pop("service_type__name"), **row)
        for row in rows
    ]


def statuses_of(user, council: Council) -> list[Summary]:
    """Return where one council stands in every programme, the default one first."""
    fresh = freshness(["MIGRATION_STATUS", "SAVINGS"], [council.pk])[council.pk]
    held = MigrationStatus.objects.visible_to(user).of_council(council)
    held = held.select_related("programme__generation")
    return [
        Summary(council, status.programme, status, fresh)
        for status in held.order_by("-programme__is_default", "programme__code")
    ]
