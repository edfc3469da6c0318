"""Minutes while they are written: a draft filled with what the portal knows.

Votes on its points are in `votes`, the signatures and what follows in `sign_off`:

start → save, put_ballot, count_ballot → sign → sign → (correct → …)
                                           ↘ take_back
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.models import (
    Activity,
    Attendance,
    Ballot,
    LifePoint,
    Minutes,
    MinutesFile,
    MinutesItem,
    Resolution,
)
from activities.services import activities, attendances, voted
from members.access import today
from members.models import Appointment, Branch, Member, User
from members.refusals import refusal_at

SIGNERS = ("chair", "recorder")
HEADS = ("number", "begins_at", "ends_at", "place", "chair", "recorder")


# --- what the portal knows --------------------------------------------------------------
@transaction.atomic
def start(activity: Activity, *, by: User, now: datetime) -> Minutes:
    """The minutes of `activity`: the newest that stand, else a draft filled with its
    number in the year, time, place, chair (MEET-06), recorder and agenda.

    Raises ValidationError, code "over" for a draft or a cancelled activity, "not_begun".
    """
    Branch.objects.select_for_update().get(pk=activity.branch_id)  # one number each
    activity = activities.locked(activity)
    standing = activity.minutes.order_by("-revision").first()
    if standing is not None:
        return standing
    if activity.state in {Activity.State.DRAFT, Activity.State.CANCELLED}:
        raise activities.over()
    if activity.starts_at > now:
        raise ValidationError(_("It has not begun yet."), code="not_begun")
    chair = usual_chair(activity)
    recorder = by.member if by.member != chair else None
    minutes = Minutes.objects.create(
        activity=activity,
        revision=1,
        number=next_number(activity),
        begins_at=activity.starts_at,
        ends_at=activity.ends_at,
        place=activity.place,
        chair=chair,
        recorder=recorder,
        created_by=by,
    )
    MinutesItem.objects.bulk_create(
        MinutesItem(
            minutes=minutes,
            position=position,
            title=point.title,
            speaker=point.speaker,
        )
        for position, point in enumerate(activity.agenda.all(), start=1)
    )
    return minutes


def usual_chair(activity: Activity) -> Member | None:
    """The secretary; of a group meeting its leader (MEET-06)."""
    of_group = activity.kind == Activity.Kind.GROUP_MEETING
    office = "group_leader" if of_group else "secretary"
    found = Appointment.objects.in_force(today()).filter(
        branch=activity.branch_id, office__code=office
    )
    if of_group:
        found = found.filter(party_group=activity.party_group_id)
    holder = found.select_related("member").first()
    return holder.member if holder else None


def same_kind(activity: Activity) -> Any:
    """Minutes of the branch in the same year of the same kind; of a group, its own."""
    year = timezone.localtime(activity.starts_at).year
    found = Minutes.objects.filter(
        activity__branch=activity.branch_id,
        activity__kind=activity.kind,
        activity__starts_at__year=year,
    )
    if activity.kind == Activity.Kind.GROUP_MEETING:
        found = found.filter(activity__party_group=activity.party_group_id)
    return found.exclude(activity=activity.pk)


def next_number(activity: Activity) -> int:
    return (same_kind(activity).aggregate(last=Max("number"))["last"] or 0) + 1


def people_of(activity: Activity) -> dict[str, Any]:
    """Who was there, as the attendance list tells it (MIN-04, MIN-05)."""
    rows = activity.attendances.select_related("member", "member__branch").order_by(
        "member__pinyin", "member"
    )
    found: dict[str, list[Any]] = {
        "names": [],
        "leave": [],
        "absent": [],
        "exempt": [],
        "guests": [],
    }
    for row in rows:
        name = row.member.name
        if row.is_guest:
            if row.state == Attendance.State.PRESENT:
                found["guests"].append([name, str(row.member.branch)])
        elif row.state == Attendance.State.PRESENT:
            found["names"].append(name)
        else:
            found[row.state].append([name, row.reason])
    found["guests"] += [[one.name, one.unit] for one in activity.guests.all()]
    numbers = attendances.counts(activity)
    return {"due": numbers.due, "present": numbers.present, **found}


def people(minutes: Minutes) -> dict[str, Any]:
    """Of a draft what the list says now, else what was signed."""
    return people_of(minutes.activity) if minutes.is_draft else minutes.people


@dataclass(frozen=True)
class Parts:
    """All that hangs on minutes, read once."""

    items: list[MinutesItem]
    resolutions: list[Resolution]
    life_points: list[LifePoint]
    files: list[MinutesFile]

    def decided(self, *, is_correction: bool) -> list[Resolution]:
        """What was resolved, or what is to be corrected."""
        return [one for one in self.resolutions if one.is_correction == is_correction]


def parts_of(minutes: Minutes) -> Parts:
    return Parts(
        items(minutes),
        list(minutes.resolutions.select_related("member")),
        list(minutes.life_points.select_related("member", "speaker")),
        list(minutes.files.defer("content")),
    )


def content(minutes: Minutes, parts: Parts | None = None) -> dict[str, Any]:
    """Everything that is signed, in one form; `digest` is of this. parts: where they
    were read already."""
    parts = parts or parts_of(minutes)
    said = {
        "activity": minutes.activity_id,
        "title": minutes.activity.title,
        "kind": minutes.activity.kind,
        "branch": minutes.activity.branch.name,
        "revision": minutes.revision,
        "reason": minutes.reason,
        "number": minutes.number,
        "begins_at": minutes.begins_at.timestamp(),
        "ends_at": minutes.ends_at.timestamp(),
        "place": minutes.place,
        "chair": _named(minutes.chair),
        "recorder": _named(minutes.recorder),
        "people": people(minutes),
        "items": [
            {
                "title": item.title,
                "speaker": item.speaker,
                "discussion": item.discussion,
                "ballots": [_of_ballot(one) for one in item.ballots.all()],
                **_elections(item),
            }
            for item in parts.items
        ],
        "resolutions": [
            {
                "text": one.text,
                "member": _named(one.member),
                "due_on": one.due_on and one.due_on.isoformat(),
                **({"is_correction": True} if one.is_correction else {}),
            }
            for one in parts.resolutions
        ],
    }
    # What few minutes have stands there for those alone.
    life = [
        [one.kind, _named(one.member), _named(one.speaker), one.text]
        for one in parts.life_points
    ]
    files = [[one.kind, one.caption, one.digest] for one in parts.files]
    rare = {"life": life, "files": files}
    return said | {name: part for name, part in rare.items() if part}


def items(minutes: Minutes) -> list[MinutesItem]:
    """The points with their votes, by a few queries, however many there are."""
    found = minutes.items.prefetch_related(
        "ballots__candidate",
        "ballots__monitor",
        "ballots__counter",
        "elections__monitor",
        "elections__counter",
        "elections__candidates__member",
    )
    voted.read(found)
    return list(found)


def _named(member: Member | None) -> list[Any] | None:
    return None if member is None else [member.pk, member.name]


def _of_ballot(ballot: Ballot) -> dict[str, Any]:
    totals = {name: getattr(ballot, name) for name in Ballot.TOTALS}
    return totals | {
        "motion": ballot.motion,
        "rule": ballot.rule,
        "is_secret": ballot.is_secret,
        "eligible": ballot.eligible,
        "present": ballot.present,
        "tellers": [_named(one) for one in ballot.tellers()],
        **_voters(ballot),
    }


def _voters(vote: voted.Vote) -> dict[str, Any]:
    """For those votes alone of which it is known."""
    found = [_named(one) for one in voted.people(vote)]
    return {"voters": found} if found else {}


def _elections(item: MinutesItem) -> dict[str, Any]:
    """Under a name of their own, for those points alone that have some."""
    found = [
        {name: getattr(one, name) for name in ("title", "kind", "seats")}
        | {name: getattr(one, name) for name in ("eligible", "present", *one.TOTALS)}
        | {
            "tellers": [_named(one.monitor), _named(one.counter)],
            "candidates": [
                [_named(each.member), each.yes, each.no, each.abstain]
                for each in one.candidates.all()
            ],
        }
        | _voters(one)
        | ({} if (agreed := one.for_fewer_seats) is None else {"for_fewer": agreed})
        for one in item.elections.all()
    ]
    return {"elections": found} if found else {}


def digest(minutes: Minutes) -> str:
    return digest_of(content(minutes))


def digest_of(said: dict[str, Any]) -> str:
    """Of what `content` gave."""
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# --- writing ----------------------------------------------------------------------------
@dataclass(frozen=True)
class Point:
    """A point as entered. key: of the row, or "new…"; without title and text it goes."""

    key: str
    title: str
    speaker: str = ""
    discussion: str = ""


@dataclass(frozen=True)
class Decided:
    """A resolution as entered. key: of the row, or "new…"; without text it goes."""

    key: str
    text: str
    member: Member | None = None
    due_on: date | None = None


@transaction.atomic
def save(
    minutes: Minutes,
    heads: Mapping[str, Any],
    points: Iterable[Point],
    resolutions: Iterable[Decided],
) -> Minutes:
    """Save a draft as a whole; saved again, it stays the same.

    heads: some of HEADS. Raises ValidationError, code "signed", and by field: "same" for
    one person as chair and recorder, "taken" for a number, "range" for an end before the
    beginning, "title_<key>" with "required" or "has_ballot", "due_<key>" with "required".
    """
    found = locked_draft(minutes)
    for name in HEADS:
        if name in heads:
            setattr(found, name, heads[name])
    check_heads(found)
    found.save()
    _save_points(found, points)
    save_resolutions(found, resolutions)
    return found


def check_heads(minutes: Minutes) -> None:
    unnamed = {name for name in SIGNERS if getattr(minutes, f"{name}_id") is None}
    minutes.full_clean(  # who signs may be named later
        exclude=[
            f.name
            for f in Minutes._meta.fields
            if f.name not in HEADS or f.name in unnamed
        ],
        validate_constraints=False,
    )
    if minutes.chair_id is not None and minutes.chair_id == minutes.recorder_id:
        message = _("Chair and recorder are two people: both sign.")
        raise refusal_at("recorder", message, code="same")
    if minutes.ends_at <= minutes.begins_at:
        raise refusal_at("ends_at", _("It ends after it begins."), code="range")
    if same_kind(minutes.activity).filter(number=minutes.number).exists():
        message = _("Another meeting of this kind has this number in the year already.")
        raise refusal_at("number", message, code="taken")


def _save_points(minutes: Minutes, points: Iterable[Point]) -> None:
    standing = {
        str(item.pk): item
        for item in minutes.items.prefetch_related("ballots", "elections")
    }
    position = 0
    for point in points:
        item = standing.get(point.key, MinutesItem(minutes=minutes))
        if not point.title.strip():
            if point.discussion.strip():
                message = _("Name the point to which this text belongs.")
                raise refusal_at(f"title_{point.key}", message, code="required")
            if item.pk is not None:
                if item.ballots.all() or item.elections.all():
                    message = _("There was a vote on this point: it keeps its name.")
                    raise refusal_at(f"title_{point.key}", message, code="has_ballot")
                item.delete()
            continue
        position += 1
        item.position, item.title = position, point.title.strip()
        item.speaker = point.speaker.strip()
        item.discussion = point.discussion.strip()
        item.save()


def save_resolutions(
    minutes: Minutes, resolutions: Iterable[Decided], *, is_correction: bool = False
) -> None:
    """Save those of one list: what was resolved, or what is to be corrected."""
    own = minutes.resolutions.filter(is_correction=is_correction)
    standing = {str(one.pk): one for one in own}
    for decided in resolutions:
        row = standing.get(
            decided.key, Resolution(minutes=minutes, is_correction=is_correction)
        )
        if not decided.text.strip():
            if row.pk is not None:
                row.delete()
            continue
        if decided.member is not None and decided.due_on is None:
            message = _("Say until when: it is on the list of to-dos until then.")
            raise refusal_at(f"due_{decided.key}", message, code="required")
        row.text, row.member = decided.text.strip(), decided.member
        row.due_on = decided.due_on
        row.save()


def locked_draft(minutes: Minutes) -> Minutes:
    found = Minutes.objects.select_for_update().get(pk=minutes.pk)
    if not found.is_draft:
        message = _("These minutes are signed: a correction is a new version.")
        raise ValidationError(message, code="signed")
    return found
