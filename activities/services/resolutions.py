"""Resolutions after the meeting: to-dos that stay until they are done (MIN-09)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities.models import Activity, AgendaItem, Minutes, Resolution
from activities.models.minutes import ResolutionQuerySet
from members.models import User

LONGEST = AgendaItem._meta.get_field("title").max_length or 120
MOST = 20


def to_follow(activity: Activity) -> ResolutionQuerySet:
    """What earlier meetings of the branch resolved and nobody ticked yet. Of a committee
    only its own, and of its own no other meeting."""
    of_committee = activity.kind == Activity.Kind.COMMITTEE_MEETING
    found = Resolution.objects.open().filter(
        minutes__activity__branch=activity.branch_id,
        minutes__begins_at__lt=activity.starts_at,
    )
    committee = {"minutes__activity__kind": Activity.Kind.COMMITTEE_MEETING}
    found = found.filter(**committee) if of_committee else found.exclude(**committee)
    if activity.kind == Activity.Kind.GROUP_MEETING:
        found = found.filter(minutes__activity__party_group=activity.party_group_id)
    return found.exclude(minutes__activity=activity.pk)


def points_to_follow(activity: Activity) -> list[dict[str, Any]]:
    """Points for the agenda, as `set_agenda` takes them: how earlier resolutions stand."""
    if not activity.is_meeting:
        return []
    return [
        {"title": _title(one), "speaker": one.member.name if one.member else ""}
        for one in to_follow(activity).select_related("member")[:MOST]
    ]


def _title(resolution: Resolution) -> str:
    title = _("How it stands: %(resolution)s") % {"resolution": resolution.text}
    return title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…"


def put_on_agenda(activity: Activity) -> int:
    """Add the points that follow earlier resolutions behind those that stand; those
    already there are left. Returns how many were added."""
    standing = list(activity.agenda.all())
    titles = {point.title for point in standing}
    last = max((point.position for point in standing), default=0)
    added = [one for one in points_to_follow(activity) if one["title"] not in titles]
    AgendaItem.objects.bulk_create(
        AgendaItem(activity=activity, position=position, **point)
        for position, point in enumerate(added, start=last + 1)
    )
    return len(added)


@transaction.atomic
def tick(resolution: Resolution, *, by: User, now: datetime) -> Resolution:
    """Note that it is done. Twice is once.

    Raises ValidationError, code "superseded", for one of minutes that were corrected or
    are not signed yet.
    """
    found = Resolution.objects.select_for_update().get(pk=resolution.pk)
    if found.done_at is not None:
        return found
    if not Minutes.objects.in_force().filter(pk=found.minutes_id).exists():
        message = _("These minutes are not, or no longer, those in force: look again.")
        raise ValidationError(message, code="superseded")
    found.done_at, found.done_by = now, by
    found.save(update_fields=["done_at", "done_by"])
    return found
