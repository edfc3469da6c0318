"""Alarms reach the right administrator, once (AU-06)."""

import shutil
from collections import namedtuple
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from members.models import Alarm, AuditEntry, Notification, Outbox
from members.sentences import sentences
from members.services import alarms, audit, jobs
from tests import build
from tests.race import race

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 26, 3, 10, tzinfo=UTC)
Kind = Alarm.Kind


@pytest.fixture
def administrators():
    return {role: build.administrator(role) for role in ("system", "security", "audit")}


def told():
    """Who has how many alarms in the inbox."""
    lines = Notification.objects.filter(kind="alarm").select_related("user")
    names = [line.user.username for line in lines]
    return {name: names.count(name) for name in names}


def test_a_hundred_times_is_one_message_an_hour(administrators):
    for _ in range(100):
        alarms.raise_alarm(Kind.BROKEN_SEAL, now=NOW, about="t.c 1")

    alarm = Alarm.objects.get()
    assert (alarm.times, alarm.about) == (100, "t.c 1")
    assert told() == {"security": 1, "system": 1}
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.subject_id) == (AuditEntry.Act.ALARM, alarm.pk)

    alarms.raise_alarm(Kind.BROKEN_SEAL, now=NOW + timedelta(hours=1))
    assert told() == {"security": 2, "system": 2}


@pytest.mark.django_db(transaction=True)
def test_alarms_that_meet_are_one():
    build.administrator("system")

    race(lambda _n: alarms.raise_alarm(Kind.FULL_DISK, now=NOW).pk, range(6))

    assert Alarm.objects.get().times == 6
    assert told() == {"system": 1}


@pytest.mark.parametrize(
    ("kind", "whom"),
    [
        (Kind.LOCK_OUTS, {"security"}),
        (Kind.BROKEN_CHAIN, {"audit", "security"}),
        (Kind.BROKEN_SEAL, {"security", "system"}),
        (Kind.STUCK_TASKS, {"system"}),
        (Kind.DEAD_WORKER, {"system"}),
        (Kind.FULL_DISK, {"system"}),
        (Kind.INFECTED_UPLOAD, {"security"}),
    ],
)
def test_each_kind_goes_to_whom_it_concerns(administrators, kind, whom):
    build.secretary(of=build.branch())

    alarms.raise_alarm(kind, now=NOW, about="3")

    assert set(told()) == whom
    ((line, text),) = sentences(Notification.objects.filter(kind="alarm"))[:1]
    assert "3" in text
    assert line.url == reverse("admin:members_alarm_changelist")


def test_every_kind_concerns_somebody():
    assert set(alarms.CONCERNS) == set(Kind)


def test_lock_outs_over_the_threshold_of_an_hour(administrators, settings):
    settings.LOCK_OUTS_PER_HOUR = 3
    with time_machine.travel(NOW - timedelta(hours=2), tick=False):
        audit.record(AuditEntry.Act.LOCKED_OUT)
    with time_machine.travel(NOW, tick=False):
        for _ in range(2):
            audit.record(AuditEntry.Act.LOCKED_OUT)
    alarms.check_lock_outs(now=NOW)
    assert told() == {}

    with time_machine.travel(NOW, tick=False):
        audit.record(AuditEntry.Act.LOCKED_OUT)
    for _ in range(5):
        alarms.check_lock_outs(now=NOW)

    assert told() == {"security": 1}
    assert Alarm.objects.get().about == "3"


def test_a_broken_chain(administrators):
    audit.record(AuditEntry.Act.SIGNED_IN)
    audit.seal()
    alarms.judge_chain(audit.verify(), now=NOW)
    assert told() == {}

    AuditEntry.objects.update(reason="changed")
    alarms.judge_chain(audit.verify(), now=NOW)

    assert told() == {"audit": 1, "security": 1}


def test_tasks_that_were_given_up(administrators):
    Outbox.objects.create(task="x", sends=8, sent_at=NOW)
    alarms.check_outbox(now=NOW)
    assert told() == {}

    alarms.check_outbox(now=NOW + timedelta(hours=1))
    alarms.check_outbox(now=NOW + timedelta(hours=2))

    assert told() == {"system": 1}


def test_a_disk_that_is_nearly_full(administrators, settings, monkeypatch):
    Usage = namedtuple("Usage", "total used free")
    settings.WATCHED_FOLDERS = ["/data"]
    for free, expected in ((50, {}), (49, {"system": 1})):
        usage = Usage(1000, 1000 - free, free)
        monkeypatch.setattr(shutil, "disk_usage", {"/data": usage}.__getitem__)
        alarms.check_disks(now=NOW)
        assert told() == expected


def test_the_web_notices_that_no_worker_lives(client, administrators):
    """Before the first one started there is nothing to miss."""
    assert client.get("/readyz").json()["worker"] is False
    assert told() == {}

    jobs.beat(now=timezone.now())
    assert client.get("/readyz").json()["worker"] is True

    jobs.beat(now=timezone.now() - timedelta(minutes=6))
    for _ in range(3):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["worker"]) == (200, False)
    assert told() == {"system": 1}


def test_the_watch_shows_that_a_worker_lives(administrators):
    alarms.watch(now=NOW)

    assert jobs.last_beat() == NOW
    assert told() == {}


def test_a_damaged_field_is_alarmed_of_after_the_page_that_met_it(
    client, administrators
):
    """The page stands, and says which field is damaged (CR-02)."""
    branch = build.branch()
    person = build.member(branch=branch)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_member SET id_number = set_byte(id_number, 20, "
            "get_byte(id_number, 20) # 1) WHERE id = %s",
            [person.pk],
        )
    client.force_login(build.secretary(of=branch))

    for _ in range(3):
        page = client.get(reverse("members:member_detail", args=[person.pk]))
        assert page.status_code == 200

    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.times) == (Kind.BROKEN_SEAL, 3)
    assert alarm.about == f"members_member.id_number {person.pk}"
    assert told() == {"security": 1, "system": 1}
