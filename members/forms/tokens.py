"""Making an API token."""

from datetime import timedelta

from django import forms

from members import access
from members.algorithms import add_years
from members.forms.branches import day_input
from members.models import ApiToken
from members.services.tokens import DEFAULT_DAYS


class TokenForm(forms.ModelForm):
    class Meta:
        model = ApiToken
        fields = ("name", "scope", "expires_on")
        widgets = {"expires_on": day_input(), "scope": forms.RadioSelect()}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        today = access.today()
        self.fields["scope"].choices = ApiToken.Scope.choices
        self.initial.setdefault("scope", ApiToken.Scope.READ)
        self.initial.setdefault("expires_on", today + timedelta(days=DEFAULT_DAYS))
        limits = {"min": today.isoformat(), "max": add_years(today, 1).isoformat()}
        self.fields["expires_on"].widget.attrs |= limits
