"""What is still open among many branches: one statement, whatever their number.

The same judgment as `activities/duties.py` makes of one branch, put as conditions. A
test holds them together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from activities import duties
from activities.duties import Span
from activities.models import Activity, AppraisalRound, BranchSize, CoHost, DutyRule
from members.algorithms import add_months
from members.models import Branch, Member, PartyGroup
from members.models.branch import BranchQuerySet

Demand = tuple[DutyRule, Span]
# Those who count for the size of a branch: full members, their rights apart (ORG-19).
FULL = (Member.State.FULL, Member.State.ON_PROBATION)
BACK, AHEAD = -3, 3  # months: how long something stays on the list, and comes before
COLUMNS = ("place", "key", "tree", "group_key", "lacks")


def near(rules: Iterable[DutyRule], today: date) -> list[Demand]:
    """The required and recommended demands that fell due in the last three months or
    fall due in the coming three, the first due first; none of a period to come."""
    rules = list(rules)
    first, last = add_months(today, BACK), add_months(today, AHEAD)
    return [
        (rule, span)
        for year in (today.year - 1, today.year)
        for rule, span in duties.demands(rules, year)
        if rule.activity_kind
        and rule.times
        and span.starts_on <= today
        and first <= span.ends_on <= last
    ]


@dataclass(frozen=True)
class Line:
    """A branch, or a Party group of it, that lacks something."""

    demand: Demand
    branch: int
    group: int  # 0: the branch itself
    lacks: int

    @property
    def key(self) -> str:
        rule, span = self.demand
        return f"{rule.code}_{span.starts_on}_{self.branch}_{self.group}"


def lines(
    demands: Sequence[Demand],
    branches: BranchQuerySet,
    *,
    today: date,
    after: str = "",
    size: int,
) -> tuple[list[Line], bool]:
    """So many lines after the one whose key is `after`, and whether there are more.

    By the day due, then by the tree: never by who lacks most. A key that leads nowhere
    begins at the beginning.
    """
    begin = _place(demands, after)
    if begin is not None:
        position, path, group = begin
        beyond = Q(tree__gt=path) | Q(tree=path, group_key__gt=group)
    parts = []
    for place, demand in enumerate(demands):
        if begin is not None and place < position:
            continue
        rows = _lacking(demand, branches, today).annotate(place=Value(place))
        if begin is not None and place == position:
            rows = rows.filter(beyond)
        rows = rows.order_by("tree", "group_key").values_list(*COLUMNS)
        parts.append(rows[: size + 1])
    if not parts:
        return [], False
    every, *others = parts
    if others:
        every = every.union(*others, all=True).order_by("place", "tree", "group_key")
    found = list(every[: size + 1])
    return [
        Line(demands[place], key, group, lacks)
        for place, key, _tree, group, lacks in found[:size]
    ], len(found) > size


def _place(demands: Sequence[Demand], after: str) -> tuple[int, str, int] | None:
    code, _, rest = after.partition("_")
    begins, _, rest = rest.partition("_")
    branch, _, group = rest.partition("_")
    if not all(text.isascii() and text.isdigit() for text in (branch, group)):
        return None
    if max(len(branch), len(group)) > 18:
        return None
    for place, (rule, span) in enumerate(demands):
        if (rule.code, str(span.starts_on)) == (code, begins):
            paths = Branch.objects.filter(pk=int(branch)).values_list("path", flat=True)
            path = paths.first()
            return None if path is None else (place, path, int(group))
    return None


def count_by_branch(
    demands: Iterable[Demand], among: Collection[int], *, today: date
) -> dict[int, int]:
    """How many required activities each branch of `among` lacks; those that lack none
    are left out. One query for each demand."""
    missing: Counter[int] = Counter()
    branches = Branch.objects.filter(pk__in=list(among))
    for demand in demands:
        if demand[0].is_required:
            rows = _lacking(demand, branches, today)
            for key, lacks in rows.values_list("key", "lacks"):
                missing[key] += lacks
    return dict(missing)


# --- one demand -----------------------------------------------------------------------
def _lacking(demand: Demand, branches: models.QuerySet, today: date) -> Any:
    """The branches, or their Party groups, that lack something of one demand.

    Closed ones are left out: nobody can help them any more. What is announced for a
    period that still runs counts as if it were held.
    """
    rule, span = demand
    branches = _concerned(rule, span, branches)
    rows: Any
    if rule.per_group:
        rows = PartyGroup.objects.filter(branch__in=branches, dissolved_on=None)
        since = Greatest(
            "branch__established_on",
            Coalesce("set_up_on", "branch__established_on"),
        )
        rows = rows.annotate(
            key=F("branch_id"), tree=F("branch__path"), group_key=F("pk"), since=since
        )
    else:
        rows = branches.annotate(
            key=F("pk"),
            tree=F("path"),
            group_key=Value(0, models.BigIntegerField()),
            since=F("established_on"),
        )
    held = _held(rule, span, today)
    rows = rows.annotate(required=_required(rule, span)).filter(required__gt=0)
    if rule.per_group:
        sources = [held.filter(party_group=OuterRef("pk"))]
    else:
        shared = CoHost.objects.filter(
            branch=OuterRef("pk"), activity__in=held.values("pk")
        )
        sources = [held.filter(branch=OuterRef("pk")), shared]
        if rule.activity_kind == Activity.Kind.APPRAISAL:
            sources.append(_rounds(span, today).filter(branch=OuterRef("pk")))
    if rule.times == 1:
        for source in sources:
            rows = rows.filter(~Exists(source))
        return rows.annotate(lacks=F("required"))
    lacks: Any = F("required")
    for source in sources:
        lacks -= _count(source)
    return rows.annotate(lacks=lacks).filter(lacks__gt=0)


def _count(rows: models.QuerySet) -> Any:
    counted = rows.order_by().annotate(all=Value(1)).values("all")
    counted = counted.annotate(found=Count("pk")).values("found")
    return Coalesce(Subquery(counted, models.IntegerField()), 0)


def _held(rule: DutyRule, span: Span, today: date) -> models.QuerySet:
    zone = timezone.get_default_timezone()
    days = (span.starts_on, span.ends_on + timedelta(days=1))
    begins, ends = (datetime.combine(day, time(), tzinfo=zone) for day in days)
    states = [Activity.State.HELD]
    if span.holds(today):
        states.append(Activity.State.PLANNED)
    return Activity.objects.filter(
        kind=rule.activity_kind,
        state__in=states,
        starts_at__gte=begins,
        starts_at__lt=ends,
    )


def _rounds(span: Span, today: date) -> models.QuerySet:
    """As `_held`: a round that goes on in a period that still runs counts too."""
    rounds = AppraisalRound.objects.with_day().filter(
        day__range=(span.starts_on, span.ends_on)
    )
    if span.holds(today):
        return rounds
    return rounds.filter(step=AppraisalRound.Step.DONE)


def _required(rule: DutyRule, span: Span) -> Case:
    """`duties.times_due`, by the month since which it stands."""
    whens = [
        When(
            since__lt=add_months(span.starts_on, span.months - stood + 1),
            then=Value(duties.times_due(rule.times, stood, span.months)),
        )
        for stood in range(span.months, 0, -1)
    ]
    return Case(*whens, default=Value(0), output_field=models.IntegerField())


def _concerned(rule: DutyRule, span: Span, branches: Any) -> Any:
    """`duties.concerns`, for those that still stand."""
    kinds = set(rule.branch_kinds) - set(rule.exempt_kinds)
    rows = branches.filter(kind__in=sorted(kinds), closed_on=None)
    if rule.settings:
        rows = rows.filter(setting__in=rule.settings)
    least, most = rule.least_members, rule.most_members
    if rule.only_with_committee:
        least = max(least or 0, duties.COMMITTEE_FROM)
    if least is None and most is None:
        return rows
    noted = BranchSize.objects.filter(
        branch=OuterRef("pk"),
        month__lte=span.ends_on,
        month__gte=span.starts_on.replace(month=1),
    ).order_by("-month")
    now = _count(
        Member.objects.filter(
            branch=OuterRef("pk"),
            state__in=FULL,
            enrolled_on__lte=span.ends_on,
            full_member_on__lte=span.ends_on,
        )
    )
    size = Coalesce(Subquery(noted.values("full_members")[:1]), now)
    rows = rows.annotate(size=size)
    if least is not None:
        rows = rows.filter(size__gte=least)
    return rows if most is None else rows.filter(size__lte=most)
