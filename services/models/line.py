"""Lines, old and new: what they cost, and how far they have moved."""

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import (
    Case,
    CheckConstraint,
    Exists,
    F,
    OuterRef,
    Q,
    Subquery,
    UniqueConstraint,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from boroughs.models import (
    Body,
    Connection,
    Document,
    Generation,
    Note,
    Site,
    Supplier,
    User,
)
from boroughs.models.row_history import Protect, keep_rows
from boroughs.models.visibility import CouncilRowsQuerySet
from londonpsn.common.constraints import days, ends_after_it_starts, not_negative, one_of
from londonpsn.common.text import TRIGRAM, closed_up, folded, tidy
from services.models.contract import Contract, Programme, ServiceType
from services.stages import Stage

LOOKED_UP = ("reference", "phone_numbers", "billing_account")


def billed_on(day, line: str = "") -> Q:
    """The lines that are billed on ``day``, as far as their billed period is known.

    ``line`` is the path to the line, for rows of other models: ``line__``.
    """
    begun = Q(**{f"{line}billed_from": None}) | Q(**{f"{line}billed_from__lte": day})
    return begun & (Q(**{f"{line}billed_until": None}) | Q(**{f"{line}billed_until__gt": day}))


def in_use_on(day) -> Q:
    """The lines that have begun and not ended by ``day``, as far as their days are known."""
    return (Q(starts_on=None) | Q(starts_on__lte=day)) & (Q(ends_on=None) | Q(ends_on__gt=day))


def last_stage() -> Subquery:
    """The stage of a line's last move, None where it never moved."""
    moves = LineMove.objects.filter(line=OuterRef("pk")).order_by("-on", "-pk")
    return Subquery(moves.values("to_stage")[:1])


class LineQuerySet(CouncilRowsQuerySet):
    council_path = "body__council"

    def visible_to(self, user):
        """Lines of the person's councils, and those their supplier provides."""
        narrowed = super().visible_to(user)
        if user.access.all_councils or not user.access.supplier_ids:
            return narrowed
        return narrowed | self.filter(supplier__in=user.access.supplier_ids)

    def with_reference(self, text: str):
        """Keep the lines whose reference holds ``text``, whatever the spaces and capitals."""
        return self.alias(folded_reference=folded("reference")).filter(
            folded_reference__contains=closed_up(text)
        )

    def matching(self, text: str):
        """Keep the lines that ``text`` names: by reference, phone number, billing account or site.

        Fewer than three characters have no trigram to look up, so they have to stand at the start.
        """
        words, closed = tidy(text), closed_up(tidy(text))
        at = "contains" if len(closed) >= TRIGRAM else "startswith"
        named = Q()
        for field in LOOKED_UP:
            named |= Q(**{f"{field}_folded__{at}": closed})
        by_text = self.alias(**{f"{field}_folded": folded(field) for field in LOOKED_UP})
        by_text = by_text.filter(named).values("pk")
        by_site = self.filter(site__in=Site.objects.named(words).values("pk")).values("pk")
        # Each half has an index of its own; OR over both would read every line.
        return self.filter(pk__in=by_text.union(by_site))

    def with_stage(self):
        """Add ``stage``: that of the last move.

        A line that never moved is FOUND when a programme moves its kind on to a later generation,
        and has no stage otherwise.
        """
        moved_on = Programme.objects.filter(
            service_types=OuterRef("service_type"),
            body_kinds__contains=[OuterRef("body__kind")],
            generation__sequence__gt=OuterRef("generation__sequence"),
        )
        return self.annotate(
            stage=Coalesce(
                last_stage(),
                Case(When(Exists(moved_on), then=Value(Stage.IDENTIFIED))),
                output_field=models.CharField(),
            )
        )

    def with_stage_number(self):
        """Add ``stage_number`` to with_stage(): how far a line has come, for sorting."""
        numbers = [When(stage=stage, then=Value(stage.number)) for stage in Stage]
        return self.with_stage().annotate(stage_number=Case(*numbers))

    def in_stage(self, stage: Stage):
        """Keep the lines in a stage, as with_stage() has it."""
        if stage == Stage.IDENTIFIED:
            return self.with_stage().filter(stage=stage)
        return self.alias(last_stage=last_stage()).filter(last_stage=stage)

    def billed_on(self, day):
        """Keep the lines that are billed on ``day``, as far as their billed period is known."""
        return self.filter(billed_on(day))

    def with_monthly(self, day):
        """Add ``monthly``: pounds a month billed on ``day``, None for none or not known."""
        in_force = (
            Charge.objects.filter(line=OuterRef("pk"), kind=Charge.Kind.RECURRING)
            .in_force_on(day)
            .values("amount")[:1]
        )
        return self.annotate(monthly=Case(When(billed_on(day), then=Subquery(in_force))))


MONEY_OF_A_LINE = [  # what its bills hang on; the rest of a line is description
    *("id", "body", "supplier", "contract", "generation", "quantity", "starts_on", "ends_on"),
    *("billed_from", "billed_until", "minimum_term_ends_on"),
]


@keep_rows("LineRow", fields=MONEY_OF_A_LINE)
class Line(models.Model):
    """One service in use, of any generation. A blank day or text is not known.

    It is live from ``starts_on`` until the day before ``ends_on``, and billed from ``billed_from``
    until the day before ``billed_until``. Before its start a new line is planned. ``found_on`` is
    set on lines found after their programme was frozen.
    """

    body = models.ForeignKey(Body, models.PROTECT, related_name="lines")
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="lines")
    connection = models.ForeignKey(
        Connection, models.PROTECT, null=True, blank=True, related_name="lines"
    )
    service_type = models.ForeignKey(ServiceType, models.PROTECT, related_name="+")
    generation = models.ForeignKey(Generation, models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="lines")
    contract = models.ForeignKey(
        Contract, models.PROTECT, null=True, blank=True, related_name="lines"
    )
    reference = models.CharField(max_length=60)
    description = models.CharField(max_length=120, blank=True)
    quantity = models.PositiveIntegerField(default=1)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    billed_from = models.DateField(null=True, blank=True)
    billed_until = models.DateField(null=True, blank=True)
    phone_numbers = models.CharField(max_length=200, blank=True)
    billing_account = models.CharField(max_length=40, blank=True)
    room = models.CharField("place in the building", max_length=80, blank=True)
    used_for = models.CharField(max_length=120, blank=True)
    owner = models.CharField(max_length=80, blank=True)
    cost_centre = models.CharField(max_length=40, blank=True)
    minimum_term_ends_on = models.DateField(null=True, blank=True)
    last_billed_on = models.DateField("last on a bill", null=True, blank=True)
    last_used_on = models.DateField(null=True, blank=True)
    reviewed_on = models.DateField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    found_on = models.DateField(null=True, blank=True)
    documents = models.ManyToManyField(Document, related_name="lines")
    notes = models.ManyToManyField(Note, related_name="lines")

    objects = LineQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["body", "service_type"], name="line_by_body_and_type"),
            GinIndex(
                *(OpClass(folded(field), name="gin_trgm_ops") for field in LOOKED_UP),
                name="line_looked_up",
                fastupdate=False,
            ),
        ]
        constraints = [
            ends_after_it_starts("line_ends_after_it_starts"),
            ends_after_it_starts(
                "line_is_billed_until_after_it_is_billed_from",
                starts="billed_from",
                ends="billed_until",
            ),
            CheckConstraint(name="line_quantity_is_above_zero", condition=Q(quantity__gt=0)),
            CheckConstraint(name="line_reference_is_not_blank", condition=~Q(reference="")),
            UniqueConstraint(
                F("supplier"), folded("reference"), name="line_reference_is_unique_per_supplier"
            ),
        ]

    def __str__(self):
        return self.reference


class DatedQuerySet(models.QuerySet):
    """Rows that hold from a day to a day."""

    def in_force_on(self, day):
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)


class ChargeKind(models.TextChoices):
    RECURRING = "RECURRING", "A month"
    ONE_OFF = "ONE_OFF", "Once"


@keep_rows("ChargeRow")
class Charge(models.Model):
    """What a line costs over a half-open period, for its whole quantity (decisions 8).

    ``amount`` is pounds without recoverable VAT: a month when recurring, once on ``starts_on`` when
    one-off. Billed days are this period within the line's billed period.
    """

    Kind = ChargeKind

    line = models.ForeignKey(Line, models.PROTECT, related_name="charges")
    kind = models.CharField(max_length=9, choices=Kind)
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("kind", ChargeKind, "charge_kind_is_known"),
            not_negative("amount", "charge_amount_is_not_negative"),
            ends_after_it_starts("charge_ends_after_it_starts"),
            CheckConstraint(
                name="charge_once_has_no_end", condition=Q(kind="RECURRING") | Q(ends_on=None)
            ),
            ExclusionConstraint(
                name="charge_one_recurring_at_a_time_per_line",
                expressions=[("line", RangeOperators.EQUAL), days()],
                condition=Q(kind="RECURRING"),
            ),
        ]


@keep_rows("LineMoveRow")
class LineMove(models.Model):
    """A line went from one stage to another on a day. Only ever added to.

    The last move (by day, then by order of recording) gives the stage a line is in.
    """

    line = models.ForeignKey(Line, models.PROTECT, related_name="moves")
    from_stage = models.CharField(max_length=13, choices=Stage, blank=True)
    to_stage = models.CharField(max_length=13, choices=Stage)
    on = models.DateField()
    recorded_at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    proof = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["line", "-on", "-id"], name="line_move_latest")]
        constraints = [
            CheckConstraint(
                name="line_move_comes_from_a_known_stage",
                condition=Q(from_stage="") | Q(from_stage__in=Stage.values),
            ),
            one_of("to_stage", Stage, "line_move_goes_to_a_known_stage"),
        ]
        triggers = [Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


@keep_rows("PlannedMoveRow")
class PlannedMove(models.Model):
    """The day a line is meant to reach a stage; replaced when the plan changes."""

    line = models.ForeignKey(Line, models.PROTECT, related_name="planned_moves")
    to_stage = models.CharField(max_length=13, choices=Stage)
    on = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["on"], name="planned_move_by_day")]
        constraints = [
            one_of("to_stage", Stage, "planned_move_goes_to_a_known_stage"),
            UniqueConstraint(
                fields=["line", "to_stage"], name="planned_move_once_per_line_and_stage"
            ),
        ]


class LineFlagKind(models.TextChoices):
    EXEMPT = "EXEMPT", "Exempt"
    DUPLICATE = "DUPLICATE", "Duplicate"
    NOT_REQUIRED = "NOT_REQUIRED", "Not required any more"
    HELD_CHARGE = "HELD_CHARGE", "Held by a charge"
    DISPUTED = "DISPUTED", "Disputed"
    BILLED_AFTER_CEASE = "BILLED_AFTER_CEASE", "Billed after its cease"


@keep_rows("LineFlagRow", exclude=["owner"])
class LineFlag(models.Model):
    """What is true of a line beside its stage, over a half-open period (decisions 2, spec 5.2)."""

    Kind = LineFlagKind

    line = models.ForeignKey(Line, models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=18, choices=Kind)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    owner = models.CharField(max_length=80, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("kind", LineFlagKind, "line_flag_kind_is_known"),
            ends_after_it_starts("line_flag_ends_after_it_starts"),
            CheckConstraint(name="line_flag_has_a_reason", condition=~Q(reason="")),
        ]
