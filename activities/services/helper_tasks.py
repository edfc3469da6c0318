"""Tasks for helpers of an activity: who does what, and that it is done."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from activities import access
from activities.models import Activity, HelperTask
from activities.services.activities import State, locked, over
from members.models import User
from members.refusals import refusal_at
from members.services import inbox

MOST = 50


@transaction.atomic
def save_task(task: HelperTask, *, by: User | None) -> HelperTask:
    """Keep a new or changed task; who it is given to is told, once for each giving.

    Raises ValidationError by field, code "over" for a cancelled activity, "done" for a
    task that is done, "not_invited" at member for somebody the activity does not
    expect, "too_late" at due_on for a day after the activity, "too_many" past 50 tasks.
    """
    activity = locked(task.activity)
    if activity.state == State.CANCELLED:
        raise over()
    task.full_clean(exclude=["activity"])
    stands = HelperTask.objects.filter(pk=task.pk).first() if task.pk else None
    if stands is not None and stands.done_at is not None:
        raise ValidationError(_("This task is done already."), code="done")
    if stands is None and activity.tasks.count() >= MOST:
        message = _("An activity has at most %(most)s tasks.") % {"most": MOST}
        raise ValidationError(message, code="too_many")
    ends_on = timezone.localdate(activity.ends_at)
    if task.due_on is not None and task.due_on > ends_on:
        message = _("The activity is over by then.")
        raise refusal_at("due_on", message, code="too_late")
    before = stands.member_id if stands else None
    if task.member is not None and task.member_id != before:
        if not access.is_expected(task.member, activity):
            message = _("Choose somebody who is invited.")
            raise refusal_at("member", message, code="not_invited")
        task.save()
        if activity.state != State.DRAFT:
            tell_helper(task, activity, by=by)
    else:
        task.save()
    return task


def tell_helper(task: HelperTask, activity: Activity, *, by: User | None) -> None:
    users = User.objects.filter(member=task.member_id, is_active=True)
    if by is not None:
        users = users.exclude(pk=by.pk)
    inbox.notify(
        users,
        inbox.Kind.TASK_GIVEN,
        url=activity.get_absolute_url(),
        name=activity.title,
        at=activity.starts_at.isoformat(),
        task=task.title,
    )


@transaction.atomic
def mark_done(task: HelperTask, *, now: datetime) -> HelperTask:
    """Note that the task is done. Twice keeps the first moment.

    Raises ValidationError, code "over" for a cancelled activity.
    """
    if locked(task.activity).state == State.CANCELLED:
        raise over()
    task = HelperTask.objects.select_for_update().get(pk=task.pk)
    if task.done_at is None:
        task.done_at = now
        task.save(update_fields=["done_at"])
    return task


@transaction.atomic
def take_back(task: HelperTask) -> None:
    """Take a task off the list. Raises ValidationError, code "done" for one that is."""
    locked(task.activity)
    found = HelperTask.objects.select_for_update().filter(pk=task.pk).first()
    if found is None:
        return
    if found.done_at is not None:
        raise ValidationError(_("This task is done already."), code="done")
    found.delete()
