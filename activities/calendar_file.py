"""Activities as an iCalendar file (RFC 5545), for the calendar of a phone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from activities.models import Activity

LONGEST = 75  # bytes of a line


def written(activities: Iterable[Activity], *, host: str, name: str) -> bytes:
    """The file. `host` makes the numbers unique in the world and the links whole."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Branch Portal//Activities//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT4H",
    ]
    for activity in activities:
        lines += event(activity, host)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded(line)}\r\n" for line in lines).encode()


def event(activity: Activity, host: str) -> list[str]:
    cancelled = activity.state == Activity.State.CANCELLED
    title = activity.title
    if cancelled:
        title = _("Cancelled: %(title)s") % {"title": title}
    told = [activity.get_kind_display(), str(activity.branch)]
    told += [activity.cancelled_reason] if cancelled else []
    told += [activity.purpose] if activity.purpose else []
    scheme, _colon, domain = host.partition("://")
    return [
        "BEGIN:VEVENT",
        f"UID:activity-{activity.pk}@{domain.partition(':')[0]}",
        f"DTSTAMP:{stamp(activity.updated_at)}",
        f"LAST-MODIFIED:{stamp(activity.updated_at)}",
        f"DTSTART:{stamp(activity.starts_at)}",
        f"DTEND:{stamp(activity.ends_at)}",
        f"SUMMARY:{escaped(title)}",
        f"LOCATION:{escaped(activity.place)}",
        f"DESCRIPTION:{escaped(chr(10).join(told))}",
        f"URL:{scheme}://{domain}{activity.get_absolute_url()}",
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        "END:VEVENT",
    ]


def stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def escaped(text: str) -> str:
    """Text as a value: no line end or separator of it is one of the file (IN-12)."""
    for char in "\\;,":
        text = text.replace(char, f"\\{char}")
    lines = ("".join(c for c in line if c.isprintable()) for line in text.splitlines())
    return "\\n".join(lines)


def folded(line: str) -> str:
    """Cut into lines of at most 75 bytes, no character in two; the next begins with a
    space."""
    parts, size = [""], 0
    for char in line:
        width = len(char.encode())
        if size + width > LONGEST:
            parts.append(" ")
            size = 1
        parts[-1] += char
        size += width
    return "\r\n".join(parts)
