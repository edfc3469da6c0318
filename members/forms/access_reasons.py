"""Asking about one account."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AccountCheckForm(forms.Form):
    account = forms.CharField(
        label=_("Account name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
