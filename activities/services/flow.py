"""Four discussions and two publications, in their order (KIND-01)."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from activities import access_programs
from activities.models import FlowStep, Program
from activities.services.programs import State, locked
from members.models import User
from members.refusals import refusal_at
from members.services import audit

Step = FlowStep.Step
ORDER = list(Step)


def next_step(program: Program) -> FlowStep.Step | None:
    """The step that comes next; None after the last, and once a no ended the flow."""
    done = list(program.steps.all())
    if len(done) == len(ORDER) or any(not one.passed for one in done):
        return None
    return ORDER[len(done)]


@transaction.atomic
def record(made: FlowStep, *, by: User | None) -> FlowStep:
    """Keep a step that was done.

    Raises ValidationError by field, code "over", "not_started" for a draft, "no_flow"
    where the module is off, "ended" after a no, "done" for a step that stands, "too_early"
    before the step before is done, or while the decision still hangs; "future", "order"
    for a day before the step before, "votes" for counts that are missing or do not fit the
    result, "no_reason" for a no without one, "no_body", "no_place", "elsewhere" for a
    meeting of another branch.
    """
    program = locked(made.program)
    if program.state == State.DRAFT:
        raise ValidationError(_("Start the program first."), code="not_started")
    if not access_programs.flow_is_on(program):
        message = _("This program is not decided by the four discussions.")
        raise ValidationError(message, code="no_flow")
    done = list(program.steps.all())
    _check_order(made, done)
    _check_day(made, done[-1] if done else None)
    _check_content(made)
    made.recorded_by = by
    made.full_clean(exclude=["program", "recorded_by"])
    made.save()
    return made


def _check_order(made: FlowStep, done: list[FlowStep]) -> None:
    for one in done:
        if not one.passed:
            message = _("“%(step)s” said no: the flow ended there. Reason: %(reason)s")
            words = {"step": one.get_step_display(), "reason": one.reason}
            raise ValidationError(message % words, code="ended")
    if made.step in {one.step for one in done}:
        raise ValidationError(_("This step is done already."), code="done")
    if made.step != ORDER[len(done)]:
        message = _("First comes “%(step)s”: it is not done yet.")
        words = {"step": str(ORDER[len(done)].label)}
        raise ValidationError(message % words, code="too_early")


def _check_day(made: FlowStep, before: FlowStep | None) -> None:
    if made.on > timezone.localdate():
        message = _("This day is still to come.")
        raise refusal_at("on", message, code="future")
    if before is None:
        return
    if made.on < before.on:
        message = _("The step before was on %(day)s.") % {"day": before.on}
        raise refusal_at("on", message, code="order")
    if before.step in FlowStep.PUBLISHING and made.on <= before.last_day:
        day = before.last_day + timedelta(days=1)
        message = _("The decision hangs until then: from %(day)s on.") % {"day": day}
        raise refusal_at("on", message, code="too_early")


def _check_content(made: FlowStep) -> None:
    """What a step of its kind says; what it does not say is emptied."""
    votes = ("yes", "no", "abstain")
    if made.step not in FlowStep.VOTING:
        made.yes = made.no = made.abstain = None
    if made.step in FlowStep.PUBLISHING:
        made.passed, made.activity, made.body = True, None, ""
        made.days = made.days or settings.PUBLICATION_DAYS
        if not made.place.strip():
            message = _("Say where it was posted.")
            raise refusal_at("place", message, code="no_place")
    else:
        made.days, made.place = None, ""
        if not made.body.strip():
            raise refusal_at("body", _("Say who met."), code="no_body")
    if made.step in FlowStep.VOTING:
        for name in votes:
            if getattr(made, name) is None:
                message = _("Enter the count, 0 if there was none.")
                raise refusal_at(name, message, code="votes")
        cast = sum(getattr(made, name) for name in votes)
        if made.passed != (2 * (made.yes or 0) > cast):
            message = _("The counts say otherwise: more than half must be for it.")
            raise refusal_at("passed", message, code="votes")
    if made.passed:
        made.reason = ""
    elif not made.reason.strip():
        raise refusal_at("reason", _("Say why it was not agreed."), code="no_reason")
    activity = made.activity
    if activity is not None and activity.branch_id != made.program.branch_id:
        message = _("This activity is of another branch.")
        raise refusal_at("activity", message, code="elsewhere")


@transaction.atomic
def take_back(program: Program, *, by: User | None) -> None:
    """Take out the last step, entered wrong. Raises ValidationError, code "over",
    "no_step"."""
    program = locked(program)
    last = program.steps.last()
    if last is None:
        raise ValidationError(_("No step is done yet."), code="no_step")
    audit.record(
        audit.Act.PROGRAM_CHANGED,
        by=by,
        subject=program,
        branch=program.branch,
        taken_back=last.step,
        on=str(last.on),
    )
    last.delete()
