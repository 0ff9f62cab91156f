"""What runs and how it moves, as JSON."""

from rest_framework import serializers

from services.models import Contract, Line, MigrationStatus
from services.stages import Stage


class ContractSerializer(serializers.ModelSerializer):
    council = serializers.CharField(source="council.register_code")
    supplier = serializers.CharField(source="supplier.name")

    class Meta:
        model = Contract
        fields = [
            "id",
            "council",
            "supplier",
            "reference",
            "title",
            "starts_on",
            "ends_on",
            "notice_days",
            "proration",
        ]


class LineSerializer(serializers.ModelSerializer):
    """``monthly`` is the pounds a month in force on the portal's day; null when nothing is."""

    council = serializers.CharField(source="body.council.register_code")
    body_kind = serializers.CharField(source="body.kind")
    site = serializers.CharField(source="site.code", default=None)
    service_type = serializers.CharField(source="service_type.code")
    generation = serializers.CharField(source="generation.code")
    supplier = serializers.CharField(source="supplier.name")
    stage = serializers.ChoiceField(Stage.choices)
    monthly = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)

    class Meta:
        model = Line
        fields = [
            "id",
            "council",
            "body",
            "body_kind",
            "site",
            "connection",
            "service_type",
            "generation",
            "supplier",
            "contract",
            "reference",
            "description",
            "quantity",
            "stage",
            "monthly",
            "starts_on",
            "ends_on",
            "billed_from",
            "billed_until",
            "reviewed_on",
        ]


class ReasonSerializer(serializers.Serializer):
    code = serializers.CharField()
    text = serializers.CharField()
    count = serializers.IntegerField()


class MigrationSerializer(serializers.Serializer):
    """One council in one programme. Percentages have one decimal and are cut, null when n/a."""

    council = serializers.CharField(source="council.register_code")
    programme = serializers.CharField(source="programme.code")
    status = serializers.ChoiceField(MigrationStatus.Status.choices)
    reasons = ReasonSerializer(many=True)
    connected_percent = serializers.CharField(allow_null=True)
    ceased_percent = serializers.CharField(allow_null=True)
    retired_percent = serializers.CharField(allow_null=True)
    lines_in_scope = serializers.IntegerField()
    computed_at = serializers.DateTimeField(source="freshness.computed_at", allow_null=True)
