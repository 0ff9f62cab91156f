"""Kinds of service, the contracts they come under, and the programmes that move them."""

from datetime import date

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import CheckConstraint, F, Prefetch, Q, UniqueConstraint
from django.db.models.functions import Upper

from boroughs.models import Body, Council, Document, Generation, Note, Supplier, User
from boroughs.models.row_history import Protect, keep_rows
from boroughs.models.visibility import CouncilRowsQuerySet, ReferenceQuerySet
from londonpsn.common.constraints import (
    ends_after_it_starts,
    not_negative,
    one_of,
    one_of_or_blank,
)
from londonpsn.common.text import folded
from services.models.framework import Framework, LegalRegime
from services.terms import Ending, Terms, ending, notice_due

OPTIONS = "fetched_options"  # of a contract, what with_options() fetched


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
        """Contracts of the person's councils, and those their supplier serves.

        A draft is there only for those who may award it.
        """
        awarding = user.access.councils_named("CALL_OFF_AWARD")
        is_open = Q(stage="AWARDED") | Q(council__in=awarding)
        narrowed = super().visible_to(user).filter(is_open)
        if user.access.all_councils or not user.access.supplier_ids:
            return narrowed
        supplied = self.filter(supplier__in=user.access.supplier_ids, stage="AWARDED")
        return narrowed | supplied

    def awarded(self):
        """Keep what is signed: every contract but the drafts of call-offs."""
        return self.filter(stage="AWARDED")

    def call_offs(self):
        return self.filter(kind="CALL_OFF")

    def with_options(self):
        """Fetch the options to extend them in one more query, as ending() needs them."""
        in_order = ContractExtension.objects.order_by("number")
        return self.prefetch_related(Prefetch("extensions", in_order, to_attr=OPTIONS))


class ContractProration(models.TextChoices):
    ACTUAL_MONTH = "ACTUAL_MONTH", "by the days of the month"


class ContractKind(models.TextChoices):
    CONTRACT = "CONTRACT", "Contract"
    CALL_OFF = "CALL_OFF", "Call-off"


class ContractStage(models.TextChoices):
    """A call-off is drafted, then awarded; every other contract came into the portal signed."""

    DRAFT = "DRAFT", "Draft"
    AWARDED = "AWARDED", "Awarded"


class ContractRenewal(models.TextChoices):
    """What happens at its end."""

    ENDS = "ENDS", "Ends by itself"
    ROLLS_ON = "ROLLS_ON", "Rolls on unless notice is given"


class ContractRoute(models.TextChoices):
    DIRECT_AWARD = "DIRECT_AWARD", "Direct award"
    FURTHER_COMPETITION = "FURTHER_COMPETITION", "Further competition"


class IndexationBase(models.TextChoices):
    PREVIOUS = "PREVIOUS", "On the price before, so that rises add up"
    ORIGINAL = "ORIGINAL", "On the price first agreed"


class IndexationRounding(models.TextChoices):
    """To what a raised price is rounded; blank is a hundredth of a penny, as prices are stored."""

    PENNY = "PENNY", "To the penny"
    POUND = "POUND", "To the pound"


class EndsByTerms:
    """How what has the columns of a contract's terms, and ``options`` to extend it, ends."""

    __slots__ = ()

    def terms(self, on: date) -> Terms:
        """Return how it ends, by what was decided until a day."""
        rolls_on = self.renewal == ContractRenewal.ROLLS_ON
        return Terms(
            ends_on=self.ends_on,
            notice_days=self.notice_days,
            roll_on_months=self.roll_on_months if rolls_on else None,
            notice_given_on=self.notice_given_on,
            extensions=tuple(one.months for one in self.options if one.is_taken(on)),
        )

    def ending(self, on: date) -> Ending:
        """Return when it ends, as it stands on a day."""
        return ending(self.terms(on), on)

    def options_left(self, on: date) -> tuple[int, ...]:
        """Return the months of the options that can still be taken on a day, in their order.

        One that has rolled on has none: they ended with its first term.
        """
        left = tuple(one.months for one in self.options if not one.is_taken(on))
        return () if left and self.ending(on).has_rolled else left

    def notice_due(self, on: date) -> date | None:
        """Return until when somebody has to give notice, or extend it; None where nobody has to."""
        return notice_due(
            self.ending(on),
            self.options_left(on),
            ends_by_itself=self.renewal == ContractRenewal.ENDS,
            notice_given_on=self.notice_given_on,
        )


# What somebody wrote in their own words may name people, and what is kept cannot be changed.
@keep_rows("ContractRow", exclude=["conflict", "route_reason", "description"])
class Contract(EndsByTerms, models.Model):
    """What a council has signed with a supplier; a call-off under a framework is one of them.

    A blank day, number or text is not known, or does not apply. Only proration by the days of the
    actual month is worked out so far, so no other is accepted. ``value`` is pounds for the whole
    term with its extensions, without VAT; ``vat`` what is added to it; ``ceiling`` the most that
    may be ordered. ``roll_on_months`` is how long it rolls on for. ``minimum_term_ends_on`` and
    ``ends_on`` are first days without. ``index_lag_months`` is how many months before a rise the
    month lies whose index it takes; ``exit_percent`` what leaving before the minimum term is over
    costs of the charges that are left of it. ``value`` and ``ends_on`` are as the changes have left
    them; options that were taken come on top of ``ends_on``.
    """

    Proration = ContractProration
    Kind = ContractKind
    Stage = ContractStage
    Renewal = ContractRenewal
    Route = ContractRoute
    Regime = LegalRegime

    council = models.ForeignKey(Council, models.PROTECT, related_name="contracts")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="contracts")
    reference = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField("first day without", null=True, blank=True)
    notice_days = models.PositiveSmallIntegerField(null=True, blank=True)
    proration = models.CharField(max_length=12, choices=Proration, default=Proration.ACTUAL_MONTH)

    kind = models.CharField(max_length=8, choices=Kind, db_default=Kind.CONTRACT)
    stage = models.CharField(max_length=7, choices=Stage, db_default=Stage.AWARDED)
    body = models.ForeignKey(Body, models.PROTECT, null=True, blank=True, related_name="call_offs")
    framework = models.ForeignKey(
        Framework, models.PROTECT, null=True, blank=True, related_name="call_offs"
    )
    lot = models.CharField(max_length=120, blank=True, db_default="")
    regime = models.CharField(max_length=7, choices=Regime, blank=True, db_default="")
    commenced_on = models.DateField("procurement commenced on", null=True, blank=True)
    minimum_term_ends_on = models.DateField(null=True, blank=True)
    renewal = models.CharField(max_length=8, choices=Renewal, blank=True, db_default="")
    roll_on_months = models.PositiveSmallIntegerField(null=True, blank=True)
    index_base = models.CharField(
        "indexation", max_length=8, choices=IndexationBase, blank=True, db_default=""
    )
    index_cap = models.DecimalField(
        "at most, %", max_digits=5, decimal_places=2, null=True, blank=True
    )
    index_floor = models.DecimalField(
        "at least, %", max_digits=5, decimal_places=2, null=True, blank=True
    )
    index_lag_months = models.PositiveSmallIntegerField(
        "index of so many months before", null=True, blank=True
    )
    index_rounding = models.CharField(
        "raised prices are rounded",
        max_length=5,
        choices=IndexationRounding,
        blank=True,
        db_default="",
    )
    exit_percent = models.DecimalField(
        "leaving early costs, %", max_digits=5, decimal_places=2, null=True, blank=True
    )
    value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    vat = models.DecimalField("VAT", max_digits=14, decimal_places=2, null=True, blank=True)
    ceiling = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    route = models.CharField(max_length=20, choices=Route, blank=True, db_default="")
    route_reason = models.TextField(blank=True, db_default="")
    invited = models.PositiveSmallIntegerField("suppliers invited", null=True, blank=True)
    bids = models.PositiveSmallIntegerField("bids received", null=True, blank=True)
    conflict = models.TextField("conflict of interest declared", blank=True, db_default="")
    decision_reference = models.CharField(max_length=60, blank=True, db_default="")
    signed_on = models.DateField("signed by the council on", null=True, blank=True)
    supplier_signed_on = models.DateField("signed by the supplier on", null=True, blank=True)
    standstill_from = models.DateField("standstill begins on", null=True, blank=True)
    standstill_days = models.PositiveSmallIntegerField(
        "standstill, working days", null=True, blank=True
    )
    notice_given_on = models.DateField(null=True, blank=True)
    cost_centre = models.CharField(max_length=40, blank=True, db_default="")
    organisational_unit = models.CharField(max_length=80, blank=True, db_default="")
    description = models.TextField(blank=True, db_default="")
    review_on = models.DateField(null=True, blank=True)
    irrecoverable_vat = models.DecimalField(
        "VAT not recovered", max_digits=14, decimal_places=2, null=True, blank=True
    )
    drafted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    awarded_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    awarded_at = models.DateTimeField(null=True, blank=True)
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
            one_of("kind", ContractKind, "contract_kind_is_known"),
            one_of("stage", ContractStage, "contract_stage_is_known"),
            one_of_or_blank("renewal", ContractRenewal, "contract_renewal_is_known"),
            one_of_or_blank("route", ContractRoute, "contract_route_is_known"),
            one_of_or_blank("regime", LegalRegime, "contract_regime_is_known"),
            one_of_or_blank("index_base", IndexationBase, "contract_index_base_is_known"),
            one_of_or_blank(
                "index_rounding", IndexationRounding, "contract_index_rounding_is_known"
            ),
            ends_after_it_starts("contract_ends_after_it_starts"),
            not_negative("value", "contract_value_is_not_negative"),
            not_negative("ceiling", "contract_ceiling_is_not_negative"),
            CheckConstraint(
                name="contract_exit_percent_is_a_part",
                condition=Q(exit_percent__range=(0, 100)),
            ),
            CheckConstraint(
                name="contract_index_is_of_three_years_before_at_most",
                condition=Q(index_lag_months__lte=36),
            ),
            CheckConstraint(
                name="contract_drafted_is_a_call_off",
                condition=Q(kind="CALL_OFF") | Q(stage="AWARDED"),
            ),
            CheckConstraint(
                name="contract_awarded_call_off_has_its_facts",
                violation_error_message="A call-off is awarded with its framework, body, regime, "
                "route and dates.",
                condition=Q(kind="CONTRACT")
                | Q(stage="DRAFT")
                | (
                    Q(framework__isnull=False, body__isnull=False, starts_on__isnull=False)
                    & Q(ends_on__isnull=False, commenced_on__isnull=False)
                    & ~Q(regime="")
                    & ~Q(route="")
                ),
            ),
            CheckConstraint(
                name="contract_rolls_on_for_some_months",
                condition=~Q(renewal="ROLLS_ON") | Q(roll_on_months__gt=0),
            ),
            UniqueConstraint(
                fields=["council", "reference"], name="contract_reference_is_unique_in_its_council"
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def options(self) -> list["ContractExtension"]:
        """The options to extend it, in their order. For many contracts, use with_options()."""
        fetched = self.__dict__.get(OPTIONS)
        if fetched is None:
            fetched = sorted(self.extensions.all(), key=lambda option: option.number)
        return fetched


@keep_rows("ContractExtensionRow")
class ContractExtension(models.Model):
    """An option to make a call-off longer: by how many months, and whether it was taken."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="extensions")
    number = models.PositiveSmallIntegerField()
    months = models.PositiveSmallIntegerField()
    taken_on = models.DateField(null=True, blank=True)
    taken_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            CheckConstraint(name="contract_extension_has_months", condition=Q(months__gt=0)),
            UniqueConstraint(fields=["contract", "number"], name="contract_extension_once"),
        ]

    def is_taken(self, on: date) -> bool:
        return self.taken_on is not None and self.taken_on <= on


@keep_rows("ContractChangeRow")
class ContractChange(models.Model):
    """A change of an awarded call-off. Only ever added to; drift is what they come to.

    ``value_change`` and ``ceiling_change`` are pounds, ``days_change`` days of term; each may be
    below zero.
    """

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="changes")
    on = models.DateField()
    value_change = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    days_change = models.IntegerField(default=0)
    ceiling_change = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            CheckConstraint(
                name="contract_change_changes_something",
                condition=~Q(value_change=0) | ~Q(days_change=0) | ~Q(ceiling_change=0),
            ),
            CheckConstraint(name="contract_change_has_a_reason", condition=~Q(reason="")),
        ]
        triggers = [Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


NOTICE_IS_OPEN = Q(published_on=None, waived_reason="")


@keep_rows("ContractNoticeRow")
class ContractNotice(models.Model):
    """A notice that the law wants of a call-off, by when, and where it was published.

    ``code`` as UK6. One that is not needed after all is waived with a reason. Every change may call
    for one more of its code; of those that are open there is one.
    """

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="notices")
    code = models.CharField(max_length=5)
    due_on = models.DateField(null=True)
    published_on = models.DateField(null=True, blank=True)
    link = models.URLField(max_length=300, blank=True)
    waived_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["contract", "code"],
                condition=NOTICE_IS_OPEN,
                name="contract_notice_is_open_once",
            ),
            CheckConstraint(
                name="contract_notice_is_published_somewhere",
                condition=Q(published_on=None, link="")
                | (Q(published_on__isnull=False) & ~Q(link="")),
            ),
        ]


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
