"""The secret address of somebody's calendar: made, made anew, revoked, read."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from activities import access
from activities.models import Activity, CalendarFeed
from activities.models.activity import ActivityQuerySet
from activities.models.calendar import digest_of, new_secret
from members.models import User
from members.services import audit

DAYS_BACK, DAYS_AHEAD, MOST = 90, 400, 500


@transaction.atomic
def make_address(user: User) -> str:
    """Give `user` a new secret, shown once and kept nowhere; an older one ends."""
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    secret = new_secret()
    CalendarFeed.objects.filter(user=user).delete()
    CalendarFeed.objects.create(user=user, digest=digest_of(secret))
    audit.record(audit.Act.CALENDAR_MADE, by=user)
    return secret


@transaction.atomic
def revoke_address(user: User) -> int:
    """End the address at once; returns how many ended: the second time none."""
    ended, _by_model = CalendarFeed.objects.filter(user=user).delete()
    if ended:
        audit.record(audit.Act.CALENDAR_REVOKED, by=user)
    return ended


def shown_to(feed: CalendarFeed, now: datetime) -> ActivityQuerySet:
    """What the calendar holds: the announced activities the member may see, of the last
    three months and the year to come; no drafts, whatever the account may plan."""
    found = Activity.objects.filter(access.of_my_branch(feed.user))
    near = found.filter(
        starts_at__gte=now - timedelta(days=DAYS_BACK),
        starts_at__lte=now + timedelta(days=DAYS_AHEAD),
    )
    return near.select_related("branch").order_by("starts_at", "pk")[:MOST]
