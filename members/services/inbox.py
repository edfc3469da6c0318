"""Telling people, in their inbox."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from members import access
from members.models import Branch, BranchGrant, Notification, User

Kind = Notification.Kind


def notify(users: Iterable[User], kind: Kind, *, url: str = "", **context: Any) -> None:
    """Put one line into the inbox of each of `users`.

    `context` fills the sentence of `kind` (members/sentences.py); never a G4 value.
    """
    Notification.objects.bulk_create(
        Notification(user=user, kind=kind, context=context, url=url) for user in users
    )


def notify_holders(
    right: str, branch: Branch, kind: Kind, *, url: str = "", **context: Any
) -> None:
    """Tell those who hold `right` nearest above `branch`: its own, else the next up."""
    for path in [branch.path, *reversed(branch.paths_above())]:
        grants = BranchGrant.objects.in_force(access.today()).filter(
            permission__codename=right, content_object__path=path, user__is_active=True
        )
        if users := list(User.objects.filter(pk__in=grants.values("user"))):
            notify(users, kind, url=url, **context)
            return


def mark_read(user: User, *, now: datetime) -> int:
    """Mark the whole inbox of `user` as read; returns how many lines were unread."""
    return user.notifications.unread().update(read_at=now)
