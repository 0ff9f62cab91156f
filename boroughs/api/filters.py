"""Filters that every list of the API has."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.filters import BaseFilterBackend

from boroughs.queries import find_council

COUNCIL = OpenApiParameter(
    "council",
    OpenApiTypes.STR,
    description="Register code of one of your councils, for example CMD. Any other is 404.",
)


class CouncilFilterBackend(BaseFilterBackend):
    """``?council=CMD`` on views that say how their rows reach a council (``council_path``)."""

    def filter_queryset(self, request, queryset, view):
        code = request.query_params.get("council")
        if not code or not hasattr(view, "council_path"):
            return queryset
        council = find_council(request.user, register_code=code)
        return queryset.filter(**{view.council_path: council.pk})

    def get_schema_operation_parameters(self, view):
        if not hasattr(view, "council_path"):
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
