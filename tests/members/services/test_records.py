"""Putting people on a roll and changing their records."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError

from members.algorithms import next_demo_id_number
from members.models import Member, RollInquiry, StateChange
from members.services import records
from members.signals import member_enrolled
from tests import build
from tests.race import race

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 30, 2, 0, tzinfo=UTC)
NUMBER = next_demo_id_number("110000", date(1980, 2, 3), 124)  # even: female

KNOWN = {"sex": "2", "birth_date": date(1980, 2, 3)}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def new(branch=None, **fields):
    """Somebody to be enrolled; not saved."""
    return Member(
        **{
            "name": "单晓梅",
            "branch": branch or build.branch(),
            "ethnic_group": "01",
            "state": "full",
            "id_number": NUMBER,
            "admitted_on": date(2000, 7, 1),
            "full_member_on": date(2001, 7, 1),
            **fields,
        }
    )


def refusals(call, *args, **kwargs):
    """What was refused: the codes by field."""
    with pytest.raises(ValidationError) as caught:
        call(*args, **kwargs)
    return {
        field: [error.code for error in errors]
        for field, errors in caught.value.error_dict.items()
    }


# --- what follows from the rest -------------------------------------------------------
def test_pinyin_sex_and_birth_date_follow_from_name_and_id_number():
    member = records.complete(new())

    assert (member.pinyin, member.initials) == ("shanxiaomei", "sxm")
    assert (member.sex, member.birth_date) == ("2", date(1980, 2, 3))
    assert member.enrolled_on == date(2026, 6, 30)


def test_what_was_entered_is_kept():
    given = {
        "pinyin": "danxiaomei",
        "initials": "dxm",
        "sex": "1",
        "birth_date": date(1981, 1, 1),
        "enrolled_on": date(2020, 1, 1),
    }

    member = records.complete(new(**given))

    assert {name: getattr(member, name) for name in given} == given


def test_an_unsound_id_number_tells_nothing():
    member = records.complete(new(id_number="110000198002031230"))

    assert (member.sex, member.birth_date) == ("", None)


# --- on the roll ----------------------------------------------------------------------
def test_somebody_new_begins_with_a_line_of_history():
    secretary = build.secretary(of=build.branch())

    member = records.enroll(
        new(secretary.member.branch),
        by=secretary,
        decided_by="支部委员会",
        document_number="青委〔2026〕3号",
    )

    change = StateChange.objects.get(member=member)
    assert Member.objects.get(pk=member.pk).id_number == NUMBER
    assert (change.from_state, change.to_state) == ("", "full")
    assert change.effective_on == date(2001, 7, 1)
    assert (change.decided_by, change.document_number) == (
        "支部委员会",
        "青委〔2026〕3号",
    )
    assert change.recorded_by == secretary


@pytest.mark.parametrize(
    ("state", "dates", "begins"),
    [
        ("applicant", {"applied_on": date(2025, 3, 1)}, date(2025, 3, 1)),
        ("probationary", {"admitted_on": date(2026, 1, 5)}, date(2026, 1, 5)),
        ("activist", {}, date(2026, 6, 30)),
    ],
)
def test_the_first_line_begins_with_the_state(state, dates, begins):
    fields = {"admitted_on": None, "full_member_on": None, **dates}

    member = records.enroll(new(state=state, **fields), by=None)

    assert member.state_changes.get().effective_on == begins


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"id_number": "110000198002031230", **KNOWN}, {"id_number": ["check_digit"]}),
        ({"id_number": "110105194912310", **KNOWN}, {"id_number": ["withdrawn"]}),
        ({"sex": "1"}, {"sex": ["disagrees"]}),
        ({"birth_date": date(1980, 2, 4)}, {"birth_date": ["disagrees"]}),
        ({"phone": "2380000"}, {"phone": ["mobile"]}),
        ({"admitted_on": date(1998, 2, 2)}, {"admitted_on": ["under_age"]}),
        ({"full_member_on": date(2001, 6, 30)}, {"full_member_on": ["too_early"]}),
        ({"state": "probationary"}, {"full_member_on": ["too_early"]}),
        ({"admitted_on": None}, {"admitted_on": ["required"]}),
        ({"enrolled_on": date(2026, 7, 1)}, {"enrolled_on": ["in_future"]}),
        ({"is_floating": True}, {"floating_to": ["required"]}),
        ({"floating_to": "深圳"}, {"is_floating": ["disagrees"]}),
        ({"title": "9"}, {"title": ["invalid"]}),
        ({"name": "王"}, {"name": ["min_length"]}),
    ],
)
def test_an_unsound_record_is_refused_at_its_field(fields, refused):
    assert refusals(records.enroll, new(**fields), by=None) == refused
    assert not Member.objects.exists()
    assert not StateChange.objects.exists()


def test_an_organization_without_a_roll_takes_nobody():
    assert refusals(records.enroll, new(build.committee()), by=None) == {
        "branch": ["no_roll"]
    }


def test_a_closed_branch_takes_nobody():
    closed = build.branch(closed_on=date(2026, 1, 1))

    assert refusals(records.enroll, new(closed), by=None) == {
        "branch": ["closed_branch"]
    }


def test_a_party_group_of_another_branch_is_refused():
    elsewhere = build.group(build.branch())

    assert refusals(records.enroll, new(party_group=elsewhere), by=None) == {
        "party_group": ["elsewhere"]
    }


def test_enrolling_is_announced():
    heard = []

    def listen(sender, member, change, **kwargs):
        heard.append((member.name, change.to_state))

    member_enrolled.connect(listen)
    try:
        records.enroll(new(), by=None)
    finally:
        member_enrolled.disconnect(listen)

    assert heard == [("单晓梅", "full")]


# --- one roll -------------------------------------------------------------------------
def test_the_same_person_is_not_enrolled_twice():
    records.enroll(new(), by=None)

    assert refusals(records.enroll, new(), by=None) == {
        "id_number": ["already_on_roll"]
    }
    assert Member.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_branches_that_enroll_the_same_person_at_once_do_not_both_succeed():
    def enroll(branch):
        with time_machine.travel(NOW, tick=False):
            return records.enroll(new(branch), by=None).pk

    answers = race(enroll, [build.branch(), build.branch(), build.branch()])

    assert sorted(map(str, answers))[1:] == ["already_on_roll"] * 2
    assert Member.objects.count() == 1


@pytest.mark.parametrize(
    "exit_state", ["removed", "advised_out", "resigned", "self_withdrawn", "expelled"]
)
def test_one_who_left_may_apply_anew_after_five_years(exit_state):  # MEM-21
    gone = build.member(id_number=NUMBER, state=exit_state)
    StateChange.objects.create(
        member=gone,
        from_state="full",
        to_state=exit_state,
        body="superior",
        decided_on=date(2020, 3, 10),
        effective_on=date(2020, 3, 10),
    )
    applies = {"state": "applicant", "admitted_on": None, "full_member_on": None}

    too_early = new(applied_on=date(2025, 3, 9), **applies)
    assert refusals(records.enroll, too_early, by=None) == {
        "id_number": ["exit_within_5_years"]
    }
    in_time = new(applied_on=date(2025, 3, 10), **applies)
    assert records.enroll(in_time, by=None).pk is not None


@pytest.mark.parametrize("state", ["withdrawn", "cancelled"])
def test_one_whose_application_ended_may_apply_anew(state):
    build.member(id_number=NUMBER, state=state, sex="2", birth_date=date(1980, 2, 3))

    assert records.enroll(new(), by=None).pk is not None


def test_an_inquiry_about_another_branch_is_counted_and_limited():
    """The answer is a bare yes; 20 of them an hour (rules of the roll)."""
    build.member(id_number=NUMBER, sex="2")
    secretary = build.secretary(of=build.branch())
    asking = new(secretary.member.branch)

    codes = [
        refusals(records.check_id_is_free, asking, by=secretary)["id_number"][0]
        for _time in range(21)
    ]

    assert codes == ["already_on_roll"] * 20 + ["too_many_inquiries"]
    assert RollInquiry.objects.filter(user=secretary).count() == 20
    with time_machine.travel(NOW + timedelta(minutes=61), tick=False):
        asked = refusals(records.check_id_is_free, asking, by=secretary)
    assert asked == {"id_number": ["already_on_roll"]}


def test_an_inquiry_outlives_the_refusal():
    build.member(id_number=NUMBER, sex="2")
    secretary = build.secretary(of=build.branch())

    refusals(records.enroll, new(secretary.member.branch), by=secretary)

    assert RollInquiry.objects.filter(user=secretary).count() == 1


def test_those_in_sight_are_no_inquiry():
    secretary = build.secretary(of=build.branch())
    build.member(branch=secretary.member.branch, id_number=NUMBER, sex="2")

    asked = refusals(
        records.check_id_is_free, new(secretary.member.branch), by=secretary
    )

    assert asked == {"id_number": ["already_on_roll"]}
    assert not RollInquiry.objects.exists()


# --- changed --------------------------------------------------------------------------
def test_a_changed_record_keeps_its_state_its_branch_and_how_it_came():
    member = build.member(state="full", enrolled_on=date(2015, 1, 1))
    branch = member.branch
    member.employer, member.phone = "青山小学", "13900002222"
    member.state, member.branch = "expelled", build.branch()
    member.enrolled_on, member.increase = date(2020, 1, 1), "restored"

    records.change_record(member, by=None)

    stored = Member.objects.get(pk=member.pk)
    assert (stored.employer, stored.phone) == ("青山小学", "13900002222")
    assert (stored.state, stored.branch) == ("full", branch)
    assert (stored.enrolled_on, stored.increase) == (date(2015, 1, 1), "registered")


def test_a_new_name_is_read_anew_unless_its_reading_was_given_too():
    member = build.member("王甲")
    member.name = "曾乙"
    assert records.change_record(member, by=None).pinyin == "zengyi"

    member.name, member.pinyin, member.initials = "单丙", "danbing", "db"
    changed = records.change_record(member, by=None)
    assert (changed.pinyin, changed.initials) == ("danbing", "db")


def test_an_unsound_change_is_refused_and_nothing_is_written():
    member = build.member(employer="旧单位")
    member.employer, member.phone = "新单位", "12"

    assert refusals(records.change_record, member, by=None) == {"phone": ["mobile"]}
    assert Member.objects.get(pk=member.pk).employer == "旧单位"


def test_the_id_number_of_another_is_refused():
    build.member(id_number=NUMBER, sex="2")
    member = build.member()
    member.id_number, member.sex = NUMBER, "2"
    member.birth_date = date(1980, 2, 3)

    assert refusals(records.change_record, member, by=None) == {
        "id_number": ["already_on_roll"]
    }


def test_the_record_of_one_who_left_is_closed():
    member = build.member(state="removed")
    member.employer = "新单位"

    with pytest.raises(ValidationError) as caught:
        records.change_record(member, by=None)

    assert caught.value.code == "no_longer_on_roll"
    assert Member.objects.get(pk=member.pk).employer == ""


def test_changing_twice_changes_once():
    member = build.member()
    member.employer = "青山小学"

    records.change_record(member, by=None)
    records.change_record(member, by=None)

    assert Member.objects.get(pk=member.pk).employer == "青山小学"
