import django_filters
from django_filters.rest_framework import FilterSet

from services.models import Contract, Line
from services.stages import Stage


class LineFilters(FilterSet):
    """Lists of lines can be narrowed by any of these; several are joined by "and"."""

    reference = django_filters.CharFilter(method="with_reference", label="Part of a reference")
    body = django_filters.NumberFilter()
    body_kind = django_filters.CharFilter("body__kind")
    service_type = django_filters.CharFilter("service_type__code")
    generation = django_filters.CharFilter("generation__code")
    supplier = django_filters.NumberFilter()
    stage = django_filters.ChoiceFilter(choices=Stage.choices, method="in_stage")

    class Meta:
        model = Line
        fields = []

    def with_reference(self, queryset, name, value):
        return queryset.with_reference(value)

    def in_stage(self, queryset, name, value):
        return queryset.in_stage(value)


class ContractFilters(FilterSet):
    """Lists of contracts can be narrowed by any of these; several are joined by "and"."""

    kind = django_filters.ChoiceFilter(
        choices=[(kind.lower(), label) for kind, label in Contract.Kind.choices], method="of_kind"
    )
    framework = django_filters.CharFilter("framework__code")
    supplier = django_filters.NumberFilter()
    body = django_filters.NumberFilter()

    class Meta:
        model = Contract
        fields = []

    def of_kind(self, queryset, name, value):
        return queryset.filter(kind=value.upper())
