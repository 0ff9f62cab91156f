"""Adding documents and notes to a thing, and the one way by which a document is opened."""

from django.contrib import messages
from django.http import FileResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from boroughs.actions.documents import add_document, add_note, open_document
from boroughs.attachments import find_subject
from boroughs.authorization import Permission, check
from boroughs.forms.documents import DocumentForm, NoteForm
from londonpsn.common import clock
from londonpsn.common.downloads import as_download
from londonpsn.common.errors import BadInput


@require_safe
def document(request, pk) -> FileResponse:
    """Send a document that the person may see, as a file and never as a page."""
    found, file = open_document(document_id=pk, by=request.user, at=clock.now())
    return as_download(file, name=found.name, media_type=found.media_type)


@require_http_methods(["GET", "HEAD", "POST"])
def document_add(request, kind, pk):
    """Ask for a file and what it proves, and keep it as a document about the thing."""
    carrier, subject = find_subject(request.user, "documents", kind, pk)
    council = carrier.council(subject)
    check(request.user, carrier.add_right, council)
    sent = request.method == "POST"
    form = DocumentForm(*([request.POST, request.FILES] if sent else []), council=council)
    if sent and form.is_valid():
        try:
            added = add_document(
                subject=subject, by=request.user, at=clock.now(), **form.cleaned_data
            )
        except BadInput as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, f"“{added.title}” is added.")
            return redirect(carrier.address(subject))
    return _page(request, "boroughs/document_add.html", form, carrier, subject)


@require_http_methods(["GET", "HEAD", "POST"])
def note_add(request, kind, pk):
    """Ask for a note about the thing, and keep it."""
    carrier, subject = find_subject(request.user, "notes", kind, pk)
    for right in carrier.note_rights(subject, Permission.NOTE_ADD):
        check(request.user, right, carrier.council(subject))
    sent = request.method == "POST"
    form = NoteForm(*([request.POST] if sent else []))
    if sent and form.is_valid():
        text = form.cleaned_data["text"]
        add_note(subject=subject, text=text, by=request.user, at=clock.now())
        messages.success(request, "The note is added.")
        return redirect(carrier.address(subject))
    return _page(request, "boroughs/note_add.html", form, carrier, subject)


def _page(request, template: str, form, carrier, subject):
    context = {
        "council": carrier.council(subject),
        "form": form,
        "crumbs": [(str(subject), carrier.address(subject))],
    }
    return render(request, template, context)
