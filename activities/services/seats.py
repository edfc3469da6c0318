"""Free seats go to those who wait; for callers that hold the lock on the activity."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from activities.models import Activity, SignUp
from activities.signals import signed_up
from members.models import User
from members.services import inbox

State = SignUp.State


def move_up(activity: Activity) -> int:
    """Give the free seats to those who wait, in order; returns how many moved.

    Each is told, keeps the seat without doing anything, and may pass it on. Announces `signed_up` for each.
    """
    waiting = activity.sign_ups.waiting()
    if activity.seats is not None:
        taken = activity.sign_ups.with_a_seat().count()
        waiting = waiting[: max(0, activity.seats - taken)]
    moved = list(waiting)
    if not moved:
        return 0
    for sign_up in moved:
        sign_up.state = State.CONFIRMED
        sign_up.moved_up_at = sign_up.changed_at = timezone.now()
        sign_up.activity = activity
    SignUp.objects.bulk_update(moved, ["state", "moved_up_at", "changed_at"])
    for sign_up in moved:
        signed_up.send(SignUp, sign_up=sign_up)
    members = [sign_up.member_id for sign_up in moved]
    tell(activity, members, inbox.Kind.SEAT_GIVEN)
    return len(moved)


def tell(
    activity: Activity, members: Iterable[int], kind: inbox.Kind, **said: str
) -> None:
    """Tell those of `members`, given by their keys, who have an account."""
    inbox.notify(
        User.objects.filter(member__in=members, is_active=True),
        kind,
        url=f"{activity.get_absolute_url()}#sign-up",
        name=activity.title,
        at=activity.starts_at.isoformat(),
        place=activity.place,
        **said,
    )
