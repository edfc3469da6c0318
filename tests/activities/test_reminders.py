"""Reminders of activities: who, when, once, and not by night (RL-05)."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities.models import Activity
from activities.services import activities, reminders, series
from activities.tasks import remind_of_activities
from members.models import Notification
from members.sentences import sentences
from tests import build
from tests.activities.test_sign_up_pages import client_of, text_of
from tests.processes import publishing_to, wait_until, worker
from tests.race import race

NOON = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)  # in Shanghai
DAY = timedelta(days=1)


def near(*, hours=20, **fields):
    return build.activity(starts_at=NOON + timedelta(hours=hours), **fields)


def account(branch, **fields):
    return build.user(member=build.member(branch=branch, **fields))


def told():
    lines = Notification.objects.filter(kind="activity_near").order_by("pk")
    return [line.user for line in lines]


# --- who --------------------------------------------------------------------------------
@pytest.mark.django_db
def test_who_has_a_seat_is_reminded_and_who_waits_is_not(in_english):
    activity = near(seats=1)
    seated, waits, other = (account(activity.branch) for _each in range(3))
    build.sign_up(activity, seated.member)
    build.sign_up(activity, waits.member, state="waiting")
    build.sign_up(activity, other.member, state="withdrawn")

    assert reminders.remind(now=NOON) == 1

    assert told() == [seated]
    ((_line, sentence),) = sentences(seated.notifications.all())
    assert (
        sentence == f"Reminder: “{activity.title}”, 2026-03-11 08:00, 村委会二楼会议室."
    )


@pytest.mark.django_db
def test_without_sign_up_those_expected_are_reminded_but_who_cannot_come():
    activity = near(kind="general_meeting")
    comes, leave, exempt = (account(activity.branch) for _each in range(3))
    account(activity.branch, state="stopped")
    account(build.branch())
    build.member(branch=activity.branch)  # has no account
    build.attendance(activity, leave.member, state="leave", reason="住院")
    build.attendance(activity, exempt.member, state="exempt", reason="高龄")

    reminders.remind(now=NOON)

    assert told() == [comes]


# --- when -------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("days", "hours", "is_due"),
    [
        *[(1, 25, False), (1, 24, True), (1, 0, False), (1, -1, False)],
        *[(3, 73, False), (3, 72, True), (3, 1, True), (0, 1, False)],
    ],
)
def test_when_it_is_due(days, hours, is_due):
    activity = near(hours=hours, remind_days=days)
    account(activity.branch)

    assert reminders.remind(now=NOON) == int(is_due)
    assert reminders.is_due(activity, NOON) == is_due
    assert len(told()) == int(is_due)


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["draft", "held", "cancelled"])
def test_only_of_what_is_announced(state):
    reason = "下雨" if state == "cancelled" else ""
    account(near(state=state, cancelled_reason=reason).branch)
    assert reminders.remind(now=NOON) == 0


@pytest.mark.django_db
def test_nobody_is_reminded_by_night_and_the_morning_does_it():
    activity = near(hours=24)
    account(activity.branch)
    at = {hour: NOON + timedelta(hours=hour - 12) for hour in (20, 23, 31, 32)}

    found = {hour: reminders.remind(now=now) for hour, now in at.items()}

    assert found == {20: 0, 23: 0, 31: 0, 32: 1}


@pytest.mark.django_db
def test_what_is_announced_on_the_eve_needs_no_reminder():
    activity = near(state="draft")
    account(activity.branch)

    announced = activities.announce(activity, by=None, now=NOON)

    assert announced.reminded_at == NOON
    assert reminders.remind(now=NOON) == 0


# --- once -------------------------------------------------------------------------------
@pytest.mark.django_db
def test_once_and_again_only_when_it_moves():
    activity = near()
    user = account(activity.branch)
    assert [reminders.remind(now=NOON) for _time in "12"] == [1, 0]

    stale = Activity.objects.get(pk=activity.pk)
    stale.reminded_at, stale.place = None, "别处"
    activities.change(stale, by=None)
    assert reminders.remind(now=NOON) == 0
    stale.starts_at, stale.ends_at = NOON + 2 * DAY, NOON + 3 * DAY
    activities.change(stale, by=None)

    assert [reminders.remind(now=NOON + days * DAY) for days in (0, 1)] == [0, 1]
    assert told() == [user, user]


@pytest.mark.django_db
def test_a_copy_reminds_as_its_pattern_does():
    activity = build.activity(remind_days=3, reminded_at=timezone.now())
    copied = series.copy(activity, starts_at=activity.starts_at + 30 * DAY, by=None)
    assert (copied.remind_days, copied.reminded_at) == (3, None)


@pytest.mark.django_db(transaction=True)
def test_two_that_remind_at_once_remind_once():
    activity = near()
    users = [account(activity.branch) for _each in range(3)]

    assert sorted(race(lambda _n: reminders.remind(now=NOON), range(4))) == [0, 0, 0, 1]

    assert sorted(user.pk for user in told()) == [user.pk for user in users]


@pytest.mark.django_db
def test_reminding_costs_the_same_for_many_people():
    costs = set()
    for count in (1, 12):
        activity = near()
        for _each in range(count):
            account(activity.branch)
        with CaptureQueriesContext(connection) as queries:
            assert reminders.remind(now=NOON) == 1
        costs.add(len(queries))
    assert len(costs) == 1


# --- pages ------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_host_chooses_it_and_sees_that_it_went_out():
    activity = build.activity(remind_days=1, reminded_at=NOON)
    host = client_of(build.secretary(of=activity.branch))

    page = text_of(host.get(activity.get_absolute_url()))
    assert "Reminder A day before; went out 2026-03-10 12:00" in page
    form = host.get(f"{activity.get_absolute_url()}edit/").content.decode()
    assert "Three days before" in form
    member = client_of(account(activity.branch))
    assert "went out" not in text_of(member.get(activity.get_absolute_url()))


# --- by a worker ------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_worker_reminds():
    activity = build.activity(starts_at=timezone.now() + timedelta(hours=5))
    user = account(activity.branch)
    any_hour = {"REMIND_FROM_HOUR": "0", "REMIND_UNTIL_HOUR": "24"}
    with publishing_to(f"reminders-{os.getpid()}") as queue, worker(queue, **any_hour):
        for _time in range(2):
            remind_of_activities.delay()
        wait_until(lambda: bool(told()))

    assert told() == [user]
    activity.refresh_from_db()
    assert activity.reminded_at is not None
