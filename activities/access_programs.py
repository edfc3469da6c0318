"""Which programs one may see and manage, and which modules one switches (KIND-11).

As with activities, `manage_activities` on a branch plans and records, and members read
what their own branch announced. The same right switches the modules of a branch: they
decide what its secretary works with, and nothing about the branch itself. What belongs to
a module that is off is out of reach for everybody.
"""

from __future__ import annotations

from typing import Any, cast

from django.db.models import Exists, OuterRef, Q, QuerySet

from activities import presets
from activities.access import (
    NOTHING,
    RIGHT,
    hosting_branches,
    visible_activities,
)
from activities.models import (
    Activity,
    BranchModule,
    FlowStep,
    Indicator,
    Milestone,
    Module,
    Program,
    ProgramActivity,
    ProgramItem,
    ProgramPhoto,
    Reading,
)
from activities.models.program import ProgramQuerySet
from members import access
from members.models import Branch, Member, User
from members.models.branch import BranchQuerySet

PARTS = (Indicator, Milestone, ProgramItem, ProgramActivity, ProgramPhoto)


def in_use(prefix: str = "", module: str | None = None) -> Q:
    """Programs, or what `prefix` ties to one, of modules that are on at their branch.

    module: that one instead of the program's own, for the parts it adds.
    """
    own = OuterRef(f"{prefix}module") if module is None else module
    switched = BranchModule.objects.filter(
        branch=OuterRef(f"{prefix}branch"), module=own
    )
    preset = NOTHING
    for setting in Branch.Setting.values:
        fits = Q(**{f"{prefix}branch__setting": setting})
        found = presets.modules_of(setting)
        if module is None:
            preset |= fits & Q(**{f"{prefix}module__in": sorted(found)})
        elif module in found:
            preset |= fits
    off = Exists(switched.filter(is_on=False))
    return Q(Exists(switched.filter(is_on=True))) | (preset & ~Q(off))


def of_my_branch(user: User) -> Q:
    """What the member's own branch announced."""
    member = user.member
    if member is None or not member.is_live:
        return NOTHING
    return Q(branch=member.branch_id) & ~Q(state=Program.State.DRAFT)


def _tied(lookup: str) -> Any:
    def find(user: User) -> Q:
        found = Program.objects.filter(of_my_branch(user))
        return Q(**{f"{lookup}__in": found.values("pk")})

    return find


def visible_programs(user: Any) -> ProgramQuerySet:
    return cast(ProgramQuerySet, access.reachable(user, Program))


def managed_programs(user: Any) -> ProgramQuerySet:
    return cast(ProgramQuerySet, access.reachable(user, Program, "change"))


def switched_branches(user: Any) -> BranchQuerySet:
    """The branches whose modules `user` may switch."""
    return cast(BranchQuerySet, hosting_branches(user))


def visible_steps(program: Program) -> QuerySet[FlowStep]:
    """The steps of the flow, none where its module is off."""
    on = in_use("program__", Module.DECISION_FLOW)
    return program.steps.filter(on).select_related("activity")


def flow_is_on(program: Program) -> bool:
    on = in_use(module=Module.DECISION_FLOW)
    return Program.objects.filter(on, pk=program.pk, has_flow=True).exists()


def responsible_members(branch: Branch) -> QuerySet[Member]:
    """Whom a program of `branch` may name: those on its roll and below."""
    return Member.objects.live().within([branch.path])


def linkable_activities(user: Any, program: Program) -> QuerySet[Activity]:
    """Activities of the branch that belong to no program yet."""
    return branch_meetings(user, program).filter(program_link=None)


def branch_meetings(user: Any, program: Program) -> QuerySet[Activity]:
    """What the branch of the program announced and `user` may see, the latest first."""
    found = visible_activities(user).announced().filter(branch=program.branch_id)
    return found.order_by("-starts_at", "-pk")


access.register(
    Program,
    access.Reach("branch", view=RIGHT, change=RIGHT, also=of_my_branch, only=in_use),
)
for _model in PARTS:
    access.register(
        _model,
        access.Reach(
            "program__branch",
            view=RIGHT,
            change=RIGHT,
            also=_tied("program"),
            only=lambda: in_use("program__"),
        ),
    )
access.register(
    FlowStep,
    access.Reach(
        "program__branch",
        view=RIGHT,
        change=RIGHT,
        also=_tied("program"),
        only=lambda: in_use("program__") & in_use("program__", Module.DECISION_FLOW),
    ),
)
access.register(
    Reading,
    access.Reach(
        "indicator__program__branch",
        view=RIGHT,
        change=RIGHT,
        also=_tied("indicator__program"),
        only=lambda: in_use("indicator__program__"),
    ),
)
access.register(BranchModule, access.Reach("branch", view=RIGHT, change=RIGHT))
