"""Kinds of service, the contracts they come under, and the programmes that move them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Upper

from boroughs.models import Body, Council, Document, Generation, Note, Supplier
from boroughs.models.row_history import keep_rows
from boroughs.models.visibility import CouncilRowsQuerySet, ReferenceQuerySet
from londonpsn.common.constraints import ends_after_it_starts, one_of
from londonpsn.common.text import folded


class ServiceTypeFamily(models.TextChoices):
    WAN = "wan", "Data lines"
    GATEWAY = "gateway", "Gateways"
    INTERNET = "internet", "Internet"
    VOICE = "voice", "Voice"
    MOBILE = "mobile", "Mobile"
    LOCAL = "local", "Local network and wireless"
    CONFERENCING = "conferencing", "Conferencing"
    SECURITY = "security", "Security"
    OTHER = "other", "Other"


class ServiceType(models.Model):
    """A kind of telecom service. ``unit`` is what a quantity counts."""

    Family = ServiceTypeFamily

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=80)
    family = models.CharField(max_length=12, choices=Family)
    unit = models.CharField(max_length=40, blank=True)
    recurring_period = models.CharField(max_length=20, blank=True)

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        constraints = [one_of("family", ServiceTypeFamily, "service_type_family_is_known")]

    def __str__(self):
        return self.name


class ContractQuerySet(CouncilRowsQuerySet):
    def visible_to(self, user):
        """Contracts of the person's councils, and those their supplier serves."""
        narrowed = super().visible_to(user)
        if user.access.all_councils or not user.access.supplier_ids:
            return narrowed
        return narrowed | self.filter(supplier__in=user.access.supplier_ids)


class ContractProration(models.TextChoices):
    ACTUAL_MONTH = "ACTUAL_MONTH", "by the days of the month"


@keep_rows("ContractRow")
class Contract(models.Model):
    """What a council has signed with a supplier. A blank day is not known.

    Only proration by the days of the actual month is worked out so far, so no other is accepted.
    """

    Proration = ContractProration

    council = models.ForeignKey(Council, models.PROTECT, related_name="contracts")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="contracts")
    reference = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField("first day without", null=True, blank=True)
    notice_days = models.PositiveSmallIntegerField(null=True, blank=True)
    proration = models.CharField(max_length=12, choices=Proration, default=Proration.ACTUAL_MONTH)

    documents = models.ManyToManyField(Document, related_name="contracts")
    notes = models.ManyToManyField(Note, related_name="contracts")

    objects = ContractQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(
                OpClass(folded("reference"), name="gin_trgm_ops"),
                OpClass(Upper("title"), name="gin_trgm_ops"),
                name="contract_looked_up",
                fastupdate=False,
            ),
        ]
        constraints = [
            one_of("proration", ContractProration, "contract_proration_is_known"),
            ends_after_it_starts("contract_ends_after_it_starts"),
            UniqueConstraint(
                fields=["council", "reference"], name="contract_reference_is_unique_in_its_council"
            ),
        ]

    def __str__(self):
        return self.title


class Programme(models.Model):
    """A move from what there was to one generation, of some services of some kinds of body.

    Rates and status are kept per council and programme. ``hard_stop`` is the day by which it has to
    be over, blank when there is none. One programme is what pages show unless another is asked for.
    """

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    generation = models.ForeignKey(Generation, models.PROTECT, related_name="+")
    service_types = models.ManyToManyField(ServiceType, related_name="programmes")
    body_kinds = ArrayField(models.CharField(max_length=8, choices=Body.Kind))
    frozen_on = models.DateField()
    hard_stop = models.DateField(null=True, blank=True)
    is_default = models.BooleanField(default=False)

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="programme_one_is_default"
            ),
            CheckConstraint(
                name="programme_body_kinds_are_known",
                condition=Q(body_kinds__contained_by=Body.Kind.values, body_kinds__len__gt=0),
            ),
            CheckConstraint(
                name="programme_stops_after_it_is_frozen",
                condition=Q(hard_stop=None) | Q(hard_stop__gt=F("frozen_on")),
            ),
        ]

    def __str__(self):
        return self.name


class Milestone(models.Model):
    """A share of a programme's old lines to be ceased, and by when; the day may not be set yet."""

    programme = models.ForeignKey(Programme, models.CASCADE, related_name="milestones")
    percent = models.PositiveSmallIntegerField()
    due_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            CheckConstraint(
                name="milestone_percent_is_1_to_100", condition=Q(percent__gte=1, percent__lte=100)
            ),
            UniqueConstraint(
                fields=["programme", "percent"], name="milestone_once_per_programme_and_percent"
            ),
        ]
