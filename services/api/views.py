"""What runs and how it moves: read-only, narrowed to what the person sees."""

from typing import ClassVar

from django.db.models import Exists, OuterRef, Prefetch
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from boroughs.api.filters import CouncilFilterBackend
from boroughs.api.reads import ReadsAreWritten
from boroughs.api.views import NarrowedViewSet
from boroughs.models import Council, Supplier, SupplierAlias
from boroughs.queries import served_councils
from londonpsn.common import clock
from services.api import serializers
from services.api.filters import LineFilters
from services.models import Contract, Framework, LegalRule, Line


class SupplierViewSet(NarrowedViewSet):
    """Suppliers and the names they go by in payment files: reference data."""

    queryset = Supplier.objects.prefetch_related(
        Prefetch("aliases", SupplierAlias.objects.order_by("name"))
    ).order_by("name")
    serializer_class = serializers.SupplierSerializer

    def of_council(self, suppliers, council):
        """Those that provide a line of the council."""
        lines = Line.objects.visible_to(self.request.user).of_council(council)
        return suppliers.filter(Exists(lines.filter(supplier=OuterRef("pk"))))


class FrameworkViewSet(NarrowedViewSet):
    """Umbrella agreements that call-offs are awarded under: reference data. Null is not known."""

    queryset = Framework.objects.prefetch_related(
        Prefetch("named", Council.objects.order_by("register_code")),
        Prefetch("suppliers", Supplier.objects.order_by("name")),
    ).order_by("code")
    serializer_class = serializers.FrameworkSerializer

    def of_council(self, frameworks, council):
        """Those under which the council has a contract."""
        contracts = Contract.objects.visible_to(self.request.user).of_council(council)
        return frameworks.filter(Exists(contracts.filter(framework=OuterRef("pk"))))


class LegalRuleViewSet(NarrowedViewSet):
    """Figures of the law over half-open periods, with their sources: reference data."""

    queryset = LegalRule.objects.order_by("kind", "regime", "code", "starts_on")
    serializer_class = serializers.LegalRuleSerializer
    filter_backends: ClassVar[list] = []  # the law is the same for every council


class LineViewSet(ReadsAreWritten, NarrowedViewSet):
    """Every service in use, old and new, with the stage and price it has on the portal's day."""

    councils_named = staticmethod(served_councils)
    queryset = Line.objects.order_by("pk")
    serializer_class = serializers.LineSerializer
    filter_backends = [CouncilFilterBackend, DjangoFilterBackend]
    filterset_class = LineFilters
    council_path = "body__council"

    def list(self, request):
        """Page through the keys, so that counting joins nothing, then read that page's values."""
        lines = self.filter_queryset(self.get_queryset())
        page = self.paginate_queryset(lines.values_list("pk", flat=True))
        rows = self._values(lines.filter(pk__in=page))
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def retrieve(self, request, pk):
        line = get_object_or_404(self._values(self.get_queryset()), pk=pk)
        return Response(self.get_serializer(line).data)

    def _values(self, lines):
        """Return the plain values that the serializer names."""
        lines = lines.with_stage().with_monthly(clock.today())
        return lines.values(*(field.source for field in self.get_serializer().fields.values()))
