"""People and reference data to edit, places and jobs to look at."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import Group

from boroughs import actions, jobs
from boroughs.authorization import Permission, can
from boroughs.models import (
    ApiToken,
    Body,
    ComplianceCertificate,
    Connection,
    Contact,
    Council,
    Gateway,
    GatewayCheck,
    GatewayRequirement,
    Generation,
    JobRun,
    Membership,
    Site,
    Supplier,
    SupplierAlias,
    User,
)
from londonpsn.common import clock
from londonpsn.common.text import fold

admin.site.unregister(Group)  # rights come from memberships


class Looked(admin.ModelAdmin):
    """To look at only: what has a life of its own is written by actions, never here."""

    show_full_result_count = False
    list_per_page = 50

    def has_view_permission(self, request, obj=None):
        return can(request.user, Permission.ADMIN_USE)

    has_module_permission = has_view_permission

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class Kept(Looked):
    """To add and change; nothing is deleted, because figures point at it.

    ``fixed`` are the fields that files and programs name the record by: given once.
    """

    fixed: tuple[str, ...] = ()

    def get_readonly_fields(self, request, obj=None):
        return self.fixed if obj else ()

    def has_add_permission(self, request, obj=None):
        return can(request.user, Permission.ADMIN_USE)

    def has_change_permission(self, request, obj=None):
        return can(request.user, Permission.ADMIN_USE)


class KeptInline(admin.TabularInline):
    extra = 1

    def has_view_permission(self, request, obj=None):
        return can(request.user, Permission.ADMIN_USE)

    has_add_permission = has_change_permission = has_view_permission

    def has_delete_permission(self, request, obj=None):
        return False


class MembershipInline(KeptInline):
    model = Membership
    fk_name = "user"
    fields = ["role", "council", "supplier", "programme_wide", "starts_on", "ends_on"]


class NewUserForm(BaseUserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name"]

    def clean_email(self):
        return self.cleaned_data["email"].strip().lower()


class UserForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["email", "name", "is_active"]

    def clean_email(self):
        return self.cleaned_data["email"].strip().lower()


@admin.register(User)
class PersonAdmin(Kept, UserAdmin):
    """People. A role is a membership from a day to a day; end it instead of deleting it."""

    form = UserForm
    add_form = NewUserForm
    inlines = [MembershipInline]
    list_display = ["email", "name", "is_active", "last_login"]
    list_filter = ["is_active", "memberships__role"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    filter_horizontal = []
    fieldsets = [(None, {"fields": ["email", "name", "is_active"]})]
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["email", "name", "password1", "password2"]})
    ]


class AliasForm(forms.ModelForm):
    class Meta:
        model = SupplierAlias
        fields = ["name"]

    def clean_name(self):
        """Refuse a spelling that is held already: names are compared folded."""
        name = self.cleaned_data["name"]
        held = SupplierAlias.objects.filter(folded=fold(name)).exclude(pk=self.instance.pk)
        if other := held.select_related("supplier").first():
            raise forms.ValidationError(f"“{other.name}” of {other.supplier} is the same name.")
        return name


class AliasInline(KeptInline):
    model = SupplierAlias
    form = AliasForm


@admin.register(Supplier)
class SupplierAdmin(Kept):
    """Suppliers. After adding an alias, load the payment files again."""

    fixed = ("code",)
    inlines = [AliasInline]
    list_display = ["name", "code", "role", "company_number"]
    search_fields = ["name", "aliases__name"]
    ordering = ["name"]


@admin.register(Council)
class CouncilAdmin(Kept):
    fixed = ("gss_code", "register_code")
    list_display = ["short_name", "register_code", "gss_code", "kind", "population_2011"]
    search_fields = ["short_name", "register_code", "gss_code"]
    ordering = ["short_name"]


@admin.register(Generation)
class GenerationAdmin(Kept):
    """Generations in order. Which lines are old follows from it, so all figures are made again."""

    fixed = ("code",)
    list_display = ["code", "name", "sequence"]
    ordering = ["sequence"]

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        jobs.request_all(at=clock.now(), by=request.user)


@admin.register(Gateway)
class GatewayAdmin(Kept):
    fixed = ("code",)
    list_display = ["code", "name", "kind", "run_by"]
    ordering = ["code"]


@admin.register(Body)
class BodyAdmin(Looked):
    list_display = ["name", "council", "kind"]
    list_filter = ["kind", "council"]
    list_select_related = ["council"]
    search_fields = ["name"]


@admin.register(Site)
class SiteAdmin(Looked):
    list_display = ["code", "name", "kind", "body"]
    list_select_related = ["body"]
    search_fields = ["code", "name"]


@admin.register(Contact)
class ContactAdmin(Kept):
    """Who to call at a site."""

    list_display = ["name", "role", "site", "phone", "mail"]
    list_select_related = ["site"]
    raw_id_fields = ["site"]
    search_fields = ["name", "site__name", "site__code"]


@admin.register(Connection)
class ConnectionAdmin(Looked):
    list_display = ["reference", "site", "access", "bandwidth", "resilience", "live_since"]
    list_select_related = ["site"]
    search_fields = ["reference"]


@admin.register(GatewayRequirement)
class GatewayRequirementAdmin(Looked):
    list_display = ["council", "gateway", "starts_on", "ends_on"]
    list_select_related = ["council", "gateway"]


@admin.register(GatewayCheck)
class GatewayCheckAdmin(Looked):
    list_display = ["council", "gateway", "generation", "verified_on"]
    list_select_related = ["council", "gateway", "generation"]


@admin.register(ComplianceCertificate)
class ComplianceCertificateAdmin(Looked):
    list_display = ["reference", "council", "starts_on", "ends_on"]
    list_select_related = ["council"]


@admin.register(ApiToken)
class ApiTokenAdmin(Looked):
    """Tokens, without their secrets; `manage.py create_token` makes one."""

    actions = ["revoke"]
    list_display = ["name", "user", "created_at", "expires_at", "last_used_at", "revoked_at"]
    list_select_related = ["user"]

    @admin.action(description="Revoke the selected tokens")
    def revoke(self, request, queryset):
        count = actions.revoke_tokens(queryset, at=clock.now())
        self.message_user(request, f"{count} token{'' if count == 1 else 's'} revoked.")


@admin.register(JobRun)
class JobRunAdmin(Looked):
    list_display = ["kind", "council", "requested_at", "started_at", "finished_at", "error"]
    list_select_related = ["council"]
    list_filter = ["kind"]
