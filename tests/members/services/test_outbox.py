"""What must leave is a row of the transaction; nothing is lost (RL-05, RL-09)."""

from datetime import timedelta

import pytest
from celery import shared_task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from members.models import AuditEntry, Outbox
from members.services import outbox
from tests import build

pytestmark = pytest.mark.django_db
done = []


@shared_task(name="tests.note")
def note(number):
    done.append(number)


@shared_task(name="tests.fail")
def fail(number):
    raise LookupError(f"no such row {number}")


@pytest.fixture(autouse=True)
def _nothing_done(monkeypatch):
    done.clear()
    monkeypatch.setattr(outbox, "_away_until", 0.0)


@pytest.fixture
def broker_away(monkeypatch):
    """How often it was tried to reach a broker that is not there."""
    tried = []

    def away(*args, **kwargs):
        tried.append(args)
        raise OperationalError

    with monkeypatch.context() as broker:
        broker.setattr(note, "apply_async", away)
        yield tried


def later(**delta):
    return timezone.now() + timedelta(**delta)


def test_a_task_is_carried_out_after_the_commit(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        row = outbox.post(note, 7)
        assert done == []

    row.refresh_from_db()
    assert done == [7]
    assert (row.sends, row.done_at is not None, row.error) == (1, True, "")


def test_what_is_rolled_back_is_never_sent(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        outbox.post(note, 7)
        transaction.set_rollback(True)

    assert (done, Outbox.objects.count()) == ([], 0)


def test_what_the_broker_did_not_take_is_sent_by_the_drain(
    monkeypatch, django_capture_on_commit_callbacks
):
    def away(*args, **kwargs):
        raise OperationalError

    with monkeypatch.context() as broker:
        broker.setattr(note, "apply_async", away)
        with django_capture_on_commit_callbacks(execute=True):
            row = outbox.post(note, 7)
        assert outbox.drain(now=later(seconds=6)) == 0
    assert Outbox.objects.get(pk=row.pk).sent_at is None

    assert outbox.drain(now=later(seconds=6)) == 1
    assert outbox.drain(now=later(seconds=6)) == 0
    assert done == [7]


def test_a_row_just_posted_is_left_to_the_request_that_posted_it():
    outbox.post(note, 7)

    assert outbox.drain(now=timezone.now()) == 0


def test_what_the_broker_forgot_is_sent_again_until_it_is_given_up():
    row = outbox.post(fail, 7)
    moments = [later(minutes=21 * n) for n in range(1, 12)]

    sent = []
    for now in moments:
        sent.append(outbox.drain(now=now))
        if sent[-1]:
            Outbox.objects.update(sent_at=now)

    row.refresh_from_db()
    assert sum(sent) == 8
    assert (row.done_at, row.error) == (None, "LookupError")
    assert list(Outbox.objects.stuck(moments[-1])) == [row]


def test_old_rows_that_are_done_are_forgotten(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        outbox.post(note, 1)
    waiting = outbox.post(note, 2)

    outbox.tidy(now=later(days=8))

    assert list(Outbox.objects.all()) == [waiting]


def test_a_broker_that_is_away_is_tried_once_and_then_left_to_the_drain(
    broker_away, django_capture_on_commit_callbacks
):
    """Posts of many requests do not each wait for it (RL-09)."""
    for number in range(20):
        with django_capture_on_commit_callbacks(execute=True):
            outbox.post(note, number)

    assert len(broker_away) == 1
    assert Outbox.objects.filter(sent_at=None).count() == 20


def test_a_thousand_posts_of_one_request_are_not_all_sent_by_it(
    django_capture_on_commit_callbacks, django_assert_num_queries
):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        with django_assert_num_queries(1):
            outbox.post_each(note, [[number] for number in range(1000)])
        for number in range(1000, 1020):
            outbox.post(note, number)

    assert len(callbacks) == 21
    assert len(done) == outbox.SENT_AT_ONCE
    assert outbox.drain(now=later(seconds=6)) == outbox.DRAINED_AT_ONCE
    assert outbox.drain(now=later(seconds=6)) == 470
    assert sorted(done) == list(range(1020))


def test_a_part_that_is_rolled_back_posts_nothing_and_loses_nothing_else(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            outbox.post(note, 1)
            transaction.set_rollback(True)
        outbox.post(note, 2)

    assert done == [2]


def test_a_task_that_is_unknown_here_does_not_keep_the_others(
    django_capture_on_commit_callbacks,
):
    with django_capture_on_commit_callbacks(execute=True):
        row = outbox.post(note, 7)
        stranger = Outbox.objects.create(task="tests.gone", created_at=later(days=-1))

    Outbox.objects.filter(pk=row.pk).update(done_at=None, sent_at=None)
    assert outbox.drain(now=later(seconds=6)) == 2

    stranger.refresh_from_db()
    assert (stranger.sends, stranger.error) == (1, "NotRegistered")


def test_what_was_given_up_gets_a_new_start_and_that_is_written_down():
    by, now = build.administrator("system"), timezone.now()
    long_ago = later(days=-1)
    stuck = Outbox.objects.create(task="tests.note", sends=8, sent_at=long_ago)
    waiting = Outbox.objects.create(task="tests.note", sends=1, sent_at=long_ago)

    assert outbox.send_again(stuck, now=now, by=by)
    assert not outbox.send_again(stuck, now=now, by=by)
    assert not outbox.send_again(waiting, now=now, by=by)

    stuck.refresh_from_db()
    assert (stuck.sends, stuck.sent_at) == (0, None)
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.by) == (AuditEntry.Act.TASK_SENT_AGAIN, by)
    assert entry.context == {"task": "tests.note", "outbox": str(stuck.pk)}
