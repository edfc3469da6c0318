"""The signatures under minutes, and what follows: locked, objected to, corrected."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from activities.models import Ballot, Election, Minutes, Objection, Resolution
from activities.services import activities, attendances, participation, voted
from activities.services.minutes import HEADS, digest, items, people_of
from members.models import Member, User
from members.refusals import refusal_at
from members.services import inbox

State = Minutes.State


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
    "incomplete" while chair or recorder is missing, a ballot not counted, one given to
    somebody who was not there (EL-14), or somebody not marked on the list of a meeting,
    "changed" when it is not what was seen.
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
    open_ones = {"item__minutes": minutes, "counted_at": None}
    if (
        Ballot.objects.filter(**open_ones).exists()
        or Election.objects.filter(**open_ones).exists()
    ):
        missing.append(_("A ballot is not counted."))
    activity = minutes.activity
    if voted.strangers(minutes).exists():
        missing.append(
            _("Somebody who was given a ballot is not marked as present: count again.")
        )
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
    _copy_parts(newest, draft)
    return draft


def _copy_parts(newest: Minutes, draft: Minutes) -> None:
    for item in items(newest):
        votes, elections = list(item.ballots.all()), list(item.elections.all())
        _copy(item, minutes=draft)
        for vote in votes:
            people = voted.people(vote)
            _copy(vote, item=item)
            voted.write(vote, people)
        for election in elections:
            candidates, people = list(election.candidates.all()), voted.people(election)
            _copy(election, item=item)
            voted.write(election, people)
            for candidate in candidates:
                _copy(candidate, election=election)
    for part in (newest.life_points, newest.files, newest.resolutions):
        for one in part.all():
            _copy(one, minutes=draft)


def _copy(row: Any, **fields: Any) -> None:
    """Save `row` as a new one that belongs elsewhere."""
    row.pk, row._state.adding = None, True
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


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
