from django import forms
from django.contrib.auth.forms import AuthenticationForm


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


class SignInForm(AuthenticationForm):
    """Sign in by mail address; what goes wrong does not tell whether an account exists."""

    username = forms.EmailField(
        label="Mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
        error_messages={"required": "Enter your mail address."},
    )
    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )
    error_messages = {
        "invalid_login": "The mail address or the password is not right. Check both and try again.",
        "inactive": "The mail address or the password is not right. Check both and try again.",
    }
