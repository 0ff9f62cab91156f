"""The summary of all councils; savings and payments of those whose records the person sees."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.viewsets import GenericViewSet

from boroughs.api.filters import COUNCIL, council_asked
from boroughs.api.reads import ReadsAreWritten
from boroughs.authorization import Permission
from boroughs.models import Body, Council
from boroughs.queries import find_council, sees_summaries
from londonpsn.common import clock
from londonpsn.common.errors import BadInput
from londonpsn.common.periods import month_code, parse_day, parse_month
from procurement import queries
from procurement.api import serializers
from procurement.models import Series
from services.queries import find_programme, summaries

MONTHS = [
    OpenApiParameter("from", OpenApiTypes.STR, description="First month, 2013-04"),
    OpenApiParameter("to", OpenApiTypes.STR, description="Last month, included"),
]


class MigrationViewSet(GenericViewSet):
    """Where every council stands in a programme; the summary that all council people may see."""

    serializer_class = serializers.MigrationSerializer
    filter_backends = []

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "programme", OpenApiTypes.STR, description="Its code; the default one"
            ),
            OpenApiParameter("as_at", OpenApiTypes.DATE, description="A past day; today"),
            OpenApiParameter("council", OpenApiTypes.STR, description="Register code"),
        ],
        responses=serializers.MigrationSerializer(many=True),
    )
    def list(self, request):
        if not sees_summaries(request.user):
            raise PermissionDenied("The summary of all councils is for councils and London Grid.")
        asked, today = request.query_params, clock.today()
        programme = find_programme(asked.get("programme"))
        day = parse_day(asked["as_at"]) if asked.get("as_at") else today
        rows = summaries(programme, today=today, now=clock.now(), as_at=day)
        if code := asked.get("council"):
            council = find_council(Council.objects.all(), register_code=code)
            rows = [row for row in rows if row.council == council]
        shares = queries.shown_shares(
            queries.programme_savings(programme),
            [row.council for row in rows],
            user=request.user,
            day=day,
            today=today,
        )
        context = self.get_serializer_context() | {"shares": shares}
        shown = self.get_serializer_class()(
            self.paginate_queryset(rows), many=True, context=context
        )
        return self.get_paginated_response(shown.data)


class SavingsViewSet(ReadsAreWritten, GenericViewSet):
    """Savings, expected from contract prices, by period or by key; of all kinds of body."""

    has_sums = True
    serializer_class = serializers.SavingsSerializer
    filter_backends = []

    @extend_schema(
        parameters=[
            COUNCIL,
            *MONTHS,
            OpenApiParameter("body_kind", enum=Body.Kind.values),
            OpenApiParameter("group_by", enum=queries.GROUPINGS, default="financial_year"),
        ],
        responses=serializers.SavingsSerializer(many=True),
    )
    def list(self, request):
        group_by = chosen(request, "group_by", queries.GROUPINGS) or "financial_year"
        first, last = months_asked(request)
        council = council_to_read(request)
        wanted = queries.SavingsFilter(
            request.user,
            council_ids=[council.pk] if council else None,
            body_kind=chosen(request, "body_kind", Body.Kind.values),
            from_month=first,
            to_month=last,
        )
        name = "period" if group_by in queries.PERIODS else "key"
        rows = [
            {
                name: row.key,
                **{amount: getattr(row.amounts, amount) for amount in (*queries.AMOUNTS, "net")},
                "coverage_amount_percent": as_text(row.coverage.amount_percent),
                "coverage_lines_percent": as_text(row.coverage.lines_percent),
            }
            for row in queries.savings(wanted, group_by)
        ]
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class PaymentSummaryViewSet(ReadsAreWritten, GenericViewSet):
    """What councils have published that they paid: real, never joined with synthetic figures."""

    has_sums = True
    serializer_class = serializers.PaymentSummarySerializer
    filter_backends = []

    @extend_schema(
        parameters=[
            COUNCIL,
            *MONTHS,
            OpenApiParameter("series", enum=Series.values, default=str(Series.SUPPLIER_PAYMENTS)),
        ],
        responses=serializers.PaymentSummarySerializer(many=True),
    )
    def list(self, request):
        council = council_to_read(request)
        first, last = months_asked(request)
        series = chosen(request, "series", Series.values) or Series.SUPPLIER_PAYMENTS
        found = queries.payment_summary(
            request.user, council, series=series, from_month=first, to_month=last
        )
        rows = [
            {
                "supplier": row.supplier,
                "name": row.name,
                "month": month_code(row.month),
                "amount": row.amount,
                "rows": row.rows,
            }
            for row in found
        ]
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


def council_to_read(request) -> Council | None:
    """Return the visible council that is named, None for all that the person sees."""
    if not request.user.access.allows_anywhere(Permission.RECORD_VIEW):
        raise PermissionDenied("Savings and payments are for councils and London Grid.")
    return council_asked(request)


def months_asked(request):
    first, last = (
        parse_month(text) if (text := request.query_params.get(name)) else None
        for name in ("from", "to")
    )
    if first and last and last < first:
        raise BadInput("The month in “to” lies before the month in “from”. Swap them.")
    return first, last


def chosen(request, name: str, choices) -> str | None:
    value = request.query_params.get(name)
    if value and value not in choices:
        raise BadInput(f"“{name}” is “{value}”. It can be {', '.join(choices)}.")
    return value or None


def as_text(share) -> str | None:
    return None if share is None else str(share)
