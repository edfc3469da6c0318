"""Writing minutes: heads, points and resolutions on one page; votes; corrections."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.forms.voted import add_voters
from activities.models import Ballot, Minutes, MinutesItem, Objection, Resolution
from activities.services.attendances import listed
from activities.services.minutes import HEADS, Decided, Point
from members.forms.branches import day_input
from members.models import Member

NEW_ROWS = 1
MOST_PEOPLE = 300


def moment_input() -> forms.DateTimeInput:
    return forms.DateTimeInput(
        format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}
    )


def people_of(minutes: Minutes) -> Any:
    """Who may be named in minutes: those on the attendance list, and who is named."""
    named = [minutes.chair_id, minutes.recorder_id]
    responsible = minutes.resolutions.values("member")
    on_list = listed(minutes.activity).order_by()
    if on_list.count() > MOST_PEOPLE:
        on_list = on_list.filter(
            pk__in=minutes.activity.attendances.present().values("member")
        )
    return Member.objects.filter(
        Q(pk__in=on_list.values("pk")) | Q(pk__in=named) | Q(pk__in=responsible)
    ).order_by("pinyin", "pk")


class MinutesForm(forms.ModelForm):
    """The heads as fields; "title_", "speaker_", "discussion_" of each point and "text_",
    "member_", "due_" of each resolution, by key or "new1"."""

    class Meta:
        model = Minutes
        fields = HEADS
        widgets = {"begins_at": moment_input(), "ends_at": moment_input()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = list(people_of(self.instance).values_list("pk", "name"))
        self.names = [("", "---------"), *people]
        self.members = people_of(self.instance)
        for name in ("chair", "recorder"):
            self.fields[name].queryset = self.members
            self.fields[name].choices = self.names
            self.fields[name].required = False
        new = [f"new{number}" for number in range(1, NEW_ROWS + 1)]
        items = {str(one.pk): one for one in self.instance.items.all()}
        self.points = [*items, *new]
        for key in self.points:
            self._add_point(key, items.get(key))
        decided = self.instance.resolutions.filter(is_correction=False)
        resolutions = {str(one.pk): one for one in decided}
        self.decisions = [*resolutions, *new]
        for key in self.decisions:
            self._add_decision(key, resolutions.get(key))

    def _add_point(self, key: str, item: MinutesItem | None) -> None:
        for name, label in (
            ("title", _("point of the agenda")),
            ("speaker", _("who speaks")),
            ("discussion", _("what was said")),
        ):
            field = MinutesItem._meta.get_field(name)
            self.fields[f"{name}_{key}"] = forms.CharField(
                label=label,
                required=False,
                max_length=field.max_length,
                initial=getattr(item, name, ""),
                help_text=field.help_text,
                widget=forms.Textarea(attrs={"rows": 5})
                if name == "discussion"
                else forms.TextInput(),
            )

    def _add_decision(self, key: str, resolution: Resolution | None) -> None:
        self.fields[f"text_{key}"] = forms.CharField(
            label=_("resolution"),
            required=False,
            max_length=500,
            initial=getattr(resolution, "text", ""),
        )
        member = forms.ModelChoiceField(
            self.members,
            label=_("responsible"),
            required=False,
            initial=getattr(resolution, "member_id", None),
        )
        member.choices = self.names
        self.fields[f"member_{key}"] = member
        self.fields[f"due_{key}"] = forms.DateField(
            label=_("until"),
            required=False,
            initial=getattr(resolution, "due_on", None),
            widget=day_input(),
        )

    def heads(self) -> list[Any]:
        return [self[name] for name in HEADS]

    def point_rows(self) -> list[list[Any]]:
        return [
            [self[f"{name}_{key}"] for name in ("title", "speaker", "discussion")]
            for key in self.points
        ]

    def decision_rows(self) -> list[list[Any]]:
        return [
            [self[f"{name}_{key}"] for name in ("text", "member", "due")]
            for key in self.decisions
        ]

    def entered_heads(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in HEADS}

    def entered_points(self) -> list[Point]:
        given = self.cleaned_data
        return [
            Point(
                key,
                given[f"title_{key}"],
                given[f"speaker_{key}"],
                given[f"discussion_{key}"],
            )
            for key in self.points
        ]

    def entered_resolutions(self) -> list[Decided]:
        given = self.cleaned_data
        return [
            Decided(
                key,
                given[f"text_{key}"],
                given[f"member_{key}"],
                given[f"due_{key}"],
            )
            for key in self.decisions
        ]

    def _post_clean(self) -> None:
        """The service judges the draft as a whole."""


class BallotForm(forms.ModelForm):
    class Meta:
        model = Ballot
        fields = (
            "motion",
            "candidate",
            "rule",
            "is_secret",
            "eligible",
            "present",
            "monitor",
            "counter",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = people_of(self.instance.item.minutes)
        names = [("", "---------"), *people.values_list("pk", "name")]
        for name in ("candidate", "monitor", "counter"):
            self.fields[name].queryset = people
            self.fields[name].choices = names

    def _post_clean(self) -> None:
        for name, value in self.cleaned_data.items():
            setattr(self.instance, name, value)


class CountForm(forms.ModelForm):
    class Meta:
        model = Ballot
        fields = Ballot.TOTALS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.min_value = 0
        if self.instance.is_secret:
            add_voters(self, self.instance)

    def _post_clean(self) -> None:
        """The service judges the sums."""


class CorrectionForm(forms.Form):
    reason = forms.CharField(
        label=pgettext_lazy("minutes", "What is corrected, and why"), max_length=200
    )


class ObjectionForm(forms.ModelForm):
    class Meta:
        model = Objection
        fields = ("text",)
        widgets = {"text": forms.Textarea(attrs={"rows": 4})}

    def _post_clean(self) -> None:
        """The service judges it."""
