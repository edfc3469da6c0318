"""What must leave is a row of the transaction; nothing is lost (RL-05, RL-09)."""

from datetime import timedelta

import pytest
from celery import shared_task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from members.models import Outbox
from members.services import outbox

pytestmark = pytest.mark.django_db
done = []


@shared_task(name="tests.note")
def note(number):
    done.append(number)


@shared_task(name="tests.fail")
def fail(number):
    raise LookupError(f"no such row {number}")


@pytest.fixture(autouse=True)
def _nothing_done():
    done.clear()


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
        Outbox.objects.filter(sent_at__isnull=False).update(sent_at=now)

    row.refresh_from_db()
    assert sum(sent) == 8
    assert (row.done_at, row.error) == (None, "LookupError")
    assert list(Outbox.objects.stuck()) == [row]


def test_old_rows_that_are_done_are_forgotten(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        outbox.post(note, 1)
    waiting = outbox.post(note, 2)

    outbox.tidy(now=later(days=8))

    assert list(Outbox.objects.all()) == [waiting]
