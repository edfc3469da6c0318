"""A draft that turns out to be something else."""

from django import forms
from django.utils.translation import gettext_lazy as _

from activities import access
from activities.forms.kinds import PATTERNS, Kind, audiences_of
from activities.models import Activity
from members.models import PartyGroup


class KindForm(forms.Form):
    kind = forms.ChoiceField(label=_("What is it?"))
    party_group = forms.ModelChoiceField(
        label=_("Party group"),
        queryset=PartyGroup.objects.none(),
        required=False,
        help_text=_("Only for a meeting of one."),
    )

    def __init__(self, *args, activity, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.activity = activity
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in PATTERNS]
        self.initial["kind"] = activity.kind
        groups = access.planned_groups(user, activity.branch).order_by("name", "pk")
        self.fields["party_group"].queryset = groups
        self.initial["party_group"] = activity.party_group_id
        if not groups.exists():
            del self.fields["party_group"]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("kind") != Kind.GROUP_MEETING:
            return cleaned
        if "party_group" not in self.fields:
            self.add_error("kind", _("There is no Party group to plan for here."))
        elif not cleaned.get("party_group") and not self.has_error("party_group"):
            self.add_error("party_group", _("Say which Party group meets."))
        return cleaned

    def adapted(self):
        """The draft as one of the chosen kind: what that kind has no use for is left out,
        what it begins with is put in."""
        activity, kind = self.activity, Kind(self.cleaned_data["kind"])
        if activity.title == Kind(activity.kind).label:
            activity.title = str(kind.label)
        pattern, activity.kind = PATTERNS[kind], kind.value
        audiences = audiences_of(kind, activity.branch)
        if activity.audience not in audiences:
            activity.audience = audiences[0]
        if not pattern.takes_sign_up:
            activity.needs_sign_up, activity.seats = False, None
            activity.sign_up_ends_at = None
            activity.offices, activity.occupations = [], []
            activity.interests = []
        if not pattern.has_credit:
            activity.credit_hours = None
        elif activity.credit_hours is None:
            activity.credit_hours = pattern.credit_hours
        meets = activity.audience == Activity.Audience.GROUP
        given = self.cleaned_data.get("party_group")
        activity.party_group = given if meets else None
        return activity
