"""Councils, and the bodies that use and pay within their areas."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q, UniqueConstraint
from django.db.models.functions import Upper

from boroughs.models.row_history import keep_rows
from boroughs.models.visibility import CouncilRowsQuerySet, ReferenceQuerySet
from londonpsn.common.constraints import one_of


class CouncilKind(models.TextChoices):
    LONDON_BOROUGH = "LONDON_BOROUGH", "London borough"
    ROYAL_BOROUGH = "ROYAL_BOROUGH", "Royal borough"
    CITY_BOROUGH = "CITY_BOROUGH", "City borough"
    SUI_GENERIS = "SUI_GENERIS", "City corporation"


@keep_rows(
    "CouncilRow",
    fields=["mail_domains", "shares_saving"],
    added=pgtrigger.Condition("cardinality(NEW.mail_domains) > 0 OR NEW.shares_saving"),
)
class Council(models.Model):
    """One of London's 33 councils. ``gss_code`` is its natural key.

    ``inland_area_ha`` is in hectares; ``state_funded_schools`` is a count of 2017-18. The tile is
    its cell in the London Squared map, column and row counted from 0, row 0 at the top. The council
    vouches for people whose verified mail is on one of ``mail_domains``. Where it ``shares_saving``
    the people of other councils see what it saves in per cent, and never in pounds.
    """

    Kind = CouncilKind

    gss_code = models.CharField("GSS code", max_length=12, unique=True)
    register_code = models.CharField(max_length=8, unique=True)
    official_name = models.CharField(max_length=80)
    short_name = models.CharField(max_length=40)
    slug = models.SlugField(unique=True)
    kind = models.CharField(max_length=16, choices=Kind)
    population_2011 = models.PositiveIntegerField()
    population_2021 = models.PositiveIntegerField()
    inland_area_ha = models.DecimalField(max_digits=8, decimal_places=1)
    state_funded_schools = models.PositiveSmallIntegerField()
    centroid_lat = models.DecimalField(max_digits=8, decimal_places=5)
    centroid_lon = models.DecimalField(max_digits=8, decimal_places=5)
    tile_abbreviation = models.CharField(max_length=3)
    tile_column = models.PositiveSmallIntegerField()
    tile_row = models.PositiveSmallIntegerField()
    mail_domains = ArrayField(
        models.CharField(max_length=120),
        default=list,
        blank=True,
        help_text="In small letters, separated by commas: camden.gov.uk",
    )
    shares_saving = models.BooleanField(
        "other councils see its saving in per cent", default=False, db_default=False
    )

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        constraints = [one_of("kind", CouncilKind, "council_kind_is_known")]

    def __str__(self):
        return self.short_name


class BodyKind(models.TextChoices):
    COUNCIL = "COUNCIL", "Council"
    SCHOOL = "SCHOOL", "School"
    OTHER = "OTHER", "Other public body"


# Whose sites, lines and moves are, and so who sees them, follows from the council of their body.
@keep_rows("BodyRow", fields=["council", "kind"])
class Body(models.Model):
    """Who uses and pays: the council itself, a school, another public body.

    Every body has one council; totals are always split by kind, so that a school's saving never
    inflates a council's.
    """

    Kind = BodyKind

    council = models.ForeignKey(Council, models.PROTECT, related_name="bodies")
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=120)
    vat_recoverable = models.BooleanField("recovers VAT", default=True)

    objects = CouncilRowsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "bodies"
        indexes = [
            GinIndex(
                OpClass(Upper("name"), name="gin_trgm_ops"), name="body_looked_up", fastupdate=False
            ),
        ]
        constraints = [
            one_of("kind", BodyKind, "body_kind_is_known"),
            UniqueConstraint(fields=["council", "name"], name="body_name_is_unique_in_its_council"),
            UniqueConstraint(
                fields=["council"], condition=Q(kind="COUNCIL"), name="body_one_council_per_council"
            ),
        ]

    def __str__(self):
        return self.name
