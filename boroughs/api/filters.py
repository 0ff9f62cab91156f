"""Filters that every list of the API has."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.filters import BaseFilterBackend
from rest_framework.serializers import Serializer

from boroughs.models import Council
from boroughs.queries import find_council, visible_councils
from londonpsn.common.errors import BadInput

COUNCIL = OpenApiParameter(
    "council",
    OpenApiTypes.STR,
    description="Register code of one of your councils, for example CMD. Any other is 404.",
)
THE_COUNCIL = OpenApiParameter(
    COUNCIL.name, COUNCIL.type, required=True, description=COUNCIL.description
)


def council_asked(request) -> Council | None:
    """Return the visible council that ``?council=`` names, None where it names none."""
    code = request.query_params.get(COUNCIL.name)
    return find_council(visible_councils(request.user), register_code=code) if code else None


def the_council_asked(request) -> Council:
    """Return the visible council that ``?council=`` names; raises BadInput where it names none."""
    council = council_asked(request)
    if council is None:
        raise BadInput("Name one council by its register code, for example ?council=CMD.")
    return council


def asked_for(shape: type[Serializer], request) -> dict:
    """Return what the address asks for as the shape has it; what is blank is not asked."""
    query = {name: value for name, value in request.query_params.items() if value}
    asked = shape(data=query)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


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
