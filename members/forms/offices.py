"""Appointing to an office and ending an appointment."""

from django import forms
from django.utils.translation import gettext_lazy as _

from members import access
from members.forms.branches import day_input
from members.models import Appointment, Member

LONGEST_LIST = 100
FOUND = 50


class MemberSearchForm(forms.Form):
    q = forms.CharField(
        label=_("Name or pinyin initials"),
        max_length=50,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class AppointmentForm(forms.ModelForm):
    class Meta:
        model = Appointment
        fields = (
            "member",
            "party_group",
            "starts_on",
            "ends_on",
            "basis",
            "decided_by",
            "document_number",
            "exception_reason",
        )
        widgets = {"starts_on": day_input(), "ends_on": day_input()}
        labels = {"decided_by": _("Deciding body")}
        help_texts = {
            "ends_on": _("Empty: until it is ended."),
            "decided_by": _("The meeting that elected, or the body that appointed."),
        }

    def __init__(self, *args, candidates, text="", **kwargs):
        """candidates: who may be chosen; text: what was searched for among many."""
        super().__init__(*args, **kwargs)
        office, branch = self.instance.office, self.instance.branch
        self.is_long = candidates[LONGEST_LIST : LONGEST_LIST + 1].exists()
        self.fields["member"] = forms.ModelChoiceField(
            candidates, label=_("Member"), empty_label="---------"
        )
        if self.is_long:
            self._offer(candidates, text)
        else:
            choices = [(member.pk, in_words(member)) for member in candidates]
            self.fields["member"].choices = [("", "---------"), *choices]
        if office.of_group:
            standing = branch.party_groups.filter(dissolved_on=None)
            self.fields["party_group"].queryset = standing
            self.fields["party_group"].required = True
        else:
            del self.fields["party_group"]
        self.fields["document_number"].required = office.needs_superior
        if office.needs_superior:
            self.fields["document_number"].help_text = _(
                "Of the superior's approval: this office needs it."
            )
        if office.code != "secretary":
            del self.fields["exception_reason"]
        else:
            self.fields["exception_reason"].help_text = _(
                "Only for who has been a full member for less than a year."
            )

    def clean(self):
        cleaned = super().clean()
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            message = _("The last day cannot be before the first day.")
            self.add_error("ends_on", message)
        return cleaned

    def _offer(self, candidates, text):
        """Show only what was searched for and what is chosen, as one choice each."""
        chosen = self.data.get("member", "")
        shown = list(candidates.search(text)[:FOUND]) if text else []
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
            kept = candidates.filter(pk=chosen).exclude(pk__in=[m.pk for m in shown])
            shown = [*kept, *shown]
        field = self.fields["member"]
        field.widget = forms.RadioSelect()
        field.choices = [(member.pk, in_words(member)) for member in shown]
        if not shown:
            field.widget = forms.HiddenInput()


def in_words(member: Member) -> str:
    """The name with branch and day of admission, to tell two of one name apart."""
    words = [member.name, str(member.branch)]
    if member.admitted_on is not None:
        words.append(f"{member.admitted_on:%Y-%m}")
    return " · ".join(words)


class AppointmentEndForm(forms.Form):
    on = forms.DateField(
        label=_("Last day in office"), widget=day_input(), initial=access.today
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Such as a term election, a transfer or a new post."),
    )
