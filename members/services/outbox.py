"""Tasks that must not be lost: rows of the transaction, carried out after it (RL-09).

    outbox.post(tasks.send_letter, letter.pk)

After commit the tasks go to the broker; where that is away, or they are many, `drain` sends
them later. A row is done when its task succeeded, so a broker that forgot everything loses
nothing either.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from asgiref.local import Local
from celery import current_app
from celery.exceptions import NotRegistered
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from members.models import AuditEntry, Outbox, User
from members.services import audit

logger = logging.getLogger(__name__)

SENT_AT_ONCE = 50  # by the request itself; what goes beyond is left to the drain
DRAINED_AT_ONCE = 500
GRACE = timedelta(seconds=5)  # for the request that posted a row to send it itself
KEPT = timedelta(days=7)
PAUSE_SECONDS = 5  # in which a process whose broker is away leaves sending to the drain

_posted = Local()  # `keys`: of the rows this thread posted and did not send yet
_away_until = 0.0  # by the monotonic clock


def post(task: Any, *args: int | str) -> Outbox:
    """Have the Celery task `task` carried out once this transaction is committed.

    args: keys of records. The task may run more than once (RL-05).
    """
    return post_each(task, [args])[0]


def post_each(task: Any, calls: Iterable[Iterable[int | str]]) -> list[Outbox]:
    """Have `task` carried out for the arguments of each of `calls`; one statement."""
    rows = Outbox.objects.bulk_create(
        Outbox(task=task.name, args=list(args)) for args in calls
    )
    if not hasattr(_posted, "keys"):
        _posted.keys = []
    _posted.keys.extend(row.pk for row in rows)
    # The first of these that runs sends for all; those of a part that was rolled back
    # never run, and their rows are not found.
    transaction.on_commit(_send_posted, robust=True)
    return rows


def _send_posted() -> None:
    keys, _posted.keys = _posted.keys, []
    if keys and time.monotonic() >= _away_until:
        _send(Outbox.objects.filter(pk__in=keys, sent_at=None)[:SENT_AT_ONCE])


def drain(*, now: datetime) -> int:
    """Send what is due; returns how many. Two at once share the rows between them."""
    due = Outbox.objects.due(now).filter(created_at__lt=now - GRACE)
    with transaction.atomic():
        return _send(due.select_for_update(skip_locked=True)[:DRAINED_AT_ONCE])


def _send(rows: Iterable[Outbox]) -> int:
    """Hand rows to the broker until it takes no more; returns how many it took."""
    global _away_until
    sent = []
    for row in rows:
        try:
            _publish(row)
        except OperationalError as reason:
            _away_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("The broker takes nothing: %s", reason)
            break
        sent.append(row.pk)
    Outbox.objects.filter(pk__in=sent).update(
        sent_at=timezone.now(), sends=F("sends") + 1
    )
    return len(sent)


def _publish(row: Outbox) -> None:
    """Raises kombu's OperationalError where the broker is away, without trying twice."""
    try:
        task = current_app.tasks[row.task]
    except NotRegistered:  # a row of another release: the others must not wait for it
        settle(str(row.pk), error=NotRegistered.__name__)
        return
    task.apply_async(row.args, task_id=str(row.pk), retry_policy={"max_retries": 0})


def settle(task_id: str, *, error: str = "") -> None:
    """Note how a task ended, if it came from the outbox."""
    rows = Outbox.objects.filter(pk=task_id, done_at=None)
    if error:
        rows.update(error=error[:200])
    else:
        rows.update(done_at=timezone.now(), error="")


@transaction.atomic
def send_again(row: Outbox, *, now: datetime, by: User) -> bool:
    """Give a row that was given up a new start; False if it is none."""
    found = Outbox.objects.stuck(now).select_for_update().filter(pk=row.pk).first()
    if found is None:
        return False
    found.sends, found.sent_at, found.error = 0, None, ""
    found.save(update_fields=["sends", "sent_at", "error"])
    audit.record(
        AuditEntry.Act.TASK_SENT_AGAIN, by=by, task=found.task, outbox=str(found.pk)
    )
    return True


def tidy(*, now: datetime) -> int:
    """Forget rows that were done long ago; returns how many."""
    return Outbox.objects.filter(done_at__lt=now - KEPT).delete()[0]
