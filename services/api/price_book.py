"""A price book as a file: loaded whole or not at all, and sent as it is loaded.

In the file ``last_day`` is the last day on which a price holds.
"""

from pathlib import Path

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from boroughs.api.filters import COUNCIL
from boroughs.api.idempotency import idempotent
from boroughs.api.serializers import Pounds
from boroughs.authorization import Permission, check
from boroughs.queries import find_council, served_councils, visible_councils
from londonpsn.common import clock
from londonpsn.common.importers import Upload
from londonpsn.common.tables import tell_of_download
from londonpsn.common.uploads import RowsField
from services.actions import prices as actions
from services.actions.prices import WORDS
from services.api.prices import AffectedSerializer, UnitPounds
from services.models import Price
from services.price_book_export import BOOK, book_table


class PriceBookSerializer(serializers.Serializer):
    """A file, CSV or an Excel workbook, of at most 20 MB; of one council where it is named.

    With ``dry_run`` it is only looked over. ``seen`` is the ``digest`` of what was looked over: it
    is refused where that has changed since.
    """

    # What the page's field says of a file is said here too, in its words.
    file = serializers.FileField(allow_empty_file=True, validators=[RowsField().clean])
    council = serializers.CharField(required=False, help_text="Register code; of all")
    dry_run = serializers.BooleanField(default=False)
    seen = serializers.CharField(required=False, max_length=64)


class ProblemSerializer(serializers.Serializer):
    """What cannot be taken: the line of the file, the cell, and why."""

    line = serializers.IntegerField()
    cell, text = serializers.CharField(), serializers.CharField()


class DifferenceSerializer(serializers.Serializer):
    """One price that is not what it was, for one; ``on`` is from which day on."""

    what = serializers.ChoiceField(list(WORDS.items()))
    council, contract, item, kind = (serializers.CharField() for _ in range(4))
    from_quantity = serializers.IntegerField()
    before, after = UnitPounds(allow_null=True), UnitPounds(allow_null=True)
    on = serializers.DateField()
    is_backdated = serializers.BooleanField()


class BookAffectedSerializer(AffectedSerializer):
    """Lines on these prices; ``monthly`` is null where their price ``ends`` and none follows."""

    ends = serializers.BooleanField()
    monthly = Pounds(allow_null=True)


class PriceReportSerializer(serializers.Serializer):
    """What came of a file: ``is_done`` once it was loaded. Counts are prices.

    Where ``refused`` rows cannot be taken, nothing of the file was kept. ``problems`` are the first
    1,000 of them, ``differences`` the first 500.
    """

    name, place, encoding = (serializers.CharField() for _ in range(3))
    dry_run = serializers.BooleanField()
    is_done = serializers.SerializerMethodField()
    read, contracts, added, changed, ended, unchanged, backdated, refused = (
        serializers.IntegerField() for _ in range(8)
    )
    problems = serializers.SerializerMethodField()
    differences = DifferenceSerializer(many=True)
    affected = BookAffectedSerializer(many=True)
    digest = serializers.CharField()

    def get_is_done(self, report) -> bool:
        return not (report.dry_run or report.is_refused)

    def get_problems(self, report) -> ProblemSerializer(many=True):
        in_order = sorted(report.found, key=lambda problem: problem.line)
        return ProblemSerializer(in_order, many=True).data


class PriceBookViewSet(GenericViewSet):
    """The whole book of prices that were, are and are to come."""

    serializer_class = PriceReportSerializer
    parser_classes = [MultiPartParser]
    filter_backends = []
    pagination_class = None

    @extend_schema(parameters=[COUNCIL], responses={(200, "text/csv"): OpenApiTypes.BINARY})
    def list(self, request):
        """The book of a council, or of all that you see, as a file that can be loaded again."""
        prices, council = Price.objects.visible_to(request.user), None
        if code := request.query_params.get("council"):
            council = find_council(served_councils(request.user), register_code=code)
            prices = prices.filter(contract__council=council)
        tell_of_download(request._request, BOOK, "csv", council)
        return book_table(prices).in_file(request._request, "csv")

    @extend_schema(request=PriceBookSerializer, responses={200: PriceReportSerializer})
    @idempotent
    def create(self, request):
        """Load a price book, or look it over: what would be added, changed, ended or refused."""
        asked, user = PriceBookSerializer(data=request.data), request.user
        asked.is_valid(raise_exception=True)
        said, council = asked.validated_data, None
        if code := said.get("council"):
            council = find_council(visible_councils(user), register_code=code)
        check(user, Permission.PRICES_LOAD, council)
        upload = Upload(
            path=Path(said["file"].temporary_file_path()),
            name=said["file"].name,
            at=clock.now(),
            by=user,
            council_code=council and council.register_code,
            on=clock.today(),
            dry_run=said["dry_run"],
        )
        report = actions.load(upload, seen=said.get("seen"))
        return Response(PriceReportSerializer(report).data)
