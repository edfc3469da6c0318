"""Who reads what came of activities: who manages them; members what concerns themselves.

Answers to a survey are reached by nobody one by one: only their totals are shown.
"""

from __future__ import annotations

from typing import Any, cast

from activities import access as activities
from activities.models import Activity, Effect
from members import access
from members.models.branch import BranchQuerySet

_OF_GROUP = activities.by_activity(activities.of_my_group)


def register_branches(user: Any) -> BranchQuerySet:
    """The branches, closed ones too, whose register and effect `user` reads."""
    return cast(BranchQuerySet, access.managed_branches(user, activities.RIGHT))


def is_live_member(user: Any) -> bool:
    member = getattr(user, "member", None)
    return member is not None and bool(user.is_active) and member.is_live


def notable(user: Any) -> Any:
    """The activities of which `user` notes what came out."""
    return activities.managed_activities(user).filter(state=Activity.State.HELD)


access.register(
    Effect,
    access.Reach(
        "activity__branch",
        view=activities.RIGHT,
        change=activities.RIGHT,
        also=_OF_GROUP,
        also_change=_OF_GROUP,
    ),
)
