"""Signing up, for oneself and for somebody else, and saying that one cannot come."""

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.models import Attendance, SignUp


class SignUpForm(forms.ModelForm):
    class Meta:
        model = SignUp
        fields = ("note",)


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
