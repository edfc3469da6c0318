"""Who took part: what follows once an activity was held and somebody was there.

From one record of attendance come the credit hours and the fact that points stand on;
when the record is corrected, both follow in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from activities.models import Activity, Attendance
from activities.signals import took_part, took_part_not
from members.models import CreditHour
from members.services import credit_hours

HALF_HOURS, SECONDS = Decimal(2), 1800
State = Activity.State


@transaction.atomic
def settle(
    activity: Activity, rows: Iterable[Attendance] | None = None, *, now: datetime
) -> None:
    """Let hours and facts agree with the attendance of `activity`, of all or of `rows`.

    Nothing follows before it was held. Asked again it changes and announces nothing:
    `took_part` is sent once for each activity and member, `took_part_not` once when it is
    corrected away. The caller holds the lock on the activity.
    """
    if activity.state != State.HELD:
        return
    if rows is None:
        rows = list(activity.attendances.select_related("member"))
    rows = list(rows)
    begins_at, ends_at = times(activity)
    on = timezone.localtime(begins_at).date()
    if activity.credit_hours is not None:
        credit_hours.settle(
            {row.member_id: earned(activity, row, begins_at, ends_at) for row in rows},
            on=on,
            source=CreditHour.Source.ACTIVITY,
            key=str(activity.pk),
            note=activity.title,
        )
    came = [row for row in rows if row.is_present and row.counted_at is None]
    left = [row for row in rows if not row.is_present and row.counted_at is not None]
    for changed, at, signal in ((came, now, took_part), (left, None, took_part_not)):
        keys = [row.pk for row in changed]
        if keys:
            Attendance.objects.filter(pk__in=keys).update(counted_at=at)
        for row in changed:
            row.counted_at = at
            signal.send(
                Attendance,
                attendance=row,
                activity=activity,
                member=row.member,
                kind=activity.kind,
                on=on,
            )


def times(activity: Activity) -> tuple[datetime, datetime]:
    """From when to when it lasted: as the minutes in force say, else as planned."""
    minutes = activity.minutes.locked().order_by("-revision").first()
    said = minutes or activity
    begins_at = minutes.begins_at if minutes else activity.starts_at
    return begins_at, said.ends_at


def earned(
    activity: Activity, row: Attendance, begins_at: datetime, ends_at: datetime
) -> Decimal:
    """The hours of one row: all that the activity is worth, and of who left early the
    hours of the clock one was there, in halves, never more (EDU-10)."""
    if not row.is_present or activity.credit_hours is None:
        return Decimal(0)
    left = row.checked_out_at
    if left is None or left >= ends_at:
        return activity.credit_hours
    came = max(row.checked_in_at or begins_at, begins_at)
    halves = max((left - came).total_seconds(), 0) // SECONDS
    return min(activity.credit_hours, Decimal(int(halves)) / HALF_HOURS)
