"""Days of work: Monday to Friday.

Public holidays are announced anew each year and are not known here; a target that is
counted with them in between is a little earlier than need be, and nothing follows from it.
"""

from __future__ import annotations

from datetime import date, timedelta

SATURDAY = 5


def after(day: date, count: int) -> date:
    """The last of `count` days of work that follow `day`."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < SATURDAY
    return day
