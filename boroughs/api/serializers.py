"""Where and who, as JSON. Councils are named by register code, other rows by id."""

from decimal import ROUND_HALF_UP

from rest_framework import serializers

from boroughs.models import Body, Connection, Council, JobRun, Site


class Pounds(serializers.DecimalField):
    """Pounds as a two-decimal string, rounded half away from zero."""

    def __init__(self, **options):
        super().__init__(max_digits=16, decimal_places=2, rounding=ROUND_HALF_UP, **options)


class CouncilSerializer(serializers.ModelSerializer):
    class Meta:
        model = Council
        fields = [
            "id",
            "gss_code",
            "register_code",
            "official_name",
            "short_name",
            "slug",
            "kind",
            "shares_saving",
            "population_2011",
            "population_2021",
            "tile_abbreviation",
            "tile_column",
            "tile_row",
            "centroid_lat",
            "centroid_lon",
        ]


class SharingSerializer(serializers.Serializer):
    shares = serializers.BooleanField(
        help_text="Whether other councils see what it saves in per cent"
    )


class BodySerializer(serializers.ModelSerializer):
    council = serializers.CharField(source="council.register_code")

    class Meta:
        model = Body
        fields = ["id", "council", "kind", "name", "vat_recoverable"]


class SiteSerializer(serializers.ModelSerializer):
    """A site. Where a protected one is stands on its own page alone."""

    WHERE = {
        **dict.fromkeys(("address", "postcode", "uprn", "position"), ""),
        **dict.fromkeys(("latitude", "longitude")),
    }
    council = serializers.CharField(source="body.council.register_code")
    is_protected = serializers.BooleanField()

    def to_representation(self, site):
        shown = super().to_representation(site)
        return shown | self.WHERE if site.is_protected else shown

    class Meta:
        model = Site
        fields = [
            "id",
            "council",
            "body",
            "code",
            "name",
            "kind",
            "address",
            "postcode",
            "uprn",
            "latitude",
            "longitude",
            "position",
            "is_protected",
        ]


class ConnectionSerializer(serializers.ModelSerializer):
    council = serializers.CharField(source="site.body.council.register_code")
    generation = serializers.CharField(source="generation.code")

    class Meta:
        model = Connection
        fields = [
            "id",
            "council",
            "site",
            "generation",
            "reference",
            "access",
            "bandwidth",
            "resilience",
            "live_since",
        ]


class JobRunSerializer(serializers.ModelSerializer):
    council = serializers.CharField(source="council.register_code", default=None, allow_null=True)
    state = serializers.ChoiceField(["WAITING", "RUNNING", "DONE", "FAILED"])

    class Meta:
        model = JobRun
        fields = [
            "id",
            "kind",
            "council",
            "state",
            "requested_at",
            "started_at",
            "finished_at",
            "day",
            "attempts",
            "rows_changed",
            "fingerprint",
            "error",
        ]
