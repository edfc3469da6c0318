"""Writing down who was refused a record (AU-01).

One entry for the same question within five minutes, and so many for one account: whoever
tries numbers one after the other is seen, and fills no table.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from members.models import AuditEntry, User
from members.services import audit

WINDOW = timedelta(minutes=5)
MOST = 50  # entries for one account in a window; the last says that there are more
LONGEST_KEY = 40


def note_refusal(user: User, *, route: str, method: str, key: str) -> None:
    """Note that `user` asked for the record `key` by a route and was refused.

    The same is written for a record that exists and for one that never did (AZ-03).
    """
    asked: dict[str, Any] = {"route": route, "method": method, "key": _plain(key)}
    noted = AuditEntry.objects.filter(
        by=user, act=audit.Act.ACCESS_REFUSED, at__gt=timezone.now() - WINDOW
    )
    lately = list(noted.order_by("-at").values_list("context", flat=True)[:MOST])
    if len(lately) >= MOST or asked in lately:
        return
    if len(lately) == MOST - 1:
        asked["and_more"] = True
    audit.record(
        audit.Act.ACCESS_REFUSED, by=user, result=audit.Result.REFUSED, **asked
    )


def _plain(key: str) -> str:
    """A key as it was typed, made fit for the log."""
    kept = key[:LONGEST_KEY].encode("utf-8", "replace").decode()
    return "".join(sign if sign.isprintable() else "·" for sign in kept)
