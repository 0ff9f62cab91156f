"""Documents that prove something, and notes; the things they are about name them."""

from django.db import models
from django.db.models import CheckConstraint, Exists, OuterRef, Q

from boroughs.models.council import Council
from boroughs.models.people import User
from boroughs.models.row_history import keep_rows
from boroughs.models.supplier import Supplier
from boroughs.models.visibility import CouncilRowsQuerySet
from londonpsn.common.constraints import one_of


class DocumentQuerySet(CouncilRowsQuerySet):
    def visible_to(self, user):
        """Those of councils where the person may see documents, and those shown to them.

        London Grid and a supplier see what the council has opened to them. Those of no council are
        for whoever may see documents somewhere.
        """
        access = user.access
        shown = Q(council__in=access.councils_of_own_role("DOCUMENT_VIEW"))
        shown |= Q(supplier__in=access.supplier_ids)
        councils = access.councils_with("DOCUMENT_VIEW")
        opened = Q(for_london_grid=True)
        shown |= opened if councils is None else opened & Q(council__in=councils)
        if access.allows_anywhere("DOCUMENT_VIEW"):
            shown |= Q(council=None)
        return self.filter(shown)


class DocumentKind(models.TextChoices):
    """What a document proves."""

    CONTRACT = "CONTRACT", "Contract or call-off"
    QUOTE = "QUOTE", "Quote"
    OLD_PRICE = "OLD_PRICE", "Old price: bill or letter"
    TEST = "TEST", "Test and acceptance"
    CERTIFICATE = "CERTIFICATE", "Certificate"
    WAIVER = "WAIVER", "Waiver"
    DECISION = "DECISION", "Decision"
    OTHER = "OTHER", "Something else"


class RetentionClass(models.TextChoices):
    """How long it is kept; settings.RETENTION says how many years (regulation 6.3)."""

    CONTRACT = "CONTRACT", "As long as the contract, and then as the law has it"
    BUSINESS = "BUSINESS", "Business record"
    SHORT = "SHORT", "Working paper"


@keep_rows("DocumentRow", fields=["council", "supplier", "for_london_grid"])
class Document(models.Model):
    """A file that proves something. It lies outside the web root and is served through a check.

    ``size`` is bytes, ``sha256`` that of its content, by which it is stored. The council's people
    see it; London Grid and one supplier where the council says so. One without a council is London
    Grid's, for the people of all councils.
    """

    Kind = DocumentKind
    Retention = RetentionClass

    council = models.ForeignKey(Council, models.PROTECT, null=True, related_name="documents")
    kind = models.CharField("what it proves", max_length=11, choices=Kind)
    title = models.CharField(max_length=120)
    name = models.CharField("file name", max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    for_london_grid = models.BooleanField("London Grid may see it", default=False)
    supplier = models.ForeignKey(Supplier, models.PROTECT, null=True, blank=True, related_name="+")
    retention = models.CharField(max_length=8, choices=Retention, default=Retention.BUSINESS)
    added_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()

    objects = DocumentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["sha256"], name="document_by_content")]
        constraints = [
            one_of("kind", DocumentKind, "document_kind_is_known"),
            one_of("retention", RetentionClass, "document_retention_is_known"),
            CheckConstraint(name="document_is_not_empty", condition=Q(size__gt=0)),
            CheckConstraint(
                name="document_sha256_is_one", condition=Q(sha256__regex="^[0-9a-f]{64}$")
            ),
        ]

    def __str__(self):
        return self.title


# By which paths a note reaches sites; apps add those of theirs when they are ready.
SITES_OF_NOTES = ["sites"]


class NoteQuerySet(CouncilRowsQuerySet):
    def visible_to(self, user):
        """Those of councils whose records the person sees; a note may tell where a site is.

        So one that hangs on a protected site, or on what is at one, is for who may see its address.
        """
        rows, councils = super().visible_to(user), user.access.councils_with("ADDRESS_VIEW")
        if councils is None:
            return rows
        this, open_to_all = self.model._base_manager.filter(pk=OuterRef("pk")), Q()
        for path in SITES_OF_NOTES:  # each on its own: together they would join all with all
            open_to_all &= ~Exists(this.filter(**{f"{path}__protection__gt": ""}))
        return rows.filter(Q(council__in=councils) | open_to_all)


class Note(models.Model):
    """What somebody wrote about something; it is not changed afterwards."""

    council = models.ForeignKey(Council, models.PROTECT, related_name="notes")
    text = models.TextField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = NoteQuerySet.as_manager()

    class Meta:
        constraints = [CheckConstraint(name="note_says_something", condition=~Q(text=""))]
