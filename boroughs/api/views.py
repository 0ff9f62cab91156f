"""Where and who: read-only lists with detail routes, narrowed to what the person sees."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from boroughs.actions.reference import share_saving
from boroughs.api import serializers
from boroughs.models import Body, Connection, Council, JobRun, Site
from boroughs.queries import find_row, visible_councils
from londonpsn.common import clock


class NarrowedViewSet(ReadOnlyModelViewSet):
    """A list and its rows, without those that do not exist for the person who asks.

    ``council_path`` is how a row reaches its council, for ``?council=``.
    """

    council_path = "council"

    def get_queryset(self):
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):  # the document is made for nobody
            return rows.none()
        return rows.visible_to(self.request.user)

    def of_council(self, rows, council):
        return rows.filter(**{self.council_path: council.pk})


class CouncilViewSet(NarrowedViewSet):
    """The directory of councils: names and codes, open to all who are signed in."""

    queryset = Council.objects.order_by("gss_code")
    serializer_class = serializers.CouncilSerializer
    council_path = "pk"

    @extend_schema(request=serializers.SharingSerializer, responses=serializers.CouncilSerializer)
    @action(detail=True, methods=["post"], url_path="share-saving")
    def share_saving(self, request, pk):
        """Say whether other councils see what one of your councils saves in per cent."""
        council = find_row(visible_councils(request.user), pk=self.get_object().pk)
        asked = serializers.SharingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        kept = share_saving(
            council_id=council.pk, by=request.user, at=clock.now(), **asked.validated_data
        )
        return Response(self.get_serializer(kept).data)


class BodyViewSet(NarrowedViewSet):
    """Councils, schools and other public bodies that use and pay."""

    queryset = Body.objects.select_related("council").order_by("pk")
    serializer_class = serializers.BodySerializer


class SiteViewSet(NarrowedViewSet):
    """Where services are used. A blank address or postcode is not known, or protected."""

    queryset = Site.objects.select_related("body__council").order_by("pk")
    serializer_class = serializers.SiteSerializer
    council_path = "body__council"


class ConnectionViewSet(NarrowedViewSet):
    """PSN attachments of sites; ``bandwidth`` is Mbit/s, null when not known."""

    queryset = Connection.objects.select_related("site__body__council", "generation").order_by("pk")
    serializer_class = serializers.ConnectionSerializer
    council_path = "site__body__council"


class JobRunViewSet(NarrowedViewSet):
    """What the jobs were asked to do for your councils, latest first."""

    queryset = JobRun.objects.select_related("council").order_by("-pk")
    serializer_class = serializers.JobRunSerializer
