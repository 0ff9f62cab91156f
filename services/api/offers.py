"""Items and quotes beside each other at whole-life cost, and what is paid now, as JSON."""

from django.core.exceptions import PermissionDenied
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.viewsets import GenericViewSet

from boroughs.api.filters import THE_COUNCIL, asked_for, the_council_asked
from boroughs.api.reads import ReadsAreWritten
from boroughs.api.serializers import Pounds
from boroughs.authorization import Permission, can
from londonpsn.common import clock
from services.models import ServiceType
from services.price_book import MOST_MONTHS
from services.price_forms import MOST_QUANTITY
from services.queries.offers import offers_of, paid_now

NOT_YOURS = "Prices are for the council’s people and London Grid."


class AskedOfOffersSerializer(serializers.Serializer):
    """What to hold beside each other: a kind of service, how many, over how many months."""

    family = serializers.ChoiceField(ServiceType.Family.choices)
    quantity = serializers.IntegerField(
        min_value=1, max_value=MOST_QUANTITY, default=1, help_text="How many; 1"
    )
    months = serializers.IntegerField(
        min_value=1, max_value=MOST_MONTHS, default=36, help_text="Over how many months; 36"
    )


OPTION = OpenApiParameter(
    "option", OpenApiTypes.STR, many=True, description="The key of an offer: these offers alone"
)


class OfferSerializer(serializers.Serializer):
    """An offer, and what the whole quantity comes to over the months asked for, in pounds.

    ``total`` is ``one_off``, ``recurring`` (``monthly`` for each month) and ``exit_charge``: for
    leaving ``exit_months`` before its term is over, ``exit_percent`` of their charges, or all where
    that is null. All are null where there is no price, and ``note`` says why.
    """

    key = serializers.CharField()
    label, reference, supplier, service_type, note = (serializers.CharField() for _ in range(5))
    one_off, monthly, recurring, exit_charge, total = (
        Pounds(source=f"cost.{name}", default=None, allow_null=True)
        for name in ("one_off", "monthly", "recurring", "exit_charge", "total")
    )
    exit_months = serializers.IntegerField(
        source="cost.exit_months", default=None, allow_null=True, help_text="Null: no term is known"
    )
    exit_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, source="cost.exit_percent", default=None, allow_null=True
    )


class PaidNowSerializer(serializers.Serializer):
    """What the council’s own lines of a kind of service cost now.

    ``monthly`` is pounds of the lines whose price is known, ``unpriced`` of how many it is not.
    ``as_many`` is what the quantity asked for would cost over the months at today’s average; null
    where a price is not known.
    """

    service_type = serializers.CharField()
    lines, quantity, unpriced = (serializers.IntegerField() for _ in range(3))
    monthly = Pounds(allow_null=True)
    as_many = serializers.SerializerMethodField()

    def get_as_many(self, row) -> Pounds(allow_null=True):
        pounds = row.for_quantity(**self.context["term"])
        return None if pounds is None else Pounds().to_representation(pounds)


class CompareViewSet(ReadsAreWritten, GenericViewSet):
    """The book’s items and a council’s quotes of one kind of service side by side."""

    has_sums = True
    serializer_class = OfferSerializer
    filter_backends = []

    @extend_schema(
        parameters=[THE_COUNCIL, AskedOfOffersSerializer, OPTION],
        responses=OfferSerializer(many=True),
    )
    def list(self, request):
        """Offers at whole-life cost, the cheapest first."""
        council, family, term = self._asked(request)
        offers = offers_of(request.user, council, family, day=clock.today(), **term)
        options = set(request.query_params.getlist("option"))
        shown = [one for one in offers if one.key in options] if options else offers
        page = self.paginate_queryset(shown)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        parameters=[THE_COUNCIL, AskedOfOffersSerializer], responses=PaidNowSerializer(many=True)
    )
    @action(detail=False, url_path="paid-now")
    def paid_now(self, request):
        """What the council pays now for that kind of service, and for so many over the term."""
        council, family, term = self._asked(request)
        page = self.paginate_queryset(paid_now(request.user, council, family, clock.today()))
        context = self.get_serializer_context() | {"term": term}
        shown = PaidNowSerializer(page, many=True, context=context)
        return self.get_paginated_response(shown.data)

    def _asked(self, request) -> tuple:
        council = the_council_asked(request)
        if not can(request.user, Permission.RECORD_VIEW, council):
            raise PermissionDenied(NOT_YOURS)
        asked = asked_for(AskedOfOffersSerializer, request)
        return council, asked.pop("family"), asked
