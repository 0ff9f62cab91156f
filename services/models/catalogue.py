"""What may be bought, and at what price: catalogue items, prices in force, quotes."""

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from boroughs.models import Council, Document, Note, Site, User
from boroughs.models.row_history import Protect, keep_rows
from boroughs.models.visibility import CouncilRowsQuerySet, ReferenceQuerySet
from londonpsn.common.constraints import (
    days,
    ends_after_it_starts,
    not_negative,
    one_of,
    one_of_or_blank,
)
from services.models.contract import Contract, ServiceType


class CatalogueItemNet(models.TextChoices):
    ON_NET = "ON_NET", "On the supplier’s own network"
    OFF_NET = "OFF_NET", "Over another carrier’s last mile"


class CatalogueItem(models.Model):
    """Something that can be ordered. ``unit`` is what a quantity counts.

    ``lead_time_days`` is working days from order to delivery, blank when not known. One that
    ``is_by_quote`` has no price in the book.
    """

    Net = CatalogueItemNet

    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=120)
    service_type = models.ForeignKey(ServiceType, models.PROTECT, related_name="items")
    unit = models.CharField(max_length=40)
    options = models.CharField(max_length=200, blank=True)
    lead_time_days = models.PositiveSmallIntegerField(null=True, blank=True)
    net = models.CharField("on-net or off-net", max_length=7, choices=Net, blank=True)
    is_by_quote = models.BooleanField("priced by quote", default=False)

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of_or_blank("net", CatalogueItemNet, "catalogue_item_net_is_known"),
        ]

    def __str__(self):
        return self.name


class PriceKind(models.TextChoices):
    RECURRING = "RECURRING", "A month"
    ONE_OFF = "ONE_OFF", "Once"


class PriceQuerySet(CouncilRowsQuerySet):
    council_path = "contract__council"

    def visible_to(self, user):
        """Prices of the person's councils, and of what their own supplier was awarded."""
        narrowed = super().visible_to(user)
        if user.access.all_councils or not user.access.supplier_ids:
            return narrowed
        supplied = self.filter(
            contract__supplier__in=user.access.supplier_ids, contract__stage="AWARDED"
        )
        return narrowed | supplied

    def in_force_on(self, day):
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)


@keep_rows("PriceRow")
class Price(models.Model):
    """What one unit of an item costs under a call-off, from a quantity on, over a half-open period.

    ``amount`` is pounds without recoverable VAT, a month or once as ``kind`` says.
    ``term_months`` is the term for which it was agreed, blank for any. ``raised_from`` is the price
    that an indexation raised; ``original`` the amount first agreed, where it was.
    """

    Kind = PriceKind

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="prices")
    item = models.ForeignKey(CatalogueItem, models.PROTECT, related_name="prices")
    kind = models.CharField(max_length=9, choices=Kind)
    from_quantity = models.PositiveIntegerField(default=1)
    amount = models.DecimalField(max_digits=14, decimal_places=4)
    term_months = models.PositiveSmallIntegerField(null=True, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField("first day without", null=True, blank=True)
    raised_from = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="raised_to"
    )
    original = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)

    objects = PriceQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("kind", PriceKind, "price_kind_is_known"),
            not_negative("amount", "price_amount_is_not_negative"),
            ends_after_it_starts("price_ends_after_it_starts"),
            CheckConstraint(name="price_is_from_one_on", condition=Q(from_quantity__gt=0)),
            ExclusionConstraint(
                name="price_one_at_a_time_per_item_and_band",
                expressions=[
                    ("contract", RangeOperators.EQUAL),
                    ("item", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("from_quantity", RangeOperators.EQUAL),
                    days(),
                ],
            ),
        ]


@keep_rows("IndexationRunRow")
class IndexationRun(models.Model):
    """A rise of the prices in force of one call-off on one day; a second run changes nothing.

    ``percent`` is what the index asks for, ``applied`` what cap and floor left of it.
    ``index_month`` is the first day of the month whose index that is, where the contract says it.
    """

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="indexations")
    on = models.DateField()
    percent = models.DecimalField(max_digits=6, decimal_places=3)
    applied = models.DecimalField(max_digits=6, decimal_places=3)
    index_month = models.DateField(null=True)
    prices_raised = models.PositiveIntegerField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["contract", "on"], name="indexation_run_once_a_day"),
        ]


class QuoteQuerySet(CouncilRowsQuerySet):
    def visible_to(self, user):
        """Quotes to the person's councils, and those that their own supplier made."""
        narrowed = super().visible_to(user)
        if user.access.all_councils or not user.access.supplier_ids:
            return narrowed
        return narrowed | self.filter(contract__supplier__in=user.access.supplier_ids)

    def orderable_on(self, day):
        """Keep those that hold on the day and can be delivered; an expired one is not ordered."""
        holding = self.filter(quoted_on__lte=day, valid_until__gt=day)
        return holding.exclude(survey=QuoteSurvey.RED)


class QuoteSurvey(models.TextChoices):
    GREEN = "GREEN", "Can be delivered"
    YELLOW = "YELLOW", "Can be delivered with works"
    RED = "RED", "Cannot be delivered"


@keep_rows("QuoteRow")
class Quote(models.Model):
    """A supplier's price for one thing, frozen by the database; expired it cannot be ordered.

    ``monthly`` and ``one_off`` are pounds without recoverable VAT, for the whole quantity.
    ``valid_until`` is the first day on which it does not hold any more.
    """

    Survey = QuoteSurvey

    council = models.ForeignKey(Council, models.PROTECT, related_name="quotes")
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="quotes")
    item = models.ForeignKey(CatalogueItem, models.PROTECT, related_name="quotes")
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="quotes")
    number = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField(default=1)
    monthly = models.DecimalField(max_digits=14, decimal_places=4)
    one_off = models.DecimalField(max_digits=14, decimal_places=4)
    term_months = models.PositiveSmallIntegerField(null=True, blank=True)
    quoted_on = models.DateField()
    valid_until = models.DateField()
    survey = models.CharField("survey result", max_length=6, choices=Survey, blank=True)
    documents = models.ManyToManyField(Document, related_name="quotes")
    notes = models.ManyToManyField(Note, related_name="quotes")

    objects = QuoteQuerySet.as_manager()

    class Meta:
        constraints = [
            not_negative("monthly", "quote_monthly_is_not_negative"),
            not_negative("one_off", "quote_one_off_is_not_negative"),
            CheckConstraint(name="quote_is_for_something", condition=Q(quantity__gt=0)),
            one_of_or_blank("survey", QuoteSurvey, "quote_survey_is_known"),
            ends_after_it_starts("quote_holds_for_a_day", starts="quoted_on", ends="valid_until"),
            UniqueConstraint(fields=["contract", "number"], name="quote_number_is_unique"),
        ]
        triggers = [Protect(name="frozen", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return self.number

    def is_orderable_on(self, day) -> bool:
        """Answer as the queryset's ``orderable_on`` does."""
        return self.quoted_on <= day < self.valid_until and self.survey != QuoteSurvey.RED


class RegisterEdition(models.Model):
    """A council's register of contracts of one quarter, as it was published (regulation 6.5).

    ``quarter`` is the first day of it; ``file`` what was published, and ``sha256`` its digest. One
    that is published again, corrected, is the next ``version``; each is kept.
    """

    council = models.ForeignKey(Council, models.PROTECT, related_name="register_editions")
    quarter = models.DateField()
    version = models.PositiveSmallIntegerField(default=1)
    published_on = models.DateField()
    link = models.URLField(max_length=300)
    rows = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    file = models.BinaryField(default=b"")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = CouncilRowsQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["council", "quarter", "version"], name="register_edition_is_numbered"
            ),
            CheckConstraint(
                name="register_edition_begins_a_quarter",
                condition=Q(quarter__day=1, quarter__month__in=[1, 4, 7, 10]),
            ),
            CheckConstraint(
                name="register_edition_sha256_is_one", condition=Q(sha256__regex="^[0-9a-f]{64}$")
            ),
        ]
        triggers = [Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
