"""Telling people, in their inbox."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings

from members import access, tasks
from members.models import Branch, BranchGrant, MailAddress, Notification, User
from members.services import outbox

Kind = Notification.Kind


def notify(users: Iterable[User], kind: Kind, *, url: str = "", **context: Any) -> None:
    """Put one line into the inbox of each of `users`, and mail it to those who want that.

    `context` fills the sentence of `kind` (members/sentences.py); never a G4 value. Asks
    as much of the database for a thousand people as for one.
    """
    lines = Notification.objects.bulk_create(
        Notification(user=user, kind=kind, context=context, url=url) for user in users
    )
    if settings.EMAIL_URL and lines:
        _mail(lines)


def _mail(lines: list[Notification]) -> None:
    wanting = MailAddress.objects.wanting().filter(
        user__in=[line.user_id for line in lines]
    )
    users = set(wanting.values_list("pk", flat=True))
    calls = [[line.pk] for line in lines if line.user_id in users]
    if calls:
        outbox.post_each(tasks.send_mail_of_notification, calls)


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
