"""What the workers do for members. Each may run twice; rights are asked again (AZ-16)."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

# A file that takes longer to judge is refused (UP-05).
CHECK_SECONDS = 300

# For some two minutes, then the outbox sends them again after a longer while.
RETRIES: dict[str, Any] = {
    "autoretry_for": (OperationalError,),
    "retry_backoff": True,
    "retry_backoff_max": 30,
    "max_retries": 8,
}
retried = shared_task(**RETRIES)
# What comes to people outside: run twice, it comes twice. `sends_mail` says so (RL-05).
leaving = shared_task(
    sends_mail=True,
    autoretry_for=(OSError, OperationalError),
    retry_backoff=True,
    max_retries=3,
    soft_time_limit=60,
    time_limit=90,
)


@shared_task(soft_time_limit=CHECK_SECONDS, time_limit=CHECK_SECONDS + 30, **RETRIES)
def check_import(batch_id: int) -> None:
    """Judge an uploaded roster and tell who uploaded it."""
    from members.services import imports  # noqa: PLC0415

    imports.check(batch_id)


@retried
def apply_import(batch_id: int) -> None:
    """Write a judged roster, all of it or nothing."""
    from members.services import imports  # noqa: PLC0415

    imports.apply(batch_id)


@retried
def undo_import(batch_id: int) -> None:
    """Take an applied roster back, all of it or nothing."""
    from members.services import import_undo  # noqa: PLC0415

    import_undo.undo(batch_id)


@retried
def make_export(export_id: int) -> None:
    """Write the file somebody asked for."""
    from members.services import exports  # noqa: PLC0415

    exports.make(export_id)


# --- what leaves the portal -----------------------------------------------------------
@leaving
def send_mail_of_notification(notification_id: int) -> None:
    """Mail a line of an inbox. Run twice, it sends a second mail."""
    from members.services import mail  # noqa: PLC0415

    mail.send_notification(notification_id)


@leaving
def send_mail_code(user_id: int) -> None:
    """Mail the code that confirms an address. Run twice, it sends a second mail."""
    from members.services import mail  # noqa: PLC0415

    mail.send_code(user_id)


@leaving
def send_webhook(webhook_id: int, topic: str, key: int) -> None:
    """Say something through a chat robot. Run twice, it says it twice."""
    from members.services import webhooks  # noqa: PLC0415

    webhooks.send(webhook_id, topic, key)


# --- by the clock ---------------------------------------------------------------------
@shared_task
def watch() -> None:
    """Show that a worker lives; look for what must be alarmed of."""
    from members.services import alarms  # noqa: PLC0415

    alarms.watch(now=timezone.now())


@shared_task
def tidy_rosters() -> None:
    """Ask again about files that wait for the scanner, wipe those whose time is over."""
    from members.services import exports, imports  # noqa: PLC0415

    imports.check_waiting()
    imports.wipe_old()
    exports.wipe_old()


@shared_task
def drain_outbox() -> None:
    """Send what the broker did not take or forgot."""
    from members.services import outbox  # noqa: PLC0415

    outbox.drain(now=timezone.now())


@shared_task
def tidy_outbox() -> None:
    """Forget what was done long ago."""
    from members.services import jobs, outbox  # noqa: PLC0415

    outbox.tidy(now=timezone.now())
    jobs.tidy(now=timezone.now())


@shared_task
def seal_audit() -> None:
    """Chain the entries that were written since."""
    from members.services import audit  # noqa: PLC0415

    audit.seal()


@shared_task
def anchor_audit() -> None:
    """Keep the end of the chain outside the database, every day (AU-03)."""
    from members.services import audit, jobs  # noqa: PLC0415

    audit.seal()
    with jobs.once_a_day(anchor_audit.name, now=timezone.now()) as ours:
        if ours:
            audit.anchor()


@shared_task
def verify_audit() -> None:
    """Walk the whole audit log every day; alarm when it is broken (AU-06)."""
    from members.services import alarms, audit, jobs  # noqa: PLC0415

    # Before our transaction: it reads a snapshot of its own.
    verdict = audit.verify()
    with jobs.once_a_day(verify_audit.name, now=timezone.now()) as ours:
        if ours:
            audit.note_check(verdict)
            alarms.judge_chain(verdict, now=timezone.now())


@shared_task
def tidy_sign_ins() -> None:
    """Forget tries to sign in and sessions whose time is over."""
    from members.services import lock_out, sessions  # noqa: PLC0415

    lock_out.tidy(now=timezone.now())
    sessions.tidy()


@shared_task
def switch_off_unused() -> None:
    """Switch off accounts with rights that nobody uses (SEC-29)."""
    from members.services import accounts  # noqa: PLC0415

    accounts.switch_off_unused(now=timezone.now())
