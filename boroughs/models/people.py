"""People, the roles they hold from a day to a day, and the tokens of their programs."""

import hashlib
import secrets

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.db.models.functions import Coalesce, Lower

from boroughs.models.connection import days
from boroughs.models.council import Council
from boroughs.models.supplier import Supplier
from londonpsn.common import clock
from londonpsn.common.constraints import ends_after_it_starts, one_of


class UserManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        """Make the first administrator of a new portal: a person and their membership."""
        user = self.create_user(email, password, **fields)
        Membership.objects.create(
            user=user,
            role=Membership.Role.ADMINISTRATOR,
            programme_wide=True,
            starts_on=clock.today(),
        )
        return user

    def get_by_natural_key(self, email):
        return self.get(email=email.strip().lower())


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


class Membership(models.Model):
    """A person's role in one council, at one supplier or in the whole programme, over a period."""

    Role = MembershipRole

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    council = models.ForeignKey(Council, models.PROTECT, null=True, blank=True, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, null=True, blank=True, related_name="+")
    programme_wide = models.BooleanField(default=False)
    starts_on = models.DateField()
    ends_on = models.DateField("first day without", null=True, blank=True)

    class Meta:
        constraints = [
            one_of("role", MembershipRole, "membership_role_is_known"),
            ends_after_it_starts("membership_ends_after_it_starts"),
            CheckConstraint(
                name="membership_is_of_exactly_one_place",
                condition=Q(council__isnull=False, supplier=None, programme_wide=False)
                | Q(council=None, supplier__isnull=False, programme_wide=False)
                | Q(council=None, supplier=None, programme_wide=True),
            ),
            CheckConstraint(
                name="membership_at_a_supplier_is_an_agent",
                condition=Q(role="SUPPLIER_AGENT", supplier__isnull=False)
                | (~Q(role="SUPPLIER_AGENT") & Q(supplier=None)),
            ),
            CheckConstraint(
                name="membership_of_the_programme_has_a_programme_role",
                condition=~Q(role__in=["PROGRAMME_OFFICER", "ADMINISTRATOR"])
                | Q(programme_wide=True),
            ),
            ExclusionConstraint(
                name="membership_one_at_a_time",
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


class ApiTokenQuerySet(models.QuerySet):
    def in_force(self, at):
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None)

    def with_secret(self, secret: str):
        return self.filter(digest=hashlib.sha256(secret.encode()).hexdigest())


class ApiToken(models.Model):
    """A program's key to the API in a person's name. Only the SHA-256 of its secret is kept."""

    user = models.ForeignKey(User, models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            CheckConstraint(
                name="api_token_digest_is_sha256", condition=Q(digest__regex="^[0-9a-f]{64}$")
            ),
            ends_after_it_starts(
                "api_token_expires_after_it_was_made", starts="created_at", ends="expires_at"
            ),
        ]

    def __str__(self):
        return self.name

    @staticmethod
    def new_secret() -> tuple[str, str]:
        """Return a secret to show once, and the digest to keep."""
        secret = secrets.token_urlsafe(32)
        return secret, hashlib.sha256(secret.encode()).hexdigest()
