"""What the jobs were asked to do, and what came of it."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from boroughs.models.council import Council
from boroughs.models.people import User
from boroughs.models.visibility import CouncilRowsQuerySet
from londonpsn.common.constraints import one_of


class JobRunQuerySet(CouncilRowsQuerySet):
    def waiting(self):
        return self.filter(started_at=None)

    def unfinished(self):
        return self.filter(finished_at=None)

    def succeeded(self):
        return self.filter(finished_at__isnull=False, error="")

    def failed(self):
        return self.filter(finished_at__isnull=False).exclude(error="")


class JobRunKind(models.TextChoices):
    SAVINGS = "SAVINGS", "Savings"
    MIGRATION_STATUS = "MIGRATION_STATUS", "Migration status"
    INDEXATION = "INDEXATION", "Prices raised by an index"
    DEMO_DATA = "DEMO_DATA", "Demo data"


class JobRun(models.Model):
    """One job for one council, mostly a recompute: asked for, started, finished, and how.

    A row that has not started says that the council's figures are stale. ``batches`` are the
    requests for several councils that wait for it, so that their progress can be watched. ``day``
    is the portal's day that the figures were worked out for, or from which prices rise. Written by
    boroughs.jobs only.
    """

    Kind = JobRunKind

    kind = models.CharField(max_length=20, choices=Kind)
    council = models.ForeignKey(
        Council, models.PROTECT, null=True, blank=True, related_name="job_runs"
    )
    batches = ArrayField(models.UUIDField(), default=list, blank=True)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    rows_changed = models.PositiveIntegerField(null=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=80, blank=True)
    error = models.TextField(blank=True)

    objects = JobRunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["council", "kind", "-finished_at"], name="job_run_latest"),
            GinIndex(fields=["batches"], name="job_run_batches"),
        ]
        constraints = [
            one_of("kind", JobRunKind, "job_run_kind_is_known"),
            CheckConstraint(
                name="job_run_starts_before_it_finishes",
                condition=Q(finished_at=None)
                | Q(started_at__isnull=False, finished_at__gte=models.F("started_at")),
            ),
            CheckConstraint(
                name="job_run_of_figures_has_a_council",
                condition=Q(kind="DEMO_DATA") | Q(council__isnull=False),
            ),
            UniqueConstraint(
                fields=["kind", "council"],
                condition=Q(started_at=None),
                name="job_run_waits_once_per_kind_and_council",
            ),
        ]

    @property
    def state(self) -> str:
        if self.finished_at:
            return "FAILED" if self.error else "DONE"
        return "RUNNING" if self.started_at else "WAITING"
