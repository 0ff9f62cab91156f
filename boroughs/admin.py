"""People and reference data to edit, places and jobs to look at."""

from functools import partial
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from boroughs import audit, jobs, mails
from boroughs.actions import people, reference, roles, tokens
from boroughs.authorization import Permission, can
from boroughs.models import (
    ApiToken,
    AuditEvent,
    Body,
    ComplianceCertificate,
    Connection,
    Contact,
    Council,
    Delegation,
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
from londonpsn.common.errors import Refused
from londonpsn.common.text import fold


class Looked(admin.ModelAdmin):
    """To look at only: what has a life of its own is written by actions, never here.

    The trail tells who did what, so Django's own log is not kept beside it: it names people.
    """

    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.visible_to(request.user) if hasattr(rows, "visible_to") else rows

    def lookup_allowed(self, lookup, value, request=None):
        """Narrow by the filters of the list alone: any other column could be guessed through it."""
        return any(lookup == name or lookup.startswith(f"{name}__") for name in self.list_filter)

    def get_exclude(self, request, obj=None):
        """Documents and notes are served through a check of their own."""
        held = {field.name for field in self.model._meta.many_to_many}
        return [*(super().get_exclude(request, obj) or ()), *({"documents", "notes"} & held)]

    def has_view_permission(self, request, obj=None):
        return can(request.user, Permission.ADMIN_USE)

    has_module_permission = has_view_permission

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def log_addition(self, request, obj, message):
        return None

    log_change = log_addition

    def history_view(self, request, object_id, extra_context=None):
        subject = f"{self.opts.label_lower}:{object_id}"
        return redirect(f"{reverse('trail', args=['all'])}?{urlencode({'subject': subject})}")


class Kept(Looked):
    """To add and change; nothing is deleted, because figures point at it.

    ``fixed`` are the fields that files and programs name the record by: given once. Every change
    goes through an action, which writes it into the trail.
    """

    fixed: tuple[str, ...] = ()

    def get_readonly_fields(self, request, obj=None):
        return self.fixed if obj else ()

    def has_add_permission(self, request, obj=None):
        return can(request.user, Permission.ADMIN_USE)

    def has_change_permission(self, request, obj=None):
        return can(request.user, Permission.ADMIN_USE)

    def changeform_view(self, request, *args, **kwargs):
        """A person with roles at several councils is one form, and several chains."""
        with audit.together():
            return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request, obj, form, change):
        reference.keep(row=obj, by=request.user, at=clock.now())

    def save_related(self, request, form, formsets, change):
        for field in self.model._meta.many_to_many:
            if field.name in form.cleaned_data:
                chosen = form.cleaned_data[field.name]
                reference.keep_links(
                    row=form.instance,
                    name=field.name,
                    chosen=chosen,
                    by=request.user,
                    at=clock.now(),
                )
        for formset in formsets:
            self.save_formset(request, form, formset, change)

    def save_formset(self, request, form, formset, change):
        for row in formset.save(commit=False):
            reference.keep(row=row, by=request.user, at=clock.now())


class KeptInline(admin.TabularInline):
    extra = 1

    def has_view_permission(self, request, obj=None):
        return can(request.user, Permission.ADMIN_USE)

    has_add_permission = has_change_permission = has_view_permission

    def has_delete_permission(self, request, obj=None):
        return False


class RoleForm(forms.ModelForm):
    """A role to give or to change; says beside the row what the action would refuse."""

    def clean(self):
        given, today = super().clean(), clock.today()
        try:
            if self.instance.pk is None and given.get("starts_on"):
                roles.check_first_day(given["starts_on"], today)
            if self.instance.pk and self.has_changed():
                roles.check_change(self.initial["ends_on"], given.get("ends_on"), today)
        except Refused as error:
            raise forms.ValidationError(str(error)) from None
        return given


class HeldRoleInline(KeptInline):
    """The roles that a person holds or held: of one the end and the limit can change."""

    model = Membership
    form = RoleForm
    fk_name = "user"
    verbose_name_plural = "roles held"
    extra = 0
    fields = ["role", "place", "starts_on", "ends_on", "limit", "given_by", "confirmed_on"]
    readonly_fields = ["role", "place", "starts_on", "given_by", "confirmed_on"]

    def has_add_permission(self, request, obj=None):
        return False


class NewRoleInline(KeptInline):
    """A role to give; none is shown that is held."""

    model = Membership
    form = RoleForm
    fk_name = "user"
    verbose_name_plural = "new role"
    fields = ["role", "council", "supplier", "programme_wide", "starts_on", "ends_on", "limit"]

    def get_queryset(self, request):
        return super().get_queryset(request).none()


class ResetForm(forms.Form):
    """Why people's second step at sign-in is reset."""

    reason = forms.ChoiceField(choices=[("", "Choose"), *people.ResetReason.choices])


class NewUserForm(forms.ModelForm):
    """Whom to invite. They choose their own password by the link that is mailed to them."""

    class Meta:
        model = User
        fields = ["email", "name"]

    def clean_email(self):
        return self.cleaned_data["email"].strip().lower()


@admin.register(User)
class PersonAdmin(Kept):
    """People. A role is held from a day to a day; end it instead of deleting it."""

    form = NewUserForm
    inlines = [HeldRoleInline, NewRoleInline]
    actions = ["reset_second_factor", "unlink_provider", "let_go", "invite_again", "anonymize"]
    list_display = ["email", "name", "is_active", "last_login"]
    list_filter = ["is_active", "memberships__role"]
    search_fields = ["email", "name"]
    ordering = ["email"]

    def get_inlines(self, request, obj):
        return self.inlines if obj else [NewRoleInline]

    def save_model(self, request, obj, form, change):
        who = {"email": obj.email, "name": obj.name, "by": request.user, "at": clock.now()}
        if change:
            people.change_person(user_id=obj.pk, **who)
        else:
            user = people.invite(**who)
            obj.pk = user.pk
            self._mail_invitation(request, user)

    def _mail_invitation(self, request, user: User) -> None:
        link = mails.password_link(user, request)
        transaction.on_commit(partial(mails.send_invitation, user, link=link))

    def save_formset(self, request, form, formset, change):
        by = {"by": request.user, "at": clock.now(), "today": clock.today()}
        for row in formset.save(commit=False):
            if row.pk:
                roles.change_role(membership_id=row.pk, ends_on=row.ends_on, limit=row.limit, **by)
            else:
                roles.give_role(
                    user_id=form.instance.pk,
                    role=row.role,
                    council=row.council,
                    supplier=row.supplier,
                    programme_wide=row.programme_wide,
                    starts_on=row.starts_on,
                    ends_on=row.ends_on,
                    limit=row.limit,
                    **by,
                )

    @admin.action(description="Reset the second step at sign-in of the selected people")
    def reset_second_factor(self, request, queryset):
        """A page asks why; its form comes back here."""
        form = ResetForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            reset = partial(people.reset_second_factor, reason=form.cleaned_data["reason"])
            self._each(request, queryset, "second step reset", reset)
            return None
        context = {"form": form, "people": queryset.order_by("email"), "opts": self.opts}
        context |= {"title": "Reset the second step at sign-in"}
        context |= self.admin_site.each_context(request)
        return TemplateResponse(request, "admin/reset_second_factor.html", context)

    @admin.action(description="Undo the selected people’s link to the sign-in of a council")
    def unlink_provider(self, request, queryset):
        self._each(request, queryset, "link undone", people.unlink_provider)

    @admin.action(description="Invite the selected leavers again, without the roles of before")
    def invite_again(self, request, queryset):
        for user in self._each(request, queryset, "invited again", people.come_back):
            self._mail_invitation(request, user)

    @admin.action(description="Let the selected people go: end their roles and tokens")
    def let_go(self, request, queryset):
        self._each(request, queryset, "let go", partial(people.leave, today=clock.today()))

    @admin.action(description="Make the selected leavers anonymous")
    def anonymize(self, request, queryset):
        self._each(request, queryset, "made anonymous", people.anonymize)

    def _each(self, request, queryset, done: str, act) -> list[User]:
        """Do it for each of them; who cannot be is named, and the others are done and returned."""
        people_done = []
        for user in queryset.order_by("pk"):
            try:
                people_done.append(act(user_id=user.pk, by=request.user, at=clock.now()))
            except Refused as error:
                self.message_user(request, f"{user.name}: {error}", messages.ERROR)
        if people_done:
            names = ", ".join(user.name for user in people_done)
            self.message_user(request, f"{names}: {done}.")
        return people_done


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
    """Councils. A new one shares nothing until it says so."""

    fixed = ("gss_code", "register_code")
    list_display = ["short_name", "register_code", "gss_code", "kind", "population_2011"]
    search_fields = ["short_name", "register_code", "gss_code"]
    ordering = ["short_name"]

    def get_exclude(self, request, obj=None):
        return [*super().get_exclude(request, obj), *([] if obj else ["shares_saving"])]

    def save_model(self, request, obj, form, change):
        """Who sees what a council saves is kept by an action of its own."""
        if "shares_saving" in form.changed_data:
            by, at = request.user, clock.now()
            reference.share_saving(council_id=obj.pk, shares=obj.shares_saving, by=by, at=at)
        super().save_model(request, obj, form, change)


@admin.register(Generation)
class GenerationAdmin(Kept):
    """Generations in order. Which lines are old follows from it, so all figures are made again."""

    fixed = ("code",)
    list_display = ["code", "name", "sequence"]
    ordering = ["sequence"]

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
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


WHERE = ("address", "postcode", "uprn", "latitude", "longitude", "position")


@admin.register(Site)
class SiteAdmin(Looked):
    """Sites; where a protected one is does not stand here."""

    def get_exclude(self, request, obj=None):
        excluded = super().get_exclude(request, obj)
        return [*excluded, *WHERE] if obj and obj.protection else excluded

    list_display = ["code", "name", "kind", "body"]
    list_select_related = ["body"]
    search_fields = ["code", "name"]


@admin.register(Contact)
class ContactAdmin(Kept):
    """Who to call at a site. How one gets into a protected site does not stand here."""

    def get_exclude(self, request, obj=None):
        excluded = super().get_exclude(request, obj)
        return [*excluded, "access_notes"] if obj and obj.site.is_protected else excluded

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
        in_force = queryset.in_force(clock.now())
        count = len(
            [
                tokens.revoke_token(token_id=key, by=request.user, at=clock.now())
                for key in in_force.values_list("pk", flat=True)
            ]
        )
        self.message_user(request, f"{count} token{'' if count == 1 else 's'} revoked.")


@admin.register(Delegation)
class DelegationAdmin(Looked):
    """Who stands in for whom."""

    list_display = ["membership", "deputy", "starts_on", "ends_on", "reason", "given_by"]
    list_select_related = ["membership__council", "membership__supplier", "deputy", "given_by"]


@admin.register(AuditEvent)
class AuditEventAdmin(Looked):
    """The trail as it is kept; its own page is easier to read."""

    list_display = ["chain", "sequence", "at", "type", "user_id", "role", "subject"]
    list_filter = ["chain", "type"]
    ordering = ["-pk"]


@admin.register(JobRun)
class JobRunAdmin(Looked):
    list_display = ["kind", "council", "requested_at", "started_at", "finished_at", "error"]
    list_select_related = ["council"]
    list_filter = ["kind"]
