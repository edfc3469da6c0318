"""Requests for correction, from the question to the answer (SEC-07, SEC-17)."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from members.algorithms import next_demo_id_number
from members.models import Correction, Member, Notification, RollInquiry
from members.services import corrections
from tests import build
from tests.race import codes, race

pytestmark = pytest.mark.django_db

NUMBER = next_demo_id_number("110000", date(1980, 2, 3), 124)


def asked(member=None, *, field="phone", proposed="137 0000 1234", by=None, note=""):
    member = member or build.member(phone="13900001111")
    return corrections.ask_correction(
        member,
        field=field,
        proposed=proposed,
        by=by or build.user(member=member),
        note=note,
    )


def refusal(call, *args, **kwargs):
    with pytest.raises(ValidationError) as caught:
        call(*args, **kwargs)
    return codes(caught.value)


# --- asked ----------------------------------------------------------------------------
def test_a_request_keeps_what_is_proposed_sealed_and_tells_the_secretary():
    secretary = build.secretary(of=build.branch())
    member = build.member("薛丽华", branch=secretary.member.branch)

    correction = asked(member, note="换了新号码")

    stored = Correction.objects.get(pk=correction.pk)
    assert (stored.state, stored.proposed, stored.note) == (
        "open",
        "137 0000 1234",
        "换了新号码",
    )
    sealed = Correction.objects.values_list("proposed", flat=True).get()
    assert b"137" not in bytes(sealed)
    line = Notification.objects.get(user=secretary)
    assert line.kind == "correction_asked"
    assert line.context == {"member": "薛丽华", "field": "phone"}
    assert line.url == f"/members/corrections/{correction.pk}/"


def test_without_a_secretary_of_its_own_the_branch_above_is_told():
    top, left, right = build.tree()
    above = build.secretary(of=top, home=right)

    asked(build.member(branch=left))

    assert Notification.objects.filter(user=above).count() == 1


def test_a_second_request_for_the_same_field_replaces_the_first():
    secretary = build.secretary(of=build.branch())
    member = build.member(branch=secretary.member.branch)
    user = build.user(member=member)

    first = asked(member, by=user)
    second = asked(member, by=user, proposed="13700005678")

    assert first == second
    assert Correction.objects.get().proposed == "13700005678"
    assert Notification.objects.filter(user=secretary).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_one_moment_are_one():
    member = build.member()
    user = build.user(member=member)

    race(lambda text: asked(member, by=user, proposed=text).pk, ["13700005678"] * 3)

    assert Correction.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "proposed", "code"),
    [
        ("state", "expelled", "unknown_field"),
        ("branch", "1", "unknown_field"),
        ("user__password", "x", "unknown_field"),
        ("phone", "12345", "not_sound"),
        ("id_number", "110000198002031230", "not_sound"),
        ("sex", "7", "not_sound"),
        ("admitted_on", "yesterday", "not_sound"),
        ("name", "", "not_sound"),
        ("phone", "+86 139-0000-1111", "unchanged"),
        ("education", "21", "unchanged"),
    ],
)
def test_a_request_that_could_not_be_written_is_refused(field, proposed, code):
    member = build.member(phone="13900001111", education="21")

    assert refusal(asked, member, field=field, proposed=proposed) == {code}
    assert not Correction.objects.exists()


# --- accepted -------------------------------------------------------------------------
def test_an_accepted_request_is_in_the_record_and_answered():
    secretary = build.secretary(of=build.branch())
    member = build.member(branch=secretary.member.branch)
    correction = asked(member)

    corrections.accept_correction(correction, by=secretary, answer="已更正。")

    stored = Correction.objects.get()
    assert Member.objects.get(pk=member.pk).phone == "13700001234"
    assert (stored.state, stored.answer, stored.answered_by) == (
        "accepted",
        "已更正。",
        secretary,
    )
    told = Notification.objects.filter(
        user=correction.asked_by, kind="correction_answered"
    )
    assert told.get().context == {"field": "phone", "state": "accepted"}


def test_sex_and_birth_date_follow_an_accepted_id_number():
    member = build.member(birth_date=date(1980, 2, 4))
    correction = asked(member, field="id_number", proposed=NUMBER.lower())

    corrections.accept_correction(correction, by=build.user())

    stored = Member.objects.get(pk=member.pk)
    assert (stored.id_number, stored.sex, stored.birth_date) == (
        NUMBER,
        "2",
        date(1980, 2, 3),
    )


def test_what_the_record_refuses_stays_open():
    member = build.member(birth_date=date(1970, 1, 1), admitted_on=date(2000, 7, 1))
    correction = asked(member, field="admitted_on", proposed="1987-06-30")

    assert refusal(corrections.accept_correction, correction, by=build.user()) == {
        "under_age"
    }
    assert Correction.objects.get().state == "open"
    assert Member.objects.get().admitted_on == date(2000, 7, 1)


def test_an_id_number_of_another_roll_is_refused_and_the_inquiry_counted():
    build.member(id_number=NUMBER, birth_date=date(1980, 2, 3))
    secretary = build.secretary(of=build.branch())
    member = build.member(branch=secretary.member.branch)
    correction = asked(member, field="id_number", proposed=NUMBER)

    assert refusal(corrections.accept_correction, correction, by=secretary) == {
        "already_on_roll"
    }
    assert Correction.objects.get().state == "open"
    assert RollInquiry.objects.filter(user=secretary).count() == 1


# --- declined and taken back ----------------------------------------------------------
def test_a_declined_request_says_why_and_changes_nothing():
    member = build.member(phone="13900001111")
    correction = asked(member)

    corrections.decline_correction(correction, by=build.user(), answer="号码打不通。")

    stored = Correction.objects.get()
    assert (stored.state, stored.answer) == ("declined", "号码打不通。")
    assert Member.objects.get().phone == "13900001111"


def test_declining_needs_a_reason():
    correction = asked()

    assert refusal(
        corrections.decline_correction, correction, by=build.user(), answer="  "
    ) == {"needs_answer"}
    assert Correction.objects.get().state == "open"


def test_a_request_can_be_taken_back():
    correction = asked()

    corrections.withdraw_correction(correction, by=correction.asked_by)

    assert Correction.objects.get().state == "withdrawn"


def test_a_new_request_can_follow_a_closed_one():
    first = asked()
    corrections.withdraw_correction(first, by=first.asked_by)

    second = asked(first.member, by=first.asked_by)

    assert second != first
    assert second.state == "open"


ANSWERS = {
    "accept": lambda c, user: corrections.accept_correction(c, by=user),
    "decline": lambda c, user: corrections.decline_correction(c, by=user, answer="不"),
    "withdraw": lambda c, user: corrections.withdraw_correction(c, by=user),
}


@pytest.mark.parametrize("again", ANSWERS)
@pytest.mark.parametrize("first", ANSWERS)
def test_a_request_is_closed_once(first, again):
    correction = asked()
    user = build.user()
    closed = ANSWERS[first](correction, user)

    assert refusal(ANSWERS[again], correction, user) == {"already_answered"}
    assert Correction.objects.get().state == closed.state
