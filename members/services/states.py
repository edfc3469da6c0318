"""The table of states (MEM-01 … MEM-08) and the only way along it (MEM-11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from members import access
from members.algorithms import add_years
from members.models import Member, StateChange, User
from members.refusals import refusal_at
from members.services import audit, inbox, offices
from members.signals import member_state_changed

State, Body = Member.State, StateChange.Body


@dataclass(frozen=True)
class Step:
    """Who may decide a step, and whether it needs a numbered document."""

    bodies: tuple[str, ...]
    document: bool = True


_COMMITTEE = Step((Body.BRANCH_COMMITTEE, Body.GENERAL_MEETING), document=False)
_APPROVED = Step((Body.SUPERIOR,))
_DISCIPLINE = Step((Body.SUPERIOR, Body.DISCIPLINE))
_OWN_WISH = Step((Body.PERSON,), document=False)
_DEATH = Step((Body.NONE,), document=False)

_EXITS: dict[str, Step] = {
    State.REMOVED: _APPROVED,
    State.ADVISED_OUT: _APPROVED,
    State.RESIGNED: _APPROVED,
    State.SELF_WITHDRAWN: _APPROVED,
    State.EXPELLED: _DISCIPLINE,
    State.DECEASED: _DEATH,
}
STEPS: dict[str, dict[str, Step]] = {
    State.APPLICANT: {State.ACTIVIST: _COMMITTEE, State.WITHDRAWN: _OWN_WISH},
    State.ACTIVIST: {
        State.CANDIDATE: _COMMITTEE,
        State.APPLICANT: _COMMITTEE,
        State.WITHDRAWN: _OWN_WISH,
    },
    State.CANDIDATE: {
        State.PROBATIONARY: _APPROVED,
        State.ACTIVIST: _COMMITTEE,
        State.WITHDRAWN: _OWN_WISH,
    },
    State.PROBATIONARY: {
        State.FULL: _APPROVED,
        State.CANCELLED: _APPROVED,
        State.DECEASED: _DEATH,
    },
    State.FULL: {State.ON_PROBATION: _DISCIPLINE, State.STOPPED: _APPROVED, **_EXITS},
    State.ON_PROBATION: {
        State.FULL: _DISCIPLINE,
        State.EXPELLED: _DISCIPLINE,
        State.DECEASED: _DEATH,
    },
    State.STOPPED: {
        State.FULL: _APPROVED,
        State.REMOVED: _APPROVED,
        State.DECEASED: _DEATH,
    },
}
# A rule of time for some steps: years that must have passed since the step before.
LEAST_YEARS = {
    (State.ACTIVIST, State.CANDIDATE): 1,  # DEV-V08
    (State.STOPPED, State.REMOVED): 2,  # MEM-07
}


def next_states(member: Member) -> list[tuple[str, str]]:
    """The states `member` may step to, as choices."""
    return [(state, str(State(state).label)) for state in STEPS.get(member.state, {})]


def is_final(state: str) -> bool:
    """Whether no step leads on from `state`: it cannot be undone."""
    return state not in STEPS


@transaction.atomic
def change_state(
    member: Member,
    to_state: str,
    *,
    body: str,
    decided_on: date,
    by: User | None,
    effective_on: date | None = None,
    decided_by: str = "",
    document_number: str = "",
    reason: str = "",
) -> StateChange:
    """Take one step along the table, with what decided it.

    Asked again for the step just taken on the same day, it returns that step. Dates of
    the record follow: admission counts from the vote (MEM-12), full membership from the
    end of probation. Leaving the state of a full member ends every office; leaving the
    roll switches the account off. Raises ValidationError, code "not_allowed",
    "wrong_body", "needs_document", "in_future", "out_of_order", "too_early".
    Announces `member_state_changed`.
    """
    member = Member.objects.select_for_update(of=("self",)).get(pk=member.pk)
    last = member.state_changes.order_by("-pk").first()
    if (
        last is not None
        and last.from_state
        and member.state == to_state == last.to_state
        and last.decided_on == decided_on
    ):
        return last

    effective_on = effective_on or decided_on
    step = STEPS.get(member.state, {}).get(to_state)
    _check_step(member, to_state, step, body, document_number)
    _check_days(member, to_state, last, decided_on, effective_on)
    change = StateChange.objects.create(
        member=member,
        from_state=member.state,
        to_state=to_state,
        body=body,
        decided_by=decided_by,
        decided_on=decided_on,
        effective_on=effective_on,
        document_number=document_number,
        reason=reason,
        recorded_by=by,
    )
    _set_dates(member, to_state, effective_on)
    member.state = to_state
    member.save()
    _end_what_it_gave(member, change, on=effective_on, by=by)
    member_state_changed.send(Member, member=member, change=change)
    audit.record(
        audit.Act.STATE_CHANGED,
        by=by,
        subject=change,
        branch=member.branch,
        member=member,
        reason=reason,
        from_state=change.from_state,
        to_state=change.to_state,
    )
    _tell(member, on=effective_on)
    return change


def _end_what_it_gave(
    member: Member, change: StateChange, *, on: date, by: User | None
) -> None:
    """End the offices of who is no full member any more, and the account of who left."""
    had = (State.FULL, State.PROBATIONARY, State.ON_PROBATION, State.STOPPED)
    if member.state not in {State.FULL, State.PROBATIONARY} and (
        change.from_state in had
    ):
        offices.end_all(member, on=on, reason=change.get_to_state_display(), by=by)
    if not member.is_live:
        User.objects.filter(member=member).update(is_active=False)


def _tell(member: Member, *, on: date) -> None:
    if user := User.objects.filter(member=member, is_active=True).first():
        inbox.notify(
            [user],
            inbox.Kind.STATE_CHANGED,
            url=member.get_absolute_url(),
            state=member.state,
            on=str(on),
        )


def _check_step(
    member: Member, to_state: str, step: Step | None, body: str, document_number: str
) -> None:
    if step is None:
        message = _("The step from “%(old)s” to “%(new)s” does not exist.") % {
            "old": member.get_state_display(),
            "new": State(to_state).label,
        }
        raise refusal_at("to_state", message, code="not_allowed")
    if body not in step.bodies:
        names = _(", ").join(str(Body(known).label) for known in step.bodies)
        message = _("This step is decided by: %(bodies)s.") % {"bodies": names}
        raise refusal_at("body", message, code="wrong_body")
    if step.document and not document_number.strip():
        raise refusal_at(
            "document_number",
            _("Enter the number of the document that decided it."),
            code="needs_document",
        )


def _check_days(
    member: Member,
    to_state: str,
    last: StateChange | None,
    decided_on: date,
    effective_on: date,
) -> None:
    today = access.today()
    for field, day in (("decided_on", decided_on), ("effective_on", effective_on)):
        if day > today:
            raise refusal_at(field, _("This day is in the future."), code="in_future")
    if last is not None and effective_on < last.effective_on:
        message = _("The state before it began on %(day)s: choose a later day.") % {
            "day": last.effective_on
        }
        raise refusal_at("effective_on", message, code="out_of_order")
    years = LEAST_YEARS.get((State(member.state), State(to_state)))
    if (
        years
        and last is not None
        and effective_on < add_years(last.effective_on, years)
    ):
        message = _("This step is possible from %(day)s.") % {
            "day": add_years(last.effective_on, years)
        }
        raise refusal_at("effective_on", message, code="too_early")
    if member.state == State.PROBATIONARY and to_state == State.FULL:
        ends_on = add_years(member.admitted_on, 1) if member.admitted_on else today
        if effective_on < ends_on:  # DEV-V12
            message = _("Probation ends on %(day)s: full membership begins then.") % {
                "day": ends_on
            }
            raise refusal_at("effective_on", message, code="too_early")


def _set_dates(member: Member, to_state: str, effective_on: date) -> None:
    if to_state == State.PROBATIONARY:
        member.admitted_on = effective_on
    elif to_state == State.FULL and member.full_member_on is None:
        member.full_member_on = effective_on
