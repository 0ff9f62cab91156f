from django import forms


class DayForm(forms.Form):
    """Asks for London as it stood on another day, and for the day that it is held against."""

    as_at = forms.DateField(
        label="Show London as it stood on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    since = forms.DateField(
        label="and what changed since (the Monday before)",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
