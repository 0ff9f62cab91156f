"""The documents and notes that the page of a thing shows; ``components/attached.html``."""

from dataclasses import dataclass

from django.db.models import Model
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from boroughs import attachments
from boroughs.attachments import Hung
from boroughs.authorization import Permission, can
from boroughs.models import Council, Document
from londonpsn.common.tables import Column, Kind, ShownTable, Table


@dataclass(frozen=True, slots=True)
class Attached:
    """What hangs on a thing as one person sees it, and where more is added; None is not shown."""

    documents: ShownTable | None
    notes: list[Hung] | None
    add_document: str
    add_note: str


def attached(request: HttpRequest, subject: Model, council: Council | None) -> Attached | None:
    """Return what the page of a thing shows; None for who sees nothing of it."""
    user, carrier = request.user, attachments.carrier_of(subject)
    if carrier is None:
        return None
    arguments = [carrier.kind, subject.pk]
    sees_documents = attachments.sees_documents(user, council)
    may_add, sees_people = (
        can(user, right, council) for right in (carrier.add_right, Permission.RECORD_VIEW)
    )
    sees_notes, may_note = (
        all(can(user, one, council) for one in carrier.note_rights(subject, right))
        for right in (Permission.RECORD_VIEW, Permission.NOTE_ADD)
    )
    has_notes = carrier.carries("notes")
    hung = attachments.hung_on(user, subject, council)
    documents = [one for one in hung if not one.is_note]
    table = Table(
        name="documents",
        columns=_columns(council, with_people=sees_people),
        rows=documents,
        caption="Documents",
        empty="No document that you may see is held here.",
        has_files=False,
        is_first=False,
    )
    found = Attached(
        documents=table.on_page(request) if sees_documents or documents else None,
        notes=[one for one in hung if one.is_note] if has_notes and sees_notes else None,
        add_document=reverse("document-add", args=arguments) if may_add else "",
        add_note=reverse("note-add", args=arguments) if has_notes and may_note else "",
    )
    return found if found.documents or found.notes is not None else None


def _columns(council: Council | None, *, with_people: bool) -> list[Column]:
    """The columns of documents. A supplier's people see nobody's name."""

    place = council.short_name if council else "All councils"

    def seen_by(document: Hung) -> str:
        london_grid = "London Grid" if document.for_london_grid else ""
        return ", ".join(filter(None, (place, london_grid, document.supplier)))

    by = Column("by", "Added by", unknown="the portal")
    return [
        Column(
            "title",
            "Document",
            sub=lambda document: document.name,
            link=lambda document: reverse("document", args=[document.pk]),
        ),
        Column("kind", "What it proves", value=lambda one: Document.Kind(one.kind).label),
        *([by] if with_people else []),
        Column("at", "Added", Kind.MOMENT),
        Column("size", "Size", value=lambda document: filesizeformat(document.size)),
        Column("seen_by", "Who may see it", value=seen_by),
    ]
