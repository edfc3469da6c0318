"""The broker and the cache are gone: reading goes on, what is written is not lost (RL-09)."""

import pytest
from django.db import connection

from members.models import Export, Outbox
from tests import build
from tests.processes import Browser, wait_until, web, worker

MOST_SECONDS = 3
WRITES = 50
READ = ["desk", "members:account", "members:inbox", "members:member_self"]


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_pages_answer_and_what_is_asked_for_is_done_later(
    broker, tmp_path
):
    branch = build.branch()
    secretary = build.secretary(of=branch)
    order = {"branch": branch.code, "reason": "换届", "format": "csv"}
    beat = ["--beat", "--schedule", str(tmp_path / "schedule")]
    quick = {"REDIS_URL": broker.url, "OUTBOX_DRAIN_SECONDS": "1"}
    with web(REDIS_URL=broker.url) as port, worker("celery", *beat, **quick) as living:
        browser = Browser(port, secretary)
        assert [browser.ask(page) for page in READ] == [200] * len(READ)

        broker.kill()
        browser.slowest = 0.0
        assert [browser.ask(page) for page in READ] == [200] * len(READ)
        written = [browser.ask("members:export_add", **order) for _ in range(WRITES)]
        assert written == [302] * WRITES
        assert browser.slowest < MOST_SECONDS
        assert Outbox.objects.filter(sent_at=None).count() == WRITES

        cut_connections()
        assert browser.ask("desk") == 200

        broker.start()
        wait_until(lambda: Outbox.objects.filter(done_at=None).count() == 0)
        assert living.poll() is None
        assert [browser.ask(page) for page in READ] == [200] * len(READ)

    assert Export.objects.filter(state=Export.State.READY, rows=1).count() == WRITES
    assert secretary.notifications.filter(kind="export_ready").count() == WRITES
    assert set(Outbox.objects.values_list("sends", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_hangs_does_not_hang_the_pages(broker):
    branch = build.branch()
    secretary = build.secretary(of=branch)
    order = {"branch": branch.code, "reason": "换届", "format": "csv"}
    with web(REDIS_URL=broker.url) as port:
        browser = Browser(port, secretary)
        assert browser.ask("desk") == 200

        broker.pause()
        browser.slowest = 0.0
        assert browser.ask("desk") == 200
        assert browser.slowest < MOST_SECONDS
        assert browser.ask("members:export_add", **order) == 302
        assert browser.slowest < 2 * MOST_SECONDS

    assert Outbox.objects.filter(sent_at=None).count() == 1


def cut_connections():
    """The database closes what it had open with others, as when it is started anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
