"""The parts of minutes that only some have, for their page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from activities import working_days
from activities.models import Minutes
from activities.services import life_meetings

TARGET_DAYS = 3


def shown(minutes: Minutes, *, may_change: bool, now: datetime) -> dict[str, Any]:
    """What `minutes_parts.html` shows; may_change: a draft, and one writes it."""
    points = minutes.life_points.select_related("member", "speaker")
    corrections = minutes.resolutions.filter(is_correction=True)
    return {
        "is_life_meeting": life_meetings.is_one(minutes.activity),
        "life_points": list(points.order_by("-kind", "position", "pk")),
        "missing": life_meetings.missing(minutes) if may_change else [],
        "corrections": list(corrections.select_related("member")),
        "files": list(minutes.files.defer("content")),
        "may_change": may_change,
        "target": target(minutes, now) if may_change else None,
    }


def target(minutes: Minutes, now: datetime) -> date | None:
    """By when it would be good to have it written, while that is still to come: three
    days of work after the meeting (MIN-16). Nobody is told of it, nothing follows."""
    day = timezone.localtime(minutes.ends_at).date()
    until = working_days.after(day, TARGET_DAYS)
    return until if timezone.localdate(now) <= until else None
