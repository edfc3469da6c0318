"""Reading a sensitive field in full: for a reason, noted, and told to the person (CR-11).

One value of one person at a time, and so many an hour; whoever needs a list of them has
to be given another way, with somebody who answers for it.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members import access
from members.models import AuditEntry, BranchGrant, Member, User
from members.refusals import refusal_at
from members.sealing import try_open
from members.services import audit, inbox

FIELDS = ("id_number", "phone", "landline", "address")
SHORTEST_REASON = 4
HOUR = timedelta(hours=1)
SHOWN = 50


class TooManyReveals(ValidationError):  # noqa: N818  the name says what happened
    """Past the hourly limit. wait: seconds until the next one is allowed."""

    def __init__(self, wait: int):
        message = _(
            "You asked for sensitive fields %(most)s times within an hour: wait."
        )
        most = {"most": settings.REVEALS_PER_HOUR}
        super().__init__(message, code="too_many_reveals", params=most)
        self.wait = wait


def reveal(member: Member, field: str, *, by: User, reason: str) -> str:
    """What the sealed `field` of `member` holds, noted with the reason, told the member.

    Raises ValidationError at "field", code "unknown_field", "empty" or "damaged" (CR-02);
    at "reason", code "needs_reason"; TooManyReveals past the limit of an hour. Damage and
    the limit are noted as refusals.
    """
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        message = _("Write in a few words what you need it for.")
        raise refusal_at("reason", message, code="needs_reason")
    return _reveal(member, field, by=by, reason=reason)


def reveal_own(user: User, field: str, *, password: str) -> str:
    """What the sealed `field` of the own record holds, for the own password.

    Raises what `reveal` does, and ValidationError at "password", code "wrong_password";
    wrong ones count towards the limit of an hour, so that nobody tries them all.
    """
    member = user.member
    if member is None:
        raise refusal_at("field", _("You have no record."), code="unknown_field")
    right = user.check_password(password)
    refused = None
    if not right:
        message = _("This is not your password.")
        refused = refusal_at("password", message, code="wrong_password")
    return _reveal(member, field, by=user, refused=refused)


def lookers(member: Member) -> list[dict[str, Any]]:
    """Who read which sensitive field of `member`, when and why; the newest first.

    "office" is a code or "", "held_in" the name of its branch.
    """
    entries = (
        AuditEntry.objects.filter(
            member=member, act=audit.Act.REVEALED, result=audit.Result.DONE
        )
        .select_related("by__member")
        .order_by("-at", "-pk")[:SHOWN]
    )
    return [
        {
            "who": entry.by,
            "is_own": entry.by is not None and entry.by.member_id == member.pk,
            "office": entry.context.get("office", ""),
            "held_in": entry.context.get("held_in", ""),
            "at": entry.at,
            "field": entry.context.get("field", ""),
            "reason": entry.reason,
        }
        for entry in entries
    ]


def _reveal(
    member: Member,
    field: str,
    *,
    by: User,
    reason: str = "",
    refused: ValidationError | None = None,
) -> str:
    """Note it and open it; or note why not, and raise that once it is written."""
    if field not in FIELDS:
        raise refusal_at("field", _("Choose a field."), code="unknown_field")
    value = try_open(member, field)
    if value == "":
        message = _("The record holds nothing here.")
        raise refusal_at("field", message, code="empty")
    if value is None:
        message = _("What is stored here is damaged and cannot be read: report it.")
        refused = refused or refusal_at("field", message, code="damaged")
    with transaction.atomic():
        # Those of one account take turns, so that none slips past the limit.
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk)
        done, not_done = _within_the_hour(by)
        refused = _limit(done) or _limit(not_done) or refused
        if refused is None or len(not_done) < settings.REVEALS_PER_HOUR:
            _note(member, field, by=by, reason=reason, done=refused is None)
        if refused is None and by.member_id != member.pk:
            _tell(member, field, by=by, reason=reason)
    if refused is not None:
        raise refused
    return str(value)


def _within_the_hour(by: User) -> tuple[list[datetime], list[datetime]]:
    """When `by` read a field, and when that was refused; the newest first."""
    entries = AuditEntry.objects.filter(
        by=by, act=audit.Act.REVEALED, at__gt=timezone.now() - HOUR
    )
    found = list(entries.order_by("-at").values_list("result", "at"))
    done = audit.Result.DONE
    return [at for how, at in found if how == done], [
        at for how, at in found if how != done
    ]


def _limit(times: list[datetime]) -> TooManyReveals | None:
    most = settings.REVEALS_PER_HOUR
    if len(times) < most:
        return None
    left = times[most - 1] + HOUR - timezone.now()
    return TooManyReveals(max(1, math.ceil(left.total_seconds())))


def _note(member: Member, field: str, *, by: User, reason: str, done: bool) -> None:
    audit.record(
        audit.Act.REVEALED,
        by=by,
        subject=member,
        branch=member.branch,
        member=member,
        result=audit.Result.DONE if done else audit.Result.REFUSED,
        reason=reason,
        field=field,
        **_office(member, by),
    )


def _office(member: Member, by: User) -> dict[str, Any]:
    """The office that gave the right, and where; nothing for a purpose or oneself."""
    grants = BranchGrant.objects.in_force(access.today()).filter(
        user=by,
        permission__codename="reveal_sensitive",
        content_object__path__in=[*member.branch.paths_above(), member.branch.path],
        appointment__isnull=False,
    )
    found = grants.select_related("appointment__office", "content_object")
    nearest = found.order_by("-content_object__path", "pk").first()
    if nearest is None or nearest.appointment is None or by.member_id == member.pk:
        return {}
    return {
        "office": nearest.appointment.office.code,
        "held_in": nearest.content_object.name,
    }


def _tell(member: Member, field: str, *, by: User, reason: str) -> None:
    if user := User.objects.filter(member=member, is_active=True).first():
        inbox.notify(
            [user],
            inbox.Kind.REVEALED,
            url=f"{reverse('members:member_self')}#reveals",
            who=by.get_full_name(),
            field=field,
            reason=reason,
        )
