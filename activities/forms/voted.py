"""Ticking to whom the papers of a secret ballot or an election were handed out."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.services import voted
from members.forms.widgets import QuickCheckboxes


def add_voters(form: forms.BaseForm, vote: voted.Vote) -> None:
    """Let `form` ask who was given a ballot, where it is known who was there (EL-14): all
    of them until the tellers say otherwise, and as many are issued."""
    activity = vote.item.minutes.activity
    if not voted.is_ticked(activity):
        return
    there = voted.there(activity)
    names = list(there.values_list("pk", "name"))
    ticked = [one.member_id for one in vote.voters.all()]
    if not ticked and vote.issued != 0:  # not counted, or before names were kept
        ticked = [key for key, _name in names]
    field = forms.ModelMultipleChoiceField(
        there,
        label=_("Who was given a ballot"),
        help_text=_(
            "Those present with the right to vote. That they voted is kept, never what "
            "they chose. As many ballots are issued as names are ticked."
        ),
        required=False,
        initial=ticked,
        widget=QuickCheckboxes,
    )
    field.choices = [(str(key), name) for key, name in names]
    form.fields["voters"] = field
    form.order_fields(["voters"])
    if vote.issued is None:
        form.initial["issued"] = len(ticked)
