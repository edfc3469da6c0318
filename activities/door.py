"""The code at the door: six digits that change each minute.

They are an HMAC of the activity and the minute, so nothing is stored: not a code, and not
who looked at one. No place and no device is asked for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.crypto import constant_time_compare, salted_hmac

SECONDS = 60
EARLY = timedelta(minutes=30)  # before it begins people come in
LATE = timedelta(minutes=30)  # and a meeting that lasts longer has a code still


def code_at(activity_id: int, moment: datetime) -> str:
    """What the door shows at `moment`."""
    return _code(activity_id, _minute(moment))


def is_right(code: str, activity_id: int, moment: datetime) -> bool:
    """Whether `code` is shown at `moment`, or was in the minute before: typing takes a
    while."""
    minute = _minute(moment)
    return any(
        constant_time_compare(code, _code(activity_id, shown))
        for shown in (minute, minute - 1)
    )


def seconds_left(moment: datetime) -> int:
    """Until the code changes, 1 to 60."""
    return SECONDS - int(moment.timestamp()) % SECONDS


def is_open(starts_at: datetime, ends_at: datetime, moment: datetime) -> bool:
    return starts_at - EARLY <= moment <= ends_at + LATE


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // SECONDS


def _code(activity_id: int, minute: int) -> str:
    digest = salted_hmac(
        "activities.door", f"{activity_id}:{minute}", algorithm="sha256"
    ).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06}"
