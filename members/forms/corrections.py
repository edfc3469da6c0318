"""Asking for a correction, and answering it."""

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from members import facts
from members.forms.records import DateInput
from members.models import Correction, Member


def fields_to_correct():
    """What a member may ask to correct, as choices."""
    return [(name, capfirst(facts.label(name))) for name in Correction.FIELDS]


class CorrectionForm(forms.Form):
    """What is right for one field, asked for in the way that field is entered."""

    field = forms.ChoiceField(choices=fields_to_correct, widget=forms.HiddenInput)
    proposed = forms.CharField(max_length=200)
    note = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "For example: the ID card was renewed in May. Write no ID or phone number here."
        ),
    )

    def __init__(self, *args, field, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["field"].initial = field
        model_field = Member._meta.get_field(field)
        proposed = self.fields["proposed"]
        proposed.label = _("What is right")
        if choices := model_field.choices:
            proposed.widget = forms.Select(choices=[("", "---------"), *choices])
        elif model_field.get_internal_type() == "DateField":
            proposed.widget = DateInput()
        else:
            proposed.widget.attrs["autocomplete"] = "off"


class AnswerForm(forms.Form):
    """The branch's answer; a member reads it."""

    answer = forms.CharField(
        label=_("Answer to the member"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed when you decline: say why the record stays as it is."),
    )
