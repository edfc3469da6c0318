"""A task lost with its worker is done again, and has its effect once (RL-06)."""

import os
import signal

import pytest

from members.models import Export, Notification, Outbox
from members.services import exports
from tests import build
from tests.processes import child_of, kill, wait_until, worker

VISIBILITY, SWEEP = 3, 1


@pytest.mark.django_db(transaction=True)
def test_a_task_outlives_its_process_and_its_worker(queue, locked):
    """kill -9 of the child: another one has the task at once. kill -9 of the whole worker:
    another worker has it once the broker takes it for lost."""
    branch = build.branch()
    secretary = build.secretary(of=branch)
    quick = {
        "BROKER_VISIBILITY_SECONDS": str(VISIBILITY),
        "BROKER_SWEEP_SECONDS": str(SWEEP),
    }
    with worker(queue, pool="prefork", **quick) as first, locked() as roll:
        export = exports.ask(branch, by=secretary, reason="换届", format="csv")
        wait_until(lambda: roll.waiting() == 1)

        os.kill(child_of(first), signal.SIGKILL)
        wait_until(lambda: roll.waiting() == 2, seconds=20)

        kill(first)
        with worker(queue, **quick):
            wait_until(lambda: roll.waiting() == 3)
            roll.cursor.connection.rollback()
            wait_until(lambda: Outbox.objects.get().done_at is not None)

    export = Export.objects.get(pk=export.pk)
    assert (export.state, export.rows) == (Export.State.READY, 1)
    lines = Notification.objects.filter(user=secretary, kind="export_ready")
    assert lines.count() == 1
