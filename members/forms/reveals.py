"""Asking to read a sensitive field in full."""

from django import forms
from django.utils.translation import gettext_lazy as _

from members import facts
from members.services.reveals import FIELDS, SHORTEST_REASON

# Offered, not required: a reason is in one's own words.
COMMON_REASONS = (
    _("Checking the record against the ID card"),
    _("Calling the member about a meeting"),
    _("Term election"),
    _("Transfer of affiliation"),
    _("Visiting a member in need"),
    _("Filling in a form of the branch above"),
)


def fields_to_reveal():
    return [(name, facts.label(name)) for name in FIELDS]


class RevealForm(forms.Form):
    reason = forms.CharField(
        label=_("What do you need it for?"),
        min_length=SHORTEST_REASON,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "reasons", "autocomplete": "off"}),
        help_text=_("The member reads who looked, when and why."),
    )
    field = forms.ChoiceField(widget=forms.HiddenInput, choices=fields_to_reveal)


class OwnRevealForm(forms.Form):
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("Once more, so that nobody reads it at your open screen."),
    )
    field = forms.ChoiceField(widget=forms.HiddenInput, choices=fields_to_reveal)
