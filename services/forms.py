"""What a list of lines can be narrowed by; kept in the address, so that a link can be sent."""

from django import forms

from boroughs.models import Body, Generation, Site, Supplier
from services.models import ServiceType
from services.queries import ToDo, to_do
from services.stages import Stage


def any_or(choices) -> list[tuple[str, str]]:
    return [("", "Any"), *choices]


class LineFilterForm(forms.Form):
    """Narrows lines; a value that is not offered is left out rather than refused."""

    q = forms.CharField(label="Reference or site", required=False, max_length=100)
    who = forms.ChoiceField(label="Who uses it", required=False, choices=any_or(Body.Kind.choices))
    kind = forms.ChoiceField(
        label="Kind of service", required=False, choices=any_or(ServiceType.Family.choices)
    )
    stage = forms.ChoiceField(
        label="Stage of old lines", required=False, choices=any_or(Stage.choices)
    )
    generation = forms.ModelChoiceField(
        Generation.objects.order_by("sequence"),
        label="Old or new",
        required=False,
        empty_label="Any",
        to_field_name="code",
    )
    supplier = forms.ModelChoiceField(
        Supplier.objects.order_by("name"), label="Supplier", required=False, empty_label="Any"
    )

    todo = forms.ChoiceField(
        label="Only lines that are", required=False, choices=any_or(ToDo.choices)
    )

    def narrow(self, lines, day):
        """Return the lines that fit every field that was filled in, on the day."""
        self.is_valid()
        chosen = self.cleaned_data
        if text := chosen.get("q"):
            lines = lines.matching(text)
        if chosen.get("who"):
            lines = lines.filter(body__kind=chosen["who"])
        if chosen.get("kind"):
            lines = lines.filter(service_type__family=chosen["kind"])
        if chosen.get("stage"):
            lines = lines.in_stage(chosen["stage"])
        if chosen.get("generation"):
            lines = lines.filter(generation=chosen["generation"])
        if chosen.get("supplier"):
            lines = lines.filter(supplier=chosen["supplier"])
        if chosen.get("todo"):
            lines = to_do(lines, chosen["todo"], day)
        return lines

    def chosen(self) -> list[tuple[str, str, str]]:
        """Return the filters in force: field, label, value in words."""
        found = []
        for name, field in self.fields.items():
            if value := getattr(self, "cleaned_data", {}).get(name):
                words = dict(getattr(field, "choices", [])).get(value, value)
                found.append((name, field.label, str(words)))
        return found


class ProtectionForm(forms.Form):
    """Asks one question: why nobody is to learn from the portal where a site is.

    That it needs no protection is an answer too: without one nothing changes.
    """

    NONE = "NONE"
    protection = forms.ChoiceField(
        label="Why is nobody to learn from the portal where it is?",
        choices=[*Site.Protection.choices, (NONE, "It needs no protection")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why, or that it needs no protection."},
    )

    def clean_protection(self) -> str:
        chosen = self.cleaned_data["protection"]
        return "" if chosen == self.NONE else chosen
