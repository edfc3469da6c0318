"""Organizational life of the demonstration: what each branch held in two years, and what
it announced for the next month (LIFE-01 … LIFE-08).

So many rows are written that they never become instances: what is planned is a tuple,
and its cells are made straight from it. What hangs on activities, as attendance, finds
them by `Batch.activities`, keys included.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from activities.models import Activity, AgendaItem
from config.demo import words
from config.demo.copying import NULL, copy, write
from config.demo.organization import Calendar
from config.demo.tree import Kind, Unit
from members.algorithms import add_months
from members.models import Branch, PartyGroup
from members.sealing import next_primary_keys

Type, State, Audience = Activity.Kind, Activity.State, Activity.Audience

DAYS_AHEAD = 35  # of what is announced already
DAYS_OF_DRAFTS = 65
UNNOTED_DAYS = 3  # of what took place, and nobody noted it yet
FULL_MEMBERS_FOR_A_COMMITTEE = 7
COLUMNS = (
    *("id", "branch_id", "party_group_id", "kind", "title", "purpose"),
    *("starts_at", "ends_at", "place", "is_online", "accessibility", "transport"),
    *(
        "audience",
        "offices",
        "occupations",
        "interests",
        "state",
        "cancelled_reason",
        "needs_sign_up",
        "seats",
    ),
    *(
        "sign_up_ends_at",
        "credit_hours",
        "remind_days",
        "created_by_id",
        "created_at",
        "updated_at",
    ),
)


class Planned(NamedTuple):
    """One activity on its way; `key` is given when it is written."""

    branch: Branch
    group: PartyGroup | None
    kind: str
    title: str
    on: date
    begins: time
    hours: int
    place: str
    state: str
    audience: str = Audience.BRANCH
    seats: int | None = None
    credit_hours: str | None = None
    reason: str = ""


class Life:
    """Draws what branches hold. It has a chance of its own, so that the people of the
    demonstration stay who they are."""

    def __init__(self, seed: int, calendar: Calendar):
        self.random = Random(f"activities {seed}")  # noqa: S311  no secret
        self.calendar = calendar

    def of_branch(
        self, unit: Unit, branch: Branch, groups: list[PartyGroup], full_members: int
    ) -> Iterator[Planned]:
        """All of a branch, by month; each branch has its own fixed day (LIFE-06)."""
        random = self.random
        fixed, hour = random.randint(3, 26), random.choice((9, 14, 15))
        place = words.PLACES.get(unit.setting, words.PLACE)
        with_committee = full_members >= FULL_MEMBERS_FOR_A_COMMITTEE
        soon = self.calendar.today + timedelta(days=9)
        title = f"志愿服务：{words.SERVICES[random.randrange(len(words.SERVICES))]}"
        if found := self.planned(
            branch, Type.VOLUNTEER, title, soon, hour, place, Audience.BRANCH
        ):
            yield found
        for first in self.months(branch):
            month, day = first.month, first.replace(day=fixed)
            planned = [(Type.THEME_DAY, words.THEMES[month - 1], day, Audience.BRANCH)]
            if month in {2, 5, 8, 11}:
                quarter = "一二三四"[(month - 1) // 3]
                title = f"第{quarter}季度支部党员大会"
                meeting = (Type.GENERAL_MEETING, title, day + timedelta(days=1))
                planned.append((*meeting, Audience.BRANCH))
            if month in {3, 6, 9, 11}:
                topic = words.LECTURES[random.randrange(len(words.LECTURES))]
                lecture = (Type.LECTURE, f"党课：{topic}", day - timedelta(days=2))
                planned.append((*lecture, Audience.BRANCH))
            if month in {3, 8}:
                service = words.SERVICES[random.randrange(len(words.SERVICES))]
                title = f"志愿服务：{service}"
                planned.append(
                    (Type.VOLUNTEER, title, day + timedelta(days=2), "branch")
                )
            if month == 12:
                title = f"{first.year}年度组织生活会"
                meeting = (Type.LIFE_MEETING, title, day + timedelta(days=3))
                planned.append((*meeting, Audience.BRANCH))
            if month == 1:
                title = f"{first.year - 1}年度民主评议党员"
                planned.append((Type.APPRAISAL, title, day, Audience.BRANCH))
            if with_committee:
                title = f"{month}月支部委员会会议"
                meeting = (Type.COMMITTEE_MEETING, title, day - timedelta(days=1))
                planned.append((*meeting, Audience.COMMITTEE))
            for kind, title, on, audience in planned:
                if found := self.planned(
                    branch, kind, title, on, hour, place, audience
                ):
                    yield found
            # Half of all rows would be theirs: those before the last year are left out.
            told = first > add_months(self.calendar.today, -12)
            title = f"{month}月党小组会"
            for group in groups if told else []:
                on = day + timedelta(days=1)
                found = self.planned(
                    branch,
                    Type.GROUP_MEETING,
                    title,
                    on,
                    hour,
                    place,
                    Audience.GROUP,
                    group,
                )
                if found:
                    yield found

    def of_higher(self, unit: Unit, branch: Branch) -> Iterator[Planned]:
        """Of a committee: a lecture for all below, twice a year and next month."""
        if unit.kind in {Kind.LEADING_GROUP, Kind.DISCIPLINE, Kind.TEMP_BRANCH}:
            return
        place = words.PLACES.get(unit.setting, words.PLACE)
        soon = self.calendar.today + timedelta(days=12)
        for months in (-18, -12, -6, 0):
            on = add_months(soon, months)
            topic = words.LECTURES[(branch.pk + months // 6) % len(words.LECTURES)]
            title = f"书记讲党课：{topic}"
            found = self.planned(
                branch, Type.LECTURE, title, on, 9, place, Audience.BELOW
            )
            if found:
                yield found

    def months(self, branch: Branch) -> Iterator[date]:
        """The first days of the months from the beginning to two ahead."""
        calendar = self.calendar
        first = max(branch.established_on, calendar.begins).replace(day=1)
        last = calendar.today + timedelta(days=DAYS_OF_DRAFTS)
        while first <= last:
            yield first
            first = add_months(first, 1)

    def planned(
        self,
        branch: Branch,
        kind: str,
        title: str,
        on: date,
        hour: int,
        place: str,
        audience: str,
        group: PartyGroup | None = None,
    ) -> Planned | None:
        """None where the day lies outside of what is told."""
        calendar = self.calendar
        ahead = (on - calendar.today).days
        begins = max(calendar.begins, branch.established_on)
        if on <= begins or ahead > DAYS_OF_DRAFTS:
            return None
        state, reason = State.HELD, ""
        if ahead > DAYS_AHEAD:
            if kind not in {Type.THEME_DAY, Type.LECTURE}:
                return None  # nobody drafts these so early
            state = State.DRAFT
        elif ahead > -UNNOTED_DAYS:
            state = State.PLANNED
        elif self.random.random() < 0.01:
            state, reason = State.CANCELLED, words.REASONS[on.day % len(words.REASONS)]
        seats = hours = None
        if kind == Type.VOLUNTEER or (kind == Type.LECTURE and ahead > 0):
            seats = 4 if kind == Type.VOLUNTEER else 20
        if kind in {Type.LECTURE, Type.THEME_DAY}:
            hours = "1.0" if kind == Type.LECTURE else "0.5"
        length = 1 if kind in {Type.COMMITTEE_MEETING, Type.GROUP_MEETING} else 2
        return Planned(
            *(branch, group, kind, title, on, clock(hour), length, place, state),
            *(audience, seats, hours, reason),
        )


@lru_cache(maxsize=64)
def clock(hour: int) -> time:
    return time(hour, 30 if hour > 12 else 0)


@lru_cache(maxsize=20_000)
def moment_of(on: date, begins: time, hours: int = 0) -> str:
    """As a cell: an instant in Shanghai; the same ones come again and again."""
    at = datetime.combine(on, begins, timezone.get_default_timezone())
    return (at + timedelta(hours=hours)).isoformat()


@lru_cache(maxsize=20_000)
def entered(on: date, calendar: Calendar) -> str:
    """When it was entered: twelve days before, and not after yesterday."""
    day = min(on - timedelta(days=12), calendar.yesterday)
    return moment_of(max(day, calendar.begins), clock(10))


def cells(
    key: int, one: Planned, keeper: Any, calendar: Calendar
) -> list[str | int | bool]:
    starts_at = moment_of(one.on, one.begins)
    at = entered(one.on, calendar)
    done = one.state in {State.HELD, State.CANCELLED}
    return [
        *(key, one.branch.pk, one.group.pk if one.group else NULL, one.kind),
        *(one.title, "", starts_at, moment_of(one.on, one.begins, one.hours)),
        *(one.place, False, words.ACCESS, "", one.audience),
        *("{}", "{}", "{}", one.state, one.reason),
        *(one.seats is not None, NULL if one.seats is None else one.seats, NULL),
        *(one.credit_hours or NULL, 1, keeper or NULL, at),
        moment_of(min(one.on, calendar.yesterday), clock(18)) if done else at,
    ]


def write_activities(
    planned: list[Planned], keepers: dict[int, Any], calendar: Calendar
) -> dict[int, Planned]:
    """Write them, and an agenda for those to come; what was written, by primary key."""
    keys = list(next_primary_keys(Activity, len(planned), DEFAULT_DB_ALIAS))
    written = dict(zip(keys, planned, strict=True))
    by = {key: user.pk for key, user in keepers.items()}
    copy(
        Activity,
        COLUMNS,
        (
            cells(key, one, by.get(one.branch.pk), calendar)
            for key, one in written.items()
        ),
    )
    write(
        AgendaItem(
            activity_id=key, position=place, title=title, needs_ballot=place == 3
        )
        for key, one in written.items()
        if one.kind == Type.GENERAL_MEETING and one.state == State.PLANNED
        for place, title in enumerate(words.AGENDA, start=1)
    )
    return written
