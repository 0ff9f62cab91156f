"""Payments that councils have published under the Local Government Transparency Code."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from boroughs.models import Council, Supplier, SupplierAlias, User
from boroughs.models.row_history import keep_rows
from boroughs.models.visibility import CouncilRowsQuerySet
from londonpsn.common.constraints import one_of


class Series(models.TextChoices):
    """Lists that a council publishes beside each other; one payment can stand in two of them."""

    SUPPLIER_PAYMENTS = "SUPPLIER_PAYMENTS", "Payments to suppliers"
    PURCHASING_CARDS = "PURCHASING_CARDS", "Purchasing cards"


class PaymentFile(models.Model):
    """One file, and what its latest load came to. Counts are rows; stored are all it brought."""

    council = models.ForeignKey(Council, models.PROTECT, related_name="payment_files")
    series = models.CharField(max_length=20, choices=Series)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()
    loaded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    rows_read = models.PositiveIntegerField(default=0)
    rows_stored = models.PositiveIntegerField(default=0)
    rows_already_held = models.PositiveIntegerField(default=0)
    rows_unmatched = models.PositiveIntegerField(default=0)
    rows_repaired = models.PositiveIntegerField(default=0)
    rows_refused = models.PositiveIntegerField(default=0)

    objects = CouncilRowsQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("series", Series, "payment_file_series_is_known"),
            UniqueConstraint(
                fields=["council", "series", "sha256"], name="payment_file_is_held_once"
            ),
            CheckConstraint(
                name="payment_file_sha256_is_one", condition=Q(sha256__regex="^[0-9a-f]{64}$")
            ),
        ]

    def __str__(self):
        return self.name


@keep_rows("PaymentRow")
class Payment(models.Model):
    """One row of a published list, matched to a supplier. ``amount`` is pounds net of VAT.

    ``paid_on`` is blank where the list gives a month only. ``identity`` is the SHA-256 of council,
    series, month, every cell and its occurrence, so that a reload adds nothing.
    """

    file = models.ForeignKey(PaymentFile, models.PROTECT, related_name="payments")
    council = models.ForeignKey(Council, models.PROTECT, related_name="payments")
    series = models.CharField(max_length=20, choices=Series)
    month = models.DateField()
    paid_on = models.DateField(null=True)
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="payments")
    alias = models.ForeignKey(SupplierAlias, models.PROTECT, related_name="payments")
    published_name = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    file_line = models.PositiveIntegerField()
    identity = models.CharField(max_length=64, unique=True)

    objects = CouncilRowsQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["council", "month"], name="payment_by_council_and_month")]
        constraints = [
            one_of("series", Series, "payment_series_is_known"),
            CheckConstraint(name="payment_month_is_its_first_day", condition=Q(month__day=1)),
        ]
