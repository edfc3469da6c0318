"""The interests that a member chooses."""

from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import Interest


class InterestsForm(forms.Form):
    interests = forms.MultipleChoiceField(
        label=_("What do you like to take part in?"),
        choices=Interest.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
