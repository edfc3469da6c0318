"""Programs from draft to end, and their parts.

begin → start → finish
             ↘ stop
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from activities import access_programs
from activities.models import (
    Activity,
    Indicator,
    Milestone,
    Program,
    ProgramActivity,
    ProgramItem,
    Reading,
)
from activities.presets import Preset
from activities.services import modules
from members.algorithms import add_months
from members.models import Branch, User
from members.refusals import refusal_at
from members.services import audit

State = Program.State
MOST = {Indicator: 12, Milestone: 40, ProgramItem: 100, Reading: 120}
EARLIEST, LATEST = date(1921, 7, 1), date(2200, 12, 31)


def drafted(branch: Branch, preset: Preset, *, starts_on: date) -> Program:
    """An unsaved program as the preset suggests it."""
    return Program(
        branch=branch,
        preset=preset.code,
        module=preset.module,
        has_flow=preset.has_flow,
        title=preset.title,
        purpose=preset.told("purpose"),
        goals=preset.goals,
        starts_on=starts_on,
        ends_on=add_months(starts_on, preset.months),
    )


@transaction.atomic
def begin(program: Program, preset: Preset, *, by: User | None) -> Program:
    """Keep a new draft, with the indicators and milestones that its preset suggests.

    Raises ValidationError by field, code "closed" for a closed branch, "module_off" for a
    preset of a module that is off, "order", "not_here" as `change`.
    """
    if program.branch.is_closed:
        raise refusal_at("branch", _("This branch is closed."), code="closed")
    if preset.module not in modules.of(program.branch):
        message = _("This module is switched off for the branch.")
        raise ValidationError(message, code="module_off")
    program.preset, program.module = preset.code, preset.module
    program.has_flow = preset.has_flow
    program.state, program.created_by = State.DRAFT, by
    _check(program)
    program.save()
    Indicator.objects.bulk_create(
        Indicator(program=program, name=name, unit=unit, baseline=first, target=aim)
        for name, unit, first, aim in preset.indicators()
    )
    Milestone.objects.bulk_create(
        Milestone(
            program=program,
            title=title,
            due_on=min(add_months(program.starts_on, months), program.ends_on),
        )
        for title, months in preset.milestones()
    )
    return program


@transaction.atomic
def change(program: Program, *, by: User | None) -> Program:
    """Save a changed program. Raises ValidationError by field, code "over" once it is
    finished or stopped, "order" for days in the wrong order, "not_here" for a member of
    another branch."""
    stands = locked(program)
    program.state = stands.state
    _check(program)
    program.save()
    return program


def _check(program: Program) -> None:
    program.clean_fields(exclude=["created_by"])
    if not EARLIEST <= program.starts_on <= LATEST or program.ends_on > LATEST:
        raise refusal_at("starts_on", _("Look at the year."), code="too_far")
    if program.ends_on <= program.starts_on:
        message = _("It ends after it begins: look at both days.")
        raise refusal_at("ends_on", message, code="order")
    _check_member(program.branch, program.member)


def _check_member(branch: Branch, member: Any) -> None:
    if member is None:
        return
    if not access_programs.responsible_members(branch).filter(pk=member.pk).exists():
        message = _("Choose somebody on the roll of the branch or below it.")
        raise refusal_at("member", message, code="not_here")


def locked(program: Program) -> Program:
    """The program, locked; refused with code "over" once it is finished or stopped."""
    stands = Program.objects.select_for_update(of=("self",)).get(pk=program.pk)
    if not stands.is_open:
        message = _("The program is over: it stays as it is.")
        raise ValidationError(message, code="over")
    return stands


def start(program: Program, *, by: User | None) -> Program:
    """Let members see it. Raises ValidationError, code "over", "under_way"."""
    return _step(program, State.UNDER_WAY, by=by)


def finish(program: Program, *, by: User | None) -> Program:
    """Close it as done. Raises ValidationError, code "over", "not_started"."""
    return _step(program, State.FINISHED, by=by)


def stop(program: Program, *, reason: str, by: User | None) -> Program:
    """Close it before its end. Raises ValidationError, code "over", "no_reason"."""
    reason = reason.strip()
    if not reason:
        raise refusal_at("reason", _("Say why it is stopped."), code="no_reason")
    return _step(program, State.STOPPED, by=by, reason=reason)


@transaction.atomic
def _step(
    program: Program, state: Program.State, *, by: User | None, reason: str = ""
) -> Program:
    stands = locked(program)
    if state == State.UNDER_WAY and stands.state == State.UNDER_WAY:
        raise ValidationError(_("It is under way already."), code="under_way")
    if state == State.FINISHED and stands.state == State.DRAFT:
        raise ValidationError(_("It has not been started."), code="not_started")
    stands.state, stands.stopped_reason = state, reason[:200]
    stands.save()
    audit.record(
        audit.Act.PROGRAM_CHANGED,
        by=by,
        subject=stands,
        branch=stands.branch,
        reason=reason,
        to=str(state),
    )
    return stands


# --- parts ----------------------------------------------------------------------------
@transaction.atomic
def save_part(part: Any, *, by: User | None) -> Any:
    """Keep an indicator, reading, milestone or item, new or changed.

    Raises ValidationError by field, code "over" once the program is, "too_many", "future"
    for a day to come at a reading or at what is done, "not_here" as `change`.
    """
    of_indicator = isinstance(part, Reading)
    program = part.indicator.program if of_indicator else part.program
    locked(program)
    today = timezone.localdate()
    for name in ("on", "done_on"):
        if (day := getattr(part, name, None)) is not None and day > today:
            message = _("This day is still to come.")
            raise refusal_at(name, message, code="future")
    if isinstance(part, ProgramItem):
        _check_member(program.branch, part.member)
    if isinstance(part, Indicator) and part.baseline == part.target:
        message = _("Aim at a value other than that at the start.")
        raise refusal_at("target", message, code="no_change")
    part.full_clean(exclude=["program", "indicator", "recorded_by"])
    siblings = part.indicator.readings if of_indicator else None
    if siblings is None:
        siblings = type(part)._default_manager.filter(program=program)
    most = MOST[type(part)]
    if part.pk is None and siblings.count() >= most:
        message = _("At most %(most)s of them.") % {"most": most}
        raise ValidationError(message, code="too_many")
    if of_indicator:
        part.recorded_by = by
    part.save()
    return part


@transaction.atomic
def remove_part(part: Any) -> None:
    """Take out what was entered wrong. Raises ValidationError, code "over"; "has_readings"
    for an indicator that was read."""
    of_indicator = isinstance(part, Reading)
    locked(part.indicator.program if of_indicator else part.program)
    if isinstance(part, Indicator) and part.readings.exists():
        message = _("It was read already: take the readings out first.")
        raise ValidationError(message, code="has_readings")
    part.delete()


@transaction.atomic
def link(program: Program, activity: Activity) -> ProgramActivity:
    """Let an activity belong to the program. Twice is once. Raises ValidationError, code
    "over", "elsewhere" for one of another branch, "taken" for one of another program."""
    locked(program)
    if activity.branch_id != program.branch_id:
        message = _("This activity is of another branch.")
        raise refusal_at("activity", message, code="elsewhere")
    made, _is_new = ProgramActivity.objects.get_or_create(
        activity=activity, defaults={"program": program}
    )
    if made.program_id != program.pk:
        message = _("This activity belongs to another program.")
        raise refusal_at("activity", message, code="taken")
    return made


@transaction.atomic
def unlink(made: ProgramActivity) -> None:
    locked(made.program)
    made.delete()
