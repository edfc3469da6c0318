"""The form of a heart-to-heart talk; the service judges it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import pgettext_lazy

from activities.forms.appraisals import PersonField, words
from activities.models import Talk
from members.forms.branches import day_input


class TalkForm(forms.Form):
    """first: left out where somebody notes an own talk."""

    first = PersonField(label=pgettext_lazy("talk", "Who"))
    second = PersonField(label=pgettext_lazy("talk", "With whom"))
    held_on = forms.DateField(label=pgettext_lazy("talk", "Day"), widget=day_input())
    topic = forms.ChoiceField(
        label=pgettext_lazy("talk", "About"),
        choices=Talk.Topic.choices,
        widget=forms.RadioSelect,
    )
    note = words(
        pgettext_lazy("talk", "Confidential note"),
        required=False,
        help_text=Talk._meta.get_field("note").help_text,
    )

    def __init__(self, *args: Any, people: Any, is_own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_own:
            del self.fields["first"]
        for name in ("first", "second"):
            if name in self.fields:
                self.fields[name].offer(people)
