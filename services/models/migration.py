"""How old lines give way to new ones: replacements, baselines, status."""

from django.db import models
from django.db.models import CheckConstraint, Exists, OuterRef, Q, UniqueConstraint

from boroughs.models import Body, Council, Document, Note
from boroughs.models.row_history import keep_rows
from boroughs.models.visibility import CouncilRowsQuerySet
from londonpsn.common.constraints import ends_after_it_starts, not_negative, one_of
from services.models.contract import Programme, ServiceType
from services.models.line import Line

AT_PROTECTED = "fetched_protection"  # of a replacement, what with_protection() fetched


class ReplacementQuerySet(CouncilRowsQuerySet):
    council_path = "body__council"

    def with_protection(self):
        """Fetch with each what is_at_a_protected_site() answers, which asks for it otherwise."""
        at = ReplacementLine.objects.filter(replacement=OuterRef("pk")).at_a_protected_site()
        return self.annotate(**{AT_PROTECTED: Exists(at)})


@keep_rows("ReplacementRow")
class Replacement(models.Model):
    """One or more old lines that give way to one or more new ones: on screen "this move".

    The unit in which savings are counted (spec 4.2). Its body and service type are those of the new
    line, of the old one where there is no new one, and cut all of its money (decisions 13).
    """

    body = models.ForeignKey(Body, models.PROTECT, related_name="replacements")
    service_type = models.ForeignKey(ServiceType, models.PROTECT, related_name="+")

    documents = models.ManyToManyField(Document, related_name="replacements")
    notes = models.ManyToManyField(Note, related_name="replacements")

    objects = ReplacementQuerySet.as_manager()

    def __str__(self):
        return f"Move {self.pk}"

    def is_at_a_protected_site(self) -> bool:
        """Answer whether one of its lines is at a site of which nobody is to learn where it is."""
        fetched = self.__dict__.get(AT_PROTECTED)
        return self.members.at_a_protected_site().exists() if fetched is None else fetched


class ReplacementLineQuerySet(models.QuerySet):
    def at_a_protected_site(self):
        return self.filter(line__site__protection__gt="")


class ReplacementLineSide(models.TextChoices):
    OLD = "OLD", "Old"
    NEW = "NEW", "New"


@keep_rows("ReplacementLineRow")
class ReplacementLine(models.Model):
    """A line takes part in a replacement, as old or as new, until it is let go for another.

    From ``let_go_on`` its money counts in this replacement no more.
    """

    Side = ReplacementLineSide

    replacement = models.ForeignKey(Replacement, models.PROTECT, related_name="members")
    line = models.ForeignKey(Line, models.PROTECT, related_name="replacements")
    side = models.CharField(max_length=3, choices=Side)
    let_go_on = models.DateField(null=True, blank=True)

    objects = ReplacementLineQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("side", ReplacementLineSide, "replacement_line_side_is_known"),
            UniqueConstraint(
                fields=["line"],
                condition=Q(let_go_on=None),
                name="replacement_line_is_in_one_open_replacement",
            ),
            UniqueConstraint(fields=["replacement", "line"], name="replacement_line_is_named_once"),
        ]


class BaselineMethod(models.TextChoices):
    INVOICE_12M = "INVOICE_12M", "Mean of twelve invoiced months"
    INVOICE_PART = "INVOICE_PART", "Three to eleven invoiced months"
    CONTRACT_PRICE = "CONTRACT_PRICE", "Contract price in force"
    SUPPLIER_QUOTE = "SUPPLIER_QUOTE", "Supplier's quote to renew"
    PEER_MEDIAN = "PEER_MEDIAN", "Median of other councils"


class BaselineGrade(models.TextChoices):
    A = "A", "A"
    B = "B", "B"
    C = "C", "C"


@keep_rows("BaselineRow")
class Baseline(models.Model):
    """The old price of a replacement, frozen: what it would have cost a month had nothing changed.

    ``amount`` is pounds a month over a half-open period whose end is the counterfactual one. The
    highest version counts; earlier ones stay for the figures that point at them.
    """

    Method = BaselineMethod
    Grade = BaselineGrade

    replacement = models.ForeignKey(Replacement, models.PROTECT, related_name="baselines")
    version = models.PositiveSmallIntegerField(default=1)
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    method = models.CharField(max_length=14, choices=Method)
    grade = models.CharField(max_length=1, choices=Grade)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        constraints = [
            CheckConstraint(
                name="baseline_grade_is_that_of_its_method",
                condition=Q(method="INVOICE_12M", grade="A")
                | Q(method__in=["INVOICE_PART", "CONTRACT_PRICE"], grade="B")
                | Q(method__in=["SUPPLIER_QUOTE", "PEER_MEDIAN"], grade="C"),
            ),
            not_negative("amount", "baseline_amount_is_not_negative"),
            ends_after_it_starts("baseline_ends_after_it_starts"),
            UniqueConstraint(fields=["replacement", "version"], name="baseline_version_is_unique"),
        ]


class MigrationStatusStatus(models.TextChoices):
    NO_DATA = "NO_DATA", "No data"
    NOT_STARTED = "NOT_STARTED", "Not started"
    PLANNING = "PLANNING", "Planning"
    IN_PROGRESS = "IN_PROGRESS", "In progress"
    CONNECTED = "CONNECTED", "Connected, still paying for old lines"
    FULLY_MIGRATED = "FULLY_MIGRATED", "Fully migrated"
    REGRESSED = "REGRESSED", "Slipped back"
    EXEMPT = "EXEMPT", "Exempt"


class MigrationStatus(models.Model):
    """Where a council stands in a programme today: derived, may be emptied, comes back the same.

    Counts are old lines; ``mrc`` is pounds a month of their last recurring charge. ``billed`` are
    those still billed, ``paid_twice`` those of them whose new line is billed too (decisions 26).
    Rates are made from them when shown. ``reasons`` is a list of ``{code, text, count}``. It holds
    no time: freshness is that of the council's last job run (decisions 20).
    """

    Status = MigrationStatusStatus

    council = models.ForeignKey(Council, models.CASCADE, related_name="migration_statuses")
    programme = models.ForeignKey(Programme, models.CASCADE, related_name="+")
    status = models.CharField(max_length=14, choices=Status)
    reasons = models.JSONField(default=list)
    lines_in_scope = models.PositiveIntegerField()
    lines_to_replace = models.PositiveIntegerField()
    lines_connected = models.PositiveIntegerField()
    lines_ceased = models.PositiveIntegerField()
    lines_with_mrc = models.PositiveIntegerField()
    mrc_in_scope = models.DecimalField(max_digits=14, decimal_places=4)
    mrc_ceased = models.DecimalField(max_digits=14, decimal_places=4)
    lines_billed = models.PositiveIntegerField()
    mrc_billed = models.DecimalField(max_digits=14, decimal_places=4)
    lines_paid_twice = models.PositiveIntegerField()
    mrc_paid_twice = models.DecimalField(max_digits=14, decimal_places=4)
    fully_migrated_first_on = models.DateField(null=True)

    objects = CouncilRowsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "migration statuses"
        constraints = [
            one_of("status", MigrationStatusStatus, "migration_status_is_known"),
            UniqueConstraint(
                fields=["council", "programme"], name="migration_status_once_per_programme"
            ),
        ]
