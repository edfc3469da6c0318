"""The same again: an activity as the pattern of new drafts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.models import Activity, AgendaItem, CoHost, HelperTask, SignUpQuestion
from activities.services.activities import State, check, locked
from members.algorithms import add_months
from members.models import User
from members.refusals import refusal_at

MOST_MONTHS = 24
# What a copy takes over as it is; the times are moved.
COPIED = (
    "branch",
    "party_group",
    "kind",
    "title",
    "purpose",
    "place",
    "is_online",
    "accessibility",
    "transport",
    "audience",
    "offices",
    "occupations",
    "interests",
    "needs_sign_up",
    "seats",
    "credit_hours",
    "remind_days",
)


@transaction.atomic
def copy(activity: Activity, *, starts_at: datetime, by: User | None) -> Activity:
    """A new draft like `activity`, that begins at `starts_at` and takes as long, with its
    co-hosts, its agenda, its questions and its tasks, which nobody has yet.

    Raises ValidationError as `plan` does, and at starts_at, code "there", when the same
    stands at that time already.
    """
    activity = locked(activity)
    if _stands(activity, starts_at):
        message = _("The same is planned at that time already.")
        raise refusal_at("starts_at", message, code="there")
    return _copy(activity, starts_at, by)


@transaction.atomic
def repeat_monthly(
    activity: Activity, *, until: date, by: User | None
) -> list[Activity]:
    """Drafts like `activity` on the same day of each month up to `until` (LIFE-06).

    The 31st is the last day in a shorter month. Months that have it are passed over, so
    twice adds none. Returns the new ones. Raises ValidationError as `plan` does, and at
    until, code "too_early" when no month lies between, "too_far" past two years.
    """
    activity = locked(activity)
    first = timezone.localtime(activity.starts_at)
    if until < add_months(first.date(), 1):
        message = _("Choose a day at least a month after the activity.")
        raise refusal_at("until", message, code="too_early")
    if until > add_months(first.date(), MOST_MONTHS):
        message = _("At most two years ahead.")
        raise refusal_at("until", message, code="too_far")
    made = []
    for months in range(1, MOST_MONTHS + 1):
        day = add_months(first.date(), months)
        if day > until:
            break
        starts_at = datetime.combine(day, first.timetz())
        if not _stands(activity, starts_at):
            made.append(_copy(activity, starts_at, by))
    return made


def _stands(activity: Activity, starts_at: datetime) -> bool:
    """Whether the same branch or group has one of this kind and title then."""
    same = Activity.objects.exclude(state=State.CANCELLED).filter(
        branch=activity.branch_id,
        party_group=activity.party_group_id,
        kind=activity.kind,
        title=activity.title,
    )
    return same.filter(starts_at=starts_at).exists()


def _copy(activity: Activity, starts_at: datetime, by: User | None) -> Activity:
    moved: timedelta = starts_at - activity.starts_at
    given = {name: getattr(activity, name) for name in COPIED}
    new = Activity(
        **given,
        starts_at=starts_at,
        ends_at=activity.ends_at + moved,
        sign_up_ends_at=activity.sign_up_ends_at and activity.sign_up_ends_at + moved,
        state=State.DRAFT,
        created_by=by,
    )
    check(new)
    new.save()
    CoHost.objects.bulk_create(
        CoHost(activity=new, branch_id=key)
        for key in activity.co_hosts.filter(branch__closed_on=None)
        .order_by("branch")
        .values_list("branch", flat=True)
    )
    AgendaItem.objects.bulk_create(
        AgendaItem(
            activity=new,
            position=item.position,
            title=item.title,
            speaker=item.speaker,
            needs_ballot=item.needs_ballot,
        )
        for item in activity.agenda.all()
    )
    SignUpQuestion.objects.bulk_create(
        SignUpQuestion(
            activity=new,
            position=question.position,
            text=question.text,
            kind=question.kind,
            options=question.options,
            is_required=question.is_required,
        )
        for question in activity.questions.all()
    )
    HelperTask.objects.bulk_create(
        HelperTask(
            activity=new,
            title=task.title,
            due_on=task.due_on and task.due_on + timedelta(days=moved.days),
        )
        for task in activity.tasks.all()
    )
    return new
