"""Periodic jobs: done once a day whatever the schedulers do, and the pulse of the worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from members.models import JobRun

PULSE = "members.tasks.watch"
KEPT = timedelta(days=92)


@contextmanager
def once_a_day(task: str, *, now: datetime) -> Iterator[bool]:
    """Whether the work of `task` is ours today (RL-07); do it inside, in its transaction.

    Two that come at once wait for each other, and the second finds it done; if the first
    dies, its transaction takes the mark with it and the second does the work. The day is
    that of Shanghai.
    """
    with transaction.atomic():
        try:
            with transaction.atomic():
                run = JobRun.objects.create(
                    task=task, on=timezone.localdate(now), done_at=now
                )
        except IntegrityError:
            run = None
        yield run is not None


def beat(*, now: datetime) -> None:
    """Note that a schedule, the broker and a worker live."""
    JobRun.objects.update_or_create(
        task=PULSE, on=timezone.localdate(now), defaults={"done_at": now}
    )


def last_beat() -> datetime | None:
    """When they last showed that they live; None before they first did."""
    found = JobRun.objects.filter(task=PULSE).order_by("-on")
    return found.values_list("done_at", flat=True).first()


def tidy(*, now: datetime) -> int:
    """Forget the jobs of days long past; returns how many."""
    return JobRun.objects.filter(done_at__lt=now - KEPT).delete()[0]
