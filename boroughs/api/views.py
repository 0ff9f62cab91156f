"""Where and who: read-only lists with detail routes, narrowed to what the person sees."""

from django.db.models import Prefetch
from rest_framework.viewsets import ReadOnlyModelViewSet

from boroughs.api import serializers
from boroughs.models import Body, Connection, Council, JobRun, Site, Supplier, SupplierAlias


class CouncilViewSet(ReadOnlyModelViewSet):
    """The directory of councils: names and codes, open to all who are signed in."""

    serializer_class = serializers.CouncilSerializer
    council_path = "pk"

    def get_queryset(self):
        return Council.objects.visible_to(self.request.user).order_by("gss_code")


class BodyViewSet(ReadOnlyModelViewSet):
    """Councils, schools and other public bodies that use and pay."""

    serializer_class = serializers.BodySerializer
    council_path = "council"

    def get_queryset(self):
        bodies = Body.objects.visible_to(self.request.user)
        return bodies.select_related("council").order_by("pk")


class SiteViewSet(ReadOnlyModelViewSet):
    """Where services are used. A blank address or postcode is not known."""

    serializer_class = serializers.SiteSerializer
    council_path = "body__council"

    def get_queryset(self):
        sites = Site.objects.visible_to(self.request.user)
        return sites.select_related("body__council").order_by("pk")


class ConnectionViewSet(ReadOnlyModelViewSet):
    """PSN attachments of sites; ``bandwidth`` is Mbit/s, null when not known."""

    serializer_class = serializers.ConnectionSerializer
    council_path = "site__body__council"

    def get_queryset(self):
        connections = Connection.objects.visible_to(self.request.user)
        return connections.select_related("site__body__council", "generation").order_by("pk")


class SupplierViewSet(ReadOnlyModelViewSet):
    """Suppliers and the names they go by in payment files: reference data."""

    serializer_class = serializers.SupplierSerializer

    def get_queryset(self):
        by_name = Prefetch("aliases", SupplierAlias.objects.order_by("name"))
        suppliers = Supplier.objects.visible_to(self.request.user)
        return suppliers.prefetch_related(by_name).order_by("name")


class JobRunViewSet(ReadOnlyModelViewSet):
    """What the jobs were asked to do for your councils, latest first."""

    serializer_class = serializers.JobRunSerializer
    council_path = "council"

    def get_queryset(self):
        runs = JobRun.objects.visible_to(self.request.user)
        return runs.select_related("council").order_by("-pk")
