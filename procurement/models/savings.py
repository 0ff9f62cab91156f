"""Savings as they are kept: derived, may be emptied at any time, come back the same."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from boroughs.models import Body, Council
from boroughs.models.visibility import CouncilRowsQuerySet
from londonpsn.common.constraints import one_of
from services.models import Contract, ServiceType


class SavingsKey(models.Model):
    """What savings are cut by: council, kind of body, service type and the new line's contract."""

    # The uniqueness of the key is the only index: these rows are written more than looked up.
    council = models.ForeignKey(Council, models.CASCADE, related_name="+", db_index=False)
    body_kind = models.CharField(max_length=8, choices=Body.Kind)
    service_type = models.ForeignKey(ServiceType, models.CASCADE, related_name="+", db_index=False)
    contract = models.ForeignKey(
        Contract, models.CASCADE, null=True, related_name="+", db_index=False
    )

    objects = CouncilRowsQuerySet.as_manager()

    class Meta:
        abstract = True


class SavingsAmounts(SavingsKey):
    """Pounds in one month: B, L, N and X of spec 4.2."""

    month = models.DateField()
    baseline = models.DecimalField(max_digits=14, decimal_places=2)
    legacy = models.DecimalField(max_digits=14, decimal_places=2)
    new = models.DecimalField(max_digits=14, decimal_places=2)
    one_off = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        abstract = True


class SavingsMonth(SavingsAmounts):
    """A change point: the month from which one key's four amounts are these (decisions 14)."""

    class Meta:
        constraints = [
            one_of("body_kind", Body.Kind, "savings_month_body_kind_is_known"),
            CheckConstraint(name="savings_month_is_a_first_day", condition=Q(month__day=1)),
            UniqueConstraint(
                fields=["council", "body_kind", "service_type", "contract", "month"],
                nulls_distinct=False,
                name="savings_month_changes_once_a_month",
            ),
        ]


class SavingsByMonth(SavingsAmounts):
    """The change points expanded to every month: a database view."""

    class Meta:
        managed = False
        db_table = "procurement_savings_by_month"


class SavingsCoverage(SavingsKey):
    """How much of what is in scope the savings rest on (spec 4.3).

    Counts are old lines; amounts are pounds a month. What has no baseline, or money that is not
    known, is estimated and not covered.
    """

    lines = models.PositiveIntegerField()
    lines_covered = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    amount_covered = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints = [
            one_of("body_kind", Body.Kind, "savings_coverage_body_kind_is_known"),
            UniqueConstraint(
                fields=["council", "body_kind", "service_type", "contract"],
                nulls_distinct=False,
                name="savings_coverage_once_per_key",
            ),
            CheckConstraint(
                name="savings_coverage_is_a_part",
                condition=Q(lines_covered__lte=models.F("lines"))
                & Q(amount_covered__lte=models.F("amount")),
            ),
        ]
