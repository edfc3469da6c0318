"""Signing up, for oneself and for somebody else, and saying that one cannot come."""

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.forms.questions import answer_field
from activities.models import Attendance, SignUp
from activities.services.questions import given_by


class SignUpForm(forms.ModelForm):
    """The questions of the host, and a note."""

    class Meta:
        model = SignUp
        fields = ("note",)

    def __init__(self, *args, questions=(), **kwargs):
        super().__init__(*args, **kwargs)
        before = given_by(self.instance)
        self.asked = {f"question_{one.pk}": one.pk for one in questions}
        for one in questions:
            name = f"question_{one.pk}"
            self.fields[name] = answer_field(one)
            self.initial[name] = before.get(one.pk, "")
        self.order_fields([*self.asked, "note"])

    def given(self):
        """What the services take."""
        answers = {key: self.cleaned_data[name] for name, key in self.asked.items()}
        return {"note": self.cleaned_data["note"], "answers": answers}


class LeaveForm(forms.ModelForm):
    class Meta:
        model = Attendance
        fields = ("reason",)
        help_texts = {"reason": _("The host reads it, and nobody else.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        reason.required, reason.label = True, _("Why I cannot come")

    def _post_clean(self):
        """Whether leave is in order says the service: the row itself is not judged."""


class NameForm(forms.Form):
    q = forms.CharField(
        label=_("Name or pinyin initials"),
        max_length=50,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
