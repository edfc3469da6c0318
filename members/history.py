"""What the records said on an earlier day, and who changed them.

Triggers keep every version of a record (django-pghistory); a version is what was recorded
at its moment, which need not be what was true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from members.models import Member, User
from members.sealing import IndexField, SealedField, try_open

MemberEvent: Any = Member.pgh_event_model  # type: ignore[attr-defined]  # django-pghistory adds it

# Kept by the software itself, so no change of theirs is news.
UNTOLD = frozenset({"id", "created_at", "updated_at", "branch_path"})
TOLD = tuple(
    field.name
    for field in Member._meta.concrete_fields
    if field.name not in UNTOLD and not isinstance(field, IndexField)
)
NEWEST = 200


@dataclass(frozen=True)
class Version:
    """One version of a record: what it holds and how it differs from the one before.

    before: None for the first. user: who changed it; None where the software did.
    """

    event: Any
    before: Any
    changed: tuple[str, ...]
    user: User | None

    @property
    def made_at(self) -> datetime:
        return self.event.pgh_created_at


def end_of(day: date) -> datetime:
    """The first instant after `day` in Shanghai (CNT-04)."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def roll_on(paths: Iterable[str], day: date) -> models.QuerySet:
    """Each record as it stood at the end of `day`, of those then at or below `paths`."""
    scope = Q(pk__in=[])
    for path in paths:
        scope |= Q(branch__path__startswith=path)
    by_then = MemberEvent.objects.filter(pgh_created_at__lt=end_of(day))
    newer = by_then.filter(pgh_obj=OuterRef("pgh_obj"), pgh_id__gt=OuterRef("pgh_id"))
    return by_then.filter(~Exists(newer), scope)


def record_on(member: Member, day: date) -> Any:
    """The record as it stood at the end of `day`; None before it was begun."""
    by_then = MemberEvent.objects.filter(pgh_obj=member, pgh_created_at__lt=end_of(day))
    return by_then.order_by("-pgh_id").first()


def versions(member: Member) -> list[Version]:
    """The newest versions of a record, latest first; those that tell nothing left out."""
    events = list(
        MemberEvent.objects.filter(pgh_obj=member)
        .select_related("pgh_context")
        .order_by("-pgh_id")[: NEWEST + 1]
    )
    users = User.objects.select_related("member").in_bulk(
        {key for event in events if (key := _user_of(event))}
    )
    found = []
    for event, before in zip(events, [*events[1:], None], strict=True):
        changed = _changed(before, event)
        if changed:
            user = users.get(_user_of(event) or 0)
            found.append(Version(event, before, changed, user))
    return found[:NEWEST]


def _user_of(event: Any) -> int | None:
    context = event.pgh_context
    return context.metadata.get("user") if context is not None else None


def _changed(before: Any, event: Any) -> tuple[str, ...]:
    return tuple(
        name
        for name in TOLD
        if before is None or _value(before, name) != _value(event, name)
    )


def _value(event: Any, name: str) -> Any:
    """What tells two versions apart; a sealed value by its text, for it may have been
    sealed anew without a change."""
    field = MemberEvent._meta.get_field(name)
    return (
        try_open(event, name)
        if isinstance(field, SealedField)
        else getattr(event, field.attname)
    )
