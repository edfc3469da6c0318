"""The table of states: every pair, who decides, and what follows (AZ-18, MEM-11)."""

from datetime import date

import pytest
import time_machine
from django.core.exceptions import ValidationError

from members.models import Member, Notification, StateChange
from members.services import states
from members.signals import member_state_changed
from tests import build

pytestmark = pytest.mark.django_db

TODAY = "2026-06-30T10:00:00+08:00"
# The table of MEM-01 to MEM-08, written out a second time on purpose.
ALLOWED = {
    ("applicant", "activist"),
    ("applicant", "withdrawn"),
    ("activist", "candidate"),
    ("activist", "applicant"),
    ("activist", "withdrawn"),
    ("candidate", "probationary"),
    ("candidate", "activist"),
    ("candidate", "withdrawn"),
    ("probationary", "full"),
    ("probationary", "cancelled"),
    ("probationary", "deceased"),
    ("full", "on_probation"),
    ("full", "stopped"),
    ("full", "removed"),
    ("full", "advised_out"),
    ("full", "resigned"),
    ("full", "self_withdrawn"),
    ("full", "expelled"),
    ("full", "deceased"),
    ("on_probation", "full"),
    ("on_probation", "expelled"),
    ("on_probation", "deceased"),
    ("stopped", "full"),
    ("stopped", "removed"),
    ("stopped", "deceased"),
}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(TODAY, tick=False):
        yield


def decide(member, to_state, **given):
    """Take a step with whatever it needs, but for what is `given`."""
    step = states.STEPS.get(member.state, {}).get(to_state)
    return states.change_state(
        member,
        to_state,
        **{
            "body": step.bodies[0] if step else StateChange.Body.SUPERIOR,
            "decided_on": date(2026, 6, 1),
            "document_number": "青委〔2026〕7号",
            "by": None,
            **given,
        },
    )


def refusal(call, *args, **kwargs):
    """The field and the code of the one refusal."""
    with pytest.raises(ValidationError) as caught:
        call(*args, **kwargs)
    ((field, (error,)),) = caught.value.error_dict.items()
    return field, error.code


def code_of(call, *args, **kwargs):
    return refusal(call, *args, **kwargs)[1]


# --- the walk -------------------------------------------------------------------------
@pytest.mark.parametrize("from_state", Member.State.values)
def test_only_the_steps_of_the_table_can_be_taken(from_state):
    branch = build.branch()
    for to_state in Member.State.values:
        member = build.member(branch=branch, state=from_state)
        if (from_state, to_state) in ALLOWED:
            decide(member, to_state)
            assert Member.objects.get(pk=member.pk).state == to_state
        else:
            assert refusal(decide, member, to_state) == ("to_state", "not_allowed")
            assert Member.objects.get(pk=member.pk).state == from_state
            assert not member.state_changes.exists()


def test_the_choices_offered_are_the_steps_of_the_table():
    branch = build.branch()

    offered = {
        (state, to_state)
        for state in Member.State.values
        for to_state, _label in states.next_states(
            build.member(branch=branch, state=state)
        )
    }

    assert offered == ALLOWED


def test_what_has_no_way_on_is_final():
    assert {state for state in Member.State.values if states.is_final(state)} == {
        "withdrawn",
        "cancelled",
        "removed",
        "advised_out",
        "resigned",
        "self_withdrawn",
        "expelled",
        "deceased",
        "voided",
    }


# --- what decided it ------------------------------------------------------------------
def test_a_step_keeps_what_decided_it_and_who_recorded_it():
    member = build.member(state="full")
    secretary = build.secretary(of=member.branch)

    change = decide(
        member,
        "stopped",
        decided_by="中共青山镇委员会",
        effective_on=date(2026, 6, 15),
        reason="失去联系",
        by=secretary,
    )

    stored = StateChange.objects.get(pk=change.pk)
    assert (stored.from_state, stored.to_state, stored.body) == (
        "full",
        "stopped",
        "superior",
    )
    assert (stored.decided_on, stored.effective_on) == (
        date(2026, 6, 1),
        date(2026, 6, 15),
    )
    assert (stored.decided_by, stored.document_number, stored.reason) == (
        "中共青山镇委员会",
        "青委〔2026〕7号",
        "失去联系",
    )
    assert stored.recorded_by == secretary


def test_another_body_cannot_decide_a_step():
    member = build.member(state="full")

    asked = refusal(decide, member, "stopped", body="branch_committee")

    assert asked == ("body", "wrong_body")


def test_a_step_that_was_approved_needs_its_document():
    member = build.member(state="full")

    asked = refusal(decide, member, "removed", document_number="  ")

    assert asked == ("document_number", "needs_document")


def test_a_step_of_the_branch_itself_needs_none():
    member = build.member(state="applicant")

    assert decide(member, "activist", document_number="").to_state == "activist"


@pytest.mark.parametrize("field", ["decided_on", "effective_on"])
def test_a_step_cannot_lie_in_the_future(field):
    member = build.member(state="full")

    asked = refusal(decide, member, "stopped", **{field: date(2026, 7, 1)})

    assert asked == (field, "in_future")


def test_a_step_cannot_begin_before_the_one_it_follows():
    member = build.member(state="full")
    decide(member, "stopped", decided_on=date(2026, 3, 1))

    asked = refusal(decide, Member.objects.get(), "full", decided_on=date(2026, 2, 28))

    assert asked == ("effective_on", "out_of_order")


# --- time -----------------------------------------------------------------------------
def test_an_activist_is_a_candidate_after_a_year_at_the_earliest():
    member = build.member(state="applicant")
    decide(member, "activist", decided_on=date(2025, 6, 15))
    member.refresh_from_db()

    assert code_of(decide, member, "candidate", decided_on=date(2026, 6, 14)) == (
        "too_early"
    )
    assert decide(member, "candidate", decided_on=date(2026, 6, 15))


def test_one_whose_membership_stopped_is_removed_after_two_years_at_the_earliest():
    member = build.member(state="full")
    decide(member, "stopped", decided_on=date(2024, 6, 2))
    member.refresh_from_db()

    assert code_of(decide, member, "removed", decided_on=date(2026, 6, 1)) == (
        "too_early"
    )
    assert decide(member, "removed", decided_on=date(2026, 6, 2))


def test_probation_takes_its_year():
    member = build.member(state="probationary", admitted_on=date(2025, 6, 20))

    assert code_of(decide, member, "full", decided_on=date(2026, 6, 19)) == "too_early"
    assert decide(member, "full", decided_on=date(2026, 6, 20))


# --- what follows ---------------------------------------------------------------------
def test_membership_counts_from_the_vote_and_standing_from_the_end_of_probation():
    member = build.member(state="candidate")

    decide(
        member,
        "probationary",
        effective_on=date(2025, 6, 10),
        decided_on=date(2025, 6, 10),
    )
    member.refresh_from_db()
    assert (member.admitted_on, member.full_member_on) == (date(2025, 6, 10), None)

    decide(member, "full", effective_on=date(2026, 6, 10), decided_on=date(2026, 6, 10))
    member.refresh_from_db()
    assert (member.admitted_on, member.full_member_on) == (
        date(2025, 6, 10),
        date(2026, 6, 10),
    )


def test_one_who_is_restored_keeps_the_first_day_of_full_membership():
    member = build.member(state="full", full_member_on=date(2001, 7, 1))
    decide(member, "stopped")
    decide(Member.objects.get(), "full", decided_on=date(2026, 6, 20))

    assert Member.objects.get().full_member_on == date(2001, 7, 1)


def test_leaving_the_roll_ends_offices_and_switches_the_account_off():
    user = build.secretary(of=build.branch())
    held = user.member.appointments.get()

    decide(user.member, "expelled", effective_on=date(2026, 6, 20))

    held.refresh_from_db()
    user.refresh_from_db()
    assert held.ends_on == date(2026, 6, 20)
    assert not user.is_active


def test_one_on_probation_within_the_party_keeps_the_account_but_no_office():
    user = build.secretary(of=build.branch())

    decide(user.member, "on_probation", effective_on=date(2026, 6, 20))

    user.refresh_from_db()
    assert user.member.appointments.get().ends_on == date(2026, 6, 20)
    assert user.is_active
    assert Notification.objects.filter(user=user, kind="state_changed").count() == 1


def test_the_same_step_twice_is_one_step():
    member = build.member(state="full")

    first, second = decide(member, "stopped"), decide(member, "stopped")

    assert first == second
    assert StateChange.objects.count() == 1


def test_a_step_is_announced_in_its_transaction():
    heard = []

    def listen(sender, member, change, **kwargs):
        heard.append((member.state, change.to_state))

    member_state_changed.connect(listen)
    try:
        decide(build.member(state="applicant"), "withdrawn")
    finally:
        member_state_changed.disconnect(listen)

    assert heard == [("withdrawn", "withdrawn")]
