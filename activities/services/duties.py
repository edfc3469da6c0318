"""What branches owe by the rules, what is still open, and who is reminded of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from activities import duties
from activities.access import RIGHT
from activities.duties import Duty, Facts, Group, Held, Span
from activities.models import Activity, AppraisalRound, BranchSize, CoHost, DutyRule
from activities.services import open_duties
from activities.services.open_duties import FULL
from members import access
from members.algorithms import add_months
from members.models import Branch, User
from members.refusals import refusal_at
from members.services import audit, inbox, jobs

FIRST_YEAR = 2019
State = Activity.State


# --- one branch -----------------------------------------------------------------------
def of_branch(
    branch: Branch,
    year: int,
    *,
    today: date,
    rules: Iterable[DutyRule] | None = None,
) -> tuple[list[Duty], list[tuple[DutyRule, Span]]]:
    """What `branch` owes in a year, by the day due, and what else belongs to it.

    rules: all of the table, from who has it in hand. Six queries, however large the
    branch.
    """
    wanted = duties.demands(DutyRule.objects.all() if rules is None else rules, year)
    facts = facts_of(branch, year, today=today)
    held = [*activities_of(branch, year), *rounds_of(branch, year)]
    found = duties.duties(wanted, facts, held)
    return found, duties.reminders(wanted, facts)


def facts_of(branch: Branch, year: int, *, today: date) -> Facts:
    groups = branch.party_groups.order_by("name", "pk")
    return Facts(
        kind=branch.kind,
        setting=branch.setting,
        established_on=branch.established_on,
        closed_on=branch.closed_on,
        groups=[
            Group(group.pk, group.name, group.set_up_on, group.dissolved_on)
            for group in groups
        ],
        sizes=_sizes(branch, year, today),
    )


def _sizes(branch: Branch, year: int, today: date) -> dict[date, int]:
    """Full members by month, to this month: as noted in it or before it in the year;
    where nothing was noted, those who by the dates of their records were so then."""
    noted = dict(
        BranchSize.objects.filter(branch=branch, month__year=year).values_list(
            "month", "full_members"
        )
    )
    since = list(
        branch.members.filter(state__in=FULL).values_list(
            Greatest("enrolled_on", "full_member_on"), flat=True
        )
    )
    sizes: dict[date, int] = {}
    last: int | None = None
    for month in (date(year, number, 1) for number in range(1, 13)):
        if month > today and month.month > 1:
            break
        last = noted.get(month, last)
        by_dates = sum(day < add_months(month, 1) for day in since)
        sizes[month] = by_dates if last is None else last
    return sizes


def activities_of(branch: Branch, year: int) -> list[Held]:
    """What `branch` holds as host or co-host in a year, by the date in Shanghai."""
    zone = timezone.get_default_timezone()
    begins, ends = (datetime(y, 1, 1, tzinfo=zone) for y in (year, year + 1))
    shared = CoHost.objects.filter(activity=OuterRef("pk"), branch=branch.pk)
    rows = Activity.objects.filter(
        Q(branch=branch.pk) | Q(Exists(shared)),
        state__in=[State.HELD, State.PLANNED],
        starts_at__gte=begins,
        starts_at__lt=ends,
    )
    return [
        Held(
            activity.pk,
            activity.kind,
            timezone.localdate(activity.starts_at),
            group=activity.party_group_id,
            title=activity.title,
            is_held=activity.state == State.HELD,
        )
        for activity in rows
    ]


def rounds_of(branch: Branch, year: int) -> list[Held]:
    """The appraisal of `branch` in a year: held once it is finished (LIFE-08, LIFE-23)."""
    rows = AppraisalRound.objects.with_day().filter(branch=branch.pk, year=year)
    return [
        Held(
            round_.pk,
            Activity.Kind.APPRAISAL,
            round_.day,
            title=round_.title,
            is_held=round_.step == AppraisalRound.Step.DONE,
            is_round=True,
        )
        for round_ in rows
    ]


# --- the table of rules ---------------------------------------------------------------
@transaction.atomic
def add_version(rule: DutyRule, *, by: User, today: date) -> DutyRule:
    """Add `rule` as a new rule, or as the next version of the one with its code.

    It rules from the first day of a period on, which may be the one that runs but none
    that is over, so that what a past period owed stays. Asked again for what the newest
    version says already, it returns that. Raises ValidationError by field, code "past",
    "middle" (of a period), "order" (before the newest version) or "meanwhile".
    """
    last = DutyRule.objects.filter(code=rule.code).order_by("-version").first()
    if last is not None and _told(last) == _told(rule):
        return last
    rule.pk, rule.version = None, last.version + 1 if last else 1
    rule.created_by = by
    rule.full_clean(exclude=["created_by"])
    _check_beginning(rule, last, today)
    # Nobody may change a row of this table, so none is locked: of two who add the same
    # number at once the second is refused.
    try:
        with transaction.atomic():
            rule.save(force_insert=True)
    except IntegrityError:
        message = _("Somebody else added a version just now: look at it first.")
        raise refusal_at("code", message, code="meanwhile") from None
    audit.record(
        audit.Act.SETTING_CHANGED,
        by=by,
        subject=rule,
        code=rule.code,
        version=rule.version,
    )
    return rule


def _check_beginning(rule: DutyRule, last: DutyRule | None, today: date) -> None:
    """By the periods of the version before, too: none of them is cut in two."""
    begins = rule.in_force_from
    lengths = [
        duties.MONTHS[DutyRule.Period(version.period)]
        for version in (rule, last)
        if version is not None
    ]
    if begins.day != 1 or (begins.month - 1) % max(lengths):
        message = _("A rule begins with a period: choose the first day of one.")
        raise refusal_at("in_force_from", message, code="middle")
    if Span(begins, min(lengths)).ends_on < today:
        message = _("What was owed in a period that is over stays as it was.")
        raise refusal_at("in_force_from", message, code="past")
    if last is not None and begins < last.in_force_from:
        message = _("The version before begins on %(day)s: not earlier than that.")
        raise refusal_at(
            "in_force_from", message % {"day": last.in_force_from}, code="order"
        )


def _told(rule: DutyRule) -> dict[str, object]:
    own = {"id", "version", "created_by", "created_at"}
    fields = [field for field in rule._meta.concrete_fields if field.name not in own]
    return {
        field.name: field.to_python(getattr(rule, field.attname)) for field in fields
    }


# --- by the clock ---------------------------------------------------------------------
def note_sizes(*, today: date) -> int:
    """Note how large each branch is this month, once; returns how many are new."""
    month = today.replace(day=1)
    noted = BranchSize.objects.filter(branch=OuterRef("pk"), month=month)
    branches = (
        Branch.objects.standing(today)
        .filter(~Exists(noted), kind__in=Branch.HOLD_MEMBERS)
        .annotate(full=Count("members", filter=Q(members__state__in=FULL)))
        .order_by("pk")
    )
    rows = [
        BranchSize(branch_id=pk, month=month, full_members=full)
        for pk, full in branches.values_list("pk", "full")
    ]
    BranchSize.objects.bulk_create(rows, batch_size=5_000, ignore_conflicts=True)
    return len(rows)


REMIND_ON = 5  # of each month
BEFORE_END = timedelta(days=10)  # of a quarter, the year among them
GRACE = timedelta(days=4)  # a reminder that could not be sent comes so late at most


def remind(task: str, *, now: datetime) -> int:
    """Put one line for each branch with something open into the inbox of those who plan
    for it; returns how many branches. Once for each day of reminding, whatever asks.

    On the fifth of each month, and ten days before a quarter ends. Open is what is
    required by the end of this month, neither held nor announced.
    """
    today = timezone.localdate(now)
    day = reminding_day(today)
    if day is None:
        return 0
    noon = datetime.combine(day, time(12), tzinfo=timezone.get_default_timezone())
    with jobs.once_a_day(task, now=noon) as ours:
        return _remind(today) if ours else 0


def reminding_day(today: date) -> date | None:
    """The day of reminding that is today or was a few days ago."""
    fifth = today.replace(day=REMIND_ON)
    end = duties.span_of(DutyRule.Period.QUARTER, today).ends_on
    days = [day for day in (fifth, end - BEFORE_END) if day <= today]
    day = max(days, default=None)
    return day if day is not None and today - day <= GRACE else None


def _remind(today: date) -> int:
    end = duties.span_of(DutyRule.Period.MONTH, today).ends_on
    demands = [
        (rule, span)
        for rule, span in open_duties.near(DutyRule.objects.all(), today)
        if span.holds(today) and span.ends_on <= end
    ]
    planners = access.own_holders(RIGHT)
    missing = open_duties.count_by_branch(demands, planners, today=today)
    branches = Branch.objects.in_bulk(missing)
    for key, count in sorted(missing.items()):
        inbox.notify(
            planners[key],
            inbox.Kind.DUTIES_OPEN,
            url=reverse("activities:branch_duties", args=[key]),
            branch=str(branches[key]),
            count=count,
            on=end.isoformat(),
        )
    return len(missing)
