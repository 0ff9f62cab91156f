"""How pounds, days and shares are written; loaded in every template."""

from datetime import date, datetime
from decimal import Decimal

from crispy_forms.utils import render_crispy_form
from crispy_forms_gds.helper import FormHelper
from django import forms, template
from django.template.loader import get_template, render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from londonpsn.common.money import in_pennies_or_finer, to_the_penny
from londonpsn.common.periods import last_day as last_day_of

register = template.Library()
MINUS = "−"
UNKNOWN = "not known"
NOT_STYLED_BY_IT = (forms.NumberInput, forms.URLInput)  # crispy-forms-gds leaves them plain


@register.filter
def pounds(value: Decimal | None) -> str:
    """Write ``£1,234.50``; a true minus sign before the pound sign; None is not known."""
    if value is None:
        return UNKNOWN
    value = to_the_penny(value)
    return f"{MINUS if value < 0 else ''}£{abs(value):,.2f}"


@register.filter
def unit_pounds(value: Decimal | None) -> str:
    """Write a price of one as it stands, ``£115.00`` or ``£0.4653``: it is not rounded."""
    return UNKNOWN if value is None else f"£{in_pennies_or_finer(value):,f}"


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
def as_kind(value, kind: str) -> str:
    """Write a known value of a table's cell or a fact by its kind (common.tables.Kind)."""
    return WRITTEN.get(kind, str)(value)


@register.filter
def money(value: Decimal | None) -> str:
    """Write pounds as markup: a known zero is soft, negative is said in words too."""
    if value is None:
        return format_html('<span class="soft">{}</span>', UNKNOWN)
    if value < 0:
        worse = '<span class="neg">{}<span class="govuk-visually-hidden"> worse off</span></span>'
        return format_html(worse, pounds(value))
    return pounds(value) if value else format_html('<span class="zero">{}</span>', pounds(value))


@register.simple_tag
def cell(shown, row) -> str:
    """Render one cell of a table (common.tables.Cell). Python, because a page has a thousand."""
    column, value = shown.column, shown.value
    if column.template:
        html = get_template(column.template).render({"value": value, "row": row})
    elif column.kind == "share":
        html = share(value)
    elif value is None or value == "":
        html = format_html('<span class="soft">{}</span>', column.unknown)
    elif column.kind == "pounds":
        html = money(value)
    else:
        html = as_kind(value, column.kind)
        if shown.link:
            html = format_html('<a href="{}">{}</a>', shown.link, html)
    if shown.sub:
        html = format_html('{}<span class="sub">{}</span>', html, shown.sub)
    return html


@register.simple_tag
def form_fields(form) -> str:
    """Render a form's fields and its error summary in the design system's markup.

    The one place that knows the package: it is stale, and has to stay replaceable.
    """
    for field in form.fields.values():
        if isinstance(field.widget, NOT_STYLED_BY_IT):
            field.widget.attrs.setdefault("class", "govuk-input")
    helper = FormHelper(form)
    helper.form_tag, helper.disable_csrf = False, True
    form.helper = helper
    summary = render_to_string("gds/layout/error_summary.html", {"form": form})
    return mark_safe(summary + render_crispy_form(form, helper))  # noqa: S308, both are templates


@register.filter
def share(value: Decimal | None) -> str:
    """Write ``99.8%``; None is no data, never 0 or 100."""
    return "No data" if value is None else f"{value}%".replace("-", MINUS)


def count(value: int) -> str:
    return f"{value:,}"


WRITTEN = {
    "count": count,
    "pounds": pounds,
    "share": share,
    "day": day,
    "last_day": last_day,
    "month": month,
    "moment": moment,
}
