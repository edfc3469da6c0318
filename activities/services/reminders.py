"""Reminding of an activity, once, a day or three before it begins."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from activities import access
from activities.models import Activity, Attendance
from activities.models.activity import ActivityQuerySet
from members.models import User
from members.services import inbox

State, Reminder = Activity.State, Activity.Reminder
AWAY = (Attendance.State.LEAVE, Attendance.State.EXEMPT)


def is_due(activity: Activity, now: datetime) -> bool:
    """Whether the time of its reminder has come and it has not begun."""
    days = timedelta(days=activity.remind_days)
    return bool(days) and activity.starts_at - days <= now < activity.starts_at


def due(now: datetime) -> ActivityQuerySet:
    """The announced ones whose time has come and of which nobody was reminded yet."""
    near = Q(pk__in=[])
    for days in Reminder.values:
        if days:
            last = now + timedelta(days=days)
            near |= Q(remind_days=days, starts_at__lte=last)
    return Activity.objects.filter(
        near, state=State.PLANNED, reminded_at=None, starts_at__gt=now
    )


def is_quiet(now: datetime) -> bool:
    """Whether it is night in Shanghai, when nobody is reminded of anything."""
    hour = timezone.localtime(now).hour
    return not settings.REMIND_FROM_HOUR <= hour < settings.REMIND_UNTIL_HOUR


def remind(*, now: datetime) -> int:
    """Remind of all that is due; returns of how many. Each in a transaction of its own,
    once, whatever runs twice or breaks off. At night nothing: the morning does it."""
    if is_quiet(now):
        return 0
    keys = list(due(now).order_by("starts_at", "pk").values_list("pk", flat=True))
    return sum(_remind(key, now) for key in keys)


@transaction.atomic
def _remind(key: int, now: datetime) -> int:
    activity = due(now).select_for_update(no_key=True).filter(pk=key).first()
    if activity is None:
        return 0
    inbox.notify(
        reminded(activity),
        inbox.Kind.ACTIVITY_NEAR,
        url=activity.get_absolute_url(),
        name=activity.title,
        at=activity.starts_at.isoformat(),
        place=activity.place,
    )
    Activity.objects.filter(pk=key).update(reminded_at=now)
    return 1


def reminded(activity: Activity) -> list[User]:
    """Who has a seat; where nobody signs up, those expected but for who is on leave or
    exempt. Of these, who has an account."""
    if activity.needs_sign_up:
        seats = activity.sign_ups.with_a_seat()
        found = User.objects.filter(member__in=seats.values("member"))
    else:
        away = activity.attendances.filter(state__in=AWAY).values("member")
        comes = access.expected(activity).exclude(pk__in=away)
        found = User.objects.filter(member__in=comes)
    return list(found.filter(is_active=True))
