"""Ticks at the meeting, sent at once or when the connection is back, merged by moment.

A device keeps what was ticked and sends it as often as it needs: a key counts once, two
hosts who tick the same person leave one attendance, and of a tick and an untick the later
one counts. What is not taken is refused at its row, and the device keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pghistory
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from activities import access
from activities.models import Activity, Attendance, Tick
from activities.services import participation
from activities.services.activities import locked
from activities.services.attendances import EARLY, check_open, listed
from activities.signals import attendance_recorded
from members.models import Member, User

State, Way = Attendance.State, Attendance.Way
OLDEST = timedelta(hours=24)
MOST = 500


@dataclass(frozen=True)
class Sent:
    """A tick as a device sent it; `at` by its own clock."""

    key: UUID
    member: int
    is_present: bool
    at: datetime


@dataclass(frozen=True)
class Answer:
    """What became of a tick. outcome: "taken" where it changed something, "known" for a
    key that came before, "kept" where the list stays as it is, "refused" with `code`."""

    key: UUID
    member: int
    outcome: str
    code: str = ""
    message: str = ""


@transaction.atomic
def take(
    activity: Activity,
    sent: Iterable[Sent],
    *,
    clock: datetime,
    by: User,
    now: datetime,
) -> list[Answer]:
    """Merge what a device sends, in the order of its moments; sent again, all is known.

    clock: what the device says the time is, so that a wrong clock does no harm. Raises
    nothing: each row has its answer, code "over", "not_begun" and "signed" as
    `attendances.record` for a closed list, "not_listed", "too_old" after 24 hours,
    "later" for who was marked otherwise since, "held" for an untick once it counts.
    """
    activity = locked(activity)
    rows = sorted(sent, key=lambda tick: tick.at)
    merge = Merge(activity, {tick.member for tick in rows}, by=by, now=now)
    known = set(
        activity.ticks.filter(key__in=[tick.key for tick in rows]).values_list(
            "key", flat=True
        )
    )
    answers = []
    with pghistory.context(user=by.pk):
        for tick in rows:
            if tick.key in known:
                answers.append(Answer(tick.key, tick.member, "known"))
                continue
            try:
                changed = merge.take(tick, at=now - max(clock - tick.at, timedelta()))
            except ValidationError as refusal:
                said = refusal.code or "", refusal.messages[0]
                answers.append(Answer(tick.key, tick.member, "refused", *said))
                continue
            known.add(tick.key)
            outcome = "taken" if changed else "kept"
            answers.append(Answer(tick.key, tick.member, outcome))
    changed_rows = list(merge.changed.values())
    for row in changed_rows:
        attendance_recorded.send(Attendance, attendance=row)
    participation.settle(activity, changed_rows, now=now)
    return answers


class Merge:
    """The list as it stands while ticks are merged into it, under the activity's lock."""

    def __init__(
        self, activity: Activity, members: set[int], *, by: User, now: datetime
    ) -> None:
        self.activity, self.by, self.now = activity, by, now
        found = listed(activity).filter(pk__in=members).order_by()
        self.members: dict[int, Member] = {one.pk: one for one in found}
        of_these = access.expected(activity).filter(pk__in=members)
        self.expected = set(of_these.values_list("pk", flat=True))
        rows = activity.attendances.filter(member__in=members)
        self.rows = {row.member_id: row for row in rows.select_related("member")}
        self.decided = self._decided(members)
        self.ticked = {  # the last that put somebody on the list
            tick.member_id: tick
            for tick in activity.ticks.filter(member__in=members, is_present=True)
        }
        self.changed: dict[int, Attendance] = {}
        self.closed: ValidationError | None = None
        try:
            check_open(activity, now)
        except ValidationError as refusal:
            self.closed = refusal

    def _decided(self, members: set[int]) -> dict[int, datetime]:
        """The moment of what stands: of the last tick, or of an entry made after it."""
        found = {key: row.recorded_at for key, row in self.rows.items()}
        ticks = (
            self.activity.ticks.filter(member__in=members)
            .order_by()
            .values("member")
            .annotate(ticked=Max("ticked_at"), taken=Max("taken_at"))
        )
        for tick in ticks:
            entered = found.get(tick["member"])
            if entered is None or tick["taken"] >= entered:
                found[tick["member"]] = tick["ticked"]
        return found

    def take(self, tick: Sent, *, at: datetime) -> bool:
        """Whether that changed the list."""
        if self.closed is not None:
            raise self.closed
        member = self.members.get(tick.member)
        if member is None:
            message = _(
                "Not on this list, or not any more: find them on the full list."
            )
            raise ValidationError(message, code="not_listed")
        if at < self.now - OLDEST:
            message = _("Ticked more than a day ago: enter it on the attendance list.")
            raise ValidationError(message, code="too_old")
        if at < self.activity.starts_at - EARLY:
            message = _("Ticked more than an hour before it began.")
            raise ValidationError(message, code="not_begun")
        row = self.rows.get(member.pk)
        was = (row.state, row.reason) if row else ("", "")
        put = self._put_on if tick.is_present else self._take_off
        changed = put(member, row, at)
        made = Tick.objects.create(
            activity=self.activity,
            member=member,
            key=tick.key,
            is_present=tick.is_present,
            ticked_at=at,
            taken_by=self.by,
            **dict(zip(("was_state", "was_reason"), was, strict=True)),
        )
        if tick.is_present and changed and was[0] != State.PRESENT:
            self.ticked[member.pk] = made
        self.decided[member.pk] = max(at, self.decided.get(member.pk, at))
        return changed

    def _put_on(self, member: Member, row: Attendance | None, at: datetime) -> bool:
        if row is not None and row.is_present:
            if row.checked_in_at is None or row.checked_in_at <= at:
                return False
            row.checked_in_at = at  # of two moments the earlier
            self._save(row)
            return True
        if at < self.decided.get(member.pk, at):
            if row is None:
                return False  # unticked since
            message = _("%(name)s was marked since as: %(state)s. Look at the list.")
            words = {"name": member.name, "state": row.get_state_display()}
            raise ValidationError(message % words, code="later")
        if row is None:
            row = Attendance(activity=self.activity, member=member)
            row.is_guest = member.pk not in self.expected
        row.state, row.reason, row.way = State.PRESENT, "", Way.LIST
        row.checked_in_at, row.checked_out_at = at, None
        self._save(row)
        return True

    def _take_off(self, member: Member, row: Attendance | None, at: datetime) -> bool:
        """Back to what stood before the tick; without one the row is open again."""
        if row is None or not row.is_present or at < self.decided[member.pk]:
            return False
        if self.activity.state == Activity.State.HELD:
            message = _("It counts as held: correct %(name)s on the attendance list.")
            raise ValidationError(message % {"name": member.name}, code="held")
        tick = self.ticked.get(member.pk)
        if tick is not None and tick.was_state not in {"", State.PRESENT}:
            row.state, row.reason = tick.was_state, tick.was_reason
            row.checked_in_at = row.checked_out_at = None
            self._save(row)
            return True
        row.delete()
        self.rows.pop(member.pk)
        self.changed.pop(member.pk, None)
        return True

    def _save(self, row: Attendance) -> None:
        row.recorded_by = self.by
        row.save()
        self.rows[row.member_id] = self.changed[row.member_id] = row


def list_of(activity: Activity, people: Iterable[Member]) -> list[dict[str, Any]]:
    """Each person with what stands on the list, for the page to tick on."""
    standing = {row.member_id: row for row in activity.attendances.all()}
    return [
        {
            "member": member,
            "row": (row := standing.get(member.pk)),
            "is_present": row is not None and row.is_present,
        }
        for member in people
    ]
