"""What ends when, until when somebody has to act, and what could end together, as JSON.

Days are half-open here: an end is the first day without.
"""

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.viewsets import GenericViewSet

from boroughs.api.filters import COUNCIL, asked_for, council_asked
from boroughs.api.reads import ReadsAreWritten
from boroughs.api.serializers import Pounds
from boroughs.authorization import Permission
from boroughs.models import Body
from londonpsn.common import clock
from services.forms import RadarForm
from services.models import Contract, ServiceType
from services.queries.radar import RadarRow, with_waiting
from services.queries.together import Cheapest, Together

NOT_YOURS = "What ends when is for councils and London Grid."


class AskedOfRadarSerializer(serializers.Serializer):
    """What the radar can be narrowed by, as its page."""

    within = serializers.ChoiceField(
        RadarForm.base_fields["within"].choices,
        required=False,
        help_text="Ends or needs notice within so many months; 12. 1200 is at any time",
    )
    body_kind = serializers.ChoiceField(
        Body.Kind.choices, required=False, help_text="Whose lines; COUNCIL"
    )
    family = serializers.ChoiceField(
        ServiceType.Family.choices, required=False, help_text="Kind of service"
    )
    supplier = serializers.CharField(required=False, help_text="A supplier’s code")
    together_by = serializers.ChoiceField(
        RadarForm.base_fields["by"].choices,
        required=False,
        help_text="What contracts that could end together have in common; family",
    )


class AskedTogetherSerializer(AskedOfRadarSerializer):
    among = serializers.ChoiceField(
        RadarForm.base_fields["among"].choices,
        required=False,
        help_text="Contracts of each council, or, without a council, the call-offs of all",
    )


class CheapestSerializer(serializers.Serializer):
    """Contracts that could end together with this one, and the cheapest day for it.

    ``key`` names the group as at /api/v1/radar/together/. ``cost`` is null where it is not known.
    """

    key = serializers.CharField(source="together.key")
    what = serializers.CharField(source="together.words")
    contracts = serializers.IntegerField(source="together.count")
    ends_on = serializers.DateField(source="joint.ends_on")
    cost = Pounds(source="joint.cost", allow_null=True)


class RadarRowSerializer(serializers.Serializer):
    """A contract that ends or needs notice.

    ``in_force_until`` counts the options taken and every roll-on; ``give_notice_by`` is until when
    somebody has to act, null where nobody has to. ``options`` are the months of those that are
    left. ``monthly`` is pounds a month now, of lines of one kind of body; ``waiting`` what each
    month costs until its lines have moved. Null is not known.
    """

    contract = serializers.IntegerField(source="contract.pk")
    council = serializers.CharField(source="contract.council_code")
    reference = serializers.CharField(source="contract.reference")
    title = serializers.CharField(source="contract.title")
    supplier = serializers.CharField()
    supplier_code = serializers.CharField(source="contract.supplier_code")
    families = serializers.SerializerMethodField()
    in_force_until = serializers.DateField(source="ends_on", allow_null=True)
    give_notice_by = serializers.DateField(source="notice_by", allow_null=True)
    notice_given_on = serializers.DateField(source="standing.notice_given_on", allow_null=True)
    is_late = serializers.BooleanField(source="standing.is_late")
    is_due_soon = serializers.BooleanField(source="standing.is_due_soon")
    options = serializers.ListField(child=serializers.IntegerField(), source="standing.options")
    renewal = serializers.CharField(source="contract.renewal")
    roll_on_months = serializers.IntegerField(source="contract.roll_on_months", allow_null=True)
    has_rolled = serializers.IntegerField(source="standing.ending.has_rolled")
    monthly, waiting = Pounds(allow_null=True), Pounds(allow_null=True)
    together = serializers.SerializerMethodField()

    def get_families(self, row) -> list[str]:
        return sorted(row.provided.families)

    def get_together(self, row) -> CheapestSerializer(many=True):
        found = self.context["together"].get(row.contract.pk, [])
        return CheapestSerializer(found, many=True).data


class PeriodSerializer(serializers.Serializer):
    starts_on = serializers.DateField(source="start")
    ends_on = serializers.DateField(source="end")


class PartSerializer(serializers.Serializer):
    """What one contract costs more: it runs on ``longer``, or is paid for while ``unused``."""

    contract = serializers.IntegerField(source="contract.key")
    longer, unused = PeriodSerializer(allow_null=True), PeriodSerializer(allow_null=True)
    cost = Pounds(allow_null=True)


class JointEndSerializer(serializers.Serializer):
    """A day on which all could end, and what that costs; null where that is not known."""

    ends_on = serializers.DateField()
    cost = Pounds(allow_null=True)
    parts = PartSerializer(many=True)


class MemberSerializer(serializers.Serializer):
    contract = serializers.IntegerField(source="contract.pk")
    council = serializers.CharField(source="contract.council_code")
    reference = serializers.CharField(source="contract.reference")
    in_force_until = serializers.DateField(source="ends_on")
    monthly = Pounds(allow_null=True)


class TogetherSerializer(serializers.Serializer):
    """Contracts that end within 12 months of each other; ``days`` are the cheapest first.

    ``council`` is null for contracts of several.
    """

    key = serializers.CharField()
    what = serializers.CharField(source="words")
    council = serializers.SerializerMethodField()
    contracts = MemberSerializer(many=True, source="rows")
    days = JointEndSerializer(many=True)

    def get_council(self, together) -> str | None:
        codes = {row.contract.council_code for row in together.rows}
        return codes.pop() if len(codes) == 1 else None


class RadarViewSet(ReadsAreWritten, GenericViewSet):
    """Contracts that end or need notice, the first to end first: the radar."""

    serializer_class = RadarRowSerializer
    filter_backends = []

    @extend_schema(
        parameters=[COUNCIL, AskedOfRadarSerializer], responses=RadarRowSerializer(many=True)
    )
    def list(self, request):
        form, rows = _on_radar(request, AskedOfRadarSerializer)
        page = self.paginate_queryset(rows)
        with_waiting(page, form.kind, clock.today())
        context = self.get_serializer_context()
        context["together"] = _by_contract(form.together(rows), page)
        shown = self.get_serializer_class()(page, many=True, context=context)
        return self.get_paginated_response(shown.data)


class TogetherViewSet(ReadsAreWritten, GenericViewSet):
    """What of the radar could end together, on which days, and what that costs."""

    has_sums = True
    serializer_class = TogetherSerializer
    filter_backends = []

    @extend_schema(
        parameters=[COUNCIL, AskedTogetherSerializer], responses=TogetherSerializer(many=True)
    )
    def list(self, request):
        form, rows = _on_radar(request, AskedTogetherSerializer)
        page = self.paginate_queryset(form.together(rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


def _on_radar(request, shape) -> tuple[RadarForm, list[RadarRow]]:
    """Return what the person's radar has of what was asked for, as its page has it."""
    user = request.user
    if not user.access.allows_anywhere(Permission.RECORD_VIEW):
        raise PermissionDenied(NOT_YOURS)
    council, asked = council_asked(request), asked_for(shape, request)
    contracts = Contract.objects.visible_to(user)
    if council:
        contracts = contracts.of_council(council)
    names = {"body_kind": "who", "together_by": "by"}
    form = RadarForm(
        {names.get(name, name): value for name, value in asked.items()}, of_all=council is None
    )
    _, rows = form.found(contracts, clock.today())
    supplier = asked.get("supplier")
    return form, [row for row in rows if not supplier or row.contract.supplier_code == supplier]


def _by_contract(groups: list[Together], shown: list[RadarRow]) -> dict[int, list[Cheapest]]:
    """Return the groups of the contracts that are shown, with the cheapest day of each."""
    found: dict[int, list[Cheapest]] = {row.contract.pk: [] for row in shown}
    for group in groups:
        members = [found[row.contract.pk] for row in group.rows if row.contract.pk in found]
        if members:
            cheapest = Cheapest.of(group)
            for groups_of_one in members:
                groups_of_one.append(cheapest)
    return found
