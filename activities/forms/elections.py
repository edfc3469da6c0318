"""An election on minutes: who stands for how many seats, and the totals."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.forms.minutes import people_of
from activities.forms.voted import add_voters
from activities.models import Candidate, Election
from members.forms.widgets import QuickCheckboxes
from members.models import Member

MOST = 100_000


class ElectionForm(forms.ModelForm):
    candidates = forms.ModelMultipleChoiceField(
        Member.objects.none(),
        label=pgettext_lazy("election", "Candidates"),
        help_text=_("Full members, the absent too; who stands is no teller."),
        required=False,
        widget=QuickCheckboxes,
    )

    class Meta:
        model = Election
        fields = (
            "title",
            "kind",
            "seats",
            "candidates",
            "eligible",
            "present",
            "monitor",
            "counter",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = people_of(self.instance.item.minutes)
        full = people.filter(state=Member.State.FULL)
        self.fields["candidates"].queryset = full
        self.fields["candidates"].choices = [
            (str(key), name) for key, name in full.values_list("pk", "name")
        ]
        names = [("", "---------"), *people.values_list("pk", "name")]
        for name in ("monitor", "counter"):
            self.fields[name].queryset = people
            self.fields[name].choices = names

    def _post_clean(self) -> None:
        """The service judges it."""
        for name, value in self.cleaned_data.items():
            if name != "candidates":
                setattr(self.instance, name, value)


class ElectionCountForm(forms.Form):
    """Who was given a ballot, the ballots, and "yes_", "no_", "abstain_" of each candidate
    by key."""

    def __init__(self, *args: Any, election: Election, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.candidates = list(election.candidates.select_related("member"))
        for name in Election.TOTALS:
            field = Election._meta.get_field(name)
            self._add(name, field.verbose_name, getattr(election, name))
        for one in self.candidates:
            for name in Candidate.TOTALS:
                label = Candidate._meta.get_field(name).verbose_name
                self._add(f"{name}_{one.pk}", label, getattr(one, name))
        add_voters(self, election)

    def _add(self, name: str, label: Any, initial: int | None) -> None:
        self.fields[name] = forms.IntegerField(
            label=label, min_value=0, max_value=MOST, initial=initial
        )

    def voters(self) -> Any:
        return self["voters"] if "voters" in self.fields else None

    def ballots(self) -> list[Any]:
        return [self[name] for name in Election.TOTALS]

    def rows(self) -> list[tuple[Member, list[Any]]]:
        return [
            (one.member, [self[f"{name}_{one.pk}"] for name in Candidate.TOTALS])
            for one in self.candidates
        ]

    def handed(self) -> list[Member]:
        return list(self.cleaned_data.get("voters", ()))

    def totals(self) -> dict[str, int]:
        return {name: self.cleaned_data[name] for name in Election.TOTALS}

    def votes(self) -> dict[int, dict[str, int]]:
        given = self.cleaned_data
        return {
            one.pk: {name: given[f"{name}_{one.pk}"] for name in Candidate.TOTALS}
            for one in self.candidates
        }


class FewerSeatsForm(forms.ModelForm):
    """How many agreed not to fill the seats that are left (EL-12)."""

    class Meta:
        model = Election
        fields = ("for_fewer_seats",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {"present": self.instance.present}
        field = self.fields["for_fewer_seats"]
        field.required, field.min_value = True, 0
        text = _(
            "If nearly all seats are filled, more than half of the %(present)s present with "
            "the right to vote may agree."
        )
        field.help_text = text % words
        # Several of these may stand on one page.
        self.auto_id = f"election_{self.instance.pk}_%s"

    def _post_clean(self) -> None:
        """The service judges it."""
