"""What is asked about a council's register of contracts."""

from collections.abc import Iterable

from django import forms

from londonpsn.common.form_fields import DayField, PoundsField
from services.models import Contract


class RegisterFactsForm(forms.Form):
    """What the register wants of a contract; ``names`` are those that are asked of it."""

    starts_on = DayField(label="First day", required=False)
    value = PoundsField(
        label="Value without VAT, £",
        required=False,
        min_value=0,
        help_text="For the whole term, extensions in",
    )
    route = forms.ChoiceField(
        label="How the supplier was chosen",
        required=False,
        choices=[("", "Not known"), *Contract.Route.choices],
    )
    organisational_unit = forms.CharField(
        label="Directorate or service responsible", required=False, max_length=80
    )
    description = forms.CharField(
        label="What is bought",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It is published: name no person",
    )
    review_on = DayField(label="To be reviewed on", required=False)
    irrecoverable_vat = PoundsField(
        label="VAT that is not recovered, £", required=False, min_value=0, help_text="0 for none"
    )

    def __init__(self, data, *, contract: Contract, names: Iterable[str]):
        super().__init__(data, initial={name: getattr(contract, name) for name in names})
        for name in self.fields.keys() - set(names):
            del self.fields[name]


class PublishedForm(forms.Form):
    """Where and when a quarter's register was published."""

    published_on = DayField(
        label="Published on", error_messages={"required": "Say on which day it was published."}
    )
    link = forms.URLField(
        label="Link to the published file",
        help_text="The address at which everybody can open it",
        max_length=300,
        assume_scheme="https",
        error_messages={
            "required": "Give the address of the published file.",
            "invalid": "This is no address. It begins with https://",
        },
    )
