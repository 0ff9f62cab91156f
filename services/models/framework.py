"""Frameworks that call-offs are awarded under, and the dated rules of law that apply to them."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import CheckConstraint, Q

from boroughs.models import Body, Council, Document, Supplier
from boroughs.models.row_history import keep_rows
from boroughs.models.visibility import ReferenceQuerySet
from londonpsn.common.constraints import (
    days,
    ends_after_it_starts,
    not_negative,
    one_of,
    one_of_or_blank,
)


class LegalRegime(models.TextChoices):
    """The law that a procurement is under, by the day it commenced (decisions 30)."""

    PCR2006 = "PCR2006", "Public Contracts Regulations 2006"
    PCR2015 = "PCR2015", "Public Contracts Regulations 2015"
    PA2023 = "PA2023", "Procurement Act 2023"


class LegalRuleKind(models.TextChoices):
    REGIME = "REGIME", "Regime of procurements commenced"
    THRESHOLD = "THRESHOLD", "Threshold, £ with VAT"
    STANDSTILL = "STANDSTILL", "Standstill, working days"
    NOTICE = "NOTICE", "Notice due, days after its trigger"
    CHANGE_VALUE = "CHANGE_VALUE", "Change of value, per cent in all"
    CHANGE_TERM = "CHANGE_TERM", "Change of term, per cent in all"
    PUBLISH = "PUBLISH", "Register of contracts, £ from which"


class LegalRuleQuerySet(ReferenceQuerySet):
    def in_force_on(self, day):
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)


@keep_rows("LegalRuleRow")
class LegalRule(models.Model):
    """One figure of the law over a half-open period, with its source (regulation 6.4, 6.5).

    Without a row for a day nothing is computed and nothing blocked: the figure is "not held".
    ``code`` tells rules of one kind apart: a notice by its code, a threshold by the kind of buyer.
    ``value`` is pounds, days or per cent, as its kind says. ``is_verified`` is false for a figure
    that was not read in its source, which is shown as such.
    """

    Kind = LegalRuleKind
    Regime = LegalRegime

    kind = models.CharField(max_length=12, choices=Kind)
    regime = models.CharField(max_length=7, choices=Regime)
    code = models.CharField(max_length=24, blank=True)
    value = models.DecimalField(max_digits=14, decimal_places=2)
    starts_on = models.DateField()
    ends_on = models.DateField("first day without", null=True, blank=True)
    source = models.CharField(max_length=200)
    is_verified = models.BooleanField("read in its source", default=False)

    objects = LegalRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("kind", LegalRuleKind, "legal_rule_kind_is_known"),
            one_of("regime", LegalRegime, "legal_rule_regime_is_known"),
            not_negative("value", "legal_rule_value_is_not_negative"),
            ends_after_it_starts("legal_rule_ends_after_it_starts"),
            CheckConstraint(name="legal_rule_has_a_source", condition=~Q(source="")),
            ExclusionConstraint(
                name="legal_rule_one_at_a_time",
                expressions=[
                    ("kind", RangeOperators.EQUAL),
                    ("regime", RangeOperators.EQUAL),
                    ("code", RangeOperators.EQUAL),
                    days(),
                ],
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}, {self.regime} {self.code}".strip()


class FrameworkEntitles(models.TextChoices):
    """Whose bodies may buy under a framework."""

    EVERYBODY = "EVERYBODY", "Every public body"
    COUNCILS = "COUNCILS", "Councils"
    NAMED = "NAMED", "The councils named, with their bodies"


@keep_rows("FrameworkRow")
class Framework(models.Model):
    """An umbrella agreement that councils award call-offs under. Blank means not known.

    ``starts_text`` and ``ends_text`` keep a day that is only known in part, as 2011-01. ``ceiling``
    is pounds; ``management_charge`` per cent of sales that the owner takes of suppliers.
    """

    Entitles = FrameworkEntitles
    Regime = LegalRegime

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    owner = models.CharField(max_length=120)
    regime = models.CharField(max_length=7, choices=Regime, blank=True)
    commenced_on = models.DateField("procurement commenced on", null=True, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    starts_text = models.CharField(max_length=10, blank=True)
    ends_on = models.DateField("first day without", null=True, blank=True)
    ends_text = models.CharField(max_length=10, blank=True)
    ceiling = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    ceiling_note = models.CharField(max_length=80, blank=True)
    entitles = models.CharField(max_length=9, choices=Entitles)
    named = models.ManyToManyField(Council, related_name="+", blank=True)
    open_to = models.CharField("open to, in its own words", max_length=120, blank=True)
    suppliers = models.ManyToManyField(Supplier, related_name="frameworks", blank=True)
    suppliers_text = models.CharField(max_length=300, blank=True)
    management_charge = models.DecimalField(
        "management charge, %", max_digits=5, decimal_places=2, null=True, blank=True
    )
    source = models.CharField(max_length=120, blank=True)
    note = models.TextField(blank=True)
    documents = models.ManyToManyField(Document, related_name="frameworks")

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of_or_blank("regime", LegalRegime, "framework_regime_is_known"),
            one_of("entitles", FrameworkEntitles, "framework_entitles_somebody"),
            ends_after_it_starts("framework_ends_after_it_starts"),
            not_negative("ceiling", "framework_ceiling_is_not_negative"),
            not_negative("management_charge", "framework_charge_is_not_negative"),
        ]

    def __str__(self):
        return self.name

    def has_expired_on(self, day) -> bool:
        return self.ends_on is not None and self.ends_on <= day

    def may_be_used_by(self, body: Body) -> bool:
        """Answer whether the body may buy under it."""
        match self.entitles:
            case FrameworkEntitles.EVERYBODY:
                return True
            case FrameworkEntitles.COUNCILS:
                return body.kind == Body.Kind.COUNCIL
        return self.named.filter(pk=body.council_id).exists()
