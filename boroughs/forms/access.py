"""What the list of who could do what is narrowed by, and the form that passes a role on."""

from datetime import date, timedelta

from django import forms

from boroughs.actions.deputies import MOST_DAYS
from boroughs.authorization import Role
from boroughs.queries import Only, find_deputy, roles_to_pass
from londonpsn.common.errors import BadInput
from londonpsn.common.template_filters import pounds


def any_or(choices) -> list[tuple[str, str]]:
    return [("", "Any"), *choices]


def day_field(label: str, **options) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "govuk-input"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **options)


class AccessFilterForm(forms.Form):
    """Narrows the list of who could do what; a value that is not offered is left out."""

    on = day_field("On the day", required=False)
    role = forms.ChoiceField(label="Role", required=False, choices=any_or(Role.choices))
    only = forms.ChoiceField(label="Only roles", required=False, choices=any_or(Only.choices))
    person = forms.CharField(label="Name or mail address", required=False, max_length=100)

    def narrowing(self) -> dict[str, str]:
        """Return what ``queries.narrowed`` takes."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in ("role", "only", "person")}

    def chosen(self) -> list[tuple[str, str, str]]:
        """Return the filters in force: field, label, value in words."""
        found = []
        for name, value in self.narrowing().items():
            if value:
                field = self.fields[name]
                words = dict(getattr(field, "choices", [])).get(value, value)
                found.append((name, field.label, words))
        return found


class RoleChoice(forms.ModelChoiceField):
    """One of the person's own roles."""

    def label_from_instance(self, membership) -> str:
        limit = f", up to {pounds(membership.limit)}" if membership.limit is not None else ""
        return f"{membership}{limit}"


class DeputyForm(forms.Form):
    """Passes one of the person's own roles to somebody for some days."""

    role = RoleChoice(
        None,
        label="Role",
        empty_label="Choose a role",
        error_messages={
            "required": "Choose a role.",
            "invalid_choice": "This role is not yours any more. Choose another.",
        },
    )
    deputy = forms.EmailField(
        label="Mail address of your deputy",
        help_text="Somebody who works at the same place",
        widget=forms.EmailInput(attrs={"spellcheck": "false"}),
        error_messages={"required": "Enter your deputy’s mail address."},
    )
    starts_on = day_field("First day", error_messages={"required": "Enter the first day."})
    last_day = day_field(
        "Last day",
        help_text=f"At most {MOST_DAYS} days in all",
        error_messages={"required": "Enter the last day."},
    )
    reason = forms.CharField(
        label="Reason",
        help_text="For example leave or training",
        max_length=200,
        error_messages={"required": "Say why, for example “leave”."},
    )

    def __init__(self, *args, user, today: date, **options):
        super().__init__(*args, **options)
        self.today = today
        self.fields["role"].queryset = roles_to_pass(user, today)

    def clean(self):
        chosen = super().clean()
        first, last = chosen.get("starts_on"), chosen.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "The last day lies before the first. Swap them.")
        if chosen.get("role") and chosen.get("deputy"):
            try:
                chosen["deputy"] = find_deputy(chosen["role"], chosen["deputy"], self.today)
            except BadInput as error:
                self.add_error("deputy", str(error))
        if last:
            chosen["ends_on"] = last + timedelta(days=1)
        return chosen
