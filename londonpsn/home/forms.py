from django import forms
from django.contrib.auth.forms import AuthenticationForm


class SignInForm(AuthenticationForm):
    """Sign in by mail address; what goes wrong does not tell whether an account exists."""

    username = forms.EmailField(
        label="Mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )
    error_messages = {
        "invalid_login": "The mail address or the password is not right. Check both and try again.",
        "inactive": "The mail address or the password is not right. Check both and try again.",
    }
