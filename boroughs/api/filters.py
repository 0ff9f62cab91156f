"""Filters that every list of the API has."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.filters import BaseFilterBackend

from boroughs.queries import find_council, visible_councils

COUNCIL = OpenApiParameter(
    "council",
    OpenApiTypes.STR,
    description="Register code of one of your councils, for example CMD. Any other is 404.",
)


class CouncilFilterBackend(BaseFilterBackend):
    """``?council=CMD`` on views that say how their rows are narrowed (``of_council``).

    The council has to be among ``councils_named(user)`` of the view, by default the visible ones.
    """

    def filter_queryset(self, request, queryset, view):
        code = request.query_params.get("council")
        if not code or not hasattr(view, "of_council"):
            return queryset
        among = getattr(view, "councils_named", visible_councils)(request.user)
        return view.of_council(queryset, find_council(among, register_code=code))

    def get_schema_operation_parameters(self, view):
        if not hasattr(view, "of_council"):
            return []
        return [
            {
                "name": COUNCIL.name,
                "in": "query",
                "required": False,
                "description": COUNCIL.description,
                "schema": {"type": "string"},
            }
        ]
