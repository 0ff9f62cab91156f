"""The forms of signing in, in our words; what they check is allauth's."""

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from allauth.socialaccount.models import SocialAccount
from django import forms
from django.contrib.auth.tokens import default_token_generator

from boroughs.models import User
from londonpsn.common import clock
from londonpsn.home.signing_in import encryption, second_factor, tries

RULES = (
    "At least 12 characters, such as four words. Not one that many people use, and not your name "
    "or mail address. You can paste it."
)


def mail_field() -> forms.EmailField:
    return forms.EmailField(
        label="Mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
        error_messages={"required": "Enter your mail address."},
    )


def password_field(label: str = "Password", **options) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
        **options,
    )


def code_field(help_text: str) -> forms.CharField:
    return forms.CharField(
        label="Code",
        max_length=20,
        help_text=help_text,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "spellcheck": "false",
                "class": "govuk-input--width-10",
            }
        ),
        error_messages={"required": "Enter the code."},
    )


class SignInForm(account.LoginForm):
    """By mail address; what goes wrong does not tell whether an account exists."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields = {"login": mail_field(), "password": password_field()}


class NewPasswordFields:
    """Replaces the labels of a new password, which is typed twice."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, label, hint in (
            ("password1", "New password", RULES),
            ("password2", "The same password again", ""),
        ):
            field = self.fields[name]
            field.label, field.help_text = label, hint
            field.widget.attrs.pop("placeholder", None)
            field.error_messages["required"] = "Enter a new password."

    def clean(self):
        """In place of allauth's, which says the same in other words."""
        cleaned = forms.Form.clean(self)
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", "The two passwords differ. Enter the same one twice.")
        return cleaned


class ChangePasswordForm(NewPasswordFields, account.ChangePasswordForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"] = password_field("Your password now")
        self.order_fields(["oldpassword", "password1", "password2"])

    def clean_oldpassword(self):
        """Under the same limit of tries as signing in."""
        password = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password


class SetNewPasswordForm(NewPasswordFields, account.ResetPasswordKeyForm):
    pass


class AskForPasswordForm(forms.Form):
    """Asks for a mail with a link. Whether there is such an account shows in the mail alone."""

    email = mail_field()

    def clean_email(self):
        return self.cleaned_data["email"].strip().lower()

    def save(self, request) -> None:
        """Send one mail, whoever it is to. Raises TooManyTries: mails are limited like tries."""
        mail, at = self.cleaned_data["email"], clock.now()
        tries.begin(account=tries.account_of(mail, "reset "), address=get_client_ip(request), at=at)
        user = User.objects.filter(email=mail, is_active=True).first()
        adapter = get_adapter()
        if user is None:
            adapter.send_mail("account/email/unknown_account", mail, {})
        elif self._signs_in_elsewhere(user):
            adapter.send_mail("account/email/no_password", mail, {})
        else:
            account.flows.password_reset.request_password_reset(
                request, mail, [user], default_token_generator
            )

    def _signs_in_elsewhere(self, user: User) -> bool:
        """A council that signs its people in itself also decides who gets in no more."""
        return not user.has_usable_password() and SocialAccount.objects.filter(user=user).exists()


class ConfirmPasswordForm(account.ReauthenticateForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["password"] = password_field()


class CodeForm(forms.Form):
    """Takes a code of the authenticator app or a recovery code, each of them once."""

    code = code_field("The six digits that your authenticator app shows, or a recovery code.")
    reauthenticated = False

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        self.authenticator = None

    def clean_code(self):
        at = clock.now()
        attempt = tries.begin(
            account=tries.account_of(self.user.email, "code "),
            address=get_client_ip(context.request),
            at=at,
        )
        error = get_adapter().validation_error("incorrect_code")
        try:
            self.authenticator = second_factor.use_code(self.user, self.cleaned_data["code"])
        except encryption.Unreadable as lost:
            error = forms.ValidationError(str(lost))
        is_wrong = self.authenticator is None
        tries.settle(attempt, is_wrong=is_wrong, at=at, user_id=self.user.pk)
        if is_wrong:
            raise error
        return self.cleaned_data["code"]

    def save(self) -> None:
        post_authentication(
            context.request, self.authenticator, reauthenticated=self.reauthenticated
        )


class ConfirmCodeForm(CodeForm):
    reauthenticated = True


class SetUpAppForm(ActivateTOTPForm):
    """A code of the app that is being set up: it shows that it works."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"] = code_field("The six digits that the app shows now.")


class KeyNameFields:
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "Name of the key"
        self.fields["name"].help_text = "So that you can tell it from others: “blue key at home”."
        self.fields["name"].max_length = 60


class AddKeyForm(KeyNameFields, AddWebAuthnForm):
    pass


class RenameKeyForm(KeyNameFields, EditWebAuthnForm):
    pass
