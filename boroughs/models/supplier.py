"""Suppliers, and the names they go by in other people's files."""

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Lower

from boroughs.models.visibility import ReferenceQuerySet
from londonpsn.common.text import fold


class Supplier(models.Model):
    """A contract party. A blank company number is not known, or there is none.

    ``code`` names it for good, whatever it is called later.
    """

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=120, blank=True)
    company_number = models.CharField(max_length=8, blank=True)
    charity_number = models.CharField(max_length=10, blank=True, db_default="")
    is_sme = models.BooleanField("small or medium enterprise", null=True, blank=True)
    is_vcse = models.BooleanField("voluntary or social enterprise", null=True, blank=True)
    note = models.TextField(blank=True)

    objects = ReferenceQuerySet.as_manager()

    class Meta:
        constraints = [
            UniqueConstraint(Lower("name"), name="supplier_name_is_unique"),
            UniqueConstraint(
                fields=["company_number"],
                condition=~Q(company_number=""),
                name="supplier_company_number_is_unique",
            ),
        ]

    def __str__(self):
        return self.name


class SupplierAliasQuerySet(models.QuerySet):
    def by_folded_name(self) -> dict[str, "SupplierAlias"]:
        """Return every alias under the form in which names are compared."""
        return {alias.folded: alias for alias in self}


class SupplierAlias(models.Model):
    """One spelling of a supplier's name in payment files, matched whole and never as a part.

    ``folded`` is ``fold(name)``; whoever writes ``name`` writes both.
    """

    supplier = models.ForeignKey(Supplier, models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=120)
    folded = models.CharField(max_length=120, unique=True, editable=False)

    objects = SupplierAliasQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "supplier aliases"
        constraints = [
            CheckConstraint(name="supplier_alias_is_not_blank", condition=~Q(folded="")),
        ]

    def __str__(self):
        return self.name

    def clean(self):
        self.folded = fold(self.name)
