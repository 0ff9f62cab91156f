"""The form by which a council says what of it other councils see."""

from django import forms


class SharingForm(forms.Form):
    shares = forms.TypedChoiceField(
        label="May the people of other councils see it?",
        choices=[("yes", "Yes, in per cent"), ("no", "No")],
        widget=forms.RadioSelect,
        coerce=lambda value: value == "yes",
        error_messages={"required": "Choose yes or no."},
    )
