"""Signing in, the first password, and what an account chooses for itself."""

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from members.models import User
from members.services import lock_out


class SignInForm(AuthenticationForm):
    """Account name or phone, and password; one message for whatever was wrong (AN-01)."""

    error_messages = {
        "invalid_login": _(
            "Account name or password is not right. If you forgot it, ask your branch "
            "secretary for a new first password."
        ),
        "inactive": _(
            "Account name or password is not right. If you forgot it, ask your branch "
            "secretary for a new first password."
        ),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Account name or phone")
        self.fields["username"].max_length = 60
        self.fields["password"].label = _("Password")


class PasswordConfirmForm(forms.Form):
    """The password of the account once more; a wrong one counts like one at sign-in."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self):
        password, user = self.cleaned_data["password"], self.request.user
        found = authenticate(self.request, username=user.username, password=password)
        if found != user:
            raise ValidationError(_("This is not your password."), code="password")
        lock_out.clear(self.request.axes_key, self.request.axes_ip_address)
        return password


class PasswordChangeForm(SetPasswordForm):
    """The new password, twice; who asks has just given the old one."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = _("New password")
        self.fields["new_password1"].help_text = _(
            "At least 10 characters, not only digits. A short sentence is easy to keep."
        )
        self.fields["new_password2"].label = _("New password again")
        self.fields["new_password2"].help_text = ""
        if self.user.administrator:
            self.fields["new_password1"].help_text = _(
                "At least 10 characters of three kinds: capital letters, small letters, "
                "digits, others. It is changed every %(days)s days."
            ) % {"days": settings.ADMINISTRATOR_PASSWORD_DAYS}


class AccountForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("elder_view",)
        labels = {"elder_view": _("Elder view")}
        help_texts = {"elder_view": _("Larger text and larger buttons on every page.")}
