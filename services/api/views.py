"""What runs and how it moves: read-only, narrowed to what the person sees."""

from django.db.models import Exists, OuterRef, Prefetch
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from boroughs.api.filters import CouncilFilterBackend
from boroughs.api.reads import ReadsAreWritten
from boroughs.api.views import NarrowedViewSet
from boroughs.models import Supplier, SupplierAlias
from boroughs.queries import served_councils
from londonpsn.common import clock
from services.api import serializers
from services.api.filters import LineFilters
from services.models import Contract, Line


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


class ContractViewSet(ReadsAreWritten, NarrowedViewSet):
    """What councils have signed with suppliers. A null day is not known."""

    councils_named = staticmethod(served_councils)
    queryset = Contract.objects.select_related("council", "supplier").order_by("pk")
    serializer_class = serializers.ContractSerializer


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
