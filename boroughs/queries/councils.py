"""Rows for pages and the API about councils, and how fresh their figures are."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery

from boroughs.authorization import Permission
from boroughs.models import Council, JobRun, User
from londonpsn.common.errors import NotVisible


def visible_councils(user) -> QuerySet[Council]:
    """Return the councils whose records the person sees."""
    if user.access.all_councils:
        return Council.objects.all()
    return Council.objects.filter(pk__in=user.access.council_ids)


def served_councils(user) -> QuerySet[Council]:
    """Return the councils of which the person may see lines and contracts.

    A supplier's people may name any council: its rows are narrowed to what they supply.
    """
    return Council.objects.all() if user.access.supplier_ids else visible_councils(user)


def councils_read(user) -> QuerySet[Council]:
    """Return the councils whose trail the person reads, by name.

    Raises PermissionDenied for who reads no trail at all.
    """
    if not user.access.allows_anywhere(Permission.TRAIL_VIEW):
        raise PermissionDenied("The trail is for auditors and administrators.")
    named = user.access.councils_with(Permission.TRAIL_VIEW)
    councils = Council.objects.order_by("short_name")
    return councils if named is None else councils.filter(pk__in=named)


def find_council(among: QuerySet[Council], **key) -> Council:
    """Return the council with this ``slug`` or ``register_code``, or raise NotVisible."""
    council = among.filter(**key).first()
    if council is None:
        raise NotVisible(f"There is no council “{next(iter(key.values()))}” among yours.")
    return council


def find_row(among: QuerySet, **key):
    """Return the one row with this key among those that the person sees, or raise NotVisible."""
    row = among.filter(**key).first()
    if row is None:
        name = among.model._meta.verbose_name
        raise NotVisible(f"There is no {name} “{next(iter(key.values()))}” among yours.")
    return row


def sees_summaries(user) -> bool:
    """Answer whether the person may see the status and rates of every council (decisions 6)."""
    return user.access.allows_anywhere(Permission.SUMMARY_VIEW)


@dataclass(frozen=True, slots=True)
class Freshness:
    """When figures were last worked out, and since when newer facts wait; None is never."""

    computed_at: datetime | None = None
    stale_since: datetime | None = None
    error: str = ""

    @staticmethod
    def oldest(several: "Iterable[Freshness]") -> "Freshness":
        """Return the freshness of figures made of several councils'."""
        several = list(several)
        computed = [one.computed_at for one in several]
        stale = [one.stale_since for one in several if one.stale_since]
        return Freshness(
            min(computed) if computed and all(computed) else None,
            min(stale, default=None),
            next((one.error for one in several if one.error), ""),
        )


def freshness(kinds: Iterable[str], council_ids: Collection[int]) -> dict[int, Freshness]:
    """Return for each council how fresh its figures of all these kinds are."""
    among = councils_with_freshness(Council.objects.filter(pk__in=council_ids), kinds)
    return {council.pk: fresh for council, fresh in among.items()}


def councils_with_freshness(
    councils: QuerySet[Council], kinds: Iterable[str]
) -> dict[Council, Freshness]:
    """Return the councils, each with how fresh its figures of all these kinds are."""
    latest = JobRun.objects.filter(council=OuterRef("pk")).order_by("-finished_at")
    annotations = {}
    for kind in kinds:
        of_kind = latest.filter(kind=kind)
        annotations[f"{kind}_at"] = Subquery(of_kind.succeeded().values("finished_at")[:1])
        finished = of_kind.filter(finished_at__isnull=False)
        annotations[f"{kind}_error"] = Subquery(finished.values("error")[:1])
    waiting = Q(job_runs__finished_at=None, job_runs__kind__in=list(kinds))
    annotations["stale_since"] = Min("job_runs__requested_at", filter=waiting)
    return {
        council: Freshness.oldest(
            Freshness(
                getattr(council, f"{kind}_at"),
                council.stale_since,
                getattr(council, f"{kind}_error") or "",
            )
            for kind in kinds
        )
        for council in councils.annotate(**annotations)
    }


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How many of the runs that were asked for together are over."""

    total: int
    finished: int
    failed: int
    requested_at: datetime
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        return self.finished == self.total


def batch_progress(user, batch) -> BatchProgress | None:
    """Return the progress of the batch's runs that the person sees, None when there are none."""
    row = (
        JobRun.objects.visible_to(user)
        .filter(batches__contains=[batch])
        .aggregate(
            total=Count("pk"),
            finished=Count("finished_at"),
            failed=Count("pk", filter=Q(finished_at__isnull=False) & ~Q(error="")),
            requested_at=Min("requested_at"),
            finished_at=Max("finished_at"),
        )
    )
    return BatchProgress(**row) if row["total"] else None


def job_counts(user) -> dict[str, int]:
    """Return how many of the person's figures wait, are worked out, and failed the last time."""
    last = JobRun.objects.visible_to(user).order_by("kind", "council", "-pk")
    last = last.exclude(council=None).distinct("kind", "council")
    return JobRun.objects.filter(pk__in=last.values("pk")).aggregate(
        waiting=Count("pk", filter=Q(started_at=None)),
        running=Count("pk", filter=Q(started_at__isnull=False, finished_at=None)),
        failed=Count("pk", filter=Q(finished_at__isnull=False) & ~Q(error="")),
    )


def people_named(user, keys: Collection[int | None]) -> dict[int, str]:
    """Return the names of people by number, for who may see people; one query.

    Somebody who is not held any more is a former person.
    """
    wanted = set(keys) - {None}
    if not wanted or not user.access.allows_anywhere(Permission.ACCESS_VIEW):
        return {key: f"Person {key}" for key in wanted}
    held = dict(User.objects.filter(pk__in=wanted).values_list("pk", "name"))
    return {key: held.get(key, f"Former person {key}") for key in wanted}
