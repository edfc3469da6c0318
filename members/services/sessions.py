"""Sessions: how they begin, how long they last, and how they end (AN-04, AN-05)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, cast

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from members import access
from members.models import AuditEntry, Session, User
from members.services import audit
from members.sessions import SessionStore

NOTED_SECONDS = 60  # a session notes its use once in so long
AGENT_SIGNS = 200


def begin(session: SessionBase, *, address: str | None, agent: str) -> None:
    """Note in a session that its owner signed in just now, and from where."""
    now = int(time.time())
    session["since"] = session["seen"] = session["confirmed"] = now
    session["address"], session["agent"] = address, agent[:AGENT_SIGNS]


def note_entry(user: User, *, second_factor: str = "none") -> None:
    """Write down that `user` is in. second_factor: "none", "code" or "recovery"."""
    audit.record(
        AuditEntry.Act.SIGNED_IN,
        by=user,
        subject=user,
        member=user.member,
        second_factor=second_factor,
    )


def note_exit(user: User, *, why: str) -> None:
    """Write down that `user` is out. why: "asked", "idle" or "old"."""
    audit.record(
        AuditEntry.Act.SIGNED_OUT, by=user, subject=user, member=user.member, why=why
    )


def role_of(user: User) -> str:
    """ "administrator", "officer" or "member": by which the limits differ."""
    if user.administrator:
        return "administrator"
    return "officer" if access.is_officer(user) else "member"


def why_over(session: SessionBase, user: User) -> str:
    """ "idle" or "old" for a session past a limit of its owner's role, else "".

    A clock that was set back ends a session too, rather than leave it open.
    """
    now, role = time.time(), role_of(user)
    if abs(now - session.get("seen", 0)) > 60 * settings.SESSION_IDLE_MINUTES[role]:
        return "idle"
    if abs(now - session.get("since", 0)) > 3600 * settings.SESSION_HOURS[role]:
        return "old"
    return ""


def note_use(session: SessionBase) -> None:
    """Note that a session is in use, once a minute: that costs a row."""
    now = int(time.time())
    if now - session.get("seen", 0) >= NOTED_SECONDS:
        session["seen"] = now


def confirm(session: SessionBase) -> None:
    """Note that the password was given just now (AN-10)."""
    session["confirmed"] = int(time.time())


def is_confirmed(session: SessionBase) -> bool:
    """Whether the password was given in the last CONFIRMATION_MINUTES."""
    age = time.time() - session.get("confirmed", 0)
    return abs(age) <= 60 * settings.CONFIRMATION_MINUTES


def of(user: User) -> QuerySet[Session]:
    """The sessions of `user` that are not over, the last used first."""
    return cast(
        "QuerySet[Session]", user.sessions.filter(expire_date__gt=timezone.now())
    )


@transaction.atomic
def end(
    user: User, *, by: User | None, keep: str | None = None, only: str | None = None
) -> int:
    """End the sessions of `user`: all, all but `keep`, or `only` that one, by key; returns
    how many. They are gone from the database and the cache at once (AN-04)."""
    ended = user.sessions.all()
    if keep is not None:
        ended = ended.exclude(session_key=keep)
    if only is not None:
        ended = ended.filter(session_key=only)
    keys = list(ended.values_list("session_key", flat=True))
    if not keys:
        return 0
    audit.record(
        AuditEntry.Act.SESSIONS_ENDED,
        by=by,
        subject=user,
        member=user.member,
        count=len(keys),
    )
    _forget(keys)
    # Once more: a page that was open meanwhile may have brought one back to the cache.
    transaction.on_commit(lambda: _forget(keys), robust=True)
    return len(keys)


def _forget(keys: Iterable[Any]) -> None:
    for key in keys:
        SessionStore(key).delete()


def tidy() -> None:
    """Forget sessions whose time is over."""
    SessionStore.clear_expired()
