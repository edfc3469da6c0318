"""Tasks that must not be lost: rows of the transaction, carried out after it (RL-09).

    outbox.post(tasks.send_letter, letter.pk)

After commit the task goes to the broker; where that is away, `drain` sends it later. A row
is done when its task succeeded, so a broker that forgot everything loses nothing either.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from members.models import Outbox

logger = logging.getLogger(__name__)

DRAINED_AT_ONCE = 500
GRACE = timedelta(seconds=5)  # for the request that posted a row to send it itself
KEPT = timedelta(days=7)


def post(task: Any, *args: int | str) -> Outbox:
    """Have the Celery task `task` carried out once this transaction is committed.

    args: keys of records. The task may run more than once (RL-05).
    """
    row = Outbox.objects.create(task=task.name, args=list(args))
    transaction.on_commit(lambda: send(row), robust=True)
    return row


def send(row: Outbox) -> None:
    """Hand a row to the broker. Raises kombu's OperationalError where that is away."""
    current_app.tasks[row.task].apply_async(row.args, task_id=str(row.pk))
    Outbox.objects.filter(pk=row.pk).update(
        sent_at=timezone.now(), sends=F("sends") + 1
    )


def drain(*, now: datetime) -> int:
    """Send what is due; returns how many. Two at once share the rows between them."""
    sent = 0
    with transaction.atomic():
        due = Outbox.objects.due(now).filter(created_at__lt=now - GRACE)
        for row in due.select_for_update(skip_locked=True)[:DRAINED_AT_ONCE]:
            try:
                send(row)
            except OperationalError as reason:
                logger.warning("The broker takes nothing: %s", reason)
                break
            sent += 1
    return sent


def settle(task_id: str, *, error: str = "") -> None:
    """Note how a task ended, if it came from the outbox."""
    rows = Outbox.objects.filter(pk=task_id, done_at=None)
    if error:
        rows.update(error=error[:200])
    else:
        rows.update(done_at=timezone.now(), error="")


def tidy(*, now: datetime) -> int:
    """Forget rows that were done long ago; returns how many."""
    return Outbox.objects.filter(done_at__lt=now - KEPT).delete()[0]
