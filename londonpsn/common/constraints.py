"""The database constraints that recur; each is named after the sentence it enforces."""

from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db.models import CheckConstraint, F, Func, Q


def one_of(field: str, choices, name: str) -> CheckConstraint:
    """Only the stored values of a Choices class."""
    return CheckConstraint(name=name, condition=Q(**{f"{field}__in": choices.values}))


def one_of_or_blank(field: str, choices, name: str) -> CheckConstraint:
    """Only the stored values of a Choices class, or nothing where it is not known."""
    return CheckConstraint(
        name=name, condition=Q(**{field: ""}) | Q(**{f"{field}__in": choices.values})
    )


def ends_after_it_starts(
    name: str, starts: str = "starts_on", ends: str = "ends_on"
) -> CheckConstraint:
    """A half-open period holds at least one day; a blank side is open or not known."""
    return CheckConstraint(
        name=name,
        violation_error_message="The end has to lie after the beginning.",
        condition=Q(**{f"{ends}__isnull": True})
        | Q(**{f"{starts}__isnull": True})
        | Q(**{f"{ends}__gt": F(starts)}),
    )


def does_not_end_before_it_starts(name: str) -> CheckConstraint:
    """A half-open period whose end is its start held for less than a day: it ended on its first."""
    return CheckConstraint(
        name=name,
        violation_error_message="The end cannot lie before the beginning.",
        condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
    )


def not_negative(field: str, name: str) -> CheckConstraint:
    return CheckConstraint(name=name, condition=Q(**{f"{field}__gte": 0}))


class DateRange(Func):
    """The half-open range of two date columns, as PostgreSQL's own."""

    function = "DATERANGE"
    output_field = DateRangeField()


def days(starts: str = "starts_on", ends: str = "ends_on") -> tuple[DateRange, str]:
    """Return the pair of an exclusion constraint that forbids overlapping days."""
    return DateRange(starts, ends, RangeBoundary()), RangeOperators.OVERLAPS
