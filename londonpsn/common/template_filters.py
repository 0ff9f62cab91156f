"""How pounds, days and shares are written; loaded in every template."""

from datetime import date, datetime
from decimal import Decimal

from django import forms, template
from django.utils import timezone

from londonpsn.common.money import to_the_penny
from londonpsn.common.periods import last_day as last_day_of

register = template.Library()
MINUS = "−"
UNKNOWN = "not known"


@register.filter
def pounds(value: Decimal | None) -> str:
    """Write ``£1,234.50``; a true minus sign before the pound sign; None is not known."""
    if value is None:
        return UNKNOWN
    value = to_the_penny(value)
    return f"{MINUS if value < 0 else ''}£{abs(value):,.2f}"


@register.filter
def day(value: date | datetime | None) -> str:
    """Write ``30 June 2014``; None is not known."""
    if value is None:
        return UNKNOWN
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return f"{value.day} {value:%B %Y}"


@register.filter
def moment(value: datetime | None) -> str:
    """Write ``30 June 2014, 06:10`` in London's time."""
    if value is None:
        return UNKNOWN
    value = timezone.localtime(value)
    return f"{day(value)}, {value:%H:%M}"


@register.filter
def last_day(ends_on: date | None) -> str:
    """Write the last day with, of a period that is stored by its first day without."""
    return UNKNOWN if ends_on is None else day(last_day_of(ends_on))


@register.filter
def month(value: date) -> str:
    return f"{value:%B %Y}"


@register.filter
def govuk(field):
    """Render a bound form field with the design system's class for its kind of widget."""
    kind = "select" if isinstance(field.field.widget, forms.Select) else "input"
    error = f" govuk-{kind}--error" if field.errors else ""
    return field.as_widget(attrs={"class": f"govuk-{kind}{error}"})


@register.filter
def share(value: Decimal | None) -> str:
    """Write ``99.8%``; None is no data, never 0 or 100."""
    return "No data" if value is None else f"{value}%"
