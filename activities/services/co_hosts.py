"""Branches that hold an activity together."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities import access
from activities.models import Activity, CoHost
from activities.services.activities import State, locked, over, tell
from members.models import Branch, User
from members.refusals import refusal_at
from members.services import inbox

TOGETHER = (Activity.Audience.BRANCH, Activity.Audience.BELOW)


@transaction.atomic
def add_co_host(activity: Activity, branch: Branch, *, now: datetime) -> CoHost:
    """Let `branch` hold it too; its members are told if it is announced and to come.

    Twice is once. Raises ValidationError, code "over" once it is held or cancelled,
    "alone" for a meeting of one committee or one Party group; at branch, "closed" and
    "host" for the branch that holds it anyway.
    """
    activity = locked(activity)
    if activity.state not in {State.DRAFT, State.PLANNED}:
        raise over()
    if activity.audience not in TOGETHER:
        message = _("A committee or a Party group meets alone: invite whole branches.")
        raise ValidationError(message, code="alone")
    if branch.is_closed:
        raise refusal_at("branch", _("This branch is closed."), code="closed")
    if branch.pk == activity.branch_id:
        message = _("This branch is the host already.")
        raise refusal_at("branch", message, code="host")
    before = set(access.invited(activity).values_list("pk", flat=True))
    co_host, is_new = CoHost.objects.get_or_create(activity=activity, branch=branch)
    if is_new and activity.state == State.PLANNED and activity.ends_at > now:
        invited = access.invited(activity).exclude(pk__in=before)
        users = User.objects.filter(member__in=invited, is_active=True)
        tell(activity, users, inbox.Kind.ACTIVITY_ANNOUNCED)
    return co_host


@transaction.atomic
def remove_co_host(activity: Activity, branch: Branch) -> None:
    """Take `branch` out again. Twice is once.

    Raises ValidationError, code "over" once it is held or cancelled, "taken" while
    members of the branch have a seat or wait for one.
    """
    activity = locked(activity)
    if activity.state not in {State.DRAFT, State.PLANNED}:
        raise over()
    taken = activity.sign_ups.standing().filter(member__branch=branch).count()
    if taken:
        message = _("%(taken)s people of this branch signed up: they stay invited.")
        raise ValidationError(message % {"taken": taken}, code="taken")
    activity.co_hosts.filter(branch=branch).delete()
