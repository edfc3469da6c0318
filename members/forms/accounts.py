"""Signing in, the first password, and what an account chooses for itself."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.forms import PasswordChangeForm as DjangoPasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from members.models import User


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


class PasswordChangeForm(DjangoPasswordChangeForm):
    """Asks for the old password too, and refuses it as the new one."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = _("Old password")
        self.fields["new_password1"].label = _("New password")
        self.fields["new_password1"].help_text = _(
            "At least 10 characters, not only digits. A short sentence is easy to keep."
        )
        self.fields["new_password2"].label = _("New password again")
        self.fields["new_password2"].help_text = ""

    def clean(self):
        cleaned = super().clean()
        new = cleaned.get("new_password1")
        if new and new == cleaned.get("old_password"):
            message = _("Choose a password that is not the old one.")
            self.add_error("new_password1", ValidationError(message, code="unchanged"))
        return cleaned


class AccountForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("elder_view",)
        labels = {"elder_view": _("Elder view")}
        help_texts = {"elder_view": _("Larger text and larger buttons on every page.")}
