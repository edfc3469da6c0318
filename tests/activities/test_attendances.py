"""Who was there: one list, saved as often as wanted, and a code at the door."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from activities import door
from activities.models import Attendance
from activities.services import attendances
from activities.services.attendances import Mark
from activities.signals import attendance_recorded
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    """The attendances that were announced."""
    found = []

    def hear(attendance, **kwargs):
        found.append((attendance.member.name, attendance.state))

    attendance_recorded.connect(hear)
    yield found
    attendance_recorded.disconnect(hear)


@pytest.fixture
def branch():
    return build.branch("中共青石村支部")


@pytest.fixture
def people(branch):
    return [
        build.member(name, branch=branch) for name in ("王甲", "王乙", "王丙", "王丁")
    ]


def record(activity, *marks, **given):
    given = {"by": None, "now": timezone.now()} | given
    return attendances.record(activity, [Mark(*mark) for mark in marks], **given)


def refused(call, *args, **given):
    with pytest.raises(ValidationError) as refusal:
        call(*args, **given)
    error = refusal.value
    if hasattr(error, "error_dict"):
        return {name: found[0].code for name, found in error.error_dict.items()}
    return error.code


def states(activity):
    return dict(activity.attendances.values_list("member__name", "state"))


# --- the list ---------------------------------------------------------------------------
def test_the_whole_list_is_saved_at_once_and_again_without_a_change(
    branch, people, heard
):
    one, two, three, four = people
    meeting = build.meeting(branch)
    marks = [
        (one, "present"),
        (two, "leave", "出差"),
        (three, "exempt", "年老体弱"),
        (four, "absent"),
    ]

    assert len(record(meeting, *marks, guests=[("赵六", "村委会")])) == 4
    assert record(meeting, *marks, guests=[("赵六", "村委会")]) == []

    assert states(meeting) == {
        "王甲": "present",
        "王乙": "leave",
        "王丙": "exempt",
        "王丁": "absent",
    }
    assert [str(guest) for guest in meeting.guests.all()] == ["赵六 (村委会)"]
    assert heard == [
        ("王甲", "present"),
        ("王乙", "leave"),
        ("王丙", "exempt"),
        ("王丁", "absent"),
    ]


def test_expected_are_all_but_the_exempt_and_guests_stand_beside(branch, people):
    """MIN-04, MIN-15, LIFE-27"""
    one, two, three, _four = people
    elsewhere = build.member("孙客", branch=build.branch())
    meeting = build.meeting(branch)

    record(
        meeting,
        (one, "present"),
        (two, "leave", "出差"),
        (three, "exempt", "年老体弱"),
        (elsewhere, "present"),
        guests=[("赵六", "")],
    )

    counts = attendances.counts(meeting)
    assert (counts.due, counts.present, counts.on_leave) == (3, 1, 1)
    assert (counts.absent, counts.exempt, counts.open) == (0, 1, 1)
    assert counts.guests == 2
    assert Attendance.objects.get(member=elsewhere).is_guest


def test_all_bad_rows_are_named_and_nothing_of_the_list_is_written(branch, people):
    one, two, three, _four = people
    meeting = build.meeting(branch)
    early = meeting.starts_at - timedelta(minutes=1)

    faults = refused(
        record,
        meeting,
        (one, "leave", " "),
        (two, "present", "", early),
        (three, "present"),
    )

    assert faults == {f"reason_{one.pk}": "required", f"left_{two.pk}": "range"}
    assert not meeting.attendances.exists()


def test_who_left_early_was_there_from_the_beginning(branch, people):
    meeting = build.meeting(branch)
    left = meeting.starts_at + timedelta(minutes=20)

    record(meeting, (people[0], "present", "", left))

    row = meeting.attendances.get()
    assert (row.checked_in_at, row.checked_out_at) == (meeting.starts_at, left)


def test_a_mark_is_mended_by_marking_again(branch, people, heard):
    meeting = build.meeting(branch)
    record(meeting, (people[0], "absent"))

    record(meeting, (people[0], "present"), way="paper")

    row = meeting.attendances.get()
    assert (row.state, row.way) == ("present", "paper")
    assert heard == [("王甲", "absent"), ("王甲", "present")]


def test_a_guest_who_is_left_out_of_the_list_is_none_any_more(branch):
    meeting = build.meeting(branch)
    record(meeting, guests=[("赵六", ""), ("钱七", "镇政府")])

    record(meeting, guests=[("钱七", "镇政府"), ("钱七", "镇政府")])
    assert [guest.name for guest in meeting.guests.all()] == ["钱七"]

    record(meeting)
    assert meeting.guests.count() == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"state": "draft"}, "over"),
        ({"state": "cancelled", "cancelled_reason": "大雨"}, "over"),
        ({"starts_at": timezone.now() + timedelta(hours=3)}, "not_begun"),
    ],
)
def test_attendance_is_taken_of_what_takes_place(branch, people, fields, code):
    meeting = build.meeting(branch, **fields)

    assert refused(record, meeting, (people[0], "present")) == code


# --- the code ---------------------------------------------------------------------------
def check_in(member, activity, code=None, *, now=None, by=None):
    now = now or timezone.now()
    code = door.code_at(activity.pk, now) if code is None else code
    by = by or member.user
    return attendances.check_in(member, activity, code=code, by=by, now=now)


@pytest.fixture
def person(people):
    build.user(member=people[0])
    return people[0]


def test_the_code_marks_one_as_present_once(branch, person, heard):
    meeting = build.meeting(branch)

    row = check_in(person, meeting)
    again = check_in(person, meeting, "000000")

    assert (row.state, row.way, row.is_guest) == ("present", "code", False)
    assert again == row
    assert heard == [("王甲", "present")]


def test_the_code_counts_more_than_a_leave_that_was_noted(branch, person):
    meeting = build.meeting(branch)
    record(meeting, (person, "leave", "出差"))

    check_in(person, meeting)

    row = meeting.attendances.get()
    assert (row.state, row.reason) == ("present", "")


def test_five_wrong_codes_and_a_pause_that_the_right_code_does_not_end(branch, person):
    meeting = build.meeting(branch)
    now = timezone.now()
    right = door.code_at(meeting.pk, now)
    wrong = "000000" if right != "000000" else "000001"

    said = [
        refused(check_in, person, meeting, code, now=now)
        for code in [wrong] * 5 + [right]
    ]

    assert said == [{"code": "wrong"}] * 5 + [{"code": "pause"}]
    assert not meeting.attendances.exists()


def test_an_old_code_is_a_wrong_one(branch, person):
    meeting = build.meeting(branch)
    old = door.code_at(meeting.pk, timezone.now() - timedelta(minutes=3))

    assert refused(check_in, person, meeting, old) == {"code": "wrong"}


@pytest.mark.parametrize("hours", [2, -6])
def test_the_code_counts_in_the_time_of_the_activity(branch, person, hours):
    meeting = build.meeting(branch, starts_at=timezone.now() + timedelta(hours=hours))

    assert refused(check_in, person, meeting) in {"closed", "not_begun"}


# --- the pages --------------------------------------------------------------------------
def url(activity, page="attendance"):
    return f"/activities/{activity.pk}/{page}/"


def fields(*marks, **more):
    posted = {"guests": "", "rest": "", **more}
    for member, state, reason, left in marks:
        posted |= {
            f"state_{member.pk}": state,
            f"reason_{member.pk}": reason,
            f"left_{member.pk}": left,
        }
    return posted


@pytest.fixture
def host(client, branch):
    user = build.user(member=build.member("周主持", branch=branch))
    build.appointment(user.member, branch=branch)
    client.force_login(user)
    return user


def test_the_host_ticks_the_list_and_a_list_on_paper_alike(
    client, host, branch, people
):
    one, two, three, _four = people
    meeting = build.meeting(branch)
    posted = fields(
        (one, "present", "", ""),
        (two, "leave", "出差", ""),
        (three, "exempt", "年老体弱", ""),
        rest="absent",
        guests="赵六，村委会\n\n钱七",
        on_paper="on",
    )

    assert client.post(url(meeting), posted).status_code == 302

    assert states(meeting) == {
        "王甲": "present",
        "王乙": "leave",
        "王丙": "exempt",
        "王丁": "absent",
        host.member.name: "absent",
    }
    assert set(meeting.attendances.values_list("way", flat=True)) == {"paper"}
    assert [str(one) for one in meeting.guests.all()] == ["赵六 (村委会)", "钱七"]


def test_a_bad_row_is_told_at_its_field(client, host, branch, people):
    meeting = build.meeting(branch)
    posted = fields((people[0], "leave", "", ""), (people[1], "present", "", "25:00"))

    answer = client.post(url(meeting), posted)

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {f"left_{people[1].pk}"}
    answer = client.post(url(meeting), fields((people[0], "leave", "", "")))
    assert set(answer.context["form"].errors) == {f"reason_{people[0].pk}"}
    assert not meeting.attendances.exists()


def test_somebody_of_elsewhere_is_found_by_name_and_added(client, host, branch):
    top = build.committee()
    elsewhere = build.member("孙远客", branch=build.branch(parent=top))
    build.branch_grant(host, elsewhere.branch, "view_roll")
    build.member("孙不见", branch=build.branch())
    meeting = build.meeting(branch)

    page = client.get(url(meeting) + "?q=孙")
    assert [member.name for member in page.context["found"]] == ["孙远客"]
    client.post(url(meeting) + "?q=孙", fields((elsewhere, "present", "", "")))

    assert Attendance.objects.get(member=elsewhere).is_guest


def test_a_long_list_holds_only_those_who_are_known_to_come(
    client, host, branch, people, monkeypatch
):
    monkeypatch.setattr("activities.views.attendances.LONGEST_LIST", 3)
    meeting = build.meeting(branch)
    build.attendance(meeting, people[0])

    page = client.get(url(meeting))

    assert [member.name for member in page.context["form"].people] == ["王甲"]
    found = client.get(url(meeting) + "?q=王乙").context["found"]
    assert found == [people[1]]


def test_the_list_costs_as_many_queries_for_many_as_for_few(
    client, host, branch, people, django_assert_num_queries
):
    meeting = build.meeting(branch)
    client.get(url(meeting))
    for number in range(2):
        for _one in range(number * 20):
            build.attendance(meeting, build.member(branch=branch))
        with django_assert_num_queries(10):
            client.get(url(meeting))


def test_the_door_shows_the_code_and_a_picture_and_the_part_alone(client, host, branch):
    meeting = build.meeting(branch)

    whole = client.get(url(meeting, "door"))
    part = client.get(url(meeting, "door"), headers={"HX-Request": "true"})

    code = whole.context["code"].replace(" ", "")
    assert door.is_right(code, meeting.pk, timezone.now())
    assert whole.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert b"data:image/png" in part.content
    assert b"<html" not in part.content


def test_the_door_shows_no_code_before_its_time(client, host, branch):
    meeting = build.meeting(branch, starts_at=timezone.now() + timedelta(hours=5))

    assert "code" not in client.get(url(meeting, "door")).context


def test_a_member_types_the_code_on_the_page_of_the_activity(client, branch, person):
    meeting = build.meeting(branch)
    client.force_login(person.user)

    page = client.get(f"/activities/{meeting.pk}/")
    assert page.context["attendance"]["form"] is not None
    scanned = client.get(url(meeting, "attend") + "?code=123456")
    assert 'value="123456"' in scanned.text
    assert not meeting.attendances.exists()  # AZ-15
    wrong = client.post(url(meeting, "attend"), {"code": "12345"})
    assert wrong.status_code == 422
    code = door.code_at(meeting.pk, timezone.now())
    client.post(url(meeting, "attend"), {"code": f"{code} "})

    assert meeting.attendances.get().way == "code"
    page = client.get(f"/activities/{meeting.pk}/")
    assert page.context["attendance"]["form"] is None


def test_who_is_not_invited_has_no_page_to_type_a_code(client, branch):
    stranger = build.user(member=build.member(branch=build.branch()))
    client.force_login(stranger)

    assert client.get(url(build.meeting(branch), "attend")).status_code == 404


@pytest.mark.parametrize("page", ["attendance", "door"])
def test_members_take_no_attendance(client, branch, person, page):
    client.force_login(person.user)

    assert client.get(url(build.meeting(branch), page)).status_code == 404
