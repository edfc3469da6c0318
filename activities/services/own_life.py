"""A member's own organizational life in a year: for that member, with no other name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from activities import access
from activities.models import Activity, Attendance, HelperTask, Minutes, Resolution
from activities.services import surveys
from members.models import CreditHour, Member, User
from members.services import credit_hours

MOST = 500


@dataclass(frozen=True)
class Attended:
    """An activity and what is recorded of the member there, with the hours it gave."""

    row: Attendance
    hours: Decimal | None


@dataclass(frozen=True)
class OwnLife:
    """hours: of the year, from all sources; `demand` is what the rules ask (EDU-01)."""

    year: int
    years: list[int]
    attended: list[Attended]
    hours: Decimal
    demand: Decimal | None
    other_hours: list[CreditHour]
    tasks: list[HelperTask]
    resolutions: list[Resolution]
    asked: list[Activity]


def of(member: Member, year: int, *, today: date) -> OwnLife:
    """A constant number of queries, whatever the year held."""
    rows = (
        Attendance.objects.filter(member=member, activity__starts_at__year=year)
        .exclude(activity__state=Activity.State.CANCELLED)
        .select_related("activity__branch")
        .order_by("-activity__starts_at", "-pk")[:MOST]
    )
    lines = list(CreditHour.objects.filter(member=member).of_year(year))
    of_activity: dict[str, Decimal] = {}
    for line in lines:
        if line.source == CreditHour.Source.ACTIVITY:
            stands = of_activity.get(line.key, Decimal(0))
            of_activity[line.key] = stands + line.hours
    tasks = HelperTask.objects.filter(
        member=member, activity__starts_at__year=year
    ).exclude(activity__state__in=[Activity.State.DRAFT, Activity.State.CANCELLED])
    in_force = Minutes.objects.in_force().filter(
        Q(begins_at__year=year) | Q(resolutions__due_on__year=year)
    )
    resolutions = Resolution.objects.filter(
        member=member, minutes__in=in_force.values("pk")
    ).select_related("minutes__activity")
    return OwnLife(
        year,
        years(member, today),
        [Attended(row, of_activity.get(str(row.activity_id))) for row in rows],
        sum((line.hours for line in lines), Decimal(0)),
        credit_hours.demand(member, year),
        [line for line in lines if line.source != CreditHour.Source.ACTIVITY],
        list(tasks.select_related("activity").order_by("due_on", "pk")[:MOST]),
        list(resolutions.order_by("due_on", "pk")[:MOST]),
        list(surveys.asked(member, today=today).order_by("-starts_at")[:20])
        if year == today.year
        else [],
    )


def coming(user: User, *, now: datetime, most: int) -> list[Activity]:
    """The next activities that invite the member of the account, or that one signed up
    for. One statement: each way to them is read by an index of its own."""
    member = user.member
    if member is None or member.state not in access.TAKE_PART:
        return []
    rows = Activity.objects.upcoming(now).filter(access.inviting(member))
    first, *others = (rows.filter(w)[:most] for w in access.ways_of_a_member(user))
    return list(first.union(*others).order_by("starts_at", "pk")[:most])


def years(member: Member, today: date) -> list[int]:
    """Those with something to show, and this one; the newest first."""
    held = Activity.objects.filter(attendances__member=member)
    found = {
        timezone.localtime(day).year for day in held.datetimes("starts_at", "year")
    }
    return sorted(found | {today.year}, reverse=True)
