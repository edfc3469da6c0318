"""Indicators of what came of activities: of one, of a branch in a year, of any set.

They are of activities. None is of a person, and no branch stands beside another: each
has its own past beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from activities.models import Activity, Attendance, Minutes, Resolution
from activities.services import surveys
from activities.services.surveys import LEAST_ANSWERS
from members.models import Branch

QUARTERS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Indicators:
    """Of a number of activities; sums, so that two may be added.

    expected: the marked of the body but the exempt, guests aside (MIN-04, MIN-15).
    answers, satisfaction, usefulness: answers and the sums of their points, only of
    activities whose survey is over, with three answers or more. due, in_time: resolutions whose day has come,
    and those of them done by it; resolutions: all with somebody responsible (MIN-09).
    """

    activities: int = 0
    expected: int = 0
    present: int = 0
    answers: int = 0
    satisfaction: int = 0
    usefulness: int = 0
    resolutions: int = 0
    due: int = 0
    in_time: int = 0

    def __add__(self, other: Indicators) -> Indicators:
        return Indicators(
            *(getattr(self, f.name) + getattr(other, f.name) for f in fields(self))
        )

    @property
    def present_rate(self) -> float | None:
        return _share(self.present, self.expected)

    @property
    def satisfaction_mean(self) -> float | None:
        return _share(self.satisfaction, self.answers)

    @property
    def usefulness_mean(self) -> float | None:
        return _share(self.usefulness, self.answers)

    @property
    def in_time_rate(self) -> float | None:
        return _share(self.in_time, self.due)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def of(activities: QuerySet[Activity], *, today: date | None = None) -> Indicators:
    """The indicators of any set of activities, of those held in it. Four queries."""
    return total(each(activities, today=today).values())


def total(found: Iterable[Indicators]) -> Indicators:
    return sum(found, Indicators())


def each(
    activities: QuerySet[Activity], *, today: date | None = None
) -> dict[int, Indicators]:
    """The same of each activity that was held, by its key. Four queries."""
    today = today or timezone.localdate()
    held = activities.filter(state=Activity.State.HELD).order_by()
    numbers: dict[int, dict[str, int]] = {
        key: {"activities": 1} for key in held.values_list("pk", flat=True)
    }
    keys = held.values("pk")
    for rows in (_attendance(keys), _answers(keys, today), _resolutions(keys, today)):
        for row in rows:
            numbers[row.pop("of")] |= row
    return {key: Indicators(**found) for key, found in numbers.items()}


def _attendance(keys: Any) -> Any:
    due = Attendance.objects.due().filter(activity__in=keys)
    return due.values(of=F("activity")).annotate(
        expected=Count("pk"),
        present=Count("pk", filter=Q(state=Attendance.State.PRESENT)),
    )


def _answers(keys: Any, today: date) -> Any:
    return (
        surveys.shown(today)
        .filter(activity__in=keys)
        .order_by()
        .values(of=F("activity"))
        .annotate(
            answers=Count("pk"),
            # Named apart from the columns that they sum.
            points=Sum("satisfaction"),
            use=Sum("usefulness"),
        )
        .filter(answers__gte=LEAST_ANSWERS)
        .values("of", "answers", satisfaction=F("points"), usefulness=F("use"))
    )


def _resolutions(keys: Any, today: date) -> Any:
    in_force = Minutes.objects.in_force().filter(activity__in=keys)
    done_on = TruncDate("done_at", tzinfo=timezone.get_default_timezone())
    return (
        Resolution.objects.filter(
            minutes__in=in_force.values("pk"),
            member__isnull=False,
            due_on__isnull=False,
        )
        .order_by()
        .annotate(done_on=done_on)
        .values(of=F("minutes__activity"))
        .annotate(
            resolutions=Count("pk"),
            due=Count("pk", filter=Q(due_on__lte=today) | Q(done_at__isnull=False)),
            in_time=Count("pk", filter=Q(done_on__lte=F("due_on"))),
        )
    )


@dataclass(frozen=True)
class Period:
    """A quarter, or the year where `quarter` is 0, beside the same one year before."""

    quarter: int
    now: Indicators
    before: Indicators


def of_branch(branch: Branch, year: int, *, today: date) -> list[Period]:
    """The quarters of `year` that have begun, and the year so far, each beside the same
    time of the year before: of what the branch itself held."""
    held = Activity.objects.held().filter(branch=branch)
    both = held.filter(starts_at__year__in=(year - 1, year))
    found = each(both, today=today)
    last = today if today.year == year else date(year, 12, 31)
    begun = (last.month + 2) // 3
    groups: dict[tuple[int, int], list[Indicators]] = {}
    for key, starts_at in both.values_list("pk", "starts_at"):
        on = timezone.localtime(starts_at).date()
        if on.year < year and (on.month, on.day) > (last.month, last.day):
            continue  # of the year before only as far as this one has come
        groups.setdefault((on.year, (on.month + 2) // 3), []).append(found[key])

    def sum_of(of_year: int, quarters: Iterable[int]) -> Indicators:
        parts = [one for q in quarters for one in groups.get((of_year, q), ())]
        return total(parts)

    periods = [
        Period(q, sum_of(year, [q]), sum_of(year - 1, [q]))
        for q in QUARTERS
        if q <= begun
    ]
    whole = Period(0, sum_of(year, QUARTERS), sum_of(year - 1, QUARTERS))
    return [*periods, whole]
