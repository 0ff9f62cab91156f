"""Councils' registers of contracts and the answer to requests for information, as JSON.

Days are half-open here: an end is the first day without. In the file it is the last day.
"""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from boroughs.api.filters import COUNCIL, THE_COUNCIL, council_asked, the_council_asked
from boroughs.api.idempotency import idempotent
from boroughs.api.reads import ReadsAreWritten
from boroughs.api.serializers import Pounds
from boroughs.authorization import Permission
from boroughs.queries import find_council, visible_councils
from londonpsn.common import clock
from londonpsn.common.periods import Period, last_ended_quarter, month_code, parse_quarter
from londonpsn.common.tables import tell_of_download
from services.actions.publish import publish_register
from services.models import RegisterEdition
from services.queries.register import (
    Register,
    foi_answer,
    publish_threshold,
    register_file,
    register_of,
    registers_of,
)
from services.register import COLUMNS

NOT_YOURS = "What is published of contracts is for councils and London Grid."
QUARTER_SHAPE = {"type": "string", "pattern": r"^20[0-3]\d-(01|04|07|10)$"}
QUARTER = OpenApiParameter(
    "quarter",
    QUARTER_SHAPE,
    description="Its first month, 2014-01; the last quarter that is over",
)
VERSION = OpenApiParameter(
    "version", OpenApiTypes.INT, description="As it was published; else as it stands"
)


class EntrySerializer(serializers.Serializer):
    """One contract in the register. Null, or an empty text, is not known.

    ``process_type`` is how the Code calls the route. ``missing`` are the Code’s columns that are to
    be filled and are not.
    """

    council = serializers.SerializerMethodField()
    contract = serializers.IntegerField(source="key")
    reference, title, organisational_unit, description, supplier, charity_number = (
        serializers.CharField() for _ in range(6)
    )
    starts_on, ends_on, review_on = (serializers.DateField(allow_null=True) for _ in range(3))
    value, irrecoverable_vat = Pounds(allow_null=True), Pounds(allow_null=True)
    is_sme, is_vcse = (serializers.BooleanField(allow_null=True) for _ in range(2))
    route = serializers.CharField()
    process_type = serializers.SerializerMethodField()
    missing = serializers.ListField(child=serializers.ChoiceField(list(COLUMNS.items())))

    def get_council(self, entry) -> str:
        return self.context["council"].register_code

    def get_process_type(self, entry) -> str:
        return entry.cells["ProcessType"]


class EditionSerializer(serializers.ModelSerializer):
    class Meta:
        model = RegisterEdition
        fields = ["version", "published_on", "link", "rows", "sha256"]


class RegisterStateSerializer(serializers.Serializer):
    """How far a council’s register is; what was published of it, the latest first.

    ``has_changed`` says whether its rows are others than were published last; it is null where more
    than one council is asked for.
    """

    council = serializers.CharField(source="council.register_code")
    quarter = serializers.SerializerMethodField()
    rows = serializers.SerializerMethodField()
    incomplete = serializers.IntegerField()
    is_published = serializers.SerializerMethodField()
    published_on = serializers.DateField(
        source="edition.published_on", default=None, allow_null=True
    )
    link = serializers.URLField(source="edition.link", default=None, allow_null=True)
    has_changed = serializers.BooleanField(default=None, allow_null=True)
    editions = EditionSerializer(many=True)

    def get_quarter(self, register) -> str:
        return month_code(self.context["quarter"].start)

    def get_rows(self, register) -> int:
        return len(register.entries) if isinstance(register, Register) else register.rows

    def get_is_published(self, register) -> bool:
        return register.edition is not None


class PublishSerializer(serializers.Serializer):
    """Where and when a quarter’s register was published."""

    council = serializers.CharField(help_text="Register code")
    quarter = serializers.CharField(max_length=7, help_text="Its first month, 2014-01")
    published_on = serializers.DateField()
    link = serializers.URLField(max_length=300)


class RegisterViewSet(ReadsAreWritten, GenericViewSet):
    """The register of contracts that a council publishes of each quarter."""

    serializer_class = EntrySerializer
    filter_backends = []

    @extend_schema(parameters=[THE_COUNCIL, QUARTER], responses=EntrySerializer(many=True))
    def list(self, request):
        """The rows of a council’s register, with what is missing in each."""
        _check_reads(request.user)
        quarter, council = _quarter_asked(request), the_council_asked(request)
        register = register_of(request.user, council, quarter, publish_threshold(quarter))
        context = self.get_serializer_context() | {"council": council}
        page = self.paginate_queryset(register.entries)
        shown = EntrySerializer(page, many=True, context=context)
        return self.get_paginated_response(shown.data)

    @extend_schema(parameters=[COUNCIL, QUARTER], responses=RegisterStateSerializer(many=True))
    @action(detail=False)
    def state(self, request):
        """How far each council’s register is, and what was published, where and when."""
        user = request.user
        _check_reads(user)
        quarter, council = _quarter_asked(request), council_asked(request)
        threshold = publish_threshold(quarter)
        if council:
            found = [register_of(user, council, quarter, threshold)]
        else:
            councils = visible_councils(user).order_by("short_name")
            found = registers_of(user, list(councils), quarter, threshold)
        shown = self._state(self.paginate_queryset(found), quarter, many=True)
        return self.get_paginated_response(shown)

    @extend_schema(
        parameters=[THE_COUNCIL, QUARTER, VERSION],
        responses={(200, "text/csv"): OpenApiTypes.BINARY},
    )
    @action(detail=False, pagination_class=None)
    def file(self, request) -> HttpResponse:
        """The register exactly as the Code wants it, byte for byte as the portal’s page has it."""
        council, quarter = the_council_asked(request), _quarter_asked(request)
        version = request.query_params.get("version", "")
        file, name = register_file(request.user, council, quarter, version)
        tell_of_download(request._request, "contracts-register", "csv", council)
        response = HttpResponse(file, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    @extend_schema(request=PublishSerializer, responses={201: RegisterStateSerializer})
    @action(detail=False, methods=["post"], pagination_class=None)
    @idempotent
    def publish(self, request):
        """Mark a quarter’s register as published; what is kept is its file as it stands.

        Once more after a correction it is the next version.
        """
        asked, user = PublishSerializer(data=request.data), request.user
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        quarter = parse_quarter(said.pop("quarter"))
        council = find_council(visible_councils(user), register_code=said.pop("council"))
        publish_register(
            council_id=council.pk,
            quarter=quarter,
            today=clock.today(),
            by=user,
            at=clock.now(),
            **said,
        )
        register = register_of(user, council, quarter, publish_threshold(quarter))
        return Response(self._state(register, quarter), 201)

    def _state(self, found, quarter: Period, *, many=False):
        context = self.get_serializer_context() | {"quarter": quarter}
        return RegisterStateSerializer(found, many=many, context=context).data


class AnsweredSerializer(serializers.Serializer):
    """What one contract provides of one kind of service. Null is not known.

    ``term`` is months, ``yearly_spend`` pounds a year at the prices of the day.
    """

    supplier = serializers.CharField()
    contract_ends_on = serializers.DateField(source="ends_on", allow_null=True)
    term = serializers.IntegerField(allow_null=True)
    service = serializers.CharField()
    lines = serializers.IntegerField()
    yearly_spend = Pounds(source="yearly", allow_null=True)


class FoiAnswerViewSet(ReadsAreWritten, GenericViewSet):
    """What a council may answer to a request for information of its own lines; nothing else."""

    has_sums = True
    serializer_class = AnsweredSerializer
    filter_backends = []

    @extend_schema(parameters=[THE_COUNCIL], responses=AnsweredSerializer(many=True))
    def list(self, request):
        page = self.paginate_queryset(foi_answer(the_council_asked(request), clock.today()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


def _check_reads(user) -> None:
    if not user.access.allows_anywhere(Permission.RECORD_VIEW):
        raise PermissionDenied(NOT_YOURS)


def _quarter_asked(request) -> Period:
    asked = request.query_params.get("quarter")
    return parse_quarter(asked) if asked else last_ended_quarter(clock.today())
