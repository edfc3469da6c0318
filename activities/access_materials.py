"""Who reads the materials of an activity: whom it expects, who signed up for it, and who
was there; not the whole branch, for a committee or a group meets by itself (MEET-05)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet

from activities.access import (
    _OF_GROUP,
    COMMITTEE,
    NOTHING,
    RIGHT,
    TAKE_PART,
    of_my_group,
)
from activities.models import Activity, ActivityMaterial, Attendance, CoHost, SignUp
from members import access
from members.models import Appointment, Member, User

Audience = Activity.Audience


def expecting(member: Member) -> Q:
    """The activities that expect `member`: `access.expected` read from the other side."""
    if member.state not in TAKE_PART:
        return NOTHING
    held = Appointment.objects.in_force(access.today()).filter(member=member.pk)
    co_hosts = CoHost.objects.filter(activity=OuterRef("pk"))
    paths = [*member.branch.paths_above(), member.branch.path]
    own = Q(branch=member.branch_id) | Q(
        Exists(co_hosts.filter(branch=member.branch_id))
    )
    above = Q(branch__path__in=paths) | Q(
        Exists(co_hosts.filter(branch__path__in=paths))
    )
    sits = held.filter(COMMITTEE, branch=OuterRef("branch"))
    codes = ArraySubquery(held.order_by().values("office__code"))
    fits_office = Q(offices=[]) | Q(offices__overlap=codes)
    fits_occupation = Q(occupations=[])
    if member.occupation:
        fits_occupation |= Q(occupations__contains=[member.occupation])
    whole = (
        (Q(audience=Audience.BRANCH) & own | Q(audience=Audience.BELOW) & above)
        & fits_office
        & fits_occupation
    )
    found = whole | Q(audience=Audience.COMMITTEE) & Q(Exists(sits))
    if member.party_group_id is not None:
        found |= Q(audience=Audience.GROUP, party_group=member.party_group_id)
    return found


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
