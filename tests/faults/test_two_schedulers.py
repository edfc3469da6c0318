"""Two schedulers do no harm (RL-07)."""

import pytest

from members.models import AuditEntry, JobRun
from members.services import audit
from tests.faults.hurried import NIGHTLY
from tests.processes import wait_until, worker


@pytest.mark.django_db(transaction=True)
def test_what_is_done_once_a_night_is_done_once_by_two(tmp_path, broker):
    audit.record(AuditEntry.Act.SIGNED_IN)
    anchors = tmp_path / "anchors.jsonl"
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.faults.hurried",
        "REDIS_URL": broker.url,
        "AUDIT_ANCHORS": str(anchors),
    }
    logs = [tmp_path / name for name in ("one.log", "two.log")]
    with (
        scheduler(logs[0], **environment) as one,
        scheduler(logs[1], **environment) as two,
    ):
        wait_until(lambda: all(sent(log) >= 4 for log in logs))
        wait_until(lambda: JobRun.objects.count() == len(NIGHTLY))
        assert (one.poll(), two.poll()) == (None, None)

    runs = JobRun.objects.values_list("task", "on")
    assert len(runs) == len(set(runs)) == len(NIGHTLY)
    assert len(anchors.read_text().splitlines()) == 1


def scheduler(log, **environment):
    """A worker with a scheduler inside, as in `make run`."""
    options = ["--beat", "--schedule", f"{log}.schedule", "--loglevel", "info"]
    return worker("hurried", *options, log=log, **environment)


def sent(log):
    """How many tasks a scheduler has sent."""
    return log.read_text().count("Sending due task") if log.exists() else 0
