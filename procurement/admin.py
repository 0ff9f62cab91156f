"""Payments and savings to look at."""

from django.contrib import admin

from boroughs.admin import Looked
from procurement.models import Payment, PaymentFile, SavingsCoverage, SavingsMonth


@admin.register(PaymentFile)
class PaymentFileAdmin(Looked):
    list_display = ["name", "council", "series", "loaded_at", "rows_read", "rows_stored"]
    list_select_related = ["council"]


@admin.register(Payment)
class PaymentAdmin(Looked):
    list_display = ["published_name", "council", "month", "amount", "supplier"]
    list_select_related = ["council", "supplier"]
    search_fields = ["published_name"]


@admin.register(SavingsMonth)
class SavingsMonthAdmin(Looked):
    list_display = ["council", "body_kind", "service_type", "month", "baseline", "legacy", "new"]
    list_select_related = ["council", "service_type"]


@admin.register(SavingsCoverage)
class SavingsCoverageAdmin(Looked):
    list_display = ["council", "body_kind", "service_type", "lines", "lines_covered"]
    list_select_related = ["council", "service_type"]
