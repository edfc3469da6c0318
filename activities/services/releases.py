"""Seats of those who no longer take part: they go to who waits, by themselves."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q

from activities.access import TAKE_PART
from activities.models import Activity, CoHost, SignUp
from activities.models.sign_up import SignUpQuerySet
from activities.services.activities import locked
from activities.services.seats import move_up, tell
from members.models import Member
from members.services import inbox


def of_outsiders(now: datetime) -> SignUpQuerySet:
    """What stands for activities to come, of those whose membership stopped or ended
    (MEM-07), and of those who left the branches it is for. Who has a seat and only no
    longer fits an office or a group keeps it."""
    member_path = ExpressionWrapper(OuterRef("member__branch__path"), CharField())
    hosts = CoHost.objects.filter(activity=OuterRef("activity"))
    above = hosts.alias(there=member_path).filter(there__startswith=F("branch__path"))
    inside = (
        Q(member__branch=F("activity__branch"))
        | Q(Exists(hosts.filter(branch=OuterRef("member__branch"))))
        | Q(activity__audience=Activity.Audience.BELOW)
        & (
            Q(member__branch__path__startswith=F("activity__branch__path"))
            | Q(Exists(above))
        )
    )
    found = SignUp.objects.standing().filter(
        activity__state=Activity.State.PLANNED, activity__starts_at__gt=now
    )
    return found.exclude(Q(member__state__in=TAKE_PART) & inside)


def release(*, now: datetime, member: Member | None = None) -> int:
    """End those sign-ups, of all or of one; the first who wait move up, and all are told.

    Returns how many ended. Twice is once.
    """
    found = of_outsiders(now)
    if member is not None:
        found = found.filter(member=member)
    keys = sorted(set(found.values_list("activity", flat=True)))
    activities = Activity.objects.in_bulk(keys)
    return sum(_release(activities[key], now, member) for key in keys)


@transaction.atomic
def _release(activity: Activity, now: datetime, member: Member | None) -> int:
    activity = locked(activity)
    found = of_outsiders(now).filter(activity=activity)
    if member is not None:
        found = found.filter(member=member)
    rows = list(found.select_related("member"))
    for row in rows:
        row.state, row.answers, row.moved_up_at = SignUp.State.WITHDRAWN, [], None
        row.save(update_fields=["state", "answers", "moved_up_at", "changed_at"])
    if rows:
        move_up(activity)
        kind = inbox.Kind.SEAT_RELEASED
        tell(activity, [row.member_id for row in rows], kind)
    return len(rows)
