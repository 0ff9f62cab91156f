"""The form that makes an API token."""

import secrets
from datetime import date, datetime

from django import forms

from boroughs.actions.tokens import USUAL_DAYS, works_until
from boroughs.models import ApiToken, Council
from boroughs.queries import visible_councils
from londonpsn.common.errors import BadInput


class TokenForm(forms.Form):
    """What a token is for, what it may do, and until when; ``today`` is the real day.

    ``nonce`` is of this form alone, so that one that is sent again makes no second token.
    """

    nonce = forms.CharField(widget=forms.HiddenInput, max_length=32)

    name = forms.CharField(
        label="What is it for?",
        help_text="For example “Monthly report of lines”",
        max_length=80,
        error_messages={"required": "Say what the token is for."},
    )
    scope = forms.ChoiceField(
        label="What may it do?", choices=ApiToken.Scope.choices, initial=ApiToken.Scope.READ
    )
    council = forms.ModelChoiceField(
        Council.objects.none(), label="For which council?", required=False
    )
    expires_on = forms.DateField(
        label="Last day on which it works",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Say until when it works.",
            "invalid": "Write the day as 2014-06-30.",
        },
    )

    def __init__(self, data=None, *, user, today: date):
        fresh = {"expires_on": today + USUAL_DAYS, "nonce": secrets.token_urlsafe(16)}
        super().__init__(data, initial=fresh)
        self.today = today
        council = self.fields["council"]
        council.queryset = visible_councils(user).order_by("short_name")
        council.empty_label = "All that I see"
        self.fields["expires_on"].help_text = "At most a year from now"

    def clean_expires_on(self) -> datetime:
        """Return the moment at which the chosen day ends."""
        try:
            return works_until(self.cleaned_data["expires_on"], self.today)
        except BadInput as error:
            raise forms.ValidationError(str(error)) from None
