"""What follows a grade that is not good enough: by whom and until when (LIFE-26)."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from activities import access_appraisal
from activities.models import Appraisal, AppraisalRound, FollowUp, Grade
from activities.services.appraisals import checked, locked, result_of
from members.models import Member, User
from members.refusals import refusal_at
from members.services import audit, inbox

Kind = FollowUp.Kind
LONGEST_DAYS = 366  # at most one year (MEM-15)


def kinds(appraisal: Appraisal) -> list[Kind]:
    """What may be noted next; after "unqualified" education first, then a measure of
    MEM-14 once the education is over."""
    grade = result_of(appraisal).grade
    if grade == Grade.BASIC:
        return [Kind.TALK]
    if grade != Grade.UNQUALIFIED:
        return []
    taught = appraisal.follow_ups.filter(kind=Kind.EDUCATION, done_on__isnull=False)
    return [Kind.EDUCATION, *(FollowUp.MEASURES if taught.exists() else ())]


@transaction.atomic
def note(follow_up: FollowUp, *, by: User, today: date) -> FollowUp:
    """Keep a new follow-up; who answers for it is told.

    Raises ValidationError, code "step" before the feedback, "not_asked" for a grade that
    asks for none; at "kind" "education_first" or "no_choice"; at "plan" "empty",
    "too_long"; at "owner" "not_here"; at "due_on" "range".
    """
    appraisal = follow_up.appraisal
    locked(appraisal.round, *AppraisalRound.TOLD, code="step")
    allowed = kinds(appraisal)
    if not allowed:
        message = _("This grade asks for nothing more.")
        raise ValidationError(message, code="not_asked")
    if follow_up.kind not in allowed:
        is_early = Kind.EDUCATION in allowed and follow_up.kind in FollowUp.MEASURES
        message = _("Education and help come first, and are to be over.")
        if not is_early:
            message = _("Choose what follows.")
        code = "education_first" if is_early else "no_choice"
        raise refusal_at("kind", message, code=code)
    follow_up.plan = checked(follow_up.plan, "plan")
    _check_owner(follow_up)
    _check_day(follow_up, today)
    follow_up.save()
    _note(follow_up, by)
    _tell(follow_up, by)
    return follow_up


@transaction.atomic
def change(
    follow_up: FollowUp,
    *,
    by: User,
    today: date,
    plan: str | None = None,
    owner: Member | None = None,
    due_on: date | None = None,
) -> FollowUp:
    """Keep another plan, owner or day while it is not done; another owner is told. What
    is None stays, and so does a day that has passed.

    Raises ValidationError, code "done"; at "plan" "empty", "too_long"; at "owner"
    "not_here"; at "due_on" "range".
    """
    found = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    if found.done_on is not None:
        message = _("This is done: note anew what came of it.")
        raise ValidationError(message, code="done")
    before = found.owner_id
    if plan is not None:
        found.plan = checked(plan, "plan")
    if owner is not None and owner.pk != before:
        found.owner = owner
        _check_owner(found)
    if due_on is not None and due_on != found.due_on:
        found.due_on = due_on
        _check_day(found, today)
    found.save()
    _note(found, by)
    if found.owner_id != before:
        _tell(found, by)
    return found


def _check_owner(follow_up: FollowUp) -> None:
    appraisal = follow_up.appraisal
    helpers = access_appraisal.participants(appraisal.round.branch)
    helpers = helpers.exclude(pk=appraisal.member_id)
    if not helpers.filter(pk=follow_up.owner_id).exists():
        message = _("Choose somebody else of this branch.")
        raise refusal_at("owner", message, code="not_here")


def _check_day(follow_up: FollowUp, today: date) -> None:
    if not 0 <= (follow_up.due_on - today).days <= LONGEST_DAYS:
        message = _("From today on, and within a year.")
        raise refusal_at("due_on", message, code="range")


def _tell(follow_up: FollowUp, by: User) -> None:
    """Who answers for it."""
    users = User.objects.filter(member=follow_up.owner_id, is_active=True)
    inbox.notify(
        users.exclude(pk=by.pk),
        inbox.Kind.FOLLOW_UP_GIVEN,
        url=reverse("activities:appraisal_home"),
        branch=str(follow_up.appraisal.round.branch),
        on=follow_up.due_on.isoformat(),
    )


@transaction.atomic
def end(
    follow_up: FollowUp, *, outcome: str, done_on: date, by: User, today: date
) -> FollowUp:
    """Note that it is done and what came of it; written again it replaces that.

    Raises ValidationError at "outcome" "empty", "too_long"; at "done_on" "range".
    """
    found = FollowUp.objects.select_for_update().get(pk=follow_up.pk)
    found.outcome = checked(outcome, "outcome")
    if done_on > today or done_on.year < found.appraisal.round.year:
        message = _("Today or before, and not before the year of the appraisal.")
        raise refusal_at("done_on", message, code="range")
    found.done_on = done_on
    found.save()
    _note(found, by)
    return found


def _note(follow_up: FollowUp, by: User) -> None:
    appraisal = follow_up.appraisal
    audit.record(
        audit.Act.FOLLOW_UP_NOTED,
        by=by,
        subject=follow_up,
        branch=appraisal.round.branch,
        member=appraisal.member,
        is_done=follow_up.done_on is not None,
    )
