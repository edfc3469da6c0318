"""The panel on the page of an activity, its fragment, and the pages of the host."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities.models import Attendance
from activities.services import sign_ups
from activities.views.sign_ups import panel
from tests import build

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def client_of(user):
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


def address(name, record):
    return reverse(f"activities:{name}", args=[record.pk])


def text_of(response):
    """What is read on a page, without markup and in one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


@pytest.fixture
def branch():
    return build.branch("中共青石村支部")


@pytest.fixture
def user(branch):
    return build.user(member=build.member("薛丽华", branch=branch))


def fill(activity, count=1, **fields):
    return [
        build.sign_up(activity, build.member(branch=activity.branch), **fields)
        for _each in range(count)
    ]


# --- the panel --------------------------------------------------------------------------
def test_one_signs_up_with_a_note_without_a_script(branch, user):
    activity, client = build.activity(branch=branch, seats=3), client_of(user)
    fill(activity)
    assert "2 of 3 seats are free." in text_of(client.get(activity.get_absolute_url()))

    answer = client.post(
        address("sign_up", activity), {"note": "晚到十分钟"}, follow=True
    )

    assert answer.redirect_chain == [(activity.get_absolute_url(), 302)]
    own = activity.sign_ups.get(member=user.member)
    assert (own.state, own.note, own.signed_up_by) == ("confirmed", "晚到十分钟", user)
    assert "You have a seat." in text_of(answer)
    assert "Your note: 晚到十分钟" in text_of(answer)


def test_the_fragment_is_the_panel_alone_with_the_place_among_those_who_wait(
    branch, user
):
    activity, client = build.activity(branch=branch, seats=1), client_of(user)
    fill(activity)
    fill(activity, 1, state="withdrawn")
    fill(activity, 2, state="waiting")
    page = client.get(activity.get_absolute_url())
    assert "All 1 seats are taken; 2 wait." in text_of(page)
    assert "Join the waiting list" in text_of(page)

    answer = client.post(address("sign_up", activity), {"note": ""}, **HTMX)

    assert answer.status_code == 200
    assert (
        answer.content.decode()
        .lstrip()
        .startswith('<section class="card" id="sign-up"')
    )
    assert "at place 3." in text_of(answer)
    assert activity.sign_ups.get(member=user.member).place == 5


def test_a_seat_is_given_back_and_the_next_moves_up(branch, user):
    activity, client = build.activity(branch=branch, seats=1), client_of(user)
    client.post(address("sign_up", activity))
    (waits,) = fill(activity, state="waiting")

    answer = client.post(address("sign_up_withdraw", activity), **HTMX)

    assert "All 1 seats are taken; 0 wait." in text_of(answer)
    waits.refresh_from_db()
    assert waits.state == "confirmed"
    again = client.post(address("sign_up_withdraw", activity))
    assert again.url == activity.get_absolute_url()


def test_a_note_that_is_too_long_is_refused_at_its_field(branch, user):
    activity, client = build.activity(branch=branch, seats=1), client_of(user)
    for more in ({}, HTMX):
        answer = client.post(address("sign_up", activity), {"note": "长" * 201}, **more)
        assert answer.status_code == 422
        assert 'id="id_note_error"' in answer.content.decode()
        assert "长" * 201 in answer.content.decode()
    assert not activity.sign_ups.exists()


def test_after_the_deadline_a_sentence_says_so_and_a_late_click_is_told(branch, user):
    now = timezone.now()
    activity = build.activity(
        branch=branch, seats=1, sign_up_ends_at=now - timedelta(hours=1)
    )
    client = client_of(user)

    page = client.get(activity.get_absolute_url())
    answers = [client.post(address("sign_up", activity), **more) for more in ({}, HTMX)]

    assert "The sign-up ended on" in text_of(page)
    assert address("sign_up", activity) not in page.content.decode()
    for answer in answers:
        assert answer.status_code == 422
        assert "The sign-up is closed: ask the host whether there is room." in text_of(
            answer
        )


def test_who_has_a_seat_may_give_it_back_after_the_deadline_until_it_begins(
    branch, user
):
    now = timezone.now()
    activity = build.activity(
        branch=branch, seats=1, sign_up_ends_at=now - timedelta(hours=1)
    )
    build.sign_up(activity, user.member)

    answer = client_of(user).get(activity.get_absolute_url())
    assert "Give the seat back" in text_of(answer)
    activity.starts_at = now - timedelta(minutes=1)
    activity.sign_up_ends_at = None
    activity.save()
    client = client_of(user)
    assert "Give the seat back" not in text_of(client.get(activity.get_absolute_url()))
    late = client.post(address("sign_up_withdraw", activity), **HTMX)
    assert "It has begun: tell the host instead." in text_of(late)
    assert activity.sign_ups.get().state == "confirmed"


@pytest.mark.parametrize("waits", [1, 30])
def test_the_panel_costs_the_same_however_many_there_are(
    branch, user, waits, django_assert_num_queries
):
    activity = build.activity(branch=branch, seats=1)
    fill(activity, waits)
    fill(activity, waits, state="waiting")
    build.sign_up(activity, user.member, state="waiting", place=2 * waits + 1)
    _found = user.member.branch
    with django_assert_num_queries(4):  # grants, groups led, own, counts
        found = panel(user, activity)
    assert (found["place"], found["waiting"]) == (waits + 1, waits + 1)


def test_there_is_no_panel_for_drafts_and_administrators(branch, user):
    draft = build.activity(branch=branch, seats=1, state="draft")
    assert panel(user, draft) is None
    assert panel(build.administrator("system"), build.activity(seats=1)) is None


# --- leave ------------------------------------------------------------------------------
def test_one_says_why_one_cannot_come_and_takes_it_back(branch, user):
    activity, client = build.activity(branch=branch), client_of(user)
    assert "I cannot come" in text_of(client.get(activity.get_absolute_url()))
    for more in ({}, HTMX):
        empty = client.post(address("leave_ask", activity), {"reason": ""}, **more)
        assert empty.status_code == 422
        assert 'id="id_reason_error"' in empty.content.decode()

    asked = client.post(address("leave_ask", activity), {"reason": "住院"}, follow=True)
    assert "The host knows that you cannot come: 住院" in text_of(asked)
    assert Attendance.objects.get().recorded_by == user
    host = client_of(build.secretary(of=branch))
    read = host.get(address("sign_up_list", activity))
    assert "薛丽华 住院" in text_of(read)

    client.post(address("leave_take_back", activity), **HTMX)
    assert not Attendance.objects.exists()


def test_what_the_host_entered_is_not_written_over(branch, user):
    activity, client = build.activity(branch=branch), client_of(user)
    Attendance.objects.create(activity=activity, member=user.member, state="present")

    late = client.post(address("leave_ask", activity), {"reason": "住院"}, **HTMX)

    assert "The host has entered something for you already" in text_of(late)


# --- for the host -----------------------------------------------------------------------
def test_the_host_reads_who_has_a_seat_and_who_waits_in_order(
    branch, django_assert_num_queries
):
    activity = build.activity(branch=branch, seats=2)
    fill(activity, 2, note="带水")
    fill(activity, 3, state="waiting")
    fill(activity, 1, state="withdrawn")
    host = build.secretary(of=branch)
    client = client_of(host)
    client.get(address("sign_up_list", activity))

    with django_assert_num_queries(5):
        answer = client.get(address("sign_up_list", activity))
    fill(activity, 20, state="waiting")
    with django_assert_num_queries(5):
        client.get(address("sign_up_list", activity))

    seated, waits = (rows for _title, rows in answer.context["lists"])
    assert [row.place for row in seated] == [1, 2]
    assert [row.place for row in waits] == [3, 4, 5]
    assert "带水" in text_of(answer)


def test_a_host_signs_a_neighbor_up_by_name(branch):
    activity = build.activity(branch=branch, seats=1)
    neighbor = build.member("孟昭庆", branch=branch)
    build.member("孟远", branch=build.branch())  # of another branch
    host = build.secretary(of=branch)
    client, page = client_of(host), address("sign_up_add", activity)

    for typed in ("孟", "mzq", "mengzhao"):
        found = client.get(page, {"q": typed}).context["lines"]
        assert [line[0] for line in found] == [neighbor]
    assert client.get(page, {"q": neighbor.phone[-4:]}).context["lines"] == []
    form = client.get(page, {"member": neighbor.pk})
    assert "孟昭庆" in text_of(form)
    long = client.post(page, {"member": neighbor.pk, "note": "长" * 201})
    assert long.status_code == 422
    for _time in range(2):
        done = client.post(page, {"member": neighbor.pk, "note": "接送"}, follow=True)
        assert "孟昭庆 has a seat." in text_of(done)

    own = activity.sign_ups.get()
    assert (own.member, own.note, own.signed_up_by) == (neighbor, "接送", host)
    again = client.get(page, {"q": "孟"}).context["lines"]
    assert [line[1] for line in again] == [own]


def test_a_group_leader_signs_up_the_own_group_alone(branch):
    group = build.group(branch)
    mate = build.member("孟昭庆", branch=branch, party_group=group)
    other = build.member("孟远", branch=branch)
    leader = build.user(member=build.member(branch=branch, party_group=group))
    build.appointment(leader.member, office="group_leader", party_group=group)
    activity = build.activity(branch=branch, seats=9)
    client, page = client_of(leader), address("sign_up_add", activity)

    assert [line[0] for line in client.get(page, {"q": "孟"}).context["lines"]] == [
        mate
    ]
    for member in (mate, other):
        client.post(page, {"member": member.pk, "note": ""})
    assert [own.member for own in activity.sign_ups.all()] == [mate]

    (own,) = activity.sign_ups.all()
    others = build.sign_up(activity, other)
    remove = {"confirmed": "1"}
    assert client.post(address("sign_up_remove", others), remove).status_code == 404
    assert client.get(address("sign_up_list", activity)).status_code == 404
    asked = client.get(address("sign_up_remove", own))
    assert "Withdraw the sign-up of 孟昭庆" in text_of(asked)
    client.post(address("sign_up_remove", own), remove)
    own.refresh_from_db()
    assert own.state == "withdrawn"


@pytest.mark.parametrize("key", ["", "x", "0", "-1", "9" * 30])
def test_a_key_of_nobody_signs_nobody_up(branch, key):
    activity = build.activity(branch=branch, seats=1)
    client = client_of(build.secretary(of=branch))

    answer = client.post(address("sign_up_add", activity), {"member": key}, follow=True)

    assert answer.status_code == 200
    assert not activity.sign_ups.exists()


def test_finding_whom_to_sign_up_costs_the_same_for_all(
    branch, django_assert_num_queries
):
    activity = build.activity(branch=branch, seats=1)
    client = client_of(build.secretary(of=branch))
    page = address("sign_up_add", activity)
    client.get(page)
    for count in (1, 24):
        for _each in range(count):
            build.member("孟远", branch=branch)
        with django_assert_num_queries(8):
            answer = client.get(page, {"q": "孟"})
    assert (len(answer.context["lines"]), answer.context["more"]) == (20, True)


def test_withdrawing_for_another_after_it_began_is_told(branch):
    activity = build.activity(branch=branch, seats=1, starts_at=timezone.now())
    (own,) = fill(activity)
    client = client_of(build.secretary(of=branch))

    late = client.post(address("sign_up_remove", own), {"confirmed": "1"}, follow=True)

    assert "It has begun" in text_of(late)
    assert sign_ups.waiting_place(own) is None
