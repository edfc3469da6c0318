"""Planning: an activity from the first draft to the day it was held.

plan → announce → mark_held
                ↘ cancel
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pghistory
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from activities import access
from activities.models import Activity, AgendaItem, CoHost
from activities.services import audience, participation, reminders, resolutions
from activities.services.seats import move_up
from activities.signals import activity_announced, activity_cancelled, activity_held
from members.models import Branch, User
from members.refusals import refusal_at
from members.services import inbox

State = Activity.State
LONGEST, FURTHEST = timedelta(days=31), timedelta(days=3 * 366)
LONGEST_AGENDA = 50
EARLIEST = datetime(1921, 7, 1, tzinfo=UTC)


@transaction.atomic
def plan(
    activity: Activity,
    *,
    co_hosts: Iterable[Branch] = (),
    agenda: Iterable[dict[str, Any]] | None = None,
    by: User | None,
) -> Activity:
    """Keep a new draft, which only those who plan for the branch see. The agenda of a
    meeting begins with what earlier ones resolved and nobody ticked yet (MIN-09).

    Raises ValidationError by field, code "closed" for a branch that is closed, "group"
    for a Party group of another branch, "dissolved" for one that is no more, "no_group"
    for a group meeting without one (LIFE-03), "order" for times in the wrong order,
    "too_long" past a month, "too_far" three years ahead, "no_sign_up" for seats or a
    last day where nobody signs up.
    """
    activity.state, activity.created_by = State.DRAFT, by
    check(activity)
    activity.save()
    _set_co_hosts(activity, co_hosts)
    if agenda is not None:
        set_agenda(activity, agenda)
    resolutions.put_on_agenda(activity)
    return activity


@transaction.atomic
def change(
    activity: Activity,
    *,
    co_hosts: Iterable[Branch] | None = None,
    agenda: Iterable[dict[str, Any]] | None = None,
    by: User | None,
) -> Activity:
    """Save a changed plan. Who has a seat is told of another time or place; fewer seats
    than are taken are refused, more go to those who wait.

    Raises ValidationError by field, codes as `plan`, "taken", "over", and at kind
    "announced" for another kind than was announced.
    """
    stands = locked(activity)
    if stands.state not in {State.DRAFT, State.PLANNED}:
        raise over()
    if stands.kind != activity.kind and stands.state != State.DRAFT:
        raise announced_kind()
    check(activity)
    taken = stands.sign_ups.with_a_seat().count()
    if activity.seats is not None and activity.seats < taken:
        message = _("%(taken)s people have a seat already: leave at least so many.")
        raise refusal_at("seats", message % {"taken": taken}, code="taken")
    is_same_time = stands.starts_at == activity.starts_at
    activity.state = stands.state
    activity.reminded_at = stands.reminded_at if is_same_time else None
    activity.save()
    if co_hosts is not None:
        _set_co_hosts(activity, co_hosts)
    if agenda is not None:
        set_agenda(activity, agenda)
    moved = (stands.starts_at, stands.place) != (activity.starts_at, activity.place)
    if moved and stands.state == State.PLANNED:
        tell_those_with_a_seat(activity, inbox.Kind.ACTIVITY_MOVED, by=by)
    if stands.state == State.PLANNED:
        move_up(activity)
    return activity


def check(activity: Activity) -> None:
    """Judge a plan as a whole, by field."""
    activity.clean_fields(exclude=["created_by"])
    check_times(activity)
    check_sign_up(activity)
    audience.check(activity)
    activity.full_clean(exclude=["created_by"])
    if activity.branch.is_closed:
        raise refusal_at("branch", _("This branch is closed."), code="closed")
    group = activity.party_group
    if group is not None and group.branch_id != activity.branch_id:
        message = _("This Party group belongs to another branch.")
        raise refusal_at("party_group", message, code="group")
    if group is not None and group.dissolved_on is not None:
        message = _("This Party group is dissolved.")
        raise refusal_at("party_group", message, code="dissolved")
    if group is None and activity.kind == Activity.Kind.GROUP_MEETING:
        message = _("Say which Party group meets.")
        raise refusal_at("party_group", message, code="no_group")


def check_times(activity: Activity) -> None:
    if activity.ends_at <= activity.starts_at:
        message = _("It ends after it begins: look at the day and the hour.")
        raise refusal_at("ends_at", message, code="order")
    if activity.ends_at - activity.starts_at > LONGEST:
        message = _("At most a month: plan the parts one by one.")
        raise refusal_at("ends_at", message, code="too_long")
    if activity.starts_at > timezone.now() + FURTHEST or activity.starts_at < EARLIEST:
        message = _("Look at the year: at most three years ahead, and not before 1921.")
        raise refusal_at("starts_at", message, code="too_far")


def check_sign_up(activity: Activity) -> None:
    for name in ("seats", "sign_up_ends_at"):
        if not activity.needs_sign_up and getattr(activity, name) is not None:
            message = _("Leave it empty, or let members sign up.")
            raise refusal_at(name, message, code="no_sign_up")
    last = activity.sign_up_ends_at
    if last is not None and last > activity.starts_at:
        message = _("The sign-up ends before the activity begins, or with it.")
        raise refusal_at("sign_up_ends_at", message, code="order")


def _set_co_hosts(activity: Activity, branches: Iterable[Branch]) -> None:
    wanted = {branch.pk for branch in branches} - {activity.branch_id}
    activity.co_hosts.exclude(branch__in=wanted).delete()
    there = set(activity.co_hosts.values_list("branch", flat=True))
    CoHost.objects.bulk_create(
        CoHost(activity=activity, branch_id=key) for key in sorted(wanted - there)
    )


@transaction.atomic
def set_agenda(activity: Activity, points: Iterable[dict[str, Any]]) -> None:
    """Put these points, in this order, in the place of those that stand.

    A point with the "id" of one that stands is that one, changed. Raises ValidationError,
    code "over" for a cancelled activity.
    """
    if locked(activity).state == State.CANCELLED:
        raise over()
    there = {item.pk: item for item in activity.agenda.all()}
    kept = []
    for position, point in enumerate(points, start=1):
        given = dict(point)
        item = there.pop(given.pop("id", None), None) or AgendaItem(activity=activity)
        item.position = position
        for name, value in given.items():
            setattr(item, name, value)
        kept.append(item)
    activity.agenda.filter(pk__in=there).delete()
    for item in kept:
        item.full_clean(exclude=["activity"], validate_constraints=False)
        item.save()


@transaction.atomic
def announce(activity: Activity, *, by: User | None, now: datetime) -> Activity:
    """Let members know: from now on they see it and may sign up. Twice is once.

    Those expected who have an account get a line in their inbox, that says what, when
    and where. Raises ValidationError, code "over" once it is over or cancelled, "begun"
    for one that should have begun before now.
    """
    found = locked(activity)
    if found.state == State.PLANNED:
        return found
    if found.state != State.DRAFT:
        raise over()
    if found.ends_at <= now:
        message = _("It lies in the past: change the time, or record it as held.")
        raise ValidationError(message, code="begun")
    found.state = State.PLANNED
    if reminders.is_due(found, now):
        found.reminded_at = now  # what is announced so late needs no reminder
    save_state(found, by, "reminded_at")
    invited = access.invited(found).filter(user__is_active=True)
    tell(
        found,
        User.objects.filter(member__in=invited),
        inbox.Kind.ACTIVITY_ANNOUNCED,
    )
    activity_announced.send(Activity, activity=found)
    return found


@transaction.atomic
def cancel(activity: Activity, *, reason: str, by: User | None) -> Activity:
    """Call it off; who has a seat or waits for one is told why. Twice is once.

    Raises ValidationError at "reason", code "required", and code "over" once it was held.
    """
    found = locked(activity)
    if found.state == State.CANCELLED:
        return found
    if found.state == State.HELD:
        raise over()
    if not reason.strip():
        message = _("Say why: those who signed up will read it.")
        raise refusal_at("reason", message, code="required")
    was_draft = found.state == State.DRAFT
    found.state, found.cancelled_reason = State.CANCELLED, reason.strip()
    save_state(found, by, "cancelled_reason")
    if not was_draft:
        tell_those_with_a_seat(found, inbox.Kind.ACTIVITY_CANCELLED, by=by)
        activity_cancelled.send(Activity, activity=found)
    return found


@transaction.atomic
def mark_held(activity: Activity, *, by: User | None, now: datetime) -> Activity:
    """Note that it took place. Twice is once.

    Raises ValidationError, code "not_begun" before it begins, "over" when cancelled.
    """
    found = locked(activity)
    if found.state == State.HELD:
        return found
    if found.state == State.CANCELLED:
        raise over()
    if found.starts_at > now:
        raise ValidationError(_("It has not begun yet."), code="not_begun")
    found.state = State.HELD
    save_state(found, by)
    activity_held.send(Activity, activity=found)
    participation.settle(found, now=now)
    return found


def locked(activity: Activity) -> Activity:
    """The activity as it stands, ours until the end of the transaction. Rows that only
    refer to it, as attendances do, are written meanwhile."""
    return Activity.objects.select_for_update(no_key=True).get(pk=activity.pk)


def over() -> ValidationError:
    message = _("This activity is over or cancelled: it can no longer be changed so.")
    return ValidationError(message, code="over")


def announced_kind() -> ValidationError:
    message = _("It is announced: its kind stays. Cancel it and plan another.")
    return refusal_at("kind", message, code="announced")


def save_state(activity: Activity, by: User | None, *more: str) -> None:
    with pghistory.context(user=by.pk if by else None):
        activity.save(update_fields=["state", "updated_at", *more])


def tell_those_with_a_seat(
    activity: Activity, kind: inbox.Kind, *, by: User | None
) -> None:
    concerned = activity.sign_ups.standing().values("member")
    users = User.objects.filter(member__in=concerned, is_active=True)
    if by is not None:
        users = users.exclude(pk=by.pk)
    tell(activity, users, kind)


def tell(activity: Activity, users: Iterable[User], kind: inbox.Kind) -> None:
    inbox.notify(
        users,
        kind,
        url=activity.get_absolute_url(),
        name=activity.title,
        at=activity.starts_at.isoformat(),
        place=activity.place,
        reason=activity.cancelled_reason,
    )
