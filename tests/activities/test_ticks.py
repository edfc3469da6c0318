"""Ticks that wait for a connection: merged by moment, once each, refused at their row."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from activities.models import Attendance, Tick
from activities.services import activities, attendances, minutes, ticks
from activities.services.attendances import Mark
from activities.signals import attendance_recorded
from tests import build
from tests.activities.api import client_of
from tests.race import race

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def branch():
    return build.branch("中共青石村支部")


@pytest.fixture
def host(branch):
    return build.secretary(of=branch, home=branch)


@pytest.fixture
def other(branch):
    return build.secretary(of=branch, home=branch)


@pytest.fixture
def wang(branch):
    return build.member("王甲", branch=branch)


@pytest.fixture
def meeting(branch):
    return build.meeting(branch)


def tick(member, ago=0, *, off=False, key=None):
    """Ticked so many minutes ago."""
    at = timezone.now() - timedelta(minutes=ago)
    return ticks.Sent(key or uuid.uuid4(), member.pk, not off, at)


def take(meeting, by, *sent, clock=None):
    now = timezone.now()
    answers = ticks.take(meeting, sent, clock=clock or now, by=by, now=now)
    return [one.code or one.outcome for one in answers]


def rows(meeting):
    return list(meeting.attendances.values_list("member__name", "state"))


def test_ticks_are_attendance_at_their_own_moment(meeting, host, wang):
    before = timezone.now() - timedelta(minutes=40)

    assert take(meeting, host, tick(wang, 40)) == ["taken"]

    row = meeting.attendances.get()
    assert (row.member, row.state, row.way) == (wang, "present", "list")
    assert row.recorded_by == host
    assert abs(row.checked_in_at - before) < timedelta(seconds=5)


def test_sent_again_all_is_known_and_stays_one(meeting, host, wang):
    heard = []

    def hear(attendance, **kwargs):
        heard.append(attendance.member)

    attendance_recorded.connect(hear)
    sent = [tick(wang, 30), tick(wang, 20, off=True), tick(wang, 10)]

    assert take(meeting, host, *sent) == ["taken"] * 3
    assert take(meeting, host, *sent) == ["known"] * 3

    attendance_recorded.disconnect(hear)
    assert rows(meeting) == [("王甲", "present")]
    assert heard == [wang]
    assert Tick.objects.count() == 3


def test_one_key_twice_in_one_letter_counts_once(meeting, host, wang):
    one = tick(wang, 5)

    assert take(meeting, host, one, one) == ["taken", "known"]


def test_two_hosts_who_tick_the_same_leave_one_and_the_earliest_moment(
    meeting, host, other, wang
):
    early = timezone.now() - timedelta(minutes=50)

    assert take(meeting, host, tick(wang, 10)) == ["taken"]
    assert take(meeting, other, tick(wang, 50)) == ["taken"]
    assert take(meeting, host, tick(wang, 5)) == ["kept"]

    row = meeting.attendances.get()
    assert abs(row.checked_in_at - early) < timedelta(seconds=5)


def test_who_came_in_by_the_code_stays_so(meeting, host, wang):
    at = timezone.now() - timedelta(minutes=30)
    build.attendance(meeting, wang, way="code", checked_in_at=at)

    assert take(meeting, host, tick(wang, 3)) == ["kept"]

    row = meeting.attendances.get()
    assert (row.way, row.checked_in_at) == ("code", at)


def test_of_a_tick_and_an_untick_the_later_moment_counts(meeting, host, other, wang):
    take(meeting, host, tick(wang, 30))

    assert take(meeting, other, tick(wang, 40, off=True)) == ["kept"]
    assert rows(meeting) == [("王甲", "present")]
    assert take(meeting, other, tick(wang, 20, off=True)) == ["taken"]
    assert rows(meeting) == []
    assert take(meeting, host, tick(wang, 25)) == ["kept"]  # before the untick
    assert rows(meeting) == []
    assert take(meeting, host, tick(wang, 2)) == ["taken"]
    assert rows(meeting) == [("王甲", "present")]


def test_an_entry_on_the_full_list_is_later_than_a_tick_of_before(meeting, host, wang):
    attendances.record(meeting, [Mark(wang, "absent")], by=host, now=timezone.now())

    now = timezone.now()
    answer = ticks.take(meeting, [tick(wang, 10)], clock=now, by=host, now=now)[0]

    assert (answer.outcome, answer.code) == ("refused", "later")
    assert answer.message == "王甲 was marked since as: Absent. Look at the list."
    assert rows(meeting) == [("王甲", "absent")]
    assert Tick.objects.count() == 0  # it may be sent again


def test_who_comes_after_all_is_present_and_on_leave_again_when_unticked(
    meeting, host, wang
):
    leave = build.attendance(meeting, wang, state="leave", reason="出差")
    Attendance.objects.filter(pk=leave.pk).update(
        recorded_at=timezone.now() - timedelta(days=1)
    )

    take(meeting, host, tick(wang, 10))
    assert rows(meeting) == [("王甲", "present")]
    take(meeting, host, tick(wang, 5, off=True))

    row = meeting.attendances.get()
    assert (row.state, row.reason, row.checked_in_at) == ("leave", "出差", None)


def test_a_wrong_clock_does_no_harm(meeting, host, wang):
    wrong = timezone.now() - timedelta(days=900)
    sent = ticks.Sent(uuid.uuid4(), wang.pk, True, wrong - timedelta(minutes=15))

    assert take(meeting, host, sent, clock=wrong) == ["taken"]

    ago = timezone.now() - meeting.attendances.get().checked_in_at
    assert timedelta(minutes=14) < ago < timedelta(minutes=16)


def test_nobody_ticks_in_time_to_come(meeting, host, wang):
    take(meeting, host, tick(wang, -90))

    assert meeting.attendances.get().checked_in_at <= timezone.now()


@pytest.mark.parametrize(
    ("fields", "ago", "code", "message"),
    [
        ({"state": "cancelled", "cancelled_reason": "雨"}, 1, "over", None),
        ({"state": "draft"}, 1, "over", None),
        (
            {"starts_at": timezone.now() + timedelta(hours=3)},
            1,
            "not_begun",
            "It has not begun: attendance is taken from an hour before.",
        ),
        ({}, 125, "not_begun", "Ticked more than an hour before it began."),
        (
            {"starts_at": timezone.now() - timedelta(days=3)},
            24 * 60 + 1,
            "too_old",
            "Ticked more than a day ago: enter it on the attendance list.",
        ),
    ],
)
def test_what_is_not_taken_is_refused_at_its_row(
    branch, host, wang, fields, ago, code, message
):
    now = timezone.now()
    sent = [tick(wang, ago)]

    meeting = build.meeting(branch, **fields)
    answer = ticks.take(meeting, sent, clock=now, by=host, now=now)[0]

    assert (answer.outcome, answer.code) == ("refused", code)
    assert message in (None, answer.message)
    assert rows(meeting) == []


def test_a_list_closed_by_a_signature_takes_nothing(meeting, host, wang):
    build.signed_minutes(meeting)

    assert take(meeting, host, tick(wang)) == ["signed"]


def test_a_row_out_of_reach_is_refused_and_the_others_are_taken(meeting, host, wang):
    stranger = build.member(branch=build.branch())

    assert take(meeting, host, tick(stranger, 2), tick(wang, 1)) == [
        "not_listed",
        "taken",
    ]
    assert rows(meeting) == [("王甲", "present")]


def test_once_it_counts_as_held_nobody_is_unticked_by_the_way(meeting, host, wang):
    take(meeting, host, tick(wang, 10))
    activities.mark_held(meeting, by=host, now=timezone.now())

    assert take(meeting, host, tick(wang, off=True)) == ["held"]
    assert rows(meeting) == [("王甲", "present")]


def test_ticks_are_what_minutes_are_filled_with(meeting, host, wang):
    take(meeting, host, tick(wang, 10))

    assert minutes.people_of(meeting)["names"] == ["王甲"]


def test_many_ticks_cost_no_more_to_look_up(
    meeting, host, branch, django_assert_max_num_queries
):
    people = [build.member(branch=branch) for _ in range(20)]
    take(meeting, host, *[tick(one, 9) for one in people])

    with django_assert_max_num_queries(12):  # all of them are known or kept
        take(meeting, host, *[])
    keys = list(Tick.objects.values_list("key", "member_id", "ticked_at"))
    again = [ticks.Sent(key, member, True, at) for key, member, at in keys]
    with django_assert_max_num_queries(14):
        assert take(meeting, host, *again) == ["known"] * 20


@pytest.mark.django_db(transaction=True)
def test_two_hosts_at_the_same_moment_leave_one_attendance(branch, host, other, wang):
    meeting = build.meeting(branch)

    said = race(lambda user: take(meeting, user, tick(wang, 5)), [host, other])

    assert sorted(said) == [["kept"], ["taken"]] or sorted(said) == [["taken"]] * 2
    assert meeting.attendances.count() == 1


# --- the API ----------------------------------------------------------------------------


def url(meeting):
    return f"/api/v1/activities/{meeting.pk}/ticks/"


def letter(*members, **fields):
    now = timezone.now().isoformat()
    one = {"is_present": True, "at": now} | fields
    given = [{"key": str(uuid.uuid4()), "member": m.pk} | one for m in members]
    return {"clock": now, "ticks": given}


def test_a_device_sends_and_reads_who_is_there(meeting, host, wang, branch):
    client = client_of(host)
    there = build.attendance(meeting, build.member(branch=branch)).member
    sent = letter(wang)

    first = client.post(url(meeting), sent, format="json").json()
    again = client.post(url(meeting), sent, format="json").json()

    key = sent["ticks"][0]["key"]
    answer = {"key": key, "member": wang.pk, "code": "", "message": ""}
    assert first["answers"] == [answer | {"outcome": "taken"}]
    assert again["answers"] == [answer | {"outcome": "known"}]
    assert first["present"] == again["present"] == sorted([there.pk, wang.pk])


def test_a_refused_row_has_its_code_and_sentence(meeting, host, wang):
    build.signed_minutes(meeting)

    answer = client_of(host).post(url(meeting), letter(wang), format="json")

    assert answer.status_code == 200
    row = answer.json()["answers"][0]
    assert (row["outcome"], row["code"]) == ("refused", "signed")
    assert row["message"].startswith("The minutes are signed")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"clock": "yesterday"}, "invalid"),
        ({"ticks": None}, "null"),
        ({"ticks": [{"key": "x"}]}, "invalid"),
    ],
)
def test_what_is_no_letter_is_refused_whole(meeting, host, wang, change, code):
    answer = client_of(host).post(url(meeting), letter(wang) | change, format="json")

    assert answer.status_code == 400
    assert code in {error["code"] for error in answer.json()["errors"]}
    assert rows(meeting) == []


def test_too_many_at_once_are_refused(meeting, host, wang):
    sent = letter(*[wang] * (ticks.MOST + 1))

    answer = client_of(host).post(url(meeting), sent, format="json")

    assert answer.status_code == 400
    assert rows(meeting) == []


def test_who_sends_ticks(meeting, host, wang, branch):
    group = build.group(branch)
    of_group = build.meeting(
        branch, kind="group_meeting", audience="group", party_group=group
    )
    leader = build.member("组长", branch=branch, party_group=group)
    build.appointment(leader, office="group_leader", party_group=group)
    roles = {
        "host": host,
        "leader": build.user(member=leader),
        "member": build.user(member=wang),
        "sibling": build.secretary(of=build.branch()),
        "stranger": build.user(),
        "system": build.administrator("system"),
    }

    def may(activity):
        return {
            name
            for name, user in roles.items()
            if client_of(user).post(url(activity), letter(), format="json").status_code
            == 200
        }

    assert may(meeting) == {"host"}
    assert may(of_group) == {"host", "leader"}
    assert APIClient().post(url(meeting), letter(), format="json").status_code == 401


# --- the page ---------------------------------------------------------------------------
def test_without_scripts_the_boxes_are_saved_with_one_button(
    client, meeting, host, wang, branch
):
    li = build.member("李乙", branch=branch)
    zhao = build.attendance(meeting, build.member("赵丙", branch=branch)).member
    client.force_login(host)
    page = f"/activities/check-in/{meeting.pk}/"
    text = client.get(page).content.decode()
    assert f'value="{zhao.pk}"' in text.split('name="before"')[1][:60]

    answer = client.post(page, {"present": [wang.pk], "before": [zhao.pk]}, follow=True)

    assert "Saved." in answer.content.decode()
    assert rows(meeting) == [("王甲", "present")]
    assert not meeting.attendances.filter(member=li).exists()
    # What another host ticked meanwhile is left alone.
    build.attendance(meeting, li)
    client.post(page, {"present": [wang.pk], "before": [wang.pk]})
    assert meeting.attendances.count() == 2


def test_without_scripts_a_refusal_is_said(client, meeting, host, wang):
    build.signed_minutes(meeting)
    client.force_login(host)

    page = f"/activities/check-in/{meeting.pk}/"
    answer = client.post(page, {"present": [wang.pk]}, follow=True)

    text = answer.content.decode()
    assert "The minutes are signed: a correction of them opens the list again." in text
    assert "Saved." not in text


def test_the_page_costs_the_same_for_many(
    client, meeting, host, branch, django_assert_num_queries
):
    client.force_login(host)
    page = f"/activities/check-in/{meeting.pk}/"
    client.get(page)
    with django_assert_num_queries(QUERIES):
        client.get(page)
    for _each in range(20):
        build.attendance(meeting, build.member(branch=branch))
    with django_assert_num_queries(QUERIES):
        client.get(page)


QUERIES = 7


def test_the_script_of_the_lists_keeps_to_their_address(client, host, meeting):
    client.force_login(host)

    answer = client.get("/activities/check-in/worker.js")

    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert b"check-in" in answer.content
    page = client.get(f"/activities/check-in/{meeting.pk}/").content.decode()
    assert 'data-scope="/activities/check-in/"' in page
