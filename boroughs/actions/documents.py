"""Every write of documents and notes, and what deletes documents when their time is over."""

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Model

from boroughs import attachments, audit
from boroughs.attachments import Carrier
from boroughs.authorization import Permission, check
from boroughs.models import AuditEvent, Council, Document, Note, Supplier, User
from boroughs.queries import find_row
from londonpsn.common import kept_files
from londonpsn.common.errors import BadInput, Refused
from londonpsn.common.file_kinds import kind_of, named
from londonpsn.common.locks import Lock, hold_until_commit
from londonpsn.common.periods import add_months
from londonpsn.common.uploads import MOST_BYTES

LONGEST_TITLE = 120
LONGEST_NOTE = 4_000
LEFT_OVER_AFTER = timedelta(days=1)  # no transaction that wrote a file is open for so long
Type = AuditEvent.Type
log = logging.getLogger(__name__)


@transaction.atomic
def add_document(
    *,
    subject: Model,
    file: File,
    kind: Document.Kind,
    title: str,
    for_london_grid: bool = False,
    supplier: Supplier | None = None,
    retention: Document.Retention = Document.Retention.BUSINESS,
    by: User | None,
    at: datetime,
) -> Document:
    """Keep a file as a document about ``subject``, which has to be registered to carry some.

    It is on the disk before its row commits. Raises NotVisible for what the person does not see,
    PermissionDenied, and BadInput for a file that is empty, too large or of another kind than its
    name says, or for a supplier with nothing at the council.
    """
    carrier, subject, council = _seen(subject, by)
    check(by, carrier.add_right, council)
    if not title.strip():
        raise BadInput("Give the document a title, so that others know it in a list.")
    if council is None and (supplier or for_london_grid):
        raise BadInput("The people of all councils see it already. Leave out who else may.")
    if supplier and not attachments.suppliers_of(council).filter(pk=supplier.pk).exists():
        raise BadInput(f"{supplier} has no line or contract of {council}, so it sees no document.")
    name = named(file.name or "")
    _check_size(name, file.size)
    media_type = kind_of(name, file).media_type
    content = kept_files.digest(file)
    hold_until_commit(Lock.DOCUMENT, _key(content.sha256))
    kept_files.keep(file, content)
    document = Document.objects.create(
        council=council,
        kind=kind,
        title=title.strip()[:LONGEST_TITLE],
        name=name,
        media_type=media_type,
        size=content.size,
        sha256=content.sha256,
        for_london_grid=for_london_grid,
        supplier=supplier,
        retention=retention,
        added_by=by,
        added_at=at,
    )
    subject.documents.add(document)
    audit.record(
        Type.DOCUMENT_ADDED,
        by=by,
        at=at,
        council=council,
        subject=document,
        after=_facts(document) | {"about": f"{carrier.kind} {subject.pk}"},
        needs=carrier.add_right,
    )
    return document


@transaction.atomic
def add_note(*, subject: Model, text: str, by: User | None, at: datetime) -> Note:
    """Keep a note about ``subject``, which has to be registered to carry some.

    Raises NotVisible for what the person does not see, PermissionDenied, and BadInput.
    """
    carrier, subject, council = _seen(subject, by)
    for right in carrier.note_rights(subject, Permission.NOTE_ADD):
        check(by, right, council)
    text = text.strip()
    if not text:
        raise BadInput("Write the note.")
    if len(text) > LONGEST_NOTE:
        raise BadInput(
            f"The note has {len(text):,} characters. The limit is {LONGEST_NOTE:,}: shorten it, or "
            "add it as a document."
        )
    note = Note.objects.create(council=council, text=text, by=by, at=at)
    subject.notes.add(note)
    audit.record(
        Type.NOTE_ADDED,
        by=by,
        at=at,
        council=council,
        subject=subject,
        after={"note": note.pk, "about": f"{carrier.kind} {subject.pk}"},
        needs=Permission.NOTE_ADD,
    )
    return note


@transaction.atomic
def open_document(*, document_id: int, by: User, at: datetime) -> tuple[Document, BinaryIO]:
    """Return a document that the person sees and its open file, and write that it was opened.

    Raises NotVisible, and Refused where the file is gone.
    """
    visible = Document.objects.visible_to(by).select_related("council")
    document = find_row(visible, pk=document_id)
    try:
        file = kept_files.open_kept(document.sha256)
    except FileNotFoundError:
        log.error("The file of document %s is not there: %s", document.pk, document.sha256)
        raise Refused(
            "The file of this document is missing. Tell the portal’s administrator; it has to come "
            "back from a backup."
        ) from None
    audit.record(
        Type.DOCUMENT_DOWNLOADED,
        by=by,
        at=at,
        council=document.council,
        subject=document,
        needs=Permission.DOCUMENT_VIEW,
    )
    return document, file


def delete_expired(*, today: date, at: datetime) -> int:
    """Delete the documents whose time is over (settings.RETENTION), and return how many.

    Each in a transaction of its own; its file goes once that has committed. Files that no document
    names, left by a transaction that was rolled back, go too.
    """
    expired = [*_expired_since_added(today), *_expired_since_contract(today)]
    for document_id in expired:
        _delete(document_id, at)
    held = set(Document.objects.values_list("sha256", flat=True))
    for sha256 in sorted(set(kept_files.kept_before(at - LEFT_OVER_AFTER)) - held):
        _forget_file(sha256)
    return len(expired)


def _seen(subject: Model, by: User | None) -> tuple[Carrier, Model, Council | None]:
    """Return what the subject is as the person sees it, and its council."""
    carrier = attachments.carrier_of(subject)
    if carrier is None:
        raise TypeError(f"{subject._meta.label} is not registered to carry documents and notes")
    seen = find_row(carrier.visible_to(by), pk=subject.pk)
    return carrier, seen, carrier.council(seen)


def _check_size(name: str, size: int) -> None:
    if not size:
        raise BadInput(f"“{name}” is empty. Choose the file that holds the document.")
    if size > MOST_BYTES:
        raise BadInput(
            f"“{name}” has {size / 1024 / 1024:,.1f} MB. The limit is {MOST_BYTES >> 20} MB: send "
            "it in parts, or with smaller pictures."
        )


def _expired_since_added(today: date) -> Iterator[int]:
    years = {
        Document.Retention.BUSINESS: settings.RETENTION["BUSINESS_YEARS"],
        Document.Retention.SHORT: settings.RETENTION["SHORT_YEARS"],
    }
    for retention, count in years.items():
        over = Document.objects.filter(
            retention=retention, added_at__date__lte=add_months(today, -12 * count)
        )
        yield from over.order_by("pk").values_list("pk", flat=True)


def _expired_since_contract(today: date) -> Iterator[int]:
    """Yield documents of contracts that ended long enough ago, as they stand today.

    Those of a contract without a known end, or that rolls on because nobody gave notice, stay.
    """
    ended_by = add_months(today, -12 * settings.RETENTION["CONTRACT_YEARS"])
    kept = Document.objects.filter(retention=Document.Retention.CONTRACT)
    for key in kept.order_by("pk").values_list("pk", flat=True):
        ends = attachments.contract_ends(key, today)
        if ends and all(end and end <= ended_by for end in ends):
            yield key


@transaction.atomic
def _delete(document_id: int, at: datetime) -> None:
    rows = Document.objects.filter(pk=document_id).select_related("council")
    document = rows.select_for_update(of=["self"]).first()
    if document is None:  # another run was at it
        return
    rows.delete()
    transaction.on_commit(partial(_forget_file, document.sha256))
    audit.record(
        Type.DOCUMENT_DELETED,
        by=None,
        at=at,
        council=document.council,
        subject=document,
        before=_facts(document) | {"added_at": document.added_at},
    )


@transaction.atomic
def _forget_file(sha256: str) -> None:
    """Delete a file unless a document names it, also one that is about to be added."""
    hold_until_commit(Lock.DOCUMENT, _key(sha256))
    if not Document.objects.filter(sha256=sha256).exists():
        kept_files.forget(sha256)


def _facts(document: Document) -> dict:
    return {
        "kind": document.kind,
        "size": document.size,
        "sha256": document.sha256,
        "for_london_grid": document.for_london_grid,
        "supplier": document.supplier_id,
        "retention": document.retention,
    }


def _key(sha256: str) -> int:
    """Return the number that a content is locked by: four of its bytes, as PostgreSQL counts."""
    return int.from_bytes(bytes.fromhex(sha256[:8]), "big", signed=True)
