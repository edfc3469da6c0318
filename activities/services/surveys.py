"""Asking those who were there, without pressing: once, anonymous, and only if they like."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pghistory
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.models import (
    Activity,
    Attendance,
    Effect,
    SurveyAnswer,
    SurveyTurn,
)
from activities.models.activity import ActivityQuerySet
from activities.services.activities import locked
from members.models import Member, User
from members.refusals import refusal_at

LEAST_ANSWERS = 3  # fewer would show what a single one said
LONGEST = timedelta(days=60)


@transaction.atomic
def note(
    activity: Activity,
    *,
    survey_until: date | None,
    outcome: str,
    change: str,
    by: User,
    now: datetime,
) -> Effect:
    """Write down what came out, and open or close the survey. Twice is once.

    Raises ValidationError, code "not_held", and at "survey_until" "range" for a day
    before today, unless it stood already, or more than 60 days ahead, and "over" where
    answers are shown already: who answered after that would be known by the difference.
    """
    activity = locked(activity)
    if activity.state != Activity.State.HELD:
        message = _("It was not held yet: mark it as held first.")
        raise ValidationError(message, code="not_held")
    found = Effect.objects.filter(activity=activity).first() or Effect(
        activity=activity
    )
    today = timezone.localdate(now)
    until = survey_until or today  # an end is not asked for where there is none
    is_new = survey_until != found.survey_until
    if is_new and not today <= until <= today + LONGEST:
        message = _("From today on, and at most 60 days ahead.")
        raise refusal_at("survey_until", message, code="range")
    if is_new and survey_until and not found.is_open(today) and is_answered(activity):
        message = _("This survey is over and its answers are shown: it stays closed.")
        raise refusal_at("survey_until", message, code="over")
    said = (survey_until, outcome.strip(), change.strip())
    if found.pk is not None and said == (
        found.survey_until,
        found.outcome,
        found.change,
    ):
        return found
    found.survey_until, found.outcome, found.change = said
    found.written_by = by
    with pghistory.context(user=by.pk):
        found.save()
    return found


def asked(member: Member, *, today: date) -> ActivityQuerySet:
    """The activities of which `member` may still say something."""
    was_there = Attendance.objects.present().filter(
        activity=OuterRef("pk"), member=member.pk
    )
    answered = SurveyTurn.objects.filter(activity=OuterRef("pk"), member=member.pk)
    return Activity.objects.held().filter(
        Exists(was_there), ~Exists(answered), effect__survey_until__gte=today
    )


@transaction.atomic
def answer(
    activity: Activity,
    member: Member,
    *,
    satisfaction: int,
    usefulness: int,
    remark: str,
    now: datetime,
) -> None:
    """Keep what a member says, without the member. Twice is once: the first stands.

    Raises ValidationError, code "closed" once the survey is over, for who was not there,
    and where none is open.
    """
    today = timezone.localdate(now)
    turns = SurveyTurn.objects.filter(activity=activity, member=member)
    if turns.exists():
        return
    if not asked(member, today=today).filter(pk=activity.pk).exists():
        message = _("This survey is over, or it does not ask you.")
        raise ValidationError(message, code="closed")
    _turn, is_new = SurveyTurn.objects.get_or_create(activity=activity, member=member)
    if not is_new:
        return
    said = SurveyAnswer(
        activity=activity,
        satisfaction=satisfaction,
        usefulness=usefulness,
        remark=remark.strip(),
    )
    said.full_clean(exclude=["activity"])
    said.save()


def is_answered(activity: Activity) -> bool:
    return SurveyAnswer.objects.filter(activity=activity).exists()


def shown(today: date) -> QuerySet[SurveyAnswer]:
    """The answers of surveys that are over: while one is open, whoever looks before and
    after somebody answers would know what that one said."""
    return SurveyAnswer.objects.exclude(activity__effect__survey_until__gte=today)


def remarks(activity: Activity, *, today: date) -> list[str]:
    """What was said in words, in no order that tells anything; none while the survey is
    open, and none below three answers."""
    answers = shown(today).filter(activity=activity)
    if answers.count() < LEAST_ANSWERS:
        return []
    return sorted(one.remark for one in answers if one.remark)
