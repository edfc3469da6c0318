"""What a branch owes by the rules of organizational life, from facts alone (MIN-17).

Nothing here asks the database: rules, a branch as it was, and what was held come in,
duties come out. A duty says what is due and by when, never who must do what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from activities.models import DutyRule
from members.algorithms import add_months

COMMITTEE_FROM = 7  # full members (ORG-19)
MONTHS = {
    DutyRule.Period.MONTH: 1,
    DutyRule.Period.QUARTER: 3,
    DutyRule.Period.HALF_YEAR: 6,
    DutyRule.Period.YEAR: 12,
}


# --- periods --------------------------------------------------------------------------
@dataclass(frozen=True, order=True)
class Span:
    """Some whole months of one year: a month, a quarter, a half-year or the year."""

    starts_on: date
    months: int

    @property
    def ends_on(self) -> date:
        """The last day, by which what is due is due (CNT-04)."""
        return add_months(self.starts_on, self.months) - timedelta(days=1)

    @property
    def number(self) -> int:
        """Which it is among those of its length in the year, from 1."""
        return (self.starts_on.month - 1) // self.months + 1

    def first_days(self) -> list[date]:
        return [add_months(self.starts_on, month) for month in range(self.months)]

    def holds(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


def spans(period: str, year: int) -> list[Span]:
    """The periods of this length in a year."""
    months = MONTHS[DutyRule.Period(period)]
    return [
        Span(date(year, month, 1), months)
        for month in range(1, 13)
        if month % months == 1 % months
    ]


def span_of(period: str, day: date) -> Span:
    """The period of this length that `day` lies in."""
    return next(span for span in spans(period, day.year) if span.holds(day))


# --- which rule -----------------------------------------------------------------------
def in_force(versions: Iterable[DutyRule], day: date) -> DutyRule | None:
    """The version of one rule that rules what begins on `day`: the last to come into
    force, unless its end has passed."""
    begun = [rule for rule in versions if rule.in_force_from <= day]
    if not begun:
        return None
    rule = max(begun, key=lambda rule: (rule.in_force_from, rule.version))
    until = rule.in_force_until
    return rule if until is None or day <= until else None


def demands(rules: Iterable[DutyRule], year: int) -> list[tuple[DutyRule, Span]]:
    """Each rule with each period of the year that it rules, by the day due."""
    found: list[tuple[DutyRule, Span]] = []
    by_code = sorted(rules, key=lambda rule: rule.code)
    for _code, group in groupby(by_code, key=lambda rule: rule.code):
        versions = list(group)
        found += [
            (rule, span)
            for rule in versions
            for span in spans(rule.period, year)
            if in_force(versions, span.starts_on) is rule
        ]
    return sorted(found, key=place_of)


def place_of(demand: tuple[DutyRule, Span]) -> tuple[date, str, date]:
    """By the day due, then by rule."""
    rule, span = demand
    return (span.ends_on, rule.code, span.starts_on)


# --- how much -------------------------------------------------------------------------
def months_stood(span: Span, since: date, until: date | None) -> int:
    """The months of `span` that count: from the month of the set-up on, that one
    included, and whole months only before a closing (MIN-17)."""
    return sum(
        1
        for month in span.first_days()
        if since < add_months(month, 1)
        and (until is None or until >= add_months(month, 1))
    )


def times_due(times: int, stood: int, months: int) -> int:
    """`times` in a period of so many months, for one that stood for some of them: pro
    rata, halves rounded up (MIN-17)."""
    return (2 * times * stood + months) // (2 * months)


# --- a branch as it was ---------------------------------------------------------------
@dataclass(frozen=True)
class Group:
    pk: int
    name: str
    set_up_on: date | None = None
    dissolved_on: date | None = None


@dataclass(frozen=True)
class Facts:
    """A branch as far as rules ask. sizes: full members by the first day of a month."""

    kind: str
    setting: str
    established_on: date
    closed_on: date | None = None
    groups: Sequence[Group] = ()
    sizes: Mapping[date, int] = field(default_factory=dict)

    def size(self, span: Span) -> int:
        """The full members in the last month of `span`, as far as it is known then."""
        known = [month for month in self.sizes if month <= span.ends_on]
        month = max(known) if known else min(self.sizes, default=None)
        return self.sizes[month] if month is not None else 0


@dataclass(frozen=True)
class Held:
    """An activity, as far as a duty asks: of which kind, on which day, by which group.

    A round of appraisal counts as one of the kind "appraisal", and its key is its own.
    """

    pk: int
    kind: str
    on: date
    group: int | None = None
    title: str = ""
    is_held: bool = True  # else it is announced
    is_round: bool = False


@dataclass(frozen=True)
class Duty:
    """What is due from a branch, or one of its Party groups, in one period."""

    rule: DutyRule
    span: Span
    required: int
    group: Group | None = None
    held: tuple[Held, ...] = ()
    planned: tuple[Held, ...] = ()

    @property
    def due_on(self) -> date:
        return self.span.ends_on

    @property
    def done(self) -> int:
        """How many count: what was held beyond the duty counts for no other period."""
        return min(len(self.held), self.required)

    @property
    def missing(self) -> int:
        return self.required - self.done

    def state(self, today: date) -> str:
        """ "done", "planned", "open", "missed" or, of a period to come, "coming"."""
        if not self.missing:
            return "done"
        if today > self.due_on:
            return "missed"
        if len(self.planned) >= self.missing:
            return "planned"
        return "open" if self.span.holds(today) else "coming"


def concerns(rule: DutyRule, facts: Facts, span: Span) -> bool:
    """Whether the rule speaks of such a branch, as large as it was then."""
    if facts.kind not in rule.branch_kinds or facts.kind in rule.exempt_kinds:
        return False
    if rule.settings and facts.setting not in rule.settings:
        return False
    size = facts.size(span)
    if rule.only_with_committee and size < COMMITTEE_FROM:
        return False
    least, most = rule.least_members, rule.most_members
    return (least is None or size >= least) and (most is None or size <= most)


def is_exempt(rule: DutyRule, kind: str) -> bool:
    """Whether the rule names this kind of branch to leave it out (ORG-12)."""
    return kind in rule.branch_kinds and kind in rule.exempt_kinds


def owed(
    rule: DutyRule, span: Span, facts: Facts
) -> Iterator[tuple[Group | None, int]]:
    """How many activities `span` asks of the branch, or of each of its Party groups."""
    if not rule.activity_kind or not concerns(rule, facts, span):
        return
    groups: Sequence[Group | None] = facts.groups if rule.per_group else [None]
    for group in groups:
        since, until = facts.established_on, facts.closed_on
        if group is not None:
            since = max(since, group.set_up_on or since)
            ends = [day for day in (until, group.dissolved_on) if day is not None]
            until = min(ends, default=None)
        stood = months_stood(span, since, until)
        if times := times_due(rule.times, stood, span.months):
            yield group, times


def duties(
    wanted: Iterable[tuple[DutyRule, Span]], facts: Facts, activities: Iterable[Held]
) -> list[Duty]:
    """What the branch owes for each rule and period, with what was held for it."""
    by_kind: dict[str, list[Held]] = {}
    for activity in sorted(activities, key=lambda held: (held.on, held.pk)):
        by_kind.setdefault(activity.kind, []).append(activity)
    found = []
    for rule, span in wanted:
        for group, required in owed(rule, span, facts):
            there = [
                activity
                for activity in by_kind.get(rule.activity_kind, ())
                if span.holds(activity.on)
                and (group is None or activity.group == group.pk)
            ]
            held = tuple(activity for activity in there if activity.is_held)
            planned = tuple(activity for activity in there if not activity.is_held)
            found.append(Duty(rule, span, required, group, held, planned))
    return found


def completion(found: Iterable[Duty]) -> tuple[int, int]:
    """MIN-17: how many required activities were held, and how many are required."""
    required = [duty for duty in found if duty.rule.is_required]
    return sum(duty.done for duty in required), sum(duty.required for duty in required)


def reminders(
    wanted: Iterable[tuple[DutyRule, Span]], facts: Facts
) -> list[tuple[DutyRule, Span]]:
    """What else belongs to a period and no activity fulfils (LIFE-09, CAL-03 …)."""
    return [
        (rule, span)
        for rule, span in wanted
        if not rule.activity_kind
        and rule.times
        and concerns(rule, facts, span)
        and months_stood(span, facts.established_on, facts.closed_on)
    ]
