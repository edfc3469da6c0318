"""Making an API token."""

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from members import access
from members.algorithms import add_years
from members.forms.branches import day_input
from members.models import ApiToken
from members.services.tokens import DEFAULT_DAYS


class TokenForm(forms.ModelForm):
    """Asks for the password again: a token outlives the session (AN-10)."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("Once more, so that nobody makes a token at your open screen."),
    )

    class Meta:
        model = ApiToken
        fields = ("name", "scope", "expires_on")
        widgets = {"expires_on": day_input(), "scope": forms.RadioSelect()}

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        today = access.today()
        self.fields["scope"].choices = ApiToken.Scope.choices
        self.initial.setdefault("scope", ApiToken.Scope.READ)
        self.initial.setdefault("expires_on", today + timedelta(days=DEFAULT_DAYS))
        limits = {"min": today.isoformat(), "max": add_years(today, 1).isoformat()}
        self.fields["expires_on"].widget.attrs |= limits

    def clean_password(self):
        password = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError(_("This is not your password."), code="password")
        return password
