"""Who reads the materials of an activity: whom it expects, who signed up for it, and who
was there; not the whole branch, for a committee or a group meets by itself (MEET-05)."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from activities.access import (
    _OF_GROUP,
    RIGHT,
    expecting,
    of_my_group,
)
from activities.models import Activity, ActivityMaterial, Attendance, SignUp
from members import access
from members.models import User


def _read(user: User) -> Q:
    """The materials of what was announced to the member, and of the meetings one leads."""
    found = of_my_group(user)
    member = user.member
    if member is not None and member.is_live:
        own = {"activity": OuterRef("pk"), "member": member.pk}
        here = (
            expecting(member)
            | Exists(SignUp.objects.standing().filter(**own))
            | Exists(Attendance.objects.present().filter(**own))
        )
        found |= ~Q(state=Activity.State.DRAFT) & here
    return Q(activity__in=Activity.objects.filter(found).values("pk"))


def has_materials(user: Any) -> Exists:
    """For a queryset of activities: whether there is something `user` may read."""
    found = access.reachable(user, ActivityMaterial)
    return Exists(found.order_by().filter(activity=OuterRef("pk")))


def visible_materials(user: Any) -> QuerySet[ActivityMaterial]:
    """Without their content, which is read for a single one."""
    return access.reachable(user, ActivityMaterial).defer("content")


def managed_materials(user: Any) -> QuerySet[ActivityMaterial]:
    found = access.reachable(user, ActivityMaterial, "change").defer("content")
    return found.select_related("activity")


access.register(
    ActivityMaterial,
    access.Reach(
        "activity__branch",
        view=RIGHT,
        change=RIGHT,
        also=_read,
        also_change=_OF_GROUP,
    ),
)
