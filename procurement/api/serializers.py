"""The summary of all councils, savings and payments; money as two-decimal strings of pounds."""

from rest_framework import serializers

from boroughs.api.serializers import Pounds
from services.models import MigrationStatus


class SavingsSerializer(serializers.Serializer):
    """One period, or one key of the grouping asked for; the other of the two is absent."""

    period = serializers.CharField(required=False, help_text="2013-04 or 2013-14")
    key = serializers.CharField(
        required=False, help_text="A register code, COUNCIL, SCHOOL or OTHER, or a service type"
    )
    baseline = Pounds(help_text="Old price: what it would have cost had nothing changed")
    legacy = Pounds(help_text="Still paid for the old")
    new = Pounds(help_text="New service")
    one_off = Pounds(help_text="One-off charges")
    net = Pounds(help_text="baseline − legacy − new − one_off; may be negative")
    coverage_amount_percent = serializers.CharField(allow_null=True)
    coverage_lines_percent = serializers.CharField(allow_null=True)


class PaymentSummarySerializer(serializers.Serializer):
    """Real payments of one published name in one month, of one series."""

    supplier = serializers.CharField()
    name = serializers.CharField(help_text="The supplier's name as published")
    month = serializers.CharField(help_text="2011-09")
    amount = Pounds()
    rows = serializers.IntegerField()


class ReasonSerializer(serializers.Serializer):
    code = serializers.CharField()
    text = serializers.CharField()
    count = serializers.IntegerField()


class MigrationSerializer(serializers.Serializer):
    """One council in one programme. Percentages have one decimal and are cut, null when n/a.

    ``saving_percent`` is how much less than the old price is paid, without one-offs: that of
    another council for today alone, and null unless the council ``shares_saving``.
    """

    council = serializers.CharField(source="council.register_code")
    programme = serializers.CharField(source="programme.code")
    status = serializers.ChoiceField(MigrationStatus.Status.choices)
    reasons = ReasonSerializer(many=True)
    connected_percent = serializers.CharField(allow_null=True)
    ceased_percent = serializers.CharField(allow_null=True)
    retired_percent = serializers.CharField(allow_null=True)
    shares_saving = serializers.BooleanField(source="council.shares_saving")
    saving_percent = serializers.SerializerMethodField()
    lines_in_scope = serializers.IntegerField()
    computed_at = serializers.DateTimeField(source="freshness.computed_at", allow_null=True)

    def get_saving_percent(self, row) -> str | None:
        percent = self.context["shares"][row.council.register_code].percent
        return None if percent is None else str(percent)
