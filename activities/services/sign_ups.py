"""Seats and the waiting list: never one too many, nobody lost, in the order of asking.

sign_up → (waits → moves up) → withdraw
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from activities import access
from activities.models import Activity, SignUp
from activities.services import questions
from activities.services.activities import locked, over
from activities.services.seats import move_up, tell
from activities.signals import signed_up
from members.models import AuditEntry, Member, User
from members.services import audit, inbox

State, Kind, Act = SignUp.State, inbox.Kind, AuditEntry.Act


@transaction.atomic
def sign_up(
    member: Member,
    activity: Activity,
    *,
    by: User | None,
    now: datetime,
    note: str = "",
    answers: Mapping[int, str] | None = None,
) -> SignUp:
    """Give `member` a seat, or a place on the waiting list once the seats are gone.

    Signing up twice returns the sign-up that stands. The lock on the activity makes
    those who ask at the same moment take turns (RL-01); what can be judged before it is
    taken is, so that it is held for two statements. Announces `signed_up` for a seat.
    answers: by the number of the question, kept in the same row. Raises ValidationError
    at "note" for one that is too long, at question_<number> as `answers_of`, code
    "no_sign_up", "closed" after the end of sign-up, "not_invited".
    """
    asked = SignUp(activity=activity, member=member, note=note.strip())
    asked.clean_fields(exclude=_all_but("note"))
    asked.answers = questions.answers_of(questions.of(activity), answers or {})
    is_invited = access.is_expected(member, activity)

    stands = locked(activity)
    check_open(stands, now)
    seen = look(stands, member)
    if seen["own"] is not None:
        found = SignUp.objects.get(pk=seen["own"])
        if found.state in SignUp.STANDING:
            return found
        asked.pk, asked._state.adding = found.pk, False
    if stands.updated_at != activity.updated_at:  # changed while we waited
        is_invited = access.is_expected(member, stands)
        asked.answers = questions.answers_of(stands.questions.all(), answers or {})
    if not is_invited:
        message = _("This activity is for others: ask its host.")
        raise ValidationError(message, code="not_invited")
    is_free = stands.seats is None or seen["taken"] < stands.seats
    asked.activity, asked.signed_up_by, asked.asked_at = stands, by, now
    asked.state = State.CONFIRMED if is_free else State.WAITING
    asked.place = (seen["last"] or 0) + 1
    asked.save()

    if is_free:
        signed_up.send(SignUp, sign_up=asked)
    if by is not None and by.member_id != member.pk:
        kind = Kind.SIGNED_UP_BY if is_free else Kind.LISTED_BY
        _note_help(asked, by, Act.SIGNED_UP_FOR, kind)
    return asked


def _all_but(name: str) -> set[str]:
    return {field.name for field in SignUp._meta.fields} - {name}


def look(activity: Activity, member: Member) -> dict[str, Any]:
    """The seats taken, the last place given, and the key of the member's own sign-up."""
    return activity.sign_ups.order_by().aggregate(
        taken=Count("pk", filter=Q(state=State.CONFIRMED)),
        last=Max("place"),
        own=Max("pk", filter=Q(member=member)),
    )


@transaction.atomic
def change(
    sign_up: SignUp,
    *,
    note: str,
    answers: Mapping[int, str],
    by: User | None,
    now: datetime,
) -> SignUp:
    """Another note, other answers; the seat, or the place on the waiting list, stays.

    Raises ValidationError at "note" and question_<number> as `sign_up`, code "withdrawn",
    "closed" after the end of sign-up.
    """
    found = (
        SignUp.objects.select_for_update(of=("self",), no_key=True)
        .select_related("activity", "member")
        .get(pk=sign_up.pk)
    )
    if found.state == State.WITHDRAWN:
        message = _("This sign-up is withdrawn: sign up again.")
        raise ValidationError(message, code="withdrawn")
    activity = found.activity
    if activity.state != Activity.State.PLANNED or activity.sign_up_until <= now:
        message = _("The sign-up has ended: tell the host what is different.")
        raise ValidationError(message, code="closed")
    found.note = note.strip()
    found.clean_fields(exclude=_all_but("note"))
    found.answers = questions.answers_of(activity.questions.all(), answers)
    found.save(update_fields=["note", "answers", "changed_at"])
    if by is not None and by.member_id != found.member_id:
        _note_help(found, by, Act.SIGN_UP_CHANGED_FOR, Kind.SIGN_UP_CHANGED_BY)
    return found


@transaction.atomic
def take_seat(sign_up: SignUp) -> SignUp:
    """Who moved up says that the seat is taken: the offer to pass it on is shown no more.

    Nobody has to: the seat is kept anyhow. Twice is once. Raises ValidationError, code
    "passed_on" where it was given back meanwhile.
    """
    found = SignUp.objects.select_for_update(no_key=True).get(pk=sign_up.pk)
    if found.state != State.CONFIRMED:
        message = _("This seat was passed on already.")
        raise ValidationError(message, code="passed_on")
    if found.moved_up_at is not None:
        found.moved_up_at = None
        found.save(update_fields=["moved_up_at", "changed_at"])
    return found


@transaction.atomic
def withdraw(sign_up: SignUp, *, by: User | None, now: datetime) -> SignUp:
    """Give the seat or the place back; the first who waits moves up and is told.

    Twice is once. Raises ValidationError, code "over" for an activity that was called
    off or held, "begun" once it has begun.
    """
    activity = locked(sign_up.activity)
    found = activity.sign_ups.get(pk=sign_up.pk)
    if found.state == State.WITHDRAWN:
        return found
    if activity.state != Activity.State.PLANNED:
        raise over()
    if activity.starts_at <= now:
        message = _("It has begun: tell the host instead.")
        raise ValidationError(message, code="begun")
    had_a_seat = found.state == State.CONFIRMED
    found.state, found.answers, found.moved_up_at = State.WITHDRAWN, [], None
    found.save(update_fields=["state", "answers", "moved_up_at", "changed_at"])
    if had_a_seat:
        move_up(activity)
    if by is not None and by.member_id != found.member_id:
        _note_help(found, by, Act.WITHDRAWN_FOR, Kind.WITHDRAWN_BY)
    return found


def _note_help(
    sign_up: SignUp, by: User, act: AuditEntry.Act, kind: inbox.Kind
) -> None:
    """Who acts for somebody else leaves a trace, and that person is told."""
    activity = sign_up.activity
    audit.record(
        act,
        by=by,
        subject=activity,
        branch=activity.branch,
        member=sign_up.member,
    )
    tell(activity, [sign_up.member_id], kind, who=by.get_full_name())


def seats_of(activity: Activity, own: SignUp | None = None) -> dict[str, int | None]:
    """The seats, how many are taken and free (None without a limit), how many wait, and
    the place of `own` among these, 0 for who waits not."""
    waits = Q(state=State.WAITING)
    until_own = waits & Q(place__lte=own.place) if own else Q(pk__in=[])
    if own is not None and own.state != State.WAITING:
        until_own = Q(pk__in=[])
    counts = activity.sign_ups.order_by().aggregate(
        taken=Count("pk", filter=Q(state=State.CONFIRMED)),
        waiting=Count("pk", filter=waits),
        place=Count("pk", filter=until_own),
    )
    seats = activity.seats
    free = None if seats is None else max(0, seats - counts["taken"])
    return {"seats": seats, "free": free, **counts}


def waiting_place(sign_up: SignUp) -> int | None:
    """The place on the waiting list, from 1 and without a gap; None for who waits not."""
    if sign_up.state != State.WAITING:
        return None
    others = SignUp.objects.filter(activity=sign_up.activity_id, state=State.WAITING)
    return others.filter(place__lte=sign_up.place).count()


def check_open(activity: Activity, now: datetime) -> None:
    if not activity.needs_sign_up:
        message = _("Nobody needs to sign up for this: just come.")
        raise ValidationError(message, code="no_sign_up")
    if activity.state != Activity.State.PLANNED or activity.sign_up_until <= now:
        message = _("The sign-up is closed: ask the host whether there is room.")
        raise ValidationError(message, code="closed")
