"""What runs and how it moves, as JSON."""

from rest_framework import serializers

from boroughs.api.serializers import Pounds
from boroughs.models import Body, Supplier
from services.models import Contract
from services.stages import Stage


class SupplierSerializer(serializers.ModelSerializer):
    aliases = serializers.SlugRelatedField("name", many=True, read_only=True)

    class Meta:
        model = Supplier
        fields = ["id", "code", "name", "role", "company_number", "aliases", "note"]


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


class LineSerializer(serializers.Serializer):
    """A line from plain values, by their paths: what programs read most makes no models.

    ``monthly`` is the pounds a month billed on the portal's day, null when none are or they are
    not known; ``stage`` is null for a line that no programme moves.
    """

    id = serializers.IntegerField()
    council = serializers.CharField(source="body__council__register_code")
    body = serializers.IntegerField()
    body_kind = serializers.ChoiceField(Body.Kind.choices, source="body__kind")
    site = serializers.CharField(allow_null=True, source="site__code")
    connection = serializers.IntegerField(allow_null=True)
    service_type = serializers.CharField(source="service_type__code")
    generation = serializers.CharField(source="generation__code")
    supplier = serializers.CharField(source="supplier__name")
    contract = serializers.IntegerField(allow_null=True)
    reference = serializers.CharField()
    description = serializers.CharField()
    quantity = serializers.IntegerField()
    stage = serializers.ChoiceField(Stage.choices, allow_null=True)
    monthly = Pounds(allow_null=True)
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    billed_from = serializers.DateField(allow_null=True)
    billed_until = serializers.DateField(allow_null=True)
    reviewed_on = serializers.DateField(allow_null=True)
