"""Which modules a branch uses: the preset of its kind, and what was switched (KIND-11)."""

from __future__ import annotations

from django.db import transaction

from activities import presets
from activities.models import BranchModule, Module
from activities.presets import Preset
from members.models import Branch, User
from members.services import audit


def of(branch: Branch) -> frozenset[str]:
    """The modules that are on."""
    on = set(presets.modules_of(branch.setting))
    for module, is_on in branch.modules.values_list("module", "is_on"):
        (on.add if is_on else on.discard)(module)
    return frozenset(on)


def presets_for(branch: Branch) -> list[Preset]:
    """The programs that `branch` may begin: those of modules that are on."""
    on = of(branch)
    return [one for one in presets.all_presets().values() if one.module in on]


@transaction.atomic
def switch(branch: Branch, module: Module, is_on: bool, *, by: User | None) -> bool:
    """Switch a module; returns whether anything changed. Twice is once, in the audit log
    too. Nothing is deleted: what belongs to it shows again once it is on."""
    branch = Branch.objects.select_for_update().get(pk=branch.pk)
    if (module in of(branch)) == is_on:
        return False
    row, _is_new = BranchModule.objects.update_or_create(
        branch=branch,
        module=module,
        defaults={"is_on": is_on, "switched_by": by},
    )
    audit.record(
        audit.Act.MODULE_SWITCHED,
        by=by,
        subject=row,
        branch=branch,
        module=str(module),
        is_on=is_on,
    )
    return True
