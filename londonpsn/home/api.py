"""What the roof itself answers as JSON: search over everything."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.viewsets import GenericViewSet

from londonpsn.home.search import A_KIND, AT_LEAST, AT_MOST, Kind, Match, search


class HitSerializer(serializers.Serializer):
    kind = serializers.ChoiceField([(str(kind), kind.several) for kind in Kind])
    id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    words = serializers.CharField(help_text="What it is and where")
    council = serializers.CharField(help_text="Its council's name; empty where it has none")
    match = serializers.SerializerMethodField()

    def get_match(self, hit) -> str:
        return Match(hit.match).name


class SearchViewSet(GenericViewSet):
    """Councils, bodies, sites, lines, contracts and suppliers that a text names, as one sees them.

    The best few of each kind, best first. ``match`` is EXACT, START, PART or, where nothing is
    written so, ALIKE.
    """

    serializer_class = HitSerializer
    filter_backends = []

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "q",
                OpenApiTypes.STR,
                required=True,
                description=f"{AT_LEAST} to {AT_MOST} characters; at most {A_KIND} hits a kind",
            ),
        ],
        responses=HitSerializer(many=True),
    )
    def list(self, request):
        found = search(request.user, request.query_params.get("q", ""))
        hits = [hit for group in found.groups for hit in group.hits]
        page = self.paginate_queryset(hits)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
