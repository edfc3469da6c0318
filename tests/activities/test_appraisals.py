"""The steps of an appraisal and what is decided in it (LIFE-08, LIFE-20 … LIFE-27)."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from activities.models import AppraisalResult, AppraisalRound, FollowUp
from activities.services import appraisals, follow_ups, polls
from members.models import AuditEntry, Notification
from tests import build
from tests.race import codes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
TODAY = date(2026, 11, 26)


def refusal(call, *args, **kwargs):
    with pytest.raises(appraisals.ValidationError) as refused:
        call(*args, **kwargs)
    return codes(refused.value)


def people(number=3, **fields):
    branch = build.branch()
    return branch, [build.member(branch=branch, **fields) for _ in range(number)]


def a_round(number=3, step="self", **fields):
    branch, members = people(number)
    made = build.appraisal_round(branch, *members, step=step, **fields)
    return made, build.secretary(of=branch), list(made.appraisals.all())


def begin(branch, by=None, **fields):
    given = {"year": 2026, "due_on": TODAY + timedelta(days=9)} | fields
    return appraisals.start(branch, by=by, today=TODAY, **given)


def with_votes(appraisal, **votes):
    none = dict.fromkeys(AppraisalResult.TOTALS, 0)
    return AppraisalResult.objects.create(appraisal=appraisal, **none | votes)


# --- beginning --------------------------------------------------------------------------
def test_a_round_takes_in_all_members_and_tells_them():  # LIFE-08, LIFE-22
    branch, (one,) = people(1)
    new = build.member(branch=branch, state="probationary")
    for state in ("stopped", "activist"):
        build.member(branch=branch, state=state)
    user, by = build.user(member=one), build.secretary(of=branch)

    made = begin(branch, by)

    takes = {part.member: part.takes_grade for part in made.appraisals.all()}
    assert takes == {one: True, new: False, by.member: True}
    line = Notification.objects.get(user=user)
    assert (line.kind, line.context["on"]) == ("appraisal_self", "2026-12-05")
    assert AuditEntry.objects.get(act="appraisal_step").context["step"] == "self"


def test_what_keeps_a_round_from_beginning():  # LIFE-08
    branch, _members = people(1)
    begin(branch)
    assert refusal(begin, branch) == {"twice"}
    assert refusal(begin, branch, year=2027) == {"range"}
    assert refusal(begin, branch, year=2009) == {"range"}
    assert refusal(begin, branch, year=2025, due_on=date(2026, 11, 25)) == {"range"}
    assert refusal(begin, build.branch()) == {"nobody"}
    assert not AppraisalRound.objects.exclude(branch=branch).exists()
    assert refusal(begin, build.branch(closed_on=date(2020, 1, 1))) == {"closed"}


# --- the order --------------------------------------------------------------------------
def test_the_steps_have_an_order():  # LIFE-23
    made, by, (one, *_rest) = a_round()
    given = {"body": "meeting", "decided_on": TODAY, "by": by, "today": TODAY}
    assert refusal(polls.open_poll, made, kind="on_line", by=by) == {"order"}
    assert refusal(polls.close_poll, made, by=by) == {"order"}
    assert refusal(appraisals.feed_back, made, **given) == {"order"}
    assert refusal(appraisals.finish, made, by=by) == {"order"}
    assert refusal(appraisals.decide, one, grade="basic", opinion="x", by=by) == {
        "step"
    }
    assert refusal(appraisals.write_on, one, "x", by=by) == {"step"}
    assert refusal(appraisals.confirm_read, one, now=timezone.now()) == {"step"}

    appraisals.open_mutual(made, by=by)
    assert refusal(appraisals.write_self, one, "x", by=by) == {"step"}
    polls.open_poll(made, kind="on_line", by=by)
    assert refusal(appraisals.open_mutual, made, by=by) == {"order"}


def test_a_step_taken_twice_is_taken_once():  # LIFE-23
    made, by, _parts = a_round()
    for _ in range(2):
        appraisals.open_mutual(made, by=by)
    for _ in range(2):
        polls.open_poll(made, kind="on_line", by=by)
    for _ in range(2):
        assert polls.close_poll(made, by=by).step == "opinion"
    steps = AuditEntry.objects.filter(act="appraisal_step").order_by("pk")
    assert [one.context["step"] for one in steps] == ["mutual", "poll", "opinion"]


def test_who_joined_since_takes_part_until_the_poll():
    made, by, parts = a_round()
    late = build.member(branch=made.branch)
    appraisals.open_mutual(made, by=by)
    assert set(made.appraisals.values_list("member", flat=True)) == {
        late.pk,
        by.member_id,
        *(one.member_id for one in parts),
    }


# --- what members write -----------------------------------------------------------------
def test_a_self_appraisal_is_written_as_often_as_wanted():
    _made, by, (one, *_rest) = a_round()
    for text in ("  first ", "second"):
        appraisals.write_self(one, text, by=by)
    one.refresh_from_db()
    assert (one.self_text, one.is_copied) == ("second", False)
    assert refusal(appraisals.write_self, one, " ", by=by) == {"empty"}
    assert refusal(appraisals.write_self, one, "x" * 4001, by=by) == {"too_long"}


def test_the_branch_writes_down_what_somebody_said_but_nothing_over_own_words():
    _made, by, (one, other, _third) = a_round()
    appraisals.write_self(one, "said", by=by, is_copied=True)
    one.refresh_from_db()
    assert (one.self_text, one.is_copied) == ("said", True)
    entry = AuditEntry.objects.get(act="appraisal_written_for")
    assert (entry.member, entry.by, entry.context) == (
        one.member,
        by,
        {"is_back": False},
    )
    appraisals.write_self(other, "mine", by=by)
    assert refusal(appraisals.write_self, other, "x", by=by, is_copied=True) == {
        "own_words"
    }


def test_members_write_on_others_and_not_on_themselves():  # LIFE-23
    made, _by, (one, other, _third) = a_round(step="mutual")
    author = build.user(member=other.member)
    for text in ("good", "better"):
        appraisals.write_on(one, text, by=author)
    assert [said.text for said in one.mutual_opinions.all()] == ["better"]
    assert refusal(appraisals.write_on, other, "x", by=author) == {"own"}
    assert refusal(appraisals.write_on, one, "", by=author) == {"empty"}
    stranger = build.user(member=build.member(branch=made.branch))
    assert refusal(appraisals.write_on, one, "x", by=stranger) == {"not_in_round"}


# --- deciding ---------------------------------------------------------------------------
def test_a_grade_that_differs_from_the_poll_needs_a_reason():  # LIFE-25
    _made, by, (one, *_rest) = a_round(step="opinion")
    with_votes(one, qualified=4)
    given = {"opinion": "x", "by": by}
    assert refusal(appraisals.decide, one, grade="basic", **given) == {"reason"}
    made = appraisals.decide(one, grade="basic", reason="because", **given)
    assert (made.grade, made.reason, made.qualified) == ("basic", "because", 4)
    assert appraisals.decide(one, grade="qualified", **given).reason == ""
    assert AppraisalResult.objects.count() == 1


def test_a_grade_that_turns_the_order_of_two_round_needs_a_reason():  # LIFE-25
    """Two of three are excellent to most, and there is one place."""
    _made, by, (one, other, _third) = a_round(step="opinion")
    with_votes(one, excellent=5)
    with_votes(other, excellent=4, qualified=1)
    given = {"opinion": "x", "by": by}
    appraisals.decide(one, grade="qualified", **given)
    assert refusal(appraisals.decide, other, grade="excellent", **given) == {"reason"}
    appraisals.decide(other, grade="excellent", reason="because", **given)
    # The reason stands at one of the two: that is enough.
    appraisals.decide(one, grade="qualified", **given)


def test_without_totals_no_reason_is_asked_for():  # LIFE-24, LIFE-25
    _made, by, (one, *_rest) = a_round(step="opinion")
    appraisals.decide(one, grade="unqualified", opinion="x", by=by)


def test_what_else_a_decision_lacks():
    _made, by, (one, *_rest) = a_round(step="opinion")
    given = {"by": by}
    decide = appraisals.decide
    assert refusal(decide, one, grade="", opinion="x", **given) == {"no_choice"}
    assert refusal(decide, one, grade="best", opinion="x", **given) == {"no_choice"}
    assert refusal(decide, one, grade="basic", opinion=" ", **given) == {"empty"}


def test_probationary_members_get_an_opinion_and_no_grade():  # LIFE-22
    branch = build.branch()
    new = build.member(branch=branch, state="probationary")
    made = build.appraisal_round(branch, new, step="opinion")
    (one,), by = made.appraisals.all(), build.secretary(of=branch)
    given = {"opinion": "x", "by": by}
    assert refusal(appraisals.decide, one, grade="basic", **given) == {"no_grade"}
    assert appraisals.decide(one, grade="", **given).opinion == "x"
    assert appraisals.undecided(made) == []


@pytest.mark.parametrize(("number", "most"), [(2, 0), (3, 1)])
def test_one_too_many_is_a_warning_and_no_block(number, most):  # LIFE-21
    made, by, parts = a_round(number, step="opinion")
    for n in range(most + 1):
        assert appraisals.too_many_excellent(made) is None
        appraisals.decide(parts[n], grade="excellent", opinion="x", by=by)
    assert appraisals.too_many_excellent(made) == (most + 1, most)


def test_the_exempt_are_left_out_of_every_number():  # LIFE-27, PTS-07
    made, by, (one, *_rest) = a_round(step="opinion")
    appraisals.decide(one, grade="excellent", opinion="x", by=by)
    assert refusal(appraisals.exempt, one, reason=" ", by=by) == {"empty"}
    appraisals.exempt(one, reason="ill", by=by)
    one.refresh_from_db()
    assert one.is_exempt
    assert one.result.grade == ""
    assert appraisals.graded_number(made) == 2
    assert one not in appraisals.undecided(made)
    assert polls.turnout(made).of == 2
    entry = AuditEntry.objects.get(act="appraisal_exempted")
    assert "ill" not in f"{entry.reason}{entry.context}"
    appraisals.take_exemption_back(one, by=by)
    assert one in appraisals.undecided(made)


def test_nobody_becomes_exempt_while_the_poll_is_open():  # LIFE-24, LIFE-27
    _made, by, (one, *_rest) = a_round(step="poll")
    assert refusal(appraisals.exempt, one, reason="ill", by=by) == {"step"}
    assert refusal(appraisals.take_exemption_back, one, by=by) == {"step"}


def test_whoever_is_decided_is_exempt_no_more():
    _made, by, (one, *_rest) = a_round(step="opinion")
    appraisals.exempt(one, reason="ill", by=by)
    appraisals.decide(one, grade="qualified", opinion="x", by=by)
    one.refresh_from_db()
    assert not one.is_exempt


# --- feedback ---------------------------------------------------------------------------
def decided(step="opinion", grade="qualified"):
    made, by, (one, *_rest) = a_round(1, step="opinion")
    appraisals.decide(one, grade=grade, opinion="x", by=by)
    AppraisalRound.objects.filter(pk=made.pk).update(step=step)
    made.refresh_from_db()
    return made, by, one


def test_everybody_is_told_what_a_body_settled():  # LIFE-23
    made, by, one = decided()
    given = {"body": "meeting", "decided_on": TODAY, "by": by, "today": TODAY}
    late = given | {"decided_on": TODAY + timedelta(days=1)}
    assert refusal(appraisals.feed_back, made, **late) == {"range"}
    assert refusal(appraisals.feed_back, made, **given | {"body": ""}) == {"body"}
    user = build.user(member=one.member)
    told = appraisals.feed_back(made, **given)
    assert (told.step, told.body, told.decided_on) == ("feedback", "meeting", TODAY)
    assert Notification.objects.get(user=user).kind == "appraisal_told"


def test_nobody_is_told_while_somebody_has_no_opinion():  # LIFE-23
    made, by, (one, *_rest) = a_round(2, step="opinion")
    appraisals.decide(one, grade="basic", opinion="x", by=by)
    given = {"body": "meeting", "decided_on": TODAY, "by": by, "today": TODAY}
    assert refusal(appraisals.feed_back, made, **given) == {"undecided"}


def test_the_person_confirms_once():  # LIFE-23
    _made, by, one = decided("feedback")
    now = timezone.now()
    assert appraisals.confirm_read(one, now=now).read_at == now
    again = appraisals.confirm_read(one, now=now + timedelta(hours=1))
    assert (again.read_at, again.told_in_person) == (now, False)
    assert not appraisals.tell_in_person(one, by=by, now=now).told_in_person


def test_the_branch_notes_that_it_told_somebody_without_an_account():
    _made, by, one = decided("feedback")
    assert appraisals.tell_in_person(one, by=by, now=timezone.now()).told_in_person
    assert AuditEntry.objects.get(act="appraisal_told").member == one.member


def test_the_exempt_have_nothing_to_confirm():  # LIFE-27
    _made, _by, (one, *_rest) = a_round(step="feedback")
    assert refusal(appraisals.confirm_read, one, now=timezone.now()) == {"exempt"}


def test_a_round_ends_when_all_have_read_and_are_helped():  # LIFE-23, LIFE-26
    made, by, one = decided("feedback", grade="basic")
    assert refusal(appraisals.finish, made, by=by) == {"unread"}
    appraisals.confirm_read(one, now=timezone.now())
    assert refusal(appraisals.finish, made, by=by) == {"no_follow_up"}
    note(one, by, "talk")
    for _ in range(2):
        assert appraisals.finish(made, by=by).step == "done"


# --- what follows -----------------------------------------------------------------------
def note(appraisal, by, kind, **fields):
    follow_up = FollowUp(
        appraisal=appraisal,
        kind=kind,
        plan=fields.pop("plan", "help"),
        owner=fields.pop("owner", by.member),
        due_on=fields.pop("due_on", TODAY + timedelta(days=30)),
    )
    return follow_ups.note(follow_up, by=by, today=TODAY)


def end(follow_up, by, **fields):
    given = {"outcome": "better", "done_on": TODAY} | fields
    return follow_ups.end(follow_up, by=by, today=TODAY, **given)


def test_after_basically_qualified_a_talk_and_a_plan():  # LIFE-26
    _made, by, one = decided("feedback", grade="basic")
    assert refusal(note, one, by, "education") == {"no_choice"}
    made = note(one, by, "talk")
    for _ in range(2):
        end(made, by)
    made.refresh_from_db()
    assert (made.done_on, made.outcome) == (TODAY, "better")
    assert refusal(end, made, by, outcome="") == {"empty"}
    late = TODAY + timedelta(days=1)
    assert refusal(end, made, by, done_on=late) == {"range"}


def test_after_unqualified_education_comes_before_a_measure():  # LIFE-26, MEM-14
    _made, by, one = decided("feedback", grade="unqualified")
    assert refusal(note, one, by, "correct") == {"education_first"}
    taught = note(one, by, "education")
    assert refusal(note, one, by, "remove") == {"education_first"}
    end(taught, by)
    for kind in ("correct", "advise", "remove"):
        note(one, by, kind)


def test_what_else_a_follow_up_lacks():  # LIFE-26
    _made, by, one = decided("feedback", grade="basic")
    assert refusal(note, one, by, "talk", plan=" ") == {"empty"}
    assert refusal(note, one, by, "talk", owner=one.member) == {"not_here"}
    assert refusal(note, one, by, "talk", owner=build.member()) == {"not_here"}
    assert refusal(note, one, by, "talk", due_on=date(2026, 1, 1)) == {"range"}
    _made, by, good = decided("feedback", grade="qualified")
    assert refusal(note, good, by, "talk") == {"not_asked"}
    _made, by, early = decided(grade="basic")
    assert refusal(note, early, by, "talk") == {"step"}


def change(follow_up, by, **fields):
    return follow_ups.change(follow_up, by=by, today=TODAY, **fields)


def test_while_it_is_open_plan_owner_and_day_change():  # LIFE-26
    made, by, one = decided("feedback", grade="basic")
    first = note(one, by, "talk")
    helper = build.user(member=build.member(branch=made.branch))
    day = TODAY + timedelta(days=9)
    for _ in range(2):
        change(first, by, plan="visit", owner=helper.member, due_on=day)
    first.refresh_from_db()
    assert (first.plan, first.owner, first.due_on) == ("visit", helper.member, day)
    assert Notification.objects.filter(user=helper).count() == 1
    assert AuditEntry.objects.filter(act="follow_up_noted").count() == 3

    change(first, by)
    first.refresh_from_db()
    assert (first.plan, first.owner, first.due_on) == ("visit", helper.member, day)
    # A day that passed stays where another plan is written.
    FollowUp.objects.update(due_on=TODAY - timedelta(days=9))
    change(first, by, plan="again", due_on=TODAY - timedelta(days=9))


def test_what_a_changed_follow_up_lacks():  # LIFE-26
    _made, by, one = decided("feedback", grade="basic")
    first = note(one, by, "talk")
    assert refusal(change, first, by, plan=" ") == {"empty"}
    assert refusal(change, first, by, plan="x" * 4001) == {"too_long"}
    assert refusal(change, first, by, owner=one.member) == {"not_here"}
    assert refusal(change, first, by, owner=build.member()) == {"not_here"}
    assert refusal(change, first, by, due_on=date(2026, 1, 1)) == {"range"}
    assert refusal(change, first, by, due_on=date(2028, 1, 1)) == {"range"}
    first.refresh_from_db()
    assert (first.plan, first.owner) == ("help", by.member)
    end(first, by)
    assert refusal(change, first, by, plan="visit") == {"done"}


def test_who_helps_is_told_and_not_by_whom_it_concerns():  # LIFE-26
    made, by, one = decided("feedback", grade="basic")
    helper = build.user(member=build.member(branch=made.branch))
    note(one, by, "talk", owner=helper.member)
    line = Notification.objects.get(user=helper)
    assert line.kind == "follow_up_given"
    assert one.member.name not in str(line.context)
