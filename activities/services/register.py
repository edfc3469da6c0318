"""The yearly register of organizational life: a line for each activity that was held."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count, Prefetch, Q
from django.utils import timezone

from activities.models import Activity, Attendance, Minutes, Resolution
from members.models import Branch

FIRST_YEAR = 1921
MOST_LINES = 1000


@dataclass(frozen=True)
class Line:
    """One activity. number, chair, resolutions: of the minutes in force, where there are
    any; expected and present as signed, else as the list says (MIN-01 … MIN-04)."""

    activity: Activity
    expected: int
    present: int
    chair: str = ""
    number: int | None = None
    resolutions: list[str] = field(default_factory=list)


def lines(branch: Branch, year: int) -> list[Line]:
    """What `branch` held in `year`, in order. Three queries."""
    of_body = Q(attendances__is_guest=False)
    in_force = (
        Minutes.objects.in_force()
        .select_related("chair")
        .prefetch_related(
            Prefetch("resolutions", Resolution.objects.only("text", "minutes"))
        )
    )
    found = (
        Activity.objects.held()
        .filter(branch=branch, starts_at__year=year)
        .select_related("party_group")
        .annotate(
            expected=Count(
                "attendances",
                filter=of_body & ~Q(attendances__state=Attendance.State.EXEMPT),
            ),
            present=Count(
                "attendances",
                filter=of_body & Q(attendances__state=Attendance.State.PRESENT),
            ),
        )
        .prefetch_related(Prefetch("minutes", in_force, to_attr="in_force"))
        .order_by("starts_at", "pk")
    )
    return [_line(activity) for activity in found[:MOST_LINES]]


def _line(activity: Activity) -> Line:
    signed = next(iter(activity.in_force), None)  # type: ignore[attr-defined]
    if signed is None:
        return Line(activity, activity.expected, activity.present)  # type: ignore[attr-defined]
    return Line(
        activity,
        signed.people.get("due", 0),
        signed.people.get("present", 0),
        signed.chair.name if signed.chair else "",
        signed.number,
        [one.text for one in signed.resolutions.all()],
    )


def years(branch: Branch) -> list[int]:
    """The years in which something was held, and this one; the newest first."""
    held = Activity.objects.held().filter(branch=branch)
    found = {day.year for day in held.datetimes("starts_at", "year")}
    return sorted(found | {timezone.localdate().year}, reverse=True)
