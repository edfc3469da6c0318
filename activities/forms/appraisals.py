"""Forms of appraisals; the services judge what is entered."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.appraisal_rules import Papers
from activities.forms.helper_tasks import MemberField
from activities.models import (
    Appraisal,
    AppraisalResult,
    AppraisalRound,
    Grade,
)
from activities.services.appraisals import FIRST_YEAR, LONGEST_TEXT
from members.forms.branches import day_input


def words(label: Any, *, rows: int = 6, **options: Any) -> forms.CharField:
    """A text of some length, which the service judges."""
    return forms.CharField(
        label=label,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": rows}),
        **options,
    )


class PersonField(MemberField):
    default_error_messages = {
        "unknown": _("Nobody of that name is among them: check what you typed.")
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": True, **options})

    def offer(self, people: Any) -> None:
        super().offer(people)
        if isinstance(self.widget, forms.Select):
            self.widget.choices = [("", "---------"), *list(self.widget.choices)[1:]]


class StartForm(forms.Form):
    year = forms.IntegerField(
        label=pgettext_lazy("appraisal", "Year"), min_value=FIRST_YEAR, max_value=2200
    )
    due_on = forms.DateField(
        label=pgettext_lazy("appraisal", "Self-appraisal until"),
        help_text=AppraisalRound._meta.get_field("due_on").help_text,
        widget=day_input(),
    )


class ConfirmForm(forms.Form):
    """Nothing to fill in: the step itself is confirmed."""


class SelfForm(forms.Form):
    text = words(
        _("Your self-appraisal"),
        rows=10,
        help_text=_(
            "What went well in this year, what did not, and what you will do better. A "
            "few sentences are enough."
        ),
    )


class CopiedForm(forms.Form):
    text = words(_("What the member wrote on paper or said"), rows=10)


class MutualForm(forms.Form):
    text = words(
        _("What you think of this member"),
        help_text=_("Say what is good, and openly what could be better."),
    )


class PollKindForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("How is the poll held?"),
        choices=[
            (
                AppraisalRound.Poll.ON_LINE,
                _("On line: each chooses on the own phone or computer"),
            ),
            (
                AppraisalRound.Poll.ON_PAPER,
                _("On paper: tellers count, and you enter the totals"),
            ),
        ],
        widget=forms.RadioSelect,
    )


class VoteForm(forms.Form):
    """A grade for each member asked on: "grade_<key of the appraisal>"."""

    def __init__(self, *args: Any, people: list[Appraisal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = people
        for one in people:
            self.fields[f"grade_{one.pk}"] = forms.ChoiceField(
                label=one.member.name,
                choices=Grade.choices,
                widget=forms.RadioSelect,
                error_messages={"required": _("Choose a grade.")},
            )

    def choices(self) -> dict[int, str]:
        return {one.pk: self.cleaned_data[f"grade_{one.pk}"] for one in self.people}


class PapersForm(forms.Form):
    """The papers, and of each member asked on the marks: "excellent_<key>" …, "blank_"."""

    issued = forms.IntegerField(label=_("Papers given out"), min_value=0)
    returned = forms.IntegerField(label=_("Papers that came back"), min_value=0)
    void = forms.IntegerField(
        label=_("Void papers"),
        min_value=0,
        initial=0,
        help_text=_("Which cannot be read, or on which more than one grade is marked."),
    )

    def __init__(self, *args: Any, people: list[Appraisal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = people
        labels = [*Grade.labels, pgettext_lazy("poll", "No grade marked")]
        for one in people:
            for name, label in zip(AppraisalResult.TOTALS, labels, strict=True):
                self.fields[f"{name}_{one.pk}"] = forms.IntegerField(
                    label=label, min_value=0, max_value=9999, initial=0
                )

    def heads(self) -> list[Any]:
        return [self[name] for name in ("issued", "returned", "void")]

    def rows(self) -> list[tuple[str, list[Any]]]:
        """The name of each member with the fields of the marks."""
        return [
            (
                one.member.name,
                [self[f"{name}_{one.pk}"] for name in AppraisalResult.TOTALS],
            )
            for one in self.people
        ]

    def papers(self) -> Papers:
        given = self.cleaned_data
        return Papers(given["issued"], given["returned"], given["void"])

    def counts(self) -> dict[int, dict[str, int]]:
        given = self.cleaned_data
        return {
            one.pk: {name: given[f"{name}_{one.pk}"] for name in AppraisalResult.TOTALS}
            for one in self.people
        }


class DecideForm(forms.Form):
    grade = forms.ChoiceField(
        label=pgettext_lazy("appraisal", "Grade"),
        choices=Grade.choices,
        widget=forms.RadioSelect,
    )
    opinion = words(
        _("Opinion of the branch"), help_text=_("The member reads this with the grade.")
    )
    reason = words(
        _("Why it differs from the poll"),
        rows=3,
        required=False,
        help_text=_(
            "Only where the grade differs from the order of the poll. The member does "
            "not read it."
        ),
    )

    def __init__(self, *args: Any, appraisal: Appraisal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not appraisal.takes_grade:
            del self.fields["grade"], self.fields["reason"]

    def given(self) -> dict[str, str]:
        return {"grade": "", "reason": "", **self.cleaned_data}


class ExemptForm(forms.Form):
    reason = words(
        _("Why exempt"),
        rows=3,
        help_text=_(
            "Old age, illness or disability. It is kept sealed; others read only that "
            "the member is exempt."
        ),
    )


class FeedBackForm(forms.Form):
    body = forms.ChoiceField(
        label=_("Who settled grades and opinions?"),
        choices=AppraisalRound.Body.choices,
        widget=forms.RadioSelect,
    )
    decided_on = forms.DateField(label=_("On which day?"), widget=day_input())


class FollowUpChangeForm(forms.Form):
    plan = words(_("What is to be done"), rows=4)
    owner = PersonField(label=_("Who helps"))
    due_on = forms.DateField(
        label=pgettext_lazy("follow-up", "Until"), widget=day_input()
    )

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["owner"].offer(people)


class FollowUpForm(FollowUpChangeForm):
    kind = forms.ChoiceField(label=_("What follows"), widget=forms.RadioSelect)
    field_order = ("kind",)

    def __init__(self, *args, kinds, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(one.value, one.label) for one in kinds]
        if len(kinds) == 1:
            self.initial["kind"] = kinds[0].value


class FollowUpEndForm(forms.Form):
    outcome = words(_("What came of it"), rows=4)
    done_on = forms.DateField(
        label=pgettext_lazy("follow-up", "Done on"), widget=day_input()
    )
