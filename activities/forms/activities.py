"""Forms of planning: the start, the plan, the agenda, and the same again."""

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import construct_instance
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities import access
from activities.forms.kinds import PATTERNS, Kind, audiences_of
from activities.models import Activity, AgendaItem
from activities.services.activities import LONGEST_AGENDA
from members.forms.branches import day_input
from members.forms.fields import BranchField

EMPTY_ROWS = 3


def moment_input():
    return forms.DateTimeInput(
        format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local", "step": 300}
    )


class ActivityFilterForm(forms.Form):
    """What the list shows: a kind, a branch with all below it, a year."""

    kind = forms.ChoiceField(
        label=pgettext_lazy("activity", "Kind"), required=False, choices=[]
    )
    branch = BranchField(label=_("Branch"), required=False)
    year = forms.ChoiceField(label=_("Year"), required=False, choices=[])

    def __init__(self, *args, branches, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", _("Any")), *Kind.choices]
        this_year = timezone.localdate().year
        years = [str(year) for year in range(this_year + 1, this_year - 10, -1)]
        self.fields["year"].choices = [
            ("", _("Any")),
            *((year, year) for year in years),
        ]
        if self.fields["branch"].offer(branches, empty_label=_("Any")) < 2:
            del self.fields["branch"]


class ActivityStartForm(forms.Form):
    """What is planned, and for which branch; the form of the plan follows from both."""

    kind = forms.ChoiceField(label=_("What is it?"), widget=forms.RadioSelect)
    branch = BranchField(label=_("For which branch?"))

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        hosts = access.hosting_branches(user).exists()
        kinds = list(PATTERNS) if hosts else [Kind.GROUP_MEETING]
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]
        branches = access.planning_branches(user)
        self.only_branch = None
        if self.fields["branch"].offer(branches) == 1:
            self.only_branch = branches.get()
            del self.fields["branch"]

    def kinds(self):
        """The radio button of each kind, with what the kind is for."""
        return [
            (radio, PATTERNS[Kind(radio.data["value"])].help) for radio in self["kind"]
        ]

    def clean(self):
        cleaned = super().clean()
        branch = self.only_branch or cleaned.get("branch")
        kind = cleaned.get("kind")
        if not branch or not kind:
            return cleaned
        cleaned["branch"] = branch
        if kind == Kind.GROUP_MEETING:
            if not access.planned_groups(self.user, branch).exists():
                self.add_error("kind", _("There is no Party group to plan for here."))
        elif not access.may_host(self.user, branch):
            message = _("Here you plan the meetings of your Party group only.")
            self.add_error("kind", message)
        return cleaned


class ActivityForm(forms.ModelForm):
    """The plan of an activity whose kind and branch are settled."""

    topic = forms.CharField(
        label=pgettext_lazy("lecture", "topic"), max_length=120, required=False
    )
    speaker = forms.CharField(label=_("who speaks"), max_length=50, required=False)

    class Meta:
        model = Activity
        fields = (
            "party_group",
            "title",
            "starts_at",
            "ends_at",
            "place",
            "is_online",
            "purpose",
            "audience",
            "needs_sign_up",
            "seats",
            "sign_up_ends_at",
            "credit_hours",
            "accessibility",
            "transport",
            "remind_days",
        )
        widgets = {
            "starts_at": moment_input(),
            "ends_at": moment_input(),
            "sign_up_ends_at": moment_input(),
            "purpose": forms.Textarea(attrs={"rows": 5}),
        }

    field_order = (
        "party_group",
        "title",
        "topic",
        "speaker",
        "starts_at",
        "ends_at",
        "place",
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        activity = self.instance
        kind, branch = Kind(activity.kind), activity.branch
        self.pattern = PATTERNS[kind]
        self.fields["remind_days"].required = False  # left out: as it stands
        self._offer_audiences(audiences_of(kind, branch))
        self._offer_groups(access.planned_groups(user, branch))
        unused = set()
        if not self.pattern.takes_sign_up:
            unused |= {"needs_sign_up", "seats", "sign_up_ends_at"}
        if not self.pattern.has_credit:
            unused.add("credit_hours")
        if not self.pattern.has_speaker:
            unused |= {"topic", "speaker"}
        for name in unused:
            del self.fields[name]
        if activity.pk is None:
            self._suggest()
        elif self.pattern.has_speaker and (first := activity.agenda.first()):
            self.fields["topic"].initial = first.title
            self.fields["speaker"].initial = first.speaker

    def _suggest(self):
        """What a new plan begins with: a working day in a week, and what is usual."""
        starts_at = timezone.localtime() + timedelta(days=7)
        starts_at = starts_at.replace(hour=9, minute=0, second=0, microsecond=0)
        hours = float(self.pattern.hours)
        self.initial |= {
            "title": Kind(self.instance.kind).label,
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=hours),
            "credit_hours": self.pattern.credit_hours,
        }

    def _offer_audiences(self, audiences):
        if len(audiences) == 1:
            self.instance.audience = audiences[0]
            del self.fields["audience"]
            return
        self.fields["audience"].choices = [(one.value, one.label) for one in audiences]

    def _offer_groups(self, groups):
        needed = self.instance.kind == Kind.GROUP_MEETING
        if not (needed or self.instance.kind == Kind.LIFE_MEETING):
            del self.fields["party_group"]
            return
        field = self.fields["party_group"]
        field.queryset, field.required = groups.order_by("name", "pk"), needed
        if needed:
            only = list(groups[:2])
            if len(only) == 1:
                field.initial = only[0].pk
        else:
            field.help_text = _("Only where it is held in one Party group.")

    def clean(self):
        cleaned = super().clean()
        if "party_group" in self.fields and "audience" in self.fields:
            wants = cleaned.get("audience") == Activity.Audience.GROUP
            if wants and not cleaned.get("party_group"):
                self.add_error("party_group", _("Say which Party group meets."))
            if not wants:
                cleaned["party_group"] = None
        return cleaned

    def _post_clean(self):
        """Each field is judged here; the whole is left to the service, which says at
        which field the constraints of the table would fail."""
        self.instance = construct_instance(self, self.instance, self._meta.fields)
        try:
            self.instance.clean_fields(exclude=self._get_validation_exclusions())
        except ValidationError as faults:
            self._update_errors(faults)

    def agenda(self):
        """The agenda with topic and speaker as its first point; None: as it stands."""
        topic = self.cleaned_data.get("topic", "")
        speaker = self.cleaned_data.get("speaker", "")
        if not (self.pattern.has_speaker and (topic or speaker)):
            return None
        point = {"title": topic or self.cleaned_data["title"], "speaker": speaker}
        if self.instance.pk is None:
            return [point]
        names = ("id", "title", "speaker", "needs_ballot")
        first, *others = [*self.instance.agenda.values(*names)] or [{}]
        return [first | point, *others]


class AgendaRowForm(forms.ModelForm):
    """A point; an empty title takes it out. `place` moves it."""

    item = forms.IntegerField(required=False, widget=forms.HiddenInput)
    place = forms.IntegerField(
        label=_("Place"), required=False, min_value=0, max_value=999
    )

    class Meta:
        model = AgendaItem
        fields = ("title", "speaker", "needs_ballot")

    field_order = ("place", "title", "speaker", "needs_ballot")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["title"].required = False

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("speaker") and not cleaned.get("title"):
            self.add_error("title", _("Say what this person speaks on."))
        return cleaned


class BaseAgenda(forms.BaseFormSet):
    def points(self):
        """What was entered, in order; those without a place stand last as they came."""
        rows = [
            (form.cleaned_data.get("place"), number, form.cleaned_data)
            for number, form in enumerate(self.forms)
            if form.cleaned_data.get("title")
        ]
        rows.sort(key=lambda row: (row[0] is None, row[0] or 0, row[1]))
        return [
            {
                "id": given.get("item"),
                "title": given["title"],
                "speaker": given.get("speaker", ""),
                "needs_ballot": bool(given.get("needs_ballot")),
            }
            for _place, _number, given in rows
        ]


def agenda_rows(data, items, *, empty=EMPTY_ROWS):
    """The rows of the agenda: those that stand, and empty ones to add to them."""
    rows = forms.formset_factory(
        AgendaRowForm,
        formset=BaseAgenda,
        extra=max(0, min(empty, LONGEST_AGENDA - len(items))),
        max_num=LONGEST_AGENDA,
        absolute_max=LONGEST_AGENDA,
        validate_max=True,
    )
    initial = [
        {
            "item": item["id"],
            "place": number * 10,
            "title": item["title"],
            "speaker": item["speaker"],
            "needs_ballot": item["needs_ballot"],
        }
        for number, item in enumerate(items, start=1)
    ]
    return rows(data, initial=initial, prefix="row")


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it does not take place"),
        max_length=200,
        required=False,
        help_text=_("Those who signed up will read it."),
    )


class CopyForm(forms.Form):
    starts_at = forms.DateTimeField(
        label=pgettext_lazy("activity", "begins"), widget=moment_input()
    )


class RepeatForm(forms.Form):
    until = forms.DateField(label=_("Until"), widget=day_input())


class CoHostForm(forms.Form):
    branch = BranchField(label=_("Branch"))

    def __init__(self, *args, branches, **kwargs):
        super().__init__(*args, **kwargs)
        self.offered = self.fields["branch"].offer(branches)
