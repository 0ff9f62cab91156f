"""Documents and notes: lists of what the person sees, one more, and a document's file."""

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.response import Response

from boroughs import attachments
from boroughs.actions.documents import (
    LONGEST_NOTE,
    LONGEST_TITLE,
    add_document,
    add_note,
    open_document,
)
from boroughs.api.views import NarrowedViewSet
from boroughs.authorization import Permission
from boroughs.models import Document, Note, Supplier
from londonpsn.common import clock, file_kinds
from londonpsn.common.downloads import as_download
from londonpsn.common.errors import BadInput

KINDS = list(attachments.CARRIERS)
NOTED = list(attachments.carriers_of("notes"))
MEDIA_TYPES = sorted({kind.media_type for kind in file_kinds.KINDS.values()})
DOCUMENTS_OF, NOTES_OF = (
    [
        OpenApiParameter("subject_kind", enum=kinds, description="With subject_id: of one thing"),
        OpenApiParameter("subject_id", OpenApiTypes.INT),
    ]
    for kinds in (KINDS, NOTED)
)


class AboutSerializer(serializers.Serializer):
    """What a document or a note is about."""

    kind = serializers.ChoiceField(KINDS)
    id = serializers.IntegerField()


class CarriedSerializer(serializers.ModelSerializer):
    """What hangs on something, and who added it: null for the portal, and for a supplier.

    ``council`` is null for what is for the people of all.
    """

    field = ""
    council = serializers.CharField(source="council.register_code", default=None, allow_null=True)
    about = serializers.SerializerMethodField()

    def get_about(self, row) -> AboutSerializer(many=True):
        return [
            {"kind": kind, "id": subject.pk}
            for kind in attachments.carriers_of(self.field)
            for subject in getattr(row, f"{attachments.CARRIED_BY}{kind}")
        ]

    def name_of(self, person, council_id: int | None) -> str | None:
        access = self.context["request"].user.access
        return person.name if person and access.allows(Permission.RECORD_VIEW, council_id) else None


class DocumentSerializer(CarriedSerializer):
    """A document without its file. ``size`` is bytes, ``sha256`` that of its content."""

    supplier = serializers.CharField(source="supplier.code", default=None, allow_null=True)
    added_by = serializers.SerializerMethodField()
    field = "documents"

    class Meta:
        model = Document
        fields = [
            *("id", "council", "about", "kind", "title", "name", "media_type", "size", "sha256"),
            *("for_london_grid", "supplier", "retention", "added_by", "added_at"),
        ]

    def get_added_by(self, document) -> str | None:
        return self.name_of(document.added_by, document.council_id)


class NoteSerializer(CarriedSerializer):
    by = serializers.SerializerMethodField()
    field = "notes"

    class Meta:
        model = Note
        fields = ["id", "council", "about", "text", "by", "at"]

    def get_by(self, note) -> str | None:
        return self.name_of(note.by, note.council_id)


class NewCarriedSerializer(serializers.Serializer):
    """What it is about."""

    subject_kind = serializers.ChoiceField(KINDS)
    subject_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class NewDocumentSerializer(NewCarriedSerializer):
    """A file, what it proves, who else may see it, and how long it is kept."""

    # What the file holds is looked at by the action, in its own words.
    file = serializers.FileField(allow_empty_file=True)
    kind = serializers.ChoiceField(Document.Kind.choices)
    title = serializers.CharField(max_length=LONGEST_TITLE)
    for_london_grid = serializers.BooleanField(default=False)
    supplier = serializers.SlugRelatedField(
        "code", queryset=Supplier.objects.all(), required=False, help_text="Its code"
    )
    retention = serializers.ChoiceField(
        Document.Retention.choices, default=Document.Retention.BUSINESS
    )


class NewNoteSerializer(NewCarriedSerializer):
    subject_kind = serializers.ChoiceField(NOTED)
    text = serializers.CharField(max_length=LONGEST_NOTE)


class CarriedViewSet(NarrowedViewSet):
    """What hangs on things, as far as the person sees both; a thing has it in its ``field``."""

    field = ""

    def get_queryset(self):
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        return rows.prefetch_related(*attachments.about(self.request.user, self.field))

    def filter_queryset(self, queryset):
        rows = super().filter_queryset(queryset)
        asked = self.request.query_params
        kind, key = asked.get("subject_kind"), asked.get("subject_id")
        if self.action != "list" or not (kind or key):
            return rows
        if not (kind and key and key.isdecimal() and len(key) < 19):
            raise BadInput("Name both subject_kind and subject_id, for example line and 12.")
        carrier, subject = attachments.find_subject(self.request.user, self.field, kind, int(key))
        return rows.filter(**{carrier.accessor(self.field): subject.pk})

    def added(self, row) -> Response:
        shown = self.get_queryset().get(pk=row.pk)
        return Response(self.get_serializer(shown).data, status=status.HTTP_201_CREATED)


class DocumentViewSet(CarriedViewSet):
    """Documents that prove something, and that you may see."""

    queryset = Document.objects.select_related("council", "supplier", "added_by").order_by("pk")
    serializer_class = DocumentSerializer
    parser_classes = [MultiPartParser, FormParser]
    field = "documents"

    @extend_schema(parameters=DOCUMENTS_OF)
    def list(self, request):
        return super().list(request)

    @extend_schema(request=NewDocumentSerializer, responses={201: DocumentSerializer})
    def create(self, request):
        """Add a document about something."""
        asked = NewDocumentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return self.added(
            add_document(
                by=request.user, at=clock.now(), **with_subject(request.user, self.field, asked)
            )
        )

    @extend_schema(responses={(200, media_type): OpenApiTypes.BINARY for media_type in MEDIA_TYPES})
    @action(detail=True)
    def content(self, request, pk) -> FileResponse:
        """The file itself; that it was opened is written down."""
        key = self.get_object().pk
        found, file = open_document(document_id=key, by=request.user, at=clock.now())
        return as_download(file, name=found.name, media_type=found.media_type)


class NoteViewSet(CarriedViewSet):
    """Notes about things of the councils whose records you see."""

    queryset = Note.objects.select_related("council", "by").order_by("pk")
    serializer_class = NoteSerializer
    field = "notes"

    @extend_schema(parameters=NOTES_OF)
    def list(self, request):
        return super().list(request)

    @extend_schema(request=NewNoteSerializer, responses={201: NoteSerializer})
    def create(self, request):
        """Add a note about something; it cannot be changed afterwards."""
        asked = NewNoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return self.added(
            add_note(
                by=request.user, at=clock.now(), **with_subject(request.user, self.field, asked)
            )
        )


def with_subject(user, field: str, asked: serializers.Serializer) -> dict:
    """Return what was sent, with the thing itself in place of its kind and key."""
    sent = dict(asked.validated_data)
    kind, key = sent.pop("subject_kind"), sent.pop("subject_id")
    _, subject = attachments.find_subject(user, field, kind, key)
    return sent | {"subject": subject}
