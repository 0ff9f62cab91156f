"""PSN connections, the gateways reached over them, and the certificates that allow them."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from boroughs.models.council import Council
from boroughs.models.place import Site
from boroughs.models.visibility import CouncilRowsQuerySet, ReferenceQuerySet
from londonpsn.common.constraints import days, ends_after_it_starts, one_of


class Generation(models.Model):
    """A network generation: what was before the PSN, the PSN, what comes after. Data, not code.

    ``sequence`` puts them in order: a line is old beside every generation of a higher one.
    """

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    sequence = models.PositiveSmallIntegerField(unique=True)

    objects = ReferenceQuerySet.as_manager()

    def __str__(self):
        return self.name


class ConnectionQuerySet(CouncilRowsQuerySet):
    council_path = "site__body__council"


class ConnectionAccess(models.TextChoices):
    ETHERNET = "ETHERNET", "Ethernet"
    FTTC = "FTTC", "Fibre to the cabinet"
    OTHER = "OTHER", "Other"


class ConnectionResilience(models.TextChoices):
    SINGLE = "SINGLE", "One line"
    DUAL = "DUAL", "Two lines"


class Connection(models.Model):
    """The PSN attachment of a site; lines run over it. A blank bandwidth is not known."""

    Access = ConnectionAccess
    Resilience = ConnectionResilience

    site = models.ForeignKey(Site, models.PROTECT, related_name="connections")
    generation = models.ForeignKey(Generation, models.PROTECT, related_name="+")
    reference = models.CharField(max_length=40, unique=True)
    access = models.CharField("kind of access", max_length=8, choices=Access)
    bandwidth = models.PositiveIntegerField("Mbit/s", null=True, blank=True)
    resilience = models.CharField(max_length=6, choices=Resilience)
    live_since = models.DateField(null=True, blank=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("access", ConnectionAccess, "connection_access_is_known"),
            one_of("resilience", ConnectionResilience, "connection_resilience_is_known"),
            CheckConstraint(
                name="connection_bandwidth_is_above_zero",
                condition=Q(bandwidth=None) | Q(bandwidth__gt=0),
            ),
        ]

    def __str__(self):
        return self.reference


class Gateway(models.Model):
    """A network or service that councils reach over the PSN."""

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    run_by = models.CharField(max_length=80, blank=True)
    users = models.CharField(max_length=120, blank=True)
    council_use = models.CharField(max_length=120, blank=True)
    facts = models.TextField(blank=True)

    objects = ReferenceQuerySet.as_manager()

    def __str__(self):
        return self.name


class GatewayRequirement(models.Model):
    """A council needs a gateway over a half-open period."""

    council = models.ForeignKey(Council, models.PROTECT, related_name="gateway_requirements")
    gateway = models.ForeignKey(Gateway, models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = CouncilRowsQuerySet.as_manager()

    class Meta:
        constraints = [
            ends_after_it_starts("gateway_requirement_ends_after_it_starts"),
            ExclusionConstraint(
                name="gateway_requirement_one_at_a_time",
                expressions=[
                    ("council", RangeOperators.EQUAL),
                    ("gateway", RangeOperators.EQUAL),
                    days(),
                ],
            ),
        ]


class GatewayCheck(models.Model):
    """A gateway was verified from a council over one generation's service."""

    council = models.ForeignKey(Council, models.PROTECT, related_name="gateway_checks")
    gateway = models.ForeignKey(Gateway, models.PROTECT, related_name="+")
    generation = models.ForeignKey(Generation, models.PROTECT, related_name="+")
    verified_on = models.DateField()
    evidence = models.CharField(max_length=200)

    objects = CouncilRowsQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["council", "gateway", "generation", "verified_on"],
                name="gateway_check_once_a_day",
            ),
        ]


class ComplianceCertificate(models.Model):
    """A council's PSN connection compliance certificate, in force over a half-open period."""

    council = models.ForeignKey(Council, models.PROTECT, related_name="certificates")
    reference = models.CharField(max_length=40, unique=True)
    starts_on = models.DateField("issued on")
    ends_on = models.DateField("first day without")

    objects = CouncilRowsQuerySet.as_manager()

    class Meta:
        constraints = [ends_after_it_starts("compliance_certificate_ends_after_it_starts")]
