"""What is sent to draft, award and change call-offs, and what is answered."""

from rest_framework import serializers

from boroughs.api.serializers import Pounds
from boroughs.authorization import Permission
from boroughs.models import Supplier
from londonpsn.common import clock
from services.actions.publish import REGISTER_FACTS
from services.awarding import PRICE_TERMS
from services.models import (
    Contract,
    ContractChange,
    ContractExtension,
    ContractNotice,
    Framework,
)
from services.queries.calloffs import burn_down, drift_of

# Not for suppliers, of whose contracts these are the other side's.
INSIDE = (
    *("route_reason", "invited", "bids", "conflict", "decision_reference", "cost_centre"),
    *("organisational_unit", "review_on", "ceiling", "irrecoverable_vat", "notices"),
    *("changes", "burn_down", "changed_value_percent", "changed_term_percent"),
)


class ExtensionSerializer(serializers.ModelSerializer):
    class Meta:
        model = ContractExtension
        fields = ["number", "months", "taken_on"]


class NoticeSerializer(serializers.ModelSerializer):
    class Meta:
        model = ContractNotice
        fields = ["code", "due_on", "published_on", "link", "waived_reason"]


class ContractChangeSerializer(serializers.ModelSerializer):
    value_change = Pounds()
    ceiling_change = Pounds()

    class Meta:
        model = ContractChange
        fields = ["on", "value_change", "days_change", "ceiling_change", "reason"]


class BurnDownSerializer(serializers.Serializer):
    """What is committed against the ceiling; ``percent`` is cut to one decimal, null without."""

    so_far = Pounds()
    to_come = Pounds()
    committed = Pounds()
    left = Pounds(allow_null=True)
    percent = serializers.CharField(allow_null=True)
    lines = serializers.IntegerField()
    unpriced = serializers.IntegerField()
    is_blocked = serializers.BooleanField()
    is_overridden = serializers.BooleanField()


class ContractSerializer(serializers.ModelSerializer):
    """A contract; a call-off is one of ``kind`` CALL_OFF.

    ``in_force_until`` is the first day without, with the options taken and every roll-on counted;
    ``ends_on`` is that of the contract itself. ``give_notice_by`` is null where nobody has to.
    To suppliers the council's own side is null, or empty.
    """

    council = serializers.CharField(source="council.register_code")
    supplier = serializers.CharField(source="supplier.name")
    framework = serializers.CharField(source="framework.code", default=None, allow_null=True)
    value, vat, irrecoverable_vat, ceiling = (Pounds(allow_null=True) for _ in range(4))
    in_force_until = serializers.SerializerMethodField()
    give_notice_by = serializers.SerializerMethodField()
    extensions = ExtensionSerializer(many=True)
    notices = NoticeSerializer(many=True)

    class Meta:
        model = Contract
        fields = [
            *("id", "council", "supplier", "reference", "title", "starts_on", "ends_on"),
            *("notice_days", "proration", "kind", "stage", "body", "framework", "lot", "regime"),
            *("commenced_on", "in_force_until", "give_notice_by", "notice_given_on"),
            *("minimum_term_ends_on", "renewal", "roll_on_months", "index_base", "index_cap"),
            *("index_floor", "index_lag_months", "index_rounding", "exit_percent"),
            *("value", "vat", "irrecoverable_vat", "ceiling", "route"),
            *("route_reason", "invited", "bids", "conflict", "decision_reference", "signed_on"),
            *("supplier_signed_on", "standstill_from", "standstill_days", "cost_centre"),
            *("organisational_unit", "description", "review_on", "extensions", "notices"),
        ]

    def get_in_force_until(self, contract) -> str | None:
        ends = contract.ending(clock.today()).ends_on
        return ends and ends.isoformat()

    def get_give_notice_by(self, contract) -> str | None:
        by = contract.notice_due(clock.today())
        return by and by.isoformat()

    def to_representation(self, contract):
        shown = super().to_representation(contract)
        user = self.context["request"].user
        if not user.access.allows(Permission.RECORD_VIEW, contract.council_id):
            shown |= {name: self._nothing(name) for name in INSIDE if name in shown}
        return shown

    def _nothing(self, name: str):
        """Return what stands for a field that is not told: as the document has it for unknown."""
        field = self.fields[name]
        if isinstance(field, serializers.ListSerializer):
            return []
        return "" if isinstance(field, serializers.CharField) else None


class ContractDetailSerializer(ContractSerializer):
    """One contract, with what was changed and, of an awarded call-off, what is committed."""

    changes = ContractChangeSerializer(many=True)
    burn_down = serializers.SerializerMethodField()
    changed_value_percent = serializers.SerializerMethodField()
    changed_term_percent = serializers.SerializerMethodField()

    class Meta(ContractSerializer.Meta):
        fields = [
            *ContractSerializer.Meta.fields,
            *("changes", "changed_value_percent", "changed_term_percent", "burn_down"),
        ]

    def get_burn_down(self, contract) -> BurnDownSerializer(allow_null=True):
        is_call_off = contract.kind == Contract.Kind.CALL_OFF
        if not is_call_off or contract.stage == Contract.Stage.DRAFT:
            return None
        burn = burn_down([contract], clock.today())[contract.pk]
        return BurnDownSerializer(burn).data

    def get_changed_value_percent(self, contract) -> str | None:
        return self._drift(contract, "value")

    def get_changed_term_percent(self, contract) -> str | None:
        return self._drift(contract, "term")

    def _drift(self, contract, of: str) -> str | None:
        changes = [(one.value_change, one.days_change) for one in contract.changes.all()]
        share = getattr(drift_of(contract, changes), of)
        return None if share is None else str(share)


# What is sent


class AnswersSerializer(serializers.ModelSerializer):
    """The facts of a draft, as many as are known; ``extensions`` are the months of its options."""

    supplier = serializers.SlugRelatedField("code", queryset=Supplier.objects.all())
    framework = serializers.SlugRelatedField("code", queryset=Framework.objects.all())
    body = serializers.IntegerField()
    extensions = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=120), max_length=10
    )

    class Meta:
        model = Contract
        fields = [
            *("supplier", "body", "framework", "lot", "route", "route_reason", "invited", "bids"),
            *("title", "reference", "description", "value", "vat", "irrecoverable_vat", "ceiling"),
            *("commenced_on", "starts_on", "ends_on", "minimum_term_ends_on", "notice_days"),
            *("renewal", "roll_on_months", "review_on", "index_base", "index_cap", "index_floor"),
            *("index_lag_months", "index_rounding", "exit_percent"),
            *("conflict", "decision_reference", "cost_centre", "organisational_unit"),
            *("signed_on", "supplier_signed_on", "standstill_from", "standstill_days"),
            "extensions",
        ]
        validators = ()  # the action says what contradicts itself


class DraftSerializer(AnswersSerializer):
    """A new draft: its council by register code and its supplier are needed."""

    council = serializers.CharField()

    class Meta(AnswersSerializer.Meta):
        fields = ["council", *AnswersSerializer.Meta.fields]

    def get_fields(self):
        fields = super().get_fields()
        for name, field in fields.items():
            field.required = name in ("council", "supplier")
        return fields


class ExtendSerializer(serializers.Serializer):
    number = serializers.IntegerField(help_text="The option that is taken, which is the next one")


class ChangeSerializer(serializers.Serializer):
    value_change = serializers.DecimalField(max_digits=14, decimal_places=2, default=0)
    days_change = serializers.IntegerField(default=0, min_value=-36_500, max_value=36_500)
    ceiling_change = serializers.DecimalField(
        max_digits=14, decimal_places=2, default=0, help_text="The first ceiling is a change from 0"
    )
    changes_so_far = serializers.IntegerField(
        default=None, allow_null=True, help_text="Refused where there have been more since"
    )
    reason = serializers.CharField(max_length=300)


class PriceTermsSerializer(serializers.ModelSerializer):
    """What the contract says of prices; what is not sent stays."""

    reason = serializers.CharField(max_length=300, help_text="Where the contract says it")

    class Meta:
        model = Contract
        fields = [*PRICE_TERMS, "reason"]
        validators = ()


class GiveNoticeSerializer(serializers.Serializer):
    given_on = serializers.DateField()


class SignSerializer(serializers.Serializer):
    signed_on = serializers.DateField()
    supplier_signed_on = serializers.DateField(default=None, allow_null=True)
    reason = serializers.CharField(
        max_length=300,
        default="",
        allow_blank=True,
        help_text="Why a day that is kept is corrected",
    )


class PublishNoticeSerializer(serializers.Serializer):
    code = serializers.CharField(max_length=5)
    link = serializers.URLField(max_length=300)
    published_on = serializers.DateField()
    standstill_days = serializers.IntegerField(
        default=None,
        allow_null=True,
        help_text="Working days of a standstill that begins with UK6, on its day",
    )


class WaiveNoticeSerializer(serializers.Serializer):
    code = serializers.CharField(max_length=5)
    reason = serializers.CharField(max_length=200)


class OverrideSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


class RegisterFactsSerializer(serializers.ModelSerializer):
    """What the register of contracts wants; what is not sent stays. See the 409 for a call-off."""

    class Meta:
        model = Contract
        fields = REGISTER_FACTS
        validators = ()


class NothingSerializer(serializers.Serializer):
    """Nothing is sent but the key."""
