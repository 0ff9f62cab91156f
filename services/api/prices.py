"""The catalogue, prices and quotes as JSON, and a rise of prices by an index.

Days are half-open here: ``ends_on`` and ``valid_until`` are the first day without.
"""

import django_filters
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from boroughs.api.filters import CouncilFilterBackend
from boroughs.api.idempotency import idempotent
from boroughs.api.reads import ReadsAreWritten
from boroughs.api.serializers import Pounds
from boroughs.api.views import NarrowedViewSet
from boroughs.authorization import Permission, check
from boroughs.models import Site
from boroughs.queries import find_row, served_councils
from londonpsn.common import clock
from londonpsn.common.periods import month_code
from services.actions.indexation import (
    check_has_index,
    check_rise,
    raise_framework_prices,
    raise_prices,
)
from services.actions.quotes import keep_quote
from services.models import CatalogueItem, Contract, Framework, Price, Quote
from services.queries.indexation import RisePlan, call_offs_to_raise, plan_rises


class UnitPounds(serializers.DecimalField):
    """Pounds for one of something, as they are stored: a string of four decimals."""

    def __init__(self, **options):
        super().__init__(max_digits=14, decimal_places=4, **options)


class CatalogueItemSerializer(serializers.ModelSerializer):
    service_type = serializers.CharField(source="service_type.code")

    class Meta:
        model = CatalogueItem
        fields = [
            *("id", "code", "name", "service_type", "unit", "options", "lead_time_days", "net"),
            "is_by_quote",
        ]


class PriceSerializer(serializers.ModelSerializer):
    council = serializers.CharField(source="contract.council.register_code")
    item = serializers.CharField(source="item.code")
    amount = UnitPounds()
    original = UnitPounds(allow_null=True)

    class Meta:
        model = Price
        fields = [
            *("id", "council", "contract", "item", "kind", "from_quantity", "amount"),
            *("term_months", "starts_on", "ends_on", "raised_from", "original"),
        ]


class QuoteSerializer(serializers.ModelSerializer):
    council = serializers.CharField(source="council.register_code")
    item = serializers.CharField(source="item.code")
    site = serializers.CharField(source="site.code", default=None, allow_null=True)
    monthly, one_off = UnitPounds(), UnitPounds()
    is_orderable = serializers.SerializerMethodField()

    class Meta:
        model = Quote
        fields = [
            *("id", "council", "contract", "item", "site", "number", "quantity", "monthly"),
            *("one_off", "term_months", "quoted_on", "valid_until", "survey", "is_orderable"),
        ]

    def get_is_orderable(self, quote) -> bool:
        return quote.is_orderable_on(clock.today())


class NewQuoteSerializer(serializers.ModelSerializer):
    """A quote to keep. ``item`` and ``site`` are codes; a site may be left out."""

    contract = serializers.IntegerField()
    item = serializers.SlugRelatedField("code", queryset=CatalogueItem.objects.all())
    site = serializers.CharField(required=False, allow_null=True, max_length=24)
    quantity = serializers.IntegerField(min_value=1, max_value=2_147_483_647, default=1)
    monthly, one_off = UnitPounds(min_value=0), UnitPounds(min_value=0)
    term_months = serializers.IntegerField(
        min_value=1, max_value=600, required=False, allow_null=True
    )

    class Meta:
        model = Quote
        fields = [
            *("contract", "item", "site", "number", "quantity", "monthly", "one_off"),
            *("term_months", "quoted_on", "valid_until", "survey"),
        ]
        validators = []  # the action says in words what is held already


class RiseSerializer(serializers.Serializer):
    """A rise of the prices of a call-off, or of all under a framework, which is named by its code.

    Without ``confirm`` it is only worked out. ``seen`` is the ``digest`` of what was worked out: it
    is refused where that has changed since.
    """

    contract = serializers.IntegerField(required=False)
    framework = serializers.CharField(required=False, max_length=100)
    percent = serializers.DecimalField(max_digits=6, decimal_places=3)
    on = serializers.DateField()
    confirm = serializers.BooleanField(default=False)
    seen = serializers.CharField(required=False, max_length=64)

    def validate(self, attrs):
        if ("contract" in attrs) == ("framework" in attrs):
            raise serializers.ValidationError("Name a contract or a framework, and not both.")
        return attrs


class RaisedSerializer(serializers.Serializer):
    contract = serializers.IntegerField(source="price.contract_id")
    item = serializers.CharField(source="price.item.code")
    kind = serializers.CharField(source="price.kind")
    from_quantity = serializers.IntegerField(source="price.from_quantity")
    before = UnitPounds(source="price.amount")
    after = UnitPounds()


class AffectedSerializer(serializers.Serializer):
    council = serializers.CharField()
    body_kind = serializers.CharField()
    lines = serializers.IntegerField()
    monthly = Pounds()


class RisePlanSerializer(serializers.Serializer):
    """What a rise does: ``is_done`` once it was made. ``monthly`` is pounds a month more.

    ``applied`` is what floor and cap leave of the per cent, and ``raised_last_on`` the day of the
    rise before; null for more than one call-off. ``index_months`` are the months, 2014-04, whose
    index it takes by the contracts, null for one that does not say.
    ``left_out`` says of each call-off that is not raised why.
    """

    contract = serializers.IntegerField(allow_null=True)
    framework = serializers.CharField(allow_null=True)
    on = serializers.DateField()
    percent = serializers.DecimalField(max_digits=6, decimal_places=3)
    applied = serializers.DecimalField(max_digits=6, decimal_places=3, allow_null=True)
    index_months = serializers.ListField(child=serializers.CharField(allow_null=True))
    raised_last_on = serializers.DateField(allow_null=True)
    is_done = serializers.BooleanField()
    prices_raised = serializers.IntegerField()
    prices = RaisedSerializer(many=True, source="rises")
    affected = AffectedSerializer(many=True)
    left_out = serializers.ListField(child=serializers.CharField())
    digest = serializers.CharField()


class PriceFilters(FilterSet):
    contract = django_filters.NumberFilter()
    item = django_filters.CharFilter("item__code")
    on = django_filters.DateFilter(method="in_force", label="In force on this day")

    class Meta:
        model = Price
        fields = []

    def in_force(self, queryset, name, value):
        return queryset.in_force_on(value)


class QuoteFilters(FilterSet):
    contract = django_filters.NumberFilter()
    item = django_filters.CharFilter("item__code")
    orderable_on = django_filters.DateFilter(method="orderable", label="Can be ordered on this day")

    class Meta:
        model = Quote
        fields = []

    def orderable(self, queryset, name, value):
        return queryset.orderable_on(value)


class CatalogueItemViewSet(NarrowedViewSet):
    """What can be ordered: reference data."""

    queryset = CatalogueItem.objects.select_related("service_type").order_by("code")
    serializer_class = CatalogueItemSerializer
    filter_backends = []


class PriceViewSet(ReadsAreWritten, NarrowedViewSet):
    """Prices that were, are and are to come. They are written by price books and rises alone."""

    councils_named = staticmethod(served_councils)
    queryset = Price.objects.select_related("contract__council", "item").order_by("pk")
    serializer_class = PriceSerializer
    filter_backends = [CouncilFilterBackend, DjangoFilterBackend]
    filterset_class = PriceFilters
    council_path = "contract__council"

    @extend_schema(request=RiseSerializer, responses=RisePlanSerializer)
    @action(detail=False, methods=["post"], filter_backends=[], pagination_class=None)
    @idempotent
    def index(self, request):
        """Raise the prices in force on a day, or work out what that does.

        Those of one call-off, or of all call-offs under a framework.
        """
        asked = RiseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said, user, today = asked.validated_data, request.user, clock.today()
        contracts, framework = _to_raise(user, said)
        check_rise(said["percent"], said["on"], today)
        planned = plan_rises(contracts, said["percent"], said["on"])
        runs = planned.done
        if said["confirm"]:
            rise = {key: said[key] for key in ("percent", "on", "seen") if key in said}
            rise |= {"today": today, "by": user, "at": clock.now()}
            if framework is None:
                runs = [raise_prices(contract_id=contracts[0].pk, **rise)]
            else:
                runs = raise_framework_prices(framework_id=framework.pk, **rise)
        only = planned.plans[0] if framework is None else None
        answer = {
            "contract": said.get("contract"),
            "framework": said.get("framework"),
            "on": said["on"],
            "percent": said["percent"],
            "applied": only and only.applied,
            "index_months": _index_months(planned.plans),
            "raised_last_on": only and only.last and only.last.on,
            "rises": planned.rises,
            "is_done": bool(runs) and (said["confirm"] or not planned.to_make),
            "prices_raised": sum(run.prices_raised for run in runs) or len(planned.rises),
            "affected": planned.affected(today),
            "left_out": [plan.why_not for plan in planned.plans if plan.why_not],
            "digest": planned.digest,
        }
        return Response(RisePlanSerializer(answer).data)


def _to_raise(user, said) -> tuple[list[Contract], Framework | None]:
    """Return the call-offs whose prices are to rise, and the framework where one was named."""
    if "framework" in said:
        framework = find_row(Framework.objects.visible_to(user), code=said["framework"])
        check(user, Permission.PRICES_LOAD)
        call_offs = call_offs_to_raise(framework).select_related("council")
        return list(call_offs.order_by("pk")), framework
    visible = Contract.objects.visible_to(user).select_related("council")
    contract = find_row(visible, pk=said["contract"])
    check(user, Permission.PRICES_LOAD, contract.council)
    check_has_index(contract)
    return [contract], None


def _index_months(plans: list[RisePlan]) -> list[str | None]:
    """Return the months whose index the call-offs take, each once; None for not known."""
    months = {plan.index_month for plan in plans}
    known = sorted(month_code(month) for month in months if month)
    return [*known, None] if None in months else known


class QuoteViewSet(ReadsAreWritten, NarrowedViewSet):
    """Suppliers' quotes. One is kept as it was made, and never changed."""

    councils_named = staticmethod(served_councils)
    queryset = Quote.objects.select_related("council", "item", "site").order_by("pk")
    serializer_class = QuoteSerializer
    filter_backends = [CouncilFilterBackend, DjangoFilterBackend]
    filterset_class = QuoteFilters

    @extend_schema(request=NewQuoteSerializer, responses={201: QuoteSerializer})
    @idempotent
    def create(self, request):
        asked = NewQuoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        facts = dict(asked.validated_data)
        contract, item, site = (facts.pop(name, None) for name in ("contract", "item", "site"))
        visible = Contract.objects.visible_to(request.user).select_related("council")
        found = find_row(visible, pk=contract)
        sites = Site.objects.of_council(found.council)
        quote = keep_quote(
            contract_id=found.pk,
            item=item,
            site_id=find_row(sites, code=site).pk if site else None,
            facts=facts,
            on=clock.today(),
            by=request.user,
            at=clock.now(),
        )
        return Response(QuoteSerializer(quote).data, status.HTTP_201_CREATED)
