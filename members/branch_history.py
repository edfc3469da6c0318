"""What was decided about a branch and what was edited, newest first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from members.models import Branch, BranchChange, User

BranchEvent: Any = Branch.pgh_event_model  # type: ignore[attr-defined]  # django-pghistory adds it

NEWEST = 100
# Told by the decision that changed them, or kept by the software itself.
UNTOLD = frozenset({"id", "path", "parent", "initials", "closed_on"})
TOLD = tuple(f.name for f in Branch._meta.concrete_fields if f.name not in UNTOLD)


@dataclass(frozen=True)
class Edit:
    """One field that was changed, in words."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Line:
    """One moment: a decision (`change`), or edits of the record."""

    recorded_at: datetime
    day: date
    user: User | None
    change: BranchChange | None = None
    edits: list[Edit] = field(default_factory=list)


def lines(branch: Branch) -> list[Line]:
    """The newest lines of the history of `branch`."""
    changes = branch.changes.select_related(
        "from_parent", "to_parent", "recorded_by__member"
    ).order_by("-recorded_at")[:NEWEST]
    found = [
        Line(change.recorded_at, change.decided_on, change.recorded_by, change)
        for change in changes
    ]
    found += _edits(branch)
    return sorted(found, key=lambda line: line.recorded_at, reverse=True)[:NEWEST]


def _edits(branch: Branch) -> list[Line]:
    events = list(
        BranchEvent.objects.filter(pgh_obj=branch)
        .select_related("pgh_context")
        .order_by("-pgh_id")[: NEWEST + 1]
    )
    users = User.objects.select_related("member").in_bulk(
        {key for event in events if (key := _user_of(event))}
    )
    found = []
    for event, before in pairwise(events):
        if edits := _differences(before, event):
            made_at = event.pgh_created_at
            user = users.get(_user_of(event) or 0)
            found.append(Line(made_at, localdate(made_at), user, edits=edits))
    return found


def _user_of(event: Any) -> int | None:
    context = event.pgh_context
    return context.metadata.get("user") if context is not None else None


def _differences(before: Any, after: Any) -> list[Edit]:
    return [
        Edit(
            str(Branch._meta.get_field(name).verbose_name),  # type: ignore[union-attr]
            _in_words(name, getattr(before, name)),
            _in_words(name, getattr(after, name)),
        )
        for name in TOLD
        if getattr(before, name) != getattr(after, name)
    ]


def _in_words(name: str, value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    choices = dict(Branch._meta.get_field(name).flatchoices)  # type: ignore[union-attr]
    return str(choices.get(value, value))
