"""An uploaded roster, from the file to the applied rows (UP-05, UP-06).

    receive → check (worker) → ask_to_apply → apply (worker) → (import_undo.py)
                     ↘ hold  ↘ discard
                        ↘ destroy

The worker judges every row and shows what would happen. Applying judges again, under
locks: it writes what was shown, all of it, or nothing.
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any, cast

import pghistory
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from members import access, scanning, tasks
from members.copying import in_the_background
from members.models import (
    AuditEntry,
    Branch,
    ImportBatch,
    ImportPart,
    Member,
    StateChange,
    User,
)
from members.roster.files import kind_of, read_roster
from members.services import alarms, audit, inbox, outbox, records, rosters, webhooks
from members.services.import_reports import Report, read_report
from members.services.progress import teller
from members.services.roster_lines import CHANGED, NEW, REFUSED, UNCHANGED

logger = logging.getLogger(__name__)

State = ImportBatch.State
OPEN = (State.CHECKING, State.CHECKED)
KEPT = timedelta(days=7)  # how long an upload waits, and what it quoted is kept


@transaction.atomic
def receive(branch: Branch, *, file_name: str, content: bytes, by: User) -> ImportBatch:
    """Keep an uploaded roster, sealed, and have a worker judge it.

    What it will say is said in the language that is spoken now. Raises ValidationError
    for a file that is no roster at all (members/roster/files.py).
    """
    kind_of(content)
    batch = ImportBatch.objects.create(
        branch=branch,
        uploaded_by=by,
        file_name=file_name[-200:],
        file=content,
        report=json.dumps({"language": translation.get_language()}),
    )
    outbox.post(tasks.check_import, batch.pk)
    return batch


def locked(batch_id: int, *states: str, wait: bool = False) -> ImportBatch | None:
    """The batch, locked; None if it is in another state or somebody works on it.

    With `wait` the latter is waited for, as a worker does: what looks like work may be
    the transaction of a worker that died, and nobody would take the batch again.
    """
    return (
        ImportBatch.objects.select_for_update(of=("self",), skip_locked=not wait)
        .select_related("branch", "uploaded_by__member")
        .filter(pk=batch_id, state__in=states)
        .first()
    )


# --- judging ---------------------------------------------------------------------------
def check(batch_id: int) -> None:
    """Judge an upload and tell who sent it. A second call finds nothing to do."""
    try:
        with transaction.atomic():
            if batch := locked(batch_id, State.CHECKING, wait=True):
                with speaking(batch):
                    _check(batch)
    except SoftTimeLimitExceeded:
        with transaction.atomic():
            if batch := locked(batch_id, State.CHECKING, wait=True):
                with speaking(batch):
                    _close(batch, _("The file takes too long to read: split it."))
    except scanning.ScannerDown as reason:
        logger.warning("Import %s waits for the virus scanner: %s", batch_id, reason)


def check_waiting() -> None:
    """Judge what waits for the virus scanner, as long as it takes (UP-07)."""
    if not settings.UPLOAD_SCANNER:
        return
    judged_by_now = timezone.now() - timedelta(seconds=tasks.CHECK_SECONDS)
    waiting = ImportBatch.objects.filter(
        state=State.CHECKING, created_at__lt=judged_by_now
    )
    for batch_id in waiting.values_list("pk", flat=True):
        with transaction.atomic():
            outbox.post(tasks.check_import, batch_id)


def speaking(batch: ImportBatch) -> Any:
    """The language of whoever sent it."""
    return translation.override(read_report(batch)["language"])


def _check(batch: ImportBatch, *, error: str = "") -> None:
    try:
        check_rights(batch, batch.uploaded_by)
        if batch.state == State.CHECKING:
            scanning.refuse_infected(cast(bytes, batch.file))
        made = _plan(batch)
        report = Report(made)
        for lines in made.judged(teller(batch)):
            report.add(lines)
        _count_inquiries(made, batch.uploaded_by)
    except scanning.Infected as found:
        _hold(batch, str(found))
        return
    except ValidationError as refusal:
        _close(batch, " ".join(refusal.messages))
        return
    _show(batch, made, report, error=error)


def _plan(batch: ImportBatch, *, lock: bool = False) -> rosters.Plan:
    table = read_roster(cast(bytes, batch.file))
    return rosters.Plan(table, branch=batch.branch, by=batch.uploaded_by, lock=lock)


def check_rights(batch: ImportBatch, user: User) -> None:
    """Rights count when the work is done, not when it was asked for (AZ-16)."""
    access.forget(user)
    managed = access.managed_branches(user, "manage_roll")
    if not managed.filter(pk=batch.branch_id, closed_on=None).exists():
        raise ValidationError(_("You no longer keep the roll of this branch."))


def _count_inquiries(made: rosters.Plan, by: User) -> None:
    """An import must not be a way to ask who is on other rolls (20 an hour)."""
    for _each in range(made.on_other_rolls()):
        records.count_inquiry(by)


def _close(batch: ImportBatch, error: str) -> None:
    """Refuse the whole file."""
    batch.state, batch.error = State.REFUSED, error[:300]
    batch.file, batch.report = None, None
    batch.checked_at = timezone.now()
    batch.save()
    batch.parts.all().delete()
    tell(batch, inbox.Kind.IMPORT_READY)


def _show(
    batch: ImportBatch, made: rosters.Plan, report: Report, *, error: str = ""
) -> None:
    """Let the person see what would happen."""
    report.save(batch)
    batch.error = error
    batch.rows = made.counts.total()
    batch.accepted, batch.changed, batch.unchanged, batch.refused = (
        made.counts[kind] for kind in (NEW, CHANGED, UNCHANGED, REFUSED)
    )
    batch.state, batch.checked_at = State.CHECKED, timezone.now()
    batch.save()
    tell(batch, inbox.Kind.IMPORT_READY)


def tell(
    batch: ImportBatch, kind: inbox.Kind, *, to: User | None = None, **context: Any
) -> None:
    """Tell whoever sent the file, or whom else it concerns."""
    url = reverse("members:import_detail", args=[batch.pk])
    inbox.notify(
        [to or batch.uploaded_by], kind, url=url, file=batch.file_name, **context
    )


# --- quarantine ------------------------------------------------------------------------
def _hold(batch: ImportBatch, found: str) -> None:
    """Keep the sealed file apart for whoever looks into it: nothing reads it (UP-07)."""
    batch.state, batch.checked_at = State.HELD, timezone.now()
    batch.error = _("Held: the virus scanner found “%(found)s”.") % {"found": found}
    batch.save()
    audit.record(
        AuditEntry.Act.UPLOAD_HELD,
        by=batch.uploaded_by,
        subject=batch,
        branch=batch.branch,
        found=found,
    )
    place = f"{ImportBatch._meta.db_table} {batch.pk}"
    alarms.raise_alarm(alarms.Kind.INFECTED_UPLOAD, now=timezone.now(), about=place)
    tell(batch, inbox.Kind.IMPORT_HELD)


@transaction.atomic
def destroy(batch_id: int, *, by: User | None) -> bool:
    """Destroy a file that is held; whether there was one. by: None when its time is over."""
    found = locked(batch_id, State.HELD, wait=True)
    if found is None:
        return False
    found.state, found.file, found.report = State.DISCARDED, None, None
    found.save()
    audit.record(
        AuditEntry.Act.UPLOAD_DESTROYED, by=by, subject=found, branch=found.branch
    )
    return True


# --- applying --------------------------------------------------------------------------
@transaction.atomic
def ask_to_apply(batch: ImportBatch, *, leave_out_refused: bool = False) -> ImportBatch:
    """Have a worker write what was shown. Asked twice, it is done once.

    Raises ValidationError, code "refused_rows" unless there are none or they are to be
    left out, "nothing_to_do", "not_open".
    """
    found = locked(batch.pk, State.CHECKED, State.APPLYING, State.APPLIED)
    if found is None:
        raise not_open()
    if found.state != State.CHECKED:
        return found
    if found.refused and not leave_out_refused:
        message = _("Tick that the refused rows are left out, or mend the file first.")
        raise ValidationError(
            {"leave_out_refused": ValidationError(message, code="refused_rows")}
        )
    if not found.accepted + found.changed:
        message = _("There is nothing to apply: no row is new or changed.")
        raise ValidationError(message, code="nothing_to_do")
    found.state, found.error = State.APPLYING, ""
    found.save(update_fields=["state", "error"])
    outbox.post(tasks.apply_import, found.pk)
    return found


def not_open() -> ValidationError:
    message = _("This roster is being worked on or is closed: look at it again.")
    return ValidationError(message, code="not_open")


def apply(batch_id: int) -> None:
    """Write what was shown, all of it or nothing. A second call finds nothing to do.

    Where the rolls changed since, nothing is written and the new outcome is shown.
    """
    for last in (False, True):
        try:
            with transaction.atomic():
                if batch := locked(batch_id, State.APPLYING, wait=True):
                    with speaking(batch):
                        _apply(batch)
            return
        except IntegrityError:
            # Somebody put one of these people on a roll in this very moment; judged
            # again, the row says so.
            if last:
                raise


class _Changed(Exception):  # noqa: N818  no error: what was shown is true no more
    pass


def _apply(batch: ImportBatch) -> None:
    try:
        check_rights(batch, batch.uploaded_by)
        with (
            transaction.atomic(),
            pghistory.context(user=batch.uploaded_by_id) as noted,
        ):
            batch.context = noted.id
            count = _write(batch)
    except _Changed:
        changed = _("The rolls have changed since the check: look at it again.")
        batch.context = None
        _check(batch, error=changed)
        return
    except ValidationError as refusal:
        _close(batch, " ".join(refusal.messages))
        return
    batch.state, batch.applied_at, batch.file = State.APPLIED, timezone.now(), None
    batch.save()
    audit.record(
        AuditEntry.Act.IMPORT_APPLIED,
        by=batch.uploaded_by,
        subject=batch,
        branch=batch.branch,
        new=batch.accepted,
        changed=batch.changed,
    )
    tell(batch, inbox.Kind.IMPORT_DONE, count=count)
    webhooks.announce_import(batch)


def _write(batch: ImportBatch) -> int:
    """Judge and write a thousand rows at a time; returns how many records were written.

    Raises _Changed where that is not what was shown: the caller takes it all back.
    """
    Branch.objects.select_for_update(no_key=True).get(pk=batch.branch_id)
    made = _plan(batch, lock=True)
    report, count = Report(made, parts=False), 0
    most = dict.fromkeys((Member, StateChange), made.newcomers)
    with in_the_background(most) as copy_in:
        for lines in made.judged(teller(batch)):
            report.add(lines)
            count += rosters.write(lines, by=batch.uploaded_by, copy_in=copy_in)
    if report.digest() != read_report(batch)["digest"]:
        raise _Changed
    return count


# --- ending ----------------------------------------------------------------------------
@transaction.atomic
def discard(batch: ImportBatch) -> ImportBatch:
    """Throw an upload away; nothing of it stays. Twice is once.

    Raises ValidationError, code "not_open".
    """
    found = locked(batch.pk, *OPEN, State.DISCARDED)
    if found is None:
        raise not_open()
    found.state, found.file, found.report = State.DISCARDED, None, None
    found.save()
    found.parts.all().delete()
    return found


def wipe_old() -> None:
    """Discard uploads nobody decided on, destroy what was held as long, and wipe what
    reports quote of people."""
    old = ImportBatch.objects.filter(checked_at__lt=timezone.now() - KEPT)
    for batch_id in old.filter(state=State.HELD).values_list("pk", flat=True):
        destroy(batch_id, by=None)
    left = old.filter(state=State.CHECKED)
    left.update(state=State.DISCARDED, file=None, report=None)
    closed = old.exclude(state__in=[State.CHECKING, State.APPLYING])
    closed.filter(report__isnull=False).update(report=None)
    ImportPart.objects.filter(batch__in=closed).delete()
