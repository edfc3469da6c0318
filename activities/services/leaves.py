"""Saying beforehand that one cannot come to an activity that expects everybody (MIN-05)."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities import access
from activities.models import Activity, Attendance
from activities.services.activities import locked, over
from members.models import Member, User
from members.refusals import refusal_at

State, Way = Attendance.State, Attendance.Way


@transaction.atomic
def ask_leave(
    member: Member, activity: Activity, *, reason: str, by: User | None, now: datetime
) -> Attendance:
    """Note that `member` cannot come, and why; the host reads it.

    Asked again, the new reason stands. Raises ValidationError at "reason", code
    "required" or "max_length", and code "sign_up" where one signs up instead, "over" once
    it was called off or held, "begun" once it has begun, "not_invited", "recorded" where
    the host has entered something already.
    """
    stands = _before_it_begins(activity, now)
    if stands.needs_sign_up:
        message = _("One signs up for this: without a sign-up nobody expects you.")
        raise ValidationError(message, code="sign_up")
    if not reason.strip():
        message = _("Say why: the host enters it in the minutes.")
        raise refusal_at("reason", message, code="required")
    if not access.is_expected(member, stands):
        message = _("This activity is for others: ask its host.")
        raise ValidationError(message, code="not_invited")
    found = _own(stands, member) or Attendance(activity=stands, member=member)
    found.state, found.way, found.reason = State.LEAVE, Way.OWN, reason.strip()
    found.recorded_by = by
    found.clean_fields(exclude=["activity", "member", "recorded_by"])
    found.save()
    return found


@transaction.atomic
def take_leave_back(member: Member, activity: Activity, *, now: datetime) -> None:
    """One comes after all. Twice is once. Raises ValidationError as `ask_leave`."""
    found = _own(_before_it_begins(activity, now), member)
    if found is not None:
        found.delete()


def _before_it_begins(activity: Activity, now: datetime) -> Activity:
    stands = locked(activity)
    if stands.state != Activity.State.PLANNED:
        raise over()
    if stands.starts_at <= now:
        message = _("It has begun: tell the host instead.")
        raise ValidationError(message, code="begun")
    return stands


def _own(activity: Activity, member: Member) -> Attendance | None:
    found = activity.attendances.filter(member=member).first()
    if found is not None and (found.state, found.way) != (State.LEAVE, Way.OWN):
        message = _("The host has entered something for you already: ask there.")
        raise ValidationError(message, code="recorded")
    return found
