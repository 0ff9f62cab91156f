"""What runs and how it moves, as JSON."""

from rest_framework import serializers

from boroughs.api.serializers import Pounds
from boroughs.models import Body, Supplier
from services.models import Framework, LegalRule
from services.stages import Stage


class SupplierSerializer(serializers.ModelSerializer):
    aliases = serializers.SlugRelatedField("name", many=True, read_only=True)

    class Meta:
        model = Supplier
        fields = ["id", "code", "name", "role", "company_number", "aliases", "note"]


class FrameworkSerializer(serializers.ModelSerializer):
    """``starts_text`` and ``ends_text`` are days as reported, in part where no more is known."""

    ceiling = Pounds(allow_null=True)
    named = serializers.SlugRelatedField("register_code", many=True, read_only=True)
    suppliers = serializers.SlugRelatedField("name", many=True, read_only=True)

    class Meta:
        model = Framework
        fields = [
            *("id", "code", "name", "owner", "regime", "commenced_on", "starts_on", "starts_text"),
            *("ends_on", "ends_text", "ceiling", "ceiling_note", "entitles", "named", "open_to"),
            *("suppliers", "suppliers_text", "management_charge", "source", "note"),
        ]


class LegalRuleSerializer(serializers.ModelSerializer):
    """``value`` is pounds, days or per cent, as the kind says."""

    class Meta:
        model = LegalRule
        fields = [
            *("id", "kind", "regime", "code", "value", "starts_on", "ends_on", "source"),
            "is_verified",
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
