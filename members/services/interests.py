"""Interests: chosen and forgotten by the member alone."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from members.models import Interest, Member, MemberInterest, User
from members.refusals import refusal_at
from members.services import audit


@transaction.atomic
def choose(member: Member, interests: Iterable[str]) -> None:
    """Let these be the interests of `member`, and no others. Twice is once.

    Raises ValidationError at interests, code "unknown", and code "not_live" for who is on
    no roll any more.
    """
    wanted = set(interests)
    if not member.is_live:
        message = _("You are on no roll any more.")
        raise ValidationError(message, code="not_live")
    if wanted - set(Interest.values):
        message = _("There is no such interest: choose among those offered.")
        raise refusal_at("interests", message, code="unknown")
    member.interests.exclude(interest__in=wanted).delete()
    MemberInterest.objects.bulk_create(
        (MemberInterest(member=member, interest=one) for one in sorted(wanted)),
        ignore_conflicts=True,
    )


@transaction.atomic
def forget(user: User) -> int:
    """Delete all of one's own; returns how many there were."""
    ended = MemberInterest.objects.filter(member__user=user).delete()[0]
    if ended:
        audit.record(
            audit.Act.RECORD_CHANGED, by=user, subject=user, fields="interests"
        )
    return ended
