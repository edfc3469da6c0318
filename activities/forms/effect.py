"""What came out of an activity, and the three questions to those who were there."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models import Effect
from members.forms.branches import day_input

POINTS = [
    (5, _("5 – very")),
    (4, _("4 – rather")),
    (3, _("3 – so-so")),
    (2, _("2 – little")),
    (1, _("1 – not at all")),
]


class EffectForm(forms.ModelForm):
    class Meta:
        model = Effect
        fields = ("outcome", "change", "survey_until")
        widgets = {
            "outcome": forms.Textarea(attrs={"rows": 3}),
            "change": forms.Textarea(attrs={"rows": 3}),
            "survey_until": day_input(),
        }


class SurveyForm(forms.Form):
    satisfaction = forms.TypedChoiceField(
        label=_("Were you satisfied with it?"),
        choices=POINTS,
        coerce=int,
        widget=forms.RadioSelect,
    )
    usefulness = forms.TypedChoiceField(
        label=_("Was it useful to you?"),
        choices=POINTS,
        coerce=int,
        widget=forms.RadioSelect,
    )
    remark = forms.CharField(
        label=pgettext_lazy("survey", "In your words"),
        required=False,
        max_length=200,
        help_text=_("If you like. The host reads it without your name."),
    )
