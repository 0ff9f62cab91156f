"""Kinds of service and programmes to edit, lines and their moves to look at."""

from django.contrib import admin

from boroughs import jobs
from boroughs.admin import Kept, KeptInline, Looked
from londonpsn.common import clock
from services.models import (
    Baseline,
    CatalogueItem,
    Charge,
    Contract,
    Framework,
    IndexationRun,
    LegalRule,
    Line,
    LineFlag,
    LineMove,
    MigrationStatus,
    Milestone,
    PlannedMove,
    Price,
    Programme,
    Quote,
    Replacement,
    ServiceType,
)


@admin.register(ServiceType)
class ServiceTypeAdmin(Kept):
    fixed = ("code",)
    list_display = ["code", "name", "family", "unit"]
    list_filter = ["family"]
    ordering = ["code"]


@admin.register(Framework)
class FrameworkAdmin(Kept):
    """Frameworks. Whoever may buy under one is held against it when a call-off is awarded."""

    fixed = ("code",)
    list_display = ["code", "name", "owner", "regime", "starts_on", "ends_on"]
    list_filter = ["regime"]
    search_fields = ["code", "name"]
    filter_horizontal = ["named", "suppliers"]
    ordering = ["code"]


@admin.register(LegalRule)
class LegalRuleAdmin(Kept):
    """Figures of the law, each over a period. End one and add the next instead of changing it."""

    fixed = ("kind", "regime", "code")
    list_display = ["kind", "regime", "code", "value", "starts_on", "ends_on", "is_verified"]
    list_filter = ["kind", "regime"]
    ordering = ["kind", "regime", "code", "starts_on"]


class MilestoneInline(KeptInline):
    model = Milestone


@admin.register(Programme)
class ProgrammeAdmin(Kept):
    """Programmes. What is in scope decides status and coverage, which are worked out again."""

    fixed = ("code",)
    inlines = [MilestoneInline]
    list_display = ["code", "name", "generation", "frozen_on", "hard_stop", "is_default"]
    list_select_related = ["generation"]
    filter_horizontal = ["service_types"]

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        jobs.request_all(at=clock.now(), by=request.user)


@admin.register(Contract)
class ContractAdmin(Looked):
    list_display = ["reference", "council", "supplier", "starts_on", "ends_on"]
    list_select_related = ["council", "supplier"]
    search_fields = ["reference", "title"]


@admin.register(Line)
class LineAdmin(Looked):
    list_display = ["reference", "body", "service_type", "supplier", "generation", "quantity"]
    list_select_related = ["body", "service_type", "supplier", "generation"]
    search_fields = ["reference"]


@admin.register(Charge)
class ChargeAdmin(Looked):
    list_display = ["line", "kind", "amount", "starts_on", "ends_on"]
    list_select_related = ["line"]
    search_fields = ["line__reference"]


@admin.register(LineMove)
class LineMoveAdmin(Looked):
    list_display = ["line", "from_stage", "to_stage", "on", "by"]
    list_select_related = ["line", "by"]
    search_fields = ["line__reference"]


@admin.register(PlannedMove)
class PlannedMoveAdmin(Looked):
    list_display = ["line", "to_stage", "on"]
    list_select_related = ["line"]
    search_fields = ["line__reference"]


@admin.register(LineFlag)
class LineFlagAdmin(Looked):
    list_display = ["line", "kind", "starts_on", "ends_on", "reason"]
    list_select_related = ["line"]


@admin.register(Replacement)
class ReplacementAdmin(Looked):
    list_display = ["pk", "body", "service_type"]
    list_select_related = ["body", "service_type"]


@admin.register(Baseline)
class BaselineAdmin(Looked):
    list_display = ["replacement", "version", "amount", "method", "grade", "starts_on", "ends_on"]


@admin.register(MigrationStatus)
class MigrationStatusAdmin(Looked):
    list_display = ["council", "programme", "status", "lines_in_scope", "lines_ceased"]
    list_select_related = ["council", "programme"]


@admin.register(CatalogueItem)
class CatalogueItemAdmin(Kept):
    """What can be ordered. Its prices come by price books."""

    fixed = ("code",)
    list_display = ["code", "name", "service_type", "unit", "lead_time_days", "net", "is_by_quote"]
    list_select_related = ["service_type"]
    list_filter = ["service_type__family", "is_by_quote"]
    search_fields = ["code", "name"]
    ordering = ["code"]


@admin.register(Price)
class PriceAdmin(Looked):
    """Written by services.actions.prices and services.actions.indexation."""

    list_display = ["item", "contract", "kind", "from_quantity", "amount", "starts_on", "ends_on"]
    list_select_related = ["item", "contract"]
    search_fields = ["item__code", "contract__reference"]


@admin.register(Quote)
class QuoteAdmin(Looked):
    """Written by services.actions.quotes."""

    list_display = ["number", "council", "item", "quantity", "monthly", "one_off", "valid_until"]
    list_select_related = ["council", "item"]
    search_fields = ["number", "contract__reference"]


@admin.register(IndexationRun)
class IndexationRunAdmin(Looked):
    """Written by services.actions.indexation."""

    list_display = ["contract", "on", "percent", "applied", "prices_raised", "by"]
    list_select_related = ["contract", "by"]
