"""Activities as an iCalendar file (RFC 5545), for the calendar of a phone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from activities.models import Activity

READ_AGAIN_AFTER = timedelta(hours=4)


def written(activities: Iterable[Activity], *, host: str, name: str) -> bytes:
    """The file. `host` makes the numbers unique in the world and the links whole."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Branch Portal//Activities//EN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", READ_AGAIN_AFTER, parameters={"value": "DURATION"})
    for activity in activities:
        calendar.add_component(event(activity, host))
    return calendar.to_ical()


def event(activity: Activity, host: str) -> Event:
    cancelled = activity.state == Activity.State.CANCELLED
    title = activity.title
    if cancelled:
        title = _("Cancelled: %(title)s") % {"title": title}
    told = [activity.get_kind_display(), str(activity.branch)]
    told += [activity.cancelled_reason] if cancelled else []
    told += [activity.purpose] if activity.purpose else []
    domain = host.partition("://")[2].partition(":")[0]
    entry = Event()
    entry.add("uid", f"activity-{activity.pk}@{domain}")
    entry.add("dtstamp", activity.updated_at.astimezone(UTC))
    entry.add("last-modified", activity.updated_at.astimezone(UTC))
    entry.add("dtstart", activity.starts_at.astimezone(UTC))
    entry.add("dtend", activity.ends_at.astimezone(UTC))
    entry.add("summary", title)
    entry.add("location", activity.place)
    entry.add("description", "\n".join(told))
    entry.add("url", f"{host}{activity.get_absolute_url()}")
    entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    return entry
