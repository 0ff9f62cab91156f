"""People, the roles they hold from a day to a day, and the tokens of their programs."""

import hashlib
import secrets

import pgtrigger
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import CheckConstraint, Exists, F, FilteredRelation, OuterRef, Q
from django.db.models.functions import Coalesce, Lower

from boroughs.models.council import Council
from boroughs.models.row_history import keep_rows
from boroughs.models.supplier import Supplier
from londonpsn.common import clock
from londonpsn.common.constraints import (
    days,
    does_not_end_before_it_starts,
    ends_after_it_starts,
    not_negative,
    one_of,
)

# What an authenticator of each kind is known by; what its use counts is left out.
SECRET_CHANGED = pgtrigger.Condition(
    " OR ".join(
        f"OLD.data -> '{name}' IS DISTINCT FROM NEW.data -> '{name}'"
        for name in ("secret", "seed", "credential")
    )
)


class UserManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email):
        return self.get(email=email.strip().lower())


@keep_rows(
    "UserRow",
    fields=["is_active"],
    unsaid={
        "mail address changed": pgtrigger.AnyChange("email"),
        "password changed": pgtrigger.AnyChange("password"),
    },
)
class User(AbstractBaseUser):
    """A person who signs in by mail address. What they may do stands in their memberships.

    ``access`` is set at the edge, for one request or command, by authorization.resolve().
    """

    email = models.EmailField("mail address", max_length=120, unique=True)
    name = models.CharField(max_length=80)
    is_active = models.BooleanField("may sign in", default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        constraints = [
            CheckConstraint(name="user_email_is_in_lower_case", condition=Q(email=Lower("email")))
        ]

    def __str__(self):
        return self.name


@keep_rows(
    "HeldFactorRow",
    fields=["user", "type"],
    unsaid={"secret changed": SECRET_CHANGED},
)
class HeldFactor(Authenticator):
    """What a person proves beside their password, as allauth keeps it; its secret stays there."""

    class Meta:
        proxy = True
        verbose_name = "second factor"


@keep_rows(
    "LinkedSignInRow",
    fields=["user", "provider"],
    unsaid={"account changed": pgtrigger.AnyChange("uid")},
)
class LinkedSignIn(SocialAccount):
    """An account at their council's own sign-in that lets a person in, as allauth keeps it."""

    class Meta:
        proxy = True
        verbose_name = "account at a council’s own sign-in"
        verbose_name_plural = "accounts at councils’ own sign-ins"


class MembershipRole(models.TextChoices):
    NETWORK_OFFICER = "NETWORK_OFFICER", "Network officer"
    BUYER = "BUYER", "Buyer"
    APPROVER = "APPROVER", "Approver"
    FINANCE = "FINANCE", "Finance"
    AUDITOR = "AUDITOR", "Auditor"
    VIEWER = "VIEWER", "Viewer"
    PROGRAMME_OFFICER = "PROGRAMME_OFFICER", "Programme officer"
    SUPPLIER_AGENT = "SUPPLIER_AGENT", "Supplier agent"
    ADMINISTRATOR = "ADMINISTRATOR", "Administrator"


def in_force_on(day, path: str = "") -> Q:
    """The rows whose half-open period holds ``day``; ``path`` leads to them: ``delegations__``."""
    begun = Q(**{f"{path}starts_on__lte": day})
    return begun & (Q(**{f"{path}ends_on": None}) | Q(**{f"{path}ends_on__gt": day}))


def ended_on_its_first_day(day, path: str = "") -> Q:
    """The rows that began on ``day`` and were ended on it: in force for some hours at most."""
    return Q(**{f"{path}starts_on": day, f"{path}ends_on": day})


def works_there(person: str, on: Q) -> Exists:
    """Whether the person whose key stands in ``person`` holds a role at the place of a membership.

    Of their own, at the very same council or supplier or in the whole programme; ``on`` says when.
    """
    same_place = (
        Q(council=OuterRef("council"))
        | Q(supplier=OuterRef("supplier"))
        | Q(programme_wide=True) & Q(programme_wide=OuterRef("programme_wide"))
    )
    return Exists(Membership.objects.filter(same_place, on, user=OuterRef(person)))


class MembershipQuerySet(models.QuerySet):
    def in_force_on(self, day):
        return self.filter(in_force_on(day))

    def beside(self, membership):
        """Keep the roles at the very same place as ``membership``."""
        return self.filter(
            council_id=membership.council_id,
            supplier_id=membership.supplier_id,
            programme_wide=membership.programme_wide,
        )

    def visible_to(self, user):
        """Keep the roles at councils where the person may see who holds which."""
        councils = user.access.councils_with("ACCESS_VIEW")
        return self if councils is None else self.filter(council__in=councils)

    def reaching_what_is_seen_by(self, user):
        """Keep those and, for who sees any, the roles for the whole programme: they reach there."""
        councils = user.access.councils_with("ACCESS_VIEW")
        if councils is None or not councils:
            return self.visible_to(user)
        return self.filter(Q(council__in=councils) | Q(programme_wide=True))

    def held_by(self, user, day):
        """Keep what ``user`` holds on ``day``: their own roles, and those of others as a deputy.

        ``delegation_id`` is set on the latter. Who may not sign in any more passes nothing on, and
        who does not work at the place any more takes nothing.
        """
        taken = FilteredRelation(
            "delegations",
            condition=Q(delegations__deputy=user) & in_force_on(day, "delegations__"),
        )
        return (
            self.in_force_on(day)
            .alias(taken=taken)
            .filter(
                Q(user=user)
                | Q(taken__isnull=False, user__is_active=True)
                & works_there("taken__deputy", in_force_on(day))
            )
            .annotate(delegation_id=F("taken__pk"))
        )


@keep_rows("MembershipRow")
class Membership(models.Model):
    """A person's role in one council, at one supplier or in the whole programme, over a period.

    ``limit`` is the most pounds that an approver may approve at once, without recoverable VAT;
    none is no limit. ``given_by`` blank is the portal itself, at its set-up. Somebody says each
    year that the role is still needed: ``confirmed_on`` and by whom. One that was ended on the day
    it began has that day as both its ends.
    """

    Role = MembershipRole

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    council = models.ForeignKey(Council, models.PROTECT, null=True, blank=True, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, null=True, blank=True, related_name="+")
    programme_wide = models.BooleanField(default=False)
    starts_on = models.DateField()
    ends_on = models.DateField("first day without", null=True, blank=True)
    limit = models.DecimalField(
        "most pounds to approve", max_digits=14, decimal_places=2, null=True, blank=True
    )
    given_by = models.ForeignKey(User, models.PROTECT, null=True, editable=False, related_name="+")
    confirmed_on = models.DateField(null=True, editable=False)
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            not_negative("limit", "membership_limit_is_not_negative"),
            CheckConstraint(
                name="membership_with_a_limit_is_an_approver",
                violation_error_message="Only an approver has a limit in pounds.",
                condition=Q(limit=None) | Q(role="APPROVER"),
            ),
            CheckConstraint(
                name="membership_is_confirmed_by_somebody",
                condition=Q(confirmed_on=None, confirmed_by=None)
                | Q(confirmed_on__isnull=False, confirmed_by__isnull=False),
            ),
            one_of("role", MembershipRole, "membership_role_is_known"),
            does_not_end_before_it_starts("membership_does_not_end_before_it_starts"),
            CheckConstraint(
                name="membership_is_of_exactly_one_place",
                violation_error_message=(
                    "A role is at a council, at a supplier or in the whole "
                    "programme: choose one of them."
                ),
                condition=Q(council__isnull=False, supplier=None, programme_wide=False)
                | Q(council=None, supplier__isnull=False, programme_wide=False)
                | Q(council=None, supplier=None, programme_wide=True),
            ),
            CheckConstraint(
                name="membership_at_a_supplier_is_an_agent",
                violation_error_message="A supplier has agents, and only a supplier has.",
                condition=Q(role="SUPPLIER_AGENT", supplier__isnull=False)
                | (~Q(role="SUPPLIER_AGENT") & Q(supplier=None)),
            ),
            CheckConstraint(
                name="membership_of_the_programme_has_a_programme_role",
                violation_error_message=(
                    "Programme officers and administrators work for the whole "
                    "programme: name no council."
                ),
                condition=~Q(role__in=["PROGRAMME_OFFICER", "ADMINISTRATOR"])
                | Q(programme_wide=True),
            ),
            CheckConstraint(
                name="membership_of_the_programme_reads_or_runs_it",
                violation_error_message=(
                    "In the whole programme there are only administrators, programme officers, "
                    "viewers and auditors. Name the council where this role is held."
                ),
                condition=Q(programme_wide=False)
                | Q(role__in=["ADMINISTRATOR", "PROGRAMME_OFFICER", "VIEWER", "AUDITOR"]),
            ),
            ExclusionConstraint(
                name="membership_one_at_a_time",
                violation_error_message=(
                    "This person holds the role there already on one of these days."
                ),
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (Coalesce(F("council"), 0), RangeOperators.EQUAL),
                    (Coalesce(F("supplier"), 0), RangeOperators.EQUAL),
                    days(),
                ],
            ),
        ]

    def __str__(self):
        return f"{self.get_role_display()}, {self.place}"

    @property
    def place(self) -> str:
        return str(self.council or self.supplier or "London Grid")


class DelegationQuerySet(models.QuerySet):
    def in_force_on(self, day):
        return self.filter(in_force_on(day))

    def visible_to(self, user):
        """Keep those of roles that the person may see, and those that they give or take."""
        councils = user.access.councils_with("ACCESS_VIEW")
        if councils is None:
            return self
        own = Q(membership__user=user) | Q(deputy=user)
        return self.filter(own | Q(membership__council__in=councils))


@keep_rows("DelegationRow", exclude=["reason"])  # free text, which may name people
class Delegation(models.Model):
    """A role and its limit passed to a deputy for stated days; whose role it is keeps it too.

    ``ends_on`` is the first day without. It counts only while the membership itself is in force,
    and a role of the deputy's own at the same place.
    """

    membership = models.ForeignKey(Membership, models.PROTECT, related_name="delegations")
    deputy = models.ForeignKey(User, models.PROTECT, related_name="delegations")
    starts_on = models.DateField()
    ends_on = models.DateField("first day without")
    reason = models.CharField(max_length=200)
    given_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = DelegationQuerySet.as_manager()

    class Meta:
        constraints = [
            does_not_end_before_it_starts("delegation_does_not_end_before_it_starts"),
            CheckConstraint(name="delegation_has_a_reason", condition=~Q(reason="")),
            ExclusionConstraint(
                name="delegation_one_at_a_time_per_deputy",
                expressions=[
                    ("membership", RangeOperators.EQUAL),
                    ("deputy", RangeOperators.EQUAL),
                    days(),
                ],
            ),
        ]

    def __str__(self):
        return f"{self.membership}, passed on"


class ApiTokenQuerySet(models.QuerySet):
    def in_force(self, at):
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None)

    def visible_to(self, user):
        """A person's own; whoever keeps people sees all, without the secrets."""
        return self if user.access.allows("ADMIN_USE") else self.filter(user=user)

    def with_secret(self, secret: str):
        return self.filter(digest=hashlib.sha256(secret.encode()).hexdigest())


class ApiTokenState(models.TextChoices):
    IN_FORCE = "IN_FORCE", "In force"
    EXPIRED = "EXPIRED", "Expired"
    REVOKED = "REVOKED", "Revoked"


class ApiTokenScope(models.TextChoices):
    READ = "READ", "Read only"
    WRITE = "WRITE", "Read and write"


@keep_rows(
    "ApiTokenRow",
    exclude=["digest", "last_used_at"],
    unsaid={"secret changed": pgtrigger.AnyChange("digest")},
)
class ApiToken(models.Model):
    """A program's key to the API in a person's name. Only the SHA-256 of its secret is kept.

    It never allows more than the person: ``scope`` and ``council`` narrow that further.
    """

    Scope, State = ApiTokenScope, ApiTokenState

    user = models.ForeignKey(User, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(max_length=5, choices=Scope, default=Scope.READ)
    council = models.ForeignKey(Council, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            one_of("scope", ApiTokenScope, "api_token_scope_is_known"),
            CheckConstraint(
                name="api_token_digest_is_sha256", condition=Q(digest__regex="^[0-9a-f]{64}$")
            ),
            ends_after_it_starts(
                "api_token_expires_after_it_was_made", starts="created_at", ends="expires_at"
            ),
        ]

    def __str__(self):
        return self.name

    def state_at(self, at) -> ApiTokenState:
        if self.revoked_at:
            return self.State.REVOKED
        is_over = self.expires_at and self.expires_at <= at
        return self.State.EXPIRED if is_over else self.State.IN_FORCE

    @staticmethod
    def new_secret() -> tuple[str, str]:
        """Return a secret to show once, and the digest to keep."""
        secret = secrets.token_urlsafe(32)
        return secret, hashlib.sha256(secret.encode()).hexdigest()


class SignInTry(models.Model):
    """Somebody tried to sign in; kept for a day, to count how many were wrong of late.

    ``account`` is the SHA-256 of the mail address in lower case, whether or not it exists here.
    ``is_wrong`` is blank until the password has been looked at, and counts as wrong until then.
    """

    account = models.CharField(max_length=64)
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField()
    is_wrong = models.BooleanField(null=True)

    class Meta:
        verbose_name_plural = "sign-in tries"
        indexes = [
            models.Index(fields=["account", "at"], name="sign_in_try_by_account"),
            models.Index(fields=["address", "at"], name="sign_in_try_by_address"),
        ]
        constraints = [
            CheckConstraint(
                name="sign_in_try_account_is_sha256", condition=Q(account__regex="^[0-9a-f]{64}$")
            ),
        ]


class IdempotentCall(models.Model):
    """A write through the API that named itself, and what it was answered.

    The same key of the same person is answered the same again, and nothing is done twice.
    ``digest`` is the SHA-256 of method, path, body, and of by which rights it came: another request
    under the key is refused.
    ``status`` blank is one still at work.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotent_call_once_per_key"),
            CheckConstraint(
                name="idempotent_call_digest_is_sha256", condition=Q(digest__regex="^[0-9a-f]{64}$")
            ),
        ]
