"""What the workers do for members. Each may run twice; rights are asked again (AZ-16)."""

from __future__ import annotations

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

# A file that takes longer to read is refused (UP-05).
CHECK_SECONDS = 120

retried = shared_task(
    autoretry_for=(OperationalError,), retry_backoff=True, max_retries=3
)


@shared_task(soft_time_limit=CHECK_SECONDS, time_limit=CHECK_SECONDS + 30)
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
def make_export(export_id: int) -> None:
    """Write the file somebody asked for."""
    from members.services import exports  # noqa: PLC0415

    exports.make(export_id)


@shared_task
def tidy_rosters() -> None:
    """Wipe files whose time is over."""
    from members.services import exports, imports  # noqa: PLC0415

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
    from members.services import outbox  # noqa: PLC0415

    outbox.tidy(now=timezone.now())


@shared_task
def seal_audit() -> None:
    """Chain the entries that were written since."""
    from members.services import audit  # noqa: PLC0415

    audit.seal()


@shared_task
def anchor_audit() -> None:
    """Keep the end of the chain outside the database, every day (AU-03)."""
    from members.services import audit  # noqa: PLC0415

    audit.seal()
    audit.anchor()


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
