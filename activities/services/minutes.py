"""Minutes: from a draft filled with what the portal knows to two signatures.

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
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from activities import ballots
from activities.ballots import Rule
from activities.models import (
    Activity,
    Attendance,
    Ballot,
    Minutes,
    MinutesItem,
    Objection,
    Resolution,
)
from activities.services import activities, attendances, participation
from members.access import today
from members.models import Appointment, Branch, Member, User
from members.refusals import refusal_at
from members.services import inbox

State = Minutes.State
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


def content(minutes: Minutes) -> dict[str, Any]:
    """Everything that is signed, in one form; `digest` is of this."""
    return {
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
            }
            for item in items(minutes)
        ],
        "resolutions": [
            {
                "text": one.text,
                "member": _named(one.member),
                "due_on": one.due_on and one.due_on.isoformat(),
            }
            for one in minutes.resolutions.select_related("member")
        ],
    }


def items(minutes: Minutes) -> Any:
    """The points with their votes, by three queries at most."""
    return minutes.items.prefetch_related(
        "ballots__candidate", "ballots__monitor", "ballots__counter"
    )


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
    }


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
    _save_resolutions(found, resolutions)
    return found


def check_heads(minutes: Minutes) -> None:
    minutes.full_clean(
        exclude=[*(f.name for f in Minutes._meta.fields if f.name not in HEADS)],
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
        str(item.pk): item for item in minutes.items.prefetch_related("ballots")
    }
    position = 0
    for point in points:
        item = standing.get(point.key, MinutesItem(minutes=minutes))
        if not point.title.strip():
            if point.discussion.strip():
                message = _("Name the point to which this text belongs.")
                raise refusal_at(f"title_{point.key}", message, code="required")
            if item.pk is not None:
                if item.ballots.all():
                    message = _("There was a vote on this point: it keeps its name.")
                    raise refusal_at(f"title_{point.key}", message, code="has_ballot")
                item.delete()
            continue
        position += 1
        item.position, item.title = position, point.title.strip()
        item.speaker = point.speaker.strip()
        item.discussion = point.discussion.strip()
        item.save()


def _save_resolutions(minutes: Minutes, resolutions: Iterable[Decided]) -> None:
    standing = {str(one.pk): one for one in minutes.resolutions.all()}
    for decided in resolutions:
        row = standing.get(decided.key, Resolution(minutes=minutes))
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


# --- votes ------------------------------------------------------------------------------
def voters(activity: Activity) -> tuple[int, int]:
    """Those due with the right to vote, and of them those present: full members, the
    exempt left out (EL-01, EL-02)."""
    rows = activity.attendances.due().filter(member__state=Member.State.FULL)
    return rows.count(), rows.present().count()


@transaction.atomic
def put_ballot(ballot: Ballot) -> Ballot:
    """Put a vote on a point of a draft, before it is counted.

    Raises ValidationError, code "signed" and "counted", and by field: "tellers" for a
    secret ballot without two tellers, "candidate" for a teller who is voted on (EL-13),
    "more_than_due".
    """
    locked_draft(ballot.item.minutes)
    if ballot.is_counted:
        message = _("This ballot is counted: enter another one.")
        raise ValidationError(message, code="counted")
    tellers = ballot.tellers()
    if ballot.is_secret and len({one.pk for one in tellers}) < 2:
        message = _("A secret ballot has two tellers: one watches, one counts.")
        raise refusal_at("counter", message, code="tellers")
    if ballot.candidate in tellers:
        message = _("Who is voted on is no teller.")
        raise refusal_at("candidate", message, code="candidate")
    if ballot.present > ballot.eligible:
        message = _("No more can be present than are due.")
        raise refusal_at("present", message, code="more_than_due")
    ballot.save()
    return ballot


@transaction.atomic
def count_ballot(
    ballot: Ballot, totals: Mapping[str, int], *, by: User, now: datetime
) -> Ballot:
    """Enter the totals; entered again before the signatures, they are mended.

    Raises ValidationError, code "signed", "teller" for a secret ballot and somebody who
    is none, and by field the codes of `ballots.faults`.
    """
    locked_draft(ballot.item.minutes)
    found = Ballot.objects.select_for_update().get(pk=ballot.pk)
    if found.is_secret and by.member_id not in {found.monitor_id, found.counter_id}:
        message = _("Only the tellers enter the totals of a secret ballot.")
        raise ValidationError(message, code="teller")
    for name in Ballot.TOTALS:
        setattr(found, name, totals.get(name) or 0)
    if faults := ballots.faults(found.count()):
        raise ValidationError(
            {
                name: ValidationError(fault_sentence(code, found), code=code)
                for name, code in faults.items()
            }
        )
    found.counted_at, found.counted_by = now, by
    found.save()
    return found


@transaction.atomic
def remove_ballot(ballot: Ballot) -> None:
    """Take a vote off a draft that was put there by mistake. Twice is once.

    Raises ValidationError, code "signed", and "counted" for a secret ballot that its
    tellers counted: that stays.
    """
    locked_draft(ballot.item.minutes)
    found = Ballot.objects.select_for_update().filter(pk=ballot.pk).first()
    if found is None:
        return
    if found.is_secret and found.is_counted:
        message = _("The tellers counted this ballot: it stays.")
        raise ValidationError(message, code="counted")
    found.delete()


def fault_sentence(code: str, ballot: Ballot) -> str:
    spoken = sum(
        getattr(ballot, name) or 0 for name in ("yes", "no", "abstain", "void")
    )
    sentences = {
        "more_than_due": _("No more can be present than are due."),
        "more_than_present": _("No more ballots are issued than voters are present."),
        "more_than_issued": _(
            "More ballots came back than were issued: the vote is void and is held again."
        ),
        "sum": _("In favor, against, abstained and void make %(spoken)s together."),
        "more_than_absent": _("Written opinions are of those due who are not present."),
        "more_than_written": _("More in favor than written opinions."),
    }
    return sentences[code] % {"spoken": spoken}


def explain(ballot: Ballot) -> str:
    """What a vote decided, and by which arithmetic, in one sentence."""
    found = ballot.outcome()
    if found is None:
        return _("Not counted yet.")
    words = {
        "eligible": ballot.eligible,
        "present": ballot.present,
        "quorum": found.quorum,
        "needed": found.needed,
        "counted": found.counted,
    }
    if not found.has_quorum:
        return (
            _(
                "No quorum: of %(eligible)s due %(present)s were present, %(quorum)s are "
                "needed. Nothing is decided."
            )
            % words
        )
    if ballot.rule == Rule.ELECTION:
        said = (
            _(
                "Elected: %(counted)s in favor, %(needed)s of %(present)s present needed."
            )
            if found.passed
            else _(
                "Not elected: %(counted)s in favor, %(needed)s of %(present)s present "
                "needed."
            )
        )
    else:
        said = (
            _("Passed: %(counted)s in favor, %(needed)s of %(eligible)s due needed.")
            if found.passed
            else _(
                "Not passed: %(counted)s in favor, %(needed)s of %(eligible)s due needed."
            )
        )
    return said % words


# --- signing ----------------------------------------------------------------------------
def role_of(minutes: Minutes, user: User) -> str:
    """As what `user` signs: "chair", "recorder" or ""."""
    if user.member_id is None:
        return ""
    roles = {minutes.recorder_id: "recorder", minutes.chair_id: "chair"}
    return roles.get(user.member_id, "")


@transaction.atomic
def sign(minutes: Minutes, *, seen: str, by: User, now: datetime) -> Minutes:
    """Sign as chair or as recorder; with the second signature the minutes are locked,
    the activity counts as held and who has something to do is told. Twice is once.

    seen: the digest of what was on the screen. Raises ValidationError, code "not_yours",
    "incomplete" while chair or recorder is missing, a ballot not counted or somebody not
    marked on the list of a meeting, "changed" when it is not what was seen.
    """
    activity = activities.locked(minutes.activity)
    found = Minutes.objects.select_for_update().get(pk=minutes.pk)
    role = role_of(found, by)
    if not role:
        message = _("Chair and recorder sign, each with the own account.")
        raise ValidationError(message, code="not_yours")
    if getattr(found, f"{role}_signed_at") is not None:
        return found
    if found.is_draft:
        check_complete(found)
        frozen = people_of(activity)
    else:
        frozen = found.people
    if digest(found) != seen:
        message = _("The minutes were changed since you read them: read them again.")
        raise ValidationError(message, code="changed")
    found.people, found.digest = frozen, seen
    setattr(found, f"{role}_signed_at", now)
    setattr(found, f"{role}_signed_by", by)
    both = found.chair_signed_at is not None and found.recorder_signed_at is not None
    if both:
        _carry_over(found)  # before the lock: nothing of it changes afterwards
    found.state = State.LOCKED if both else State.SIGNING
    found.save()
    if both:
        held = activities.mark_held(activity, by=by, now=now)
        participation.settle(held, now=now)  # by the hours that the minutes say
        _tell_responsible(found)
    else:
        other = found.recorder if role == "chair" else found.chair
        _tell([other], inbox.Kind.MINUTES_TO_SIGN, found)
    return found


def check_complete(minutes: Minutes) -> None:
    missing = []
    if minutes.chair_id is None or minutes.recorder_id is None:
        missing.append(_("Chair and recorder are not both named."))
    if Ballot.objects.filter(item__minutes=minutes, counted_at=None).exists():
        missing.append(_("A ballot is not counted."))
    activity = minutes.activity
    if activity.is_meeting and attendances.counts(activity).open:
        missing.append(_("Not everybody is marked on the attendance list."))
    if missing:
        raise ValidationError(" ".join(missing), code="incomplete")


def _carry_over(minutes: Minutes) -> None:
    """What was done of the revision before stays done."""
    done = {
        one.key: one
        for one in Resolution.objects.filter(
            minutes__activity=minutes.activity_id, done_at__isnull=False
        ).exclude(minutes=minutes.pk)
    }
    for one in minutes.resolutions.filter(key__in=done, done_at=None):
        one.done_at, one.done_by = done[one.key].done_at, done[one.key].done_by
        one.save(update_fields=["done_at", "done_by"])


def _tell_responsible(minutes: Minutes) -> None:
    told = set(
        Resolution.objects.filter(
            minutes__activity=minutes.activity_id, member__isnull=False
        )
        .exclude(minutes=minutes.pk)
        .values_list("key", "member")
    )
    rows = minutes.resolutions.filter(member__isnull=False, done_at=None)
    for one in rows.select_related("member"):
        if (one.key, one.member_id) not in told:
            _tell(
                [one.member],
                inbox.Kind.RESOLUTION_GIVEN,
                minutes,
                reason=one.text,
                on=one.due_on.isoformat() if one.due_on else "",
            )


def _tell(
    people: list[Member | None], kind: inbox.Kind, minutes: Minutes, **said: str
) -> None:
    keys = [one.pk for one in people if one is not None]
    users = User.objects.filter(member__in=keys, is_active=True)
    name = minutes.activity.title
    url = minutes.get_absolute_url()
    if kind == inbox.Kind.RESOLUTION_GIVEN:  # who is responsible need not read the rest
        url = reverse("activities:resolution_list")
    inbox.notify(users, kind, url=url, name=name, **said)


@transaction.atomic
def take_back(minutes: Minutes, *, by: User) -> Minutes:
    """Take back the only signature, to go on writing. Twice is once.

    Raises ValidationError, code "signed" once both signed, "not_yours".
    """
    found = Minutes.objects.select_for_update().get(pk=minutes.pk)
    if found.is_draft:
        return found
    if found.is_locked:
        message = _("Both signed: a correction is a new version.")
        raise ValidationError(message, code="signed")
    if not role_of(found, by):
        message = _("Chair and recorder sign, each with the own account.")
        raise ValidationError(message, code="not_yours")
    found.state, found.digest, found.people = State.DRAFT, "", {}
    found.chair_signed_at = found.recorder_signed_at = None
    found.chair_signed_by = found.recorder_signed_by = None
    found.save()
    return found


@transaction.atomic
def correct(minutes: Minutes, *, reason: str, by: User) -> Minutes:
    """A new draft with all that the signed revision says (MIN-14). The signed one stays
    in force until the new one is signed; a draft that is there already is returned.

    Raises ValidationError, code "not_signed", and at "reason" "required".
    """
    activities.locked(minutes.activity)
    newest = minutes.activity.minutes.order_by("-revision")[0]
    if newest.revision > 1 and not newest.is_locked:
        return newest
    if not newest.is_locked:
        message = _("These minutes are not signed yet: change the draft.")
        raise ValidationError(message, code="not_signed")
    if not reason.strip():
        raise refusal_at("reason", _("Say what is corrected."), code="required")
    heads = {name: getattr(newest, name) for name in HEADS}
    draft = Minutes.objects.create(
        activity=newest.activity,
        revision=newest.revision + 1,
        reason=reason.strip(),
        created_by=by,
        **heads,
    )
    for item in newest.items.prefetch_related("ballots"):
        votes = list(item.ballots.all())
        item.pk, item.minutes = None, draft
        item._state.adding = True
        item.save()
        for vote in votes:
            vote.pk, vote.item = None, item
            vote._state.adding = True
            vote.save()
    for one in newest.resolutions.all():
        one.pk, one.minutes = None, draft
        one._state.adding = True
        one.save()
    return draft


# --- objections -------------------------------------------------------------------------
def may_object(minutes: Minutes, member: Member | None, now: datetime) -> bool:
    """Whether `member` was there and the three days are not over."""
    until = minutes.objections_until
    if member is None or until is None or now > until:
        return False
    return minutes.activity.attendances.present().filter(member=member.pk).exists()


@transaction.atomic
def object_to(
    minutes: Minutes, *, member: Member, text: str, now: datetime
) -> Objection:
    """Note that somebody who was there does not agree; it stays with the minutes. The same words twice are one note.

    Raises ValidationError, code "over" for who was not there or later than three days
    after the first signature, and at "text" "required".
    """
    found = Minutes.objects.select_for_update().get(pk=minutes.pk)
    if not may_object(found, member, now):
        message = _(
            "Those who were there may object within three days after the first signature."
        )
        raise ValidationError(message, code="over")
    text = text.strip()
    if not text:
        raise refusal_at("text", _("Say what is not right."), code="required")
    standing = found.objections.filter(member=member, text=text).first()
    if standing is not None:
        return standing
    return Objection.objects.create(minutes=found, member=member, text=text, at=now)
