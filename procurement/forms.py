"""What savings and payments can be narrowed by, and the file that brings payments."""

from django import forms

from londonpsn.common.errors import BadInput
from londonpsn.common.periods import parse_month
from londonpsn.common.uploads import RowsField
from services.models import ServiceType


class MonthField(forms.Field):
    """A month written as ``2013-04``, or none; its value is the first day of it."""

    widget = forms.TextInput

    def __init__(self, **options):
        super().__init__(required=False, **options)

    def to_python(self, value):
        text = (value or "").strip()
        try:
            return parse_month(text) if text else None
        except BadInput as error:
            raise forms.ValidationError(str(error)) from None


class MonthsForm(forms.Form):
    """From a month to a month, both included; what spend can be narrowed by."""

    def __init__(self, data):
        super().__init__(data)
        self.fields["from"] = MonthField(label="From month", help_text="For example 2013-04")
        self.fields["to"] = MonthField(label="To month", help_text="Included")

    def clean(self):
        chosen = super().clean()
        first, last = chosen.get("from"), chosen.get("to")
        if first and last and last < first:
            self.add_error("to", "This month lies before the first one. Swap them.")
        return chosen


class PaymentUploadForm(forms.Form):
    """A council's published list; what is in it the loader finds out."""

    file = RowsField(label="The list as it was published")
    month = MonthField(
        label="Month",
        help_text="Only where the rows have no date and the file’s name gives no month; "
        "for example 2011-09",
    )


class SavingsFilterForm(MonthsForm):
    """Cuts savings by months, kind of service, and what makes a row.

    ``by`` that is not offered gives financial years.
    """

    by = forms.ChoiceField(label="Show by", required=False)
    family = forms.ChoiceField(
        label="Services", required=False, choices=[("", "All"), *ServiceType.Family.choices]
    )

    def __init__(self, data, *, is_of_all: bool):
        super().__init__(data)
        self.fields["by"].choices = [
            ("financial_year", "Financial year"),
            ("month", "Month"),
            ("service_type", "Kind of service"),
            ("supplier", "New supplier"),
            ("contract", "New contract"),
            *([("council", "Council")] if is_of_all else []),
        ]
        self.is_valid()

    def value_of(self, name: str):
        """Return what was chosen, None where nothing was or it cannot be read."""
        return self.cleaned_data.get(name) or None

    @property
    def narrows(self) -> list[str]:
        """The filters in force, in words."""
        words = {"family": dict(ServiceType.Family.choices).get(self.value_of("family"))}
        words |= {n: f"{day:%B %Y}" for n in ("from", "to") if (day := self.value_of(n))}
        return [f"{self.fields[name].label} {word}" for name, word in words.items() if word]
