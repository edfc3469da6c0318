"""The parts of minutes that only some have, for their page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from activities import working_days
from activities.models import Minutes
from activities.services import life_meetings
from activities.services.minutes import Parts

TARGET_DAYS = 3


def shown(
    minutes: Minutes, parts: Parts, *, may_change: bool, now: datetime
) -> dict[str, Any]:
    """What `minutes_parts.html` shows; may_change: a draft, and one writes it."""
    return {
        "is_life_meeting": life_meetings.is_one(minutes.activity),
        "life_points": sorted(
            parts.life_points, key=lambda one: one.speaker is not None
        ),
        "missing": life_meetings.missing(minutes, parts) if may_change else [],
        "corrections": parts.decided(is_correction=True),
        "files": parts.files,
        "may_change": may_change,
        "target": target(minutes, now) if may_change else None,
    }


def target(minutes: Minutes, now: datetime) -> date | None:
    """By when it would be good to have it written, while that is still to come: three
    days of work after the meeting (MIN-16). Nobody is told of it, nothing follows."""
    day = timezone.localtime(minutes.ends_at).date()
    until = working_days.after(day, TARGET_DAYS)
    return until if timezone.localdate(now) <= until else None
