"""Choosing from the list of what is open."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from activities.services.open_duties import Demand
from members.forms.fields import BranchField
from members.models import Branch
from members.models.branch import BranchQuerySet


class OpenDutiesForm(forms.Form):
    """Nothing chosen: all that is required, everywhere."""

    duty = forms.ChoiceField(label=_("Kind of duty"), required=False)
    below = BranchField(label=_("At and below"), required=False)

    def __init__(self, *args, demands: Sequence[Demand], branches: BranchQuerySet):
        super().__init__(*args)
        self.demands, self.branches = demands, branches
        names = {rule.code: rule.name for rule, _span in demands}
        duty, below = self.fields["duty"], self.fields["below"]
        duty.choices = [("", _("All that is required")), *sorted(names.items())]  # type: ignore[attr-defined]
        above = branches.exclude(kind__in=Branch.BRANCHES)
        below.offer(above, empty_label=_("All branches"))  # type: ignore[attr-defined]

    def chosen(self) -> tuple[BranchQuerySet, list[Demand]]:
        """The branches and the demands to look at; none while a field is at fault."""
        if not self.is_valid():
            return self.branches.none(), []
        code, top = self.cleaned_data["duty"], self.cleaned_data["below"]
        branches = self.branches.within([top.path]) if top else self.branches
        wanted = [
            (rule, span)
            for rule, span in self.demands
            if (rule.code == code if code else rule.is_required)
        ]
        return branches, wanted
