"""The documents and notes that the page of a thing shows; ``components/attached.html``."""

from dataclasses import dataclass

from django.db.models import Model
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from boroughs import attachments
from boroughs.authorization import Permission, can
from boroughs.models import Council, Document, Note
from londonpsn.common.tables import Column, Kind, ShownTable, Table

DOCUMENT_COLUMNS = (
    Column(
        "title",
        "Document",
        sub=lambda document: document.name,
        link=lambda document: reverse("document", args=[document.pk]),
    ),
    Column("kind", "What it proves", value=lambda document: document.get_kind_display()),
    Column(
        "added_by",
        "Added by",
        value=lambda document: document.added_by and document.added_by.name,
        unknown="the portal",
    ),
    Column("added_at", "Added", Kind.MOMENT),
    Column("size", "Size", value=lambda document: filesizeformat(document.size)),
    Column("seen_by", "Who may see it", value=lambda document: ", ".join(seen_by(document))),
)


@dataclass(frozen=True, slots=True)
class Attached:
    """What hangs on a thing as one person sees it, and where more is added; None is not shown."""

    documents: ShownTable | None
    notes: list[Note] | None
    add_document: str
    add_note: str


def attached(request: HttpRequest, subject: Model, council: Council) -> Attached | None:
    """Return what the page of a thing shows, in two queries; None for who sees nothing of it."""
    user, carrier = request.user, attachments.carrier_of(subject)
    if carrier is None:
        return None
    arguments = [carrier.kind, subject.pk]
    may_add, may_note = (
        can(user, permission, council)
        for permission in (Permission.DOCUMENT_ADD, Permission.NOTE_ADD)
    )
    found = Attached(
        documents=_documents(request, subject, council),
        notes=_notes(user, subject, council),
        add_document=reverse("document-add", args=arguments) if may_add else "",
        add_note=reverse("note-add", args=arguments) if may_note else "",
    )
    return found if found.documents or found.notes is not None else None


def seen_by(document: Document) -> list[str]:
    """Return the names of those who may see a document."""
    london_grid = ["London Grid"] if document.for_london_grid else []
    supplier = [document.supplier.name] if document.supplier else []
    return [document.council.short_name, *london_grid, *supplier]


def _documents(request: HttpRequest, subject: Model, council: Council) -> ShownTable | None:
    """The table of documents; for a supplier's people only where there is one for them."""
    user = request.user
    may_see = can(user, Permission.DOCUMENT_VIEW, council)
    if not (may_see or user.access.supplier_ids):
        return None
    visible = subject.documents.visible_to(user)
    rows = visible.select_related("added_by", "supplier", "council").order_by("-added_at", "-pk")
    # A supplier's people see nobody's name.
    names = can(user, Permission.RECORD_VIEW, council)
    table = Table(
        name="documents",
        columns=[column for column in DOCUMENT_COLUMNS if names or column.name != "added_by"],
        rows=list(rows),
        caption="Documents",
        empty="No document that you may see is held here.",
        has_files=False,
        is_first=False,
    )
    return table.on_page(request) if may_see or table.rows else None


def _notes(user, subject: Model, council: Council) -> list[Note] | None:
    if not can(user, Permission.RECORD_VIEW, council):
        return None
    return list(subject.notes.visible_to(user).select_related("by").order_by("-at", "-pk"))
