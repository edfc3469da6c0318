"""What the workers do for activities. Each may run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from members.services import jobs


@shared_task
def note_branch_sizes() -> None:
    """Note how large branches are this month, for what the month owes."""
    from activities.services import duties  # noqa: PLC0415

    now = timezone.now()
    with jobs.once_a_day(note_branch_sizes.name, now=now) as ours:
        if ours:
            duties.note_sizes(today=timezone.localdate(now))


@shared_task
def remind_of_activities() -> None:
    """Remind of what is near, by day."""
    from activities.services import reminders  # noqa: PLC0415

    reminders.remind(now=timezone.now())


@shared_task
def tidy_sign_ups() -> None:
    """Forget what people answered for a day long past, and let the seats of those who
    left go to who waits."""
    from activities.services import questions, releases  # noqa: PLC0415

    questions.wipe(now=timezone.now())
    releases.release(now=timezone.now())


@shared_task
def remind_of_duties() -> None:
    """Remind of what is open by the end of the month, on the days of reminding."""
    from activities.services import duties  # noqa: PLC0415

    duties.remind(remind_of_duties.name, now=timezone.now())
