"""The trail and the exceptions as JSON: of councils whose trail the person reads, nobody else's."""

from datetime import timedelta

import django_filters
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.settings import api_settings
from rest_framework.viewsets import GenericViewSet

from boroughs import events
from boroughs.api.filters import COUNCIL, CouncilFilterBackend
from boroughs.api.reads import ReadsAreWritten
from boroughs.api.serializers import Pounds
from boroughs.api.views import NarrowedViewSet
from boroughs.authorization import Permission
from boroughs.exceptions import exceptions_at
from boroughs.models import AuditEvent, Council
from boroughs.queries import councils_read, find_council
from londonpsn.common import clock
from londonpsn.common.errors import BadInput
from londonpsn.common.periods import Period, last_ended_quarter, parse_day

DAYS = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="First day"),
    OpenApiParameter("to", OpenApiTypes.DATE, description="Last day, included"),
]


class ReadsTrail(BasePermission):
    message = "The trail is for auditors and administrators."

    def has_permission(self, request, view):
        user = request.user
        return user.is_authenticated and user.access.allows_anywhere(Permission.TRAIL_VIEW)


# Whatever holds for every view holds for these too.
READS_TRAIL = [*api_settings.DEFAULT_PERMISSION_CLASSES, ReadsTrail]


class EventFilters(FilterSet):
    """What events can be narrowed by; days are London's."""

    type = django_filters.ChoiceFilter(choices=AuditEvent.Type.choices)
    chain = django_filters.CharFilter()
    subject_type = django_filters.CharFilter()
    subject_id = django_filters.NumberFilter()
    user = django_filters.NumberFilter("user_id")
    request = django_filters.CharFilter("request_id")

    class Meta:
        model = AuditEvent
        fields = []

    @classmethod
    def get_filters(cls):
        return super().get_filters() | {
            "from": django_filters.DateFilter("at__date", "gte", label="First day"),
            "to": django_filters.DateFilter("at__date", "lte", label="Last day, included"),
        }


class AuditEventSerializer(serializers.ModelSerializer):
    before = serializers.SerializerMethodField()
    after = serializers.SerializerMethodField()

    class Meta:
        model = AuditEvent
        fields = [
            *("id", "chain", "sequence", "type", "at", "user_id", "role", "subject_type"),
            *("subject_id", "subject", "before", "after", "note", "request_id", "transaction"),
            *("previous", "hash"),
        ]

    def get_before(self, event) -> dict | None:
        return events.states_told(self.context["request"].user, event)[0]

    def get_after(self, event) -> dict | None:
        return events.states_told(self.context["request"].user, event)[1]


class AuditEventViewSet(ReadsAreWritten, NarrowedViewSet):
    """Events of the trail, latest first. ``chain`` is a register code, PROGRAMME or SECURITY.

    A person is a number here, null is the portal itself.
    """

    permission_classes = READS_TRAIL
    councils_named = staticmethod(councils_read)
    queryset = AuditEvent.objects.order_by("-pk")
    serializer_class = AuditEventSerializer
    filter_backends = [CouncilFilterBackend, DjangoFilterBackend]
    filterset_class = EventFilters
    council_path = "council_id"
    names_council = "chain"
    reads_by = Permission.TRAIL_VIEW


class TrailCheckSerializer(serializers.Serializer):
    chain = serializers.CharField()
    sequence = serializers.IntegerField(allow_null=True, help_text="The last event")
    hash = serializers.CharField(help_text="Its hash; empty where there is no event")
    checked_to = serializers.IntegerField(allow_null=True, help_text="The last event checked")
    checked_at = serializers.DateTimeField(allow_null=True)
    problems = serializers.ListField(child=serializers.CharField())


class TrailCheckViewSet(GenericViewSet):
    """Of each chain that the person reads its last event, and how far it was checked."""

    permission_classes = READS_TRAIL
    serializer_class = TrailCheckSerializer
    filter_backends = []

    @extend_schema(parameters=[COUNCIL], responses=TrailCheckSerializer(many=True))
    def list(self, request):
        council = _council_asked(request)
        councils = [council] if council else councils_read(request.user)
        states = events.chain_states(request.user, councils, others=council is None)
        page = self.paginate_queryset(states)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ExceptionSerializer(serializers.Serializer):
    kind = serializers.CharField(source="kind_code")
    on = serializers.DateField()
    council = serializers.SerializerMethodField(help_text="Register code; null is all of them")
    what = serializers.CharField()
    reference = serializers.CharField()
    address = serializers.CharField(help_text="The page about it; may be empty")
    user_id = serializers.IntegerField(source="who_id", allow_null=True)
    second_user_id = serializers.IntegerField(source="second_id", allow_null=True)
    reason = serializers.CharField()
    amount = Pounds(allow_null=True)

    def get_council(self, row) -> str | None:
        return self.context["codes"].get(row.council_id)


class ExceptionViewSet(ReadsAreWritten, GenericViewSet):
    """What is out of the ordinary, latest first; of the last ended quarter unless asked."""

    permission_classes = READS_TRAIL
    serializer_class = ExceptionSerializer
    filter_backends = []
    reads_by = Permission.TRAIL_VIEW

    @extend_schema(
        parameters=[
            COUNCIL,
            *DAYS,
            OpenApiParameter("kind", OpenApiTypes.STR, description="For example role-conflict"),
        ],
        responses=ExceptionSerializer(many=True),
    )
    def list(self, request):
        council = _council_asked(request)
        kind = request.query_params.get("kind")
        found = exceptions_at(request.user, council, _period_asked(request))
        page = self.paginate_queryset([row for row in found if kind in (None, "", row.kind_code)])
        codes = dict(councils_read(request.user).values_list("pk", "register_code"))
        context = {**self.get_serializer_context(), "codes": codes}
        rows = ExceptionSerializer(page, many=True, context=context).data
        return self.get_paginated_response(rows)


def _council_asked(request) -> Council | None:
    code = request.query_params.get("council")
    return find_council(councils_read(request.user), register_code=code) if code else None


def _period_asked(request) -> Period:
    """Return the days asked for, open on the side that is not named."""
    first, last = (
        parse_day(text) if (text := request.query_params.get(name)) else None
        for name in ("from", "to")
    )
    if first and last and last < first:
        raise BadInput("The day in “to” lies before the day in “from”. Swap them.")
    if first or last:
        return Period(first, last and last + timedelta(days=1))
    return last_ended_quarter(clock.today())
