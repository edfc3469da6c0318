"""Who was there: one list for the whole activity, or a code at the door."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pghistory
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from activities import access, door
from activities.models import Activity, Attendance, Guest
from activities.services import participation
from activities.services.activities import locked, over
from activities.signals import attendance_recorded
from members.models import Member, User
from members.models.member import MemberQuerySet
from members.rates import Limit, wait_for

State, Way = Attendance.State, Attendance.Way
TRIES, PAUSE_SECONDS = 5, 300
EARLY = timedelta(hours=1)


@dataclass(frozen=True)
class Mark:
    """What the host says of one person. left_at: only of who went before the end."""

    member: Member
    state: str
    reason: str = ""
    left_at: datetime | None = None


@dataclass(frozen=True)
class Counts:
    """Of those the activity expects (MIN-04): due are all but the exempt; `open` are
    those not marked yet. Guests stand beside."""

    due: int
    present: int
    on_leave: int
    absent: int
    exempt: int
    open: int
    guests: int


def listed(activity: Activity) -> MemberQuerySet:
    """Whom the list holds: those expected, those with a seat, those recorded already."""
    seats = activity.sign_ups.with_a_seat().values("member")
    recorded = activity.attendances.values("member")
    expected = access.expected(activity).values("pk")
    return Member.objects.filter(
        Q(pk__in=expected) | Q(pk__in=seats) | Q(pk__in=recorded)
    ).order_by("pinyin", "pk")


def counts(activity: Activity) -> Counts:
    """Three queries, however many were there."""
    of_body = Q(is_guest=False)
    found = activity.attendances.aggregate(
        **{
            state.value: Count("pk", filter=of_body & Q(state=state)) for state in State
        },
        guests=Count("pk", filter=Q(is_guest=True, state=State.PRESENT)),
    )
    recorded = activity.attendances.values("member")
    still_open = access.expected(activity).exclude(pk__in=recorded).count()
    due = found["present"] + found["leave"] + found["absent"] + still_open
    return Counts(
        due=due,
        present=found["present"],
        on_leave=found["leave"],
        absent=found["absent"],
        exempt=found["exempt"],
        open=still_open,
        guests=found["guests"] + activity.guests.count(),
    )


@transaction.atomic
def record(
    activity: Activity,
    marks: Iterable[Mark],
    *,
    guests: Iterable[tuple[str, str]] | None = None,
    way: str = Way.LIST,
    by: User | None,
    now: datetime,
) -> list[Attendance]:
    """Write down the whole list at once; sent again, it changes nothing.

    guests: name and unit of each, in the place of those that stand; None leaves them.
    Returns the rows that are new or changed and announces `attendance_recorded` for each.
    Raises ValidationError, code "over" for a draft or a cancelled activity, "not_begun"
    more than an hour before it, "signed" once its minutes are signed; and by
    "reason_<member>" or "left_<member>", codes "required" and "range": nothing of a list
    with a bad row is written.
    """
    activity = locked(activity)
    check_open(activity, now)
    marks = list({mark.member.pk: mark for mark in marks}.values())
    check_rows(activity, marks, now)
    standing = {row.member_id: row for row in activity.attendances.all()}
    expected = set(
        access.expected(activity)
        .filter(pk__in=[mark.member.pk for mark in marks])
        .values_list("pk", flat=True)
    )
    changed = []
    with pghistory.context(user=by.pk if by else None):
        for mark in marks:
            row = standing.get(mark.member.pk)
            if row is None:
                row = Attendance(activity=activity, member=mark.member, way=way)
                row.is_guest = mark.member.pk not in expected
            if _mark(row, mark, activity):
                row.recorded_by = by
                row.way = way
                row.save()
                changed.append(row)
        if guests is not None:
            set_guests(activity, guests)
    for row in changed:
        attendance_recorded.send(Attendance, attendance=row)
    participation.settle(activity, changed, now=now)
    return changed


def _mark(row: Attendance, mark: Mark, activity: Activity) -> bool:
    """Put `mark` into `row`; whether that changed it."""
    was = (row.pk, row.state, row.reason, row.checked_in_at, row.checked_out_at)
    row.state, row.reason = mark.state, mark.reason.strip()
    row.checked_out_at = mark.left_at
    if mark.state != State.PRESENT:
        row.checked_in_at = None
    elif mark.left_at is not None and row.checked_in_at is None:
        row.checked_in_at = activity.starts_at
    now_is = (row.pk, row.state, row.reason, row.checked_in_at, row.checked_out_at)
    return row.pk is None or was != now_is


def check_open(activity: Activity, now: datetime) -> None:
    """Judge whether attendance may be written now."""
    if activity.state in {Activity.State.DRAFT, Activity.State.CANCELLED}:
        raise over()
    if now < activity.starts_at - EARLY:
        message = _("It has not begun: attendance is taken from an hour before.")
        raise ValidationError(message, code="not_begun")
    newest = activity.minutes.order_by("-revision").first()
    if newest is not None and not newest.is_draft:
        message = _(
            "The minutes are signed: a correction of them opens the list again."
        )
        raise ValidationError(message, code="signed")


def check_rows(activity: Activity, marks: Iterable[Mark], now: datetime) -> None:
    """Judge each row; all bad ones are named at once."""
    faults: dict[str, ValidationError] = {}
    for mark in marks:
        key = mark.member.pk
        if mark.state in {State.LEAVE, State.EXEMPT} and not mark.reason.strip():
            faults[f"reason_{key}"] = ValidationError(
                _("Say why %(name)s was excused.") % {"name": mark.member.name},
                code="required",
            )
        if mark.left_at is None:
            continue
        if mark.state != State.PRESENT or not (
            activity.starts_at <= mark.left_at <= max(now, activity.ends_at)
        ):
            faults[f"left_{key}"] = ValidationError(
                _("Only who was present can leave early, and after it began: %(name)s.")
                % {"name": mark.member.name},
                code="range",
            )
    if faults:
        raise ValidationError(faults)


def set_guests(activity: Activity, guests: Iterable[tuple[str, str]]) -> None:
    """Let exactly these stand on the list of guests by name."""
    wanted = {(name.strip(), unit.strip()): None for name, unit in guests}
    kept = set()
    for guest in activity.guests.all():
        if (guest.name, guest.unit) in wanted:
            kept.add((guest.name, guest.unit))
        else:
            guest.delete()
    Guest.objects.bulk_create(
        Guest(activity=activity, name=name, unit=unit)
        for name, unit in wanted
        if name and (name, unit) not in kept
    )


@transaction.atomic
def check_in(
    member: Member, activity: Activity, *, code: str, by: User, now: datetime
) -> Attendance:
    """Mark `member` present by the code at the door. Twice is once.

    Raises ValidationError, code "over" and "signed" as `record`, "closed" outside the
    time of the activity, and at "code": "pause" after five tries in five minutes,
    "wrong" for a code that is not, or no longer, the one shown.
    """
    activity = locked(activity)
    row = activity.attendances.filter(member=member).first()
    if row is not None and row.state == State.PRESENT:
        return row
    check_open(activity, now)
    if not door.is_open(activity.starts_at, activity.ends_at, now):
        message = _(
            "The code counts from half an hour before it begins until half an hour after its end."
        )
        raise ValidationError(message, code="closed")
    check_code(activity, code, by=by, now=now)
    if row is None:
        row = Attendance(activity=activity, member=member)
        row.is_guest = not access.is_expected(member, activity)
    row.state, row.reason, row.way = State.PRESENT, "", Way.CODE
    row.checked_in_at, row.checked_out_at, row.recorded_by = now, None, by
    with pghistory.context(user=by.pk):
        row.save()
    attendance_recorded.send(Attendance, attendance=row)
    participation.settle(activity, [row], now=now)
    return row


@transaction.atomic
def check_out(
    member: Member, activity: Activity, *, code: str, by: User, now: datetime
) -> Attendance:
    """Note that `member` leaves before the end, by the code at the door. Twice is once.

    Raises ValidationError, codes as `check_in`, and "not_here" for who was not marked as
    present, or after the end, when nobody needs to check out.
    """
    activity = locked(activity)
    row = activity.attendances.select_related("member").filter(member=member).first()
    if row is not None and row.checked_out_at is not None:
        return row
    check_open(activity, now)
    if row is None or not may_check_out(row, activity, now):
        message = _(
            "Only who is marked as present checks out, and only before the end of the "
            "activity."
        )
        raise ValidationError(message, code="not_here")
    check_code(activity, code, by=by, now=now)
    row.checked_in_at = min(row.checked_in_at or activity.starts_at, now)
    row.checked_out_at, row.recorded_by = now, by
    with pghistory.context(user=by.pk):
        row.save()
    attendance_recorded.send(Attendance, attendance=row)
    participation.settle(activity, [row], now=now)
    return row


def may_check_out(row: Attendance, activity: Activity, now: datetime) -> bool:
    is_here = row.state == State.PRESENT and row.checked_out_at is None
    return is_here and activity.starts_at <= now < activity.ends_at


def check_code(activity: Activity, code: str, *, by: User, now: datetime) -> None:
    """Judge a code; each try counts, so that nobody guesses one."""
    limit = Limit("door_code", f"{activity.pk}.{by.pk}", TRIES, PAUSE_SECONDS)
    if wait_for(limit):
        message = _(
            "That was tried too often: wait five minutes, or let the host tick you on the "
            "list."
        )
        raise ValidationError({"code": ValidationError(message, code="pause")})
    if not door.is_right(code, activity.pk, now):
        message = _(
            "This is not the code that the door shows now; it changes every minute. Look "
            "again and type the new one, or let the host tick you on the list."
        )
        raise ValidationError({"code": ValidationError(message, code="wrong")})
