"""The mail address of an account, and the code that confirms it."""

from django import forms
from django.utils.translation import gettext_lazy as _


class MailAddressForm(forms.Form):
    address = forms.EmailField(
        label=_("Mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("A code is sent there, so that no mail goes to a stranger."),
    )


class MailCodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code of the mail"),
        max_length=10,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}
        ),
    )
