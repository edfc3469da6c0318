"""Forms of programs; the services judge what is entered as a whole."""

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities import access_programs, presets
from activities.forms.helper_tasks import MemberField
from activities.models import (
    Activity,
    FlowStep,
    Indicator,
    Milestone,
    Program,
    ProgramItem,
    Reading,
)
from activities.services import modules
from members.forms.branches import day_input
from members.forms.fields import BranchField

# What the fields of an item are called, by its kind (KIND-02, KIND-03, KIND-08).
WORDS = {
    "post": {
        "title": _("Post"),
        "subject": _("Area"),
        "member": _("Who holds it"),
        "content": _("What is promised"),
        "outcome": _("What came of it"),
    },
    "service": {
        "title": pgettext_lazy("program item", "Service"),
        "subject": _("Who asked, as a group of people; no names"),
        "member": _("Who does it"),
        "content": _("What is to be done"),
        "outcome": _("What was done"),
    },
    "topic": {
        "title": pgettext_lazy("program item", "Topic"),
        "subject": _("Question"),
        "member": _("Who leads it"),
        "content": _("Findings"),
        "outcome": _("Decision it served"),
    },
    "project": {
        "title": pgettext_lazy("program item", "Project"),
        "subject": _("Where, and for whom"),
        "member": _("Who does it"),
        "content": _("What is to be done"),
        "outcome": _("What came of it"),
    },
}


class Judged(forms.ModelForm):
    """The constraints of the table are left to the service."""

    def validate_unique(self):
        pass

    def validate_constraints(self):
        pass


class ProgramStartForm(forms.Form):
    """For which branch, and what it begins from."""

    branch = BranchField(label=_("For which branch?"))
    preset = forms.ChoiceField(label=_("What is it?"), required=False)

    def __init__(self, *args, branches, **kwargs):
        super().__init__(*args, **kwargs)
        self.only_branch = None
        if self.fields["branch"].offer(branches) == 1:
            self.only_branch = branches.get()
            del self.fields["branch"]
        branch = self.only_branch
        if branch is None and self.is_bound:
            code = BranchField.code_in(self.data.get("branch"))
            branch = branches.filter(code=code).first()
        self.branch = branch
        self.offered = modules.presets_for(branch) if branch else []
        choices = [(one.code, one.title) for one in self.offered]
        field = self.fields["preset"]
        field.choices = [("", "---------"), *choices]
        if not choices:
            del self.fields["preset"]

    def chosen(self):
        """The branch and its preset, None while one is missing."""
        if not self.is_valid() or self.branch is None:
            return None
        preset = presets.all_presets().get(self.cleaned_data.get("preset", ""))
        return (self.branch, preset) if preset else None


class ProgramForm(Judged):
    member = MemberField(label=_("responsible member"))

    class Meta:
        model = Program
        fields = (
            "title",
            "purpose",
            "goals",
            "starts_on",
            "ends_on",
            "member",
            "budget_yuan",
            "budget_note",
        )
        widgets = {
            "starts_on": day_input(),
            "ends_on": day_input(),
            "purpose": forms.Textarea(attrs={"rows": 3}),
            "goals": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        people = access_programs.responsible_members(self.instance.branch)
        self.fields["member"].offer(people)
        self.initial["member"] = self.instance.member_id


class IndicatorForm(Judged):
    class Meta:
        model = Indicator
        fields = ("name", "unit", "baseline", "target")


class ReadingForm(Judged):
    class Meta:
        model = Reading
        fields = ("on", "value", "note")
        widgets = {"on": day_input()}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.initial.setdefault("on", timezone.localdate())


class MilestoneForm(Judged):
    class Meta:
        model = Milestone
        fields = ("title", "due_on", "done_on", "note")
        widgets = {"due_on": day_input(), "done_on": day_input()}


class ItemForm(Judged):
    member = MemberField()

    class Meta:
        model = ProgramItem
        fields = ("title", "subject", "member", "content", "outcome", "done_on")
        widgets = {
            "content": forms.Textarea(attrs={"rows": 3}),
            "done_on": day_input(),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, label in WORDS[self.instance.kind].items():
            self.fields[name].label = label
        people = access_programs.responsible_members(self.instance.program.branch)
        self.fields["member"].offer(people)
        self.initial["member"] = self.instance.member_id


class StepForm(Judged):
    """A step of the flow, with the fields that it has."""

    passed = forms.TypedChoiceField(
        label=pgettext_lazy("flow", "result"),
        choices=[("yes", pgettext_lazy("flow", "Agreed")), ("no", _("Not agreed"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        initial="yes",
    )

    class Meta:
        model = FlowStep
        fields = (
            "on",
            "body",
            "passed",
            "yes",
            "no",
            "abstain",
            "reason",
            "place",
            "days",
            "activity",
        )
        widgets = {"on": day_input()}

    def __init__(self, *args, activities, **kwargs):
        super().__init__(*args, **kwargs)
        step = self.instance.step
        publishes, votes = step in FlowStep.PUBLISHING, step in FlowStep.VOTING
        unused = {"body", "passed", "reason", "activity"} if publishes else set()
        unused |= set() if publishes else {"place", "days"}
        unused |= set() if votes else {"yes", "no", "abstain"}
        for name in unused:
            del self.fields[name]
        self.initial.setdefault("on", timezone.localdate())
        if publishes:
            self.initial["days"] = settings.PUBLICATION_DAYS
            self.fields["on"].label = _("Posted from")
        else:
            self.initial["passed"] = "yes"
            self.fields["reason"].help_text = _("Only where it was not agreed.")
            meetings = activities.filter(pk__in=activities[:50].values("pk"))
            self.fields["activity"].queryset = meetings
            self.fields["activity"].empty_label = _("No meeting of the portal")
        if votes:
            for name in ("yes", "no", "abstain"):
                self.fields[name].required = True


class StopForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it is stopped"), max_length=200, required=False
    )


class LinkForm(forms.Form):
    activity = forms.ModelChoiceField(
        Activity.objects.none(), label=pgettext_lazy("program", "Activity")
    )

    def __init__(self, *args, activities, **kwargs):
        super().__init__(*args, **kwargs)
        recent = activities.filter(pk__in=activities[:100].values("pk"))
        self.fields["activity"].queryset = recent


class PhotoForm(forms.Form):
    image = forms.FileField(
        label=_("Picture"),
        help_text=_("JPEG, PNG or WebP. Place and camera are removed from it."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    caption = forms.CharField(
        label=_("What the picture shows"),
        max_length=80,
        help_text=_("Ask those who can be recognized before you add it."),
    )
