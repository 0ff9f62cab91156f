"""Savings and payments, as JSON: money as two-decimal strings of pounds."""

from rest_framework import serializers

from boroughs.api.serializers import Pounds


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
