"""An uploaded roster, from the file to the applied rows (UP-05, UP-06).

    receive → check (worker) → ask_to_apply → apply (worker)
                             ↘ discard

The worker judges every row and shows what would happen. Applying judges again, under
locks: it writes what was shown, all of it, or nothing.
"""

from __future__ import annotations

import json
import logging
from datetime import date, datetime, timedelta
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
from members.models import Branch, ImportBatch, User
from members.roster import workbooks
from members.roster.files import kind_of, read_roster
from members.services import inbox, outbox, records, rosters
from members.services.progress import teller
from members.services.roster_lines import CHANGED, NEW, REFUSED, UNCHANGED, Line

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


def _locked(batch_id: int, *states: str) -> ImportBatch | None:
    """The batch, locked; None if it is in another state or somebody works on it."""
    return (
        ImportBatch.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("branch", "uploaded_by__member")
        .filter(pk=batch_id, state__in=states)
        .first()
    )


# --- judging ---------------------------------------------------------------------------
def check(batch_id: int) -> None:
    """Judge an upload and tell who sent it. A second call finds nothing to do."""
    try:
        with transaction.atomic():
            if batch := _locked(batch_id, State.CHECKING):
                with _speaking(batch):
                    _check(batch)
    except SoftTimeLimitExceeded:
        with transaction.atomic():
            if batch := _locked(batch_id, State.CHECKING):
                with _speaking(batch):
                    _close(batch, _("The file takes too long to read: split it."))
    except scanning.ScannerDown as reason:
        logger.warning("Import %s waits for the virus scanner: %s", batch_id, reason)


def check_waiting() -> None:
    """Judge what waits for the virus scanner, as long as it takes (UP-07)."""
    if not settings.UPLOAD_SCANNER:
        return
    for batch in ImportBatch.objects.filter(state=State.CHECKING).only("pk"):
        with transaction.atomic():
            outbox.post(tasks.check_import, batch.pk)


def _speaking(batch: ImportBatch) -> Any:
    return translation.override(json.loads(_text(batch))["language"])


def _text(batch: ImportBatch) -> str:
    return cast(str, batch.report)


def _check(batch: ImportBatch) -> None:
    try:
        _check_rights(batch)
        scanning.refuse_infected(cast(bytes, batch.file))
        made = rosters.plan(
            read_roster(cast(bytes, batch.file)),
            branch=batch.branch,
            by=batch.uploaded_by,
            tick=teller(batch),
        )
        _count_inquiries(made, batch.uploaded_by)
    except ValidationError as refusal:
        _close(batch, " ".join(refusal.messages))
        return
    _show(batch, made, _report(made))


def _check_rights(batch: ImportBatch) -> None:
    """Rights count when the work is done, not when it was asked for (AZ-16)."""
    access.forget(batch.uploaded_by)
    managed = access.managed_branches(batch.uploaded_by, "manage_roll")
    if not managed.filter(pk=batch.branch_id, closed_on=None).exists():
        raise ValidationError(_("You no longer keep the roll of this branch."))


def _count_inquiries(made: rosters.Plan, by: User) -> None:
    """An import must not be a way to ask who is on other rolls (20 an hour)."""
    for _each in range(made.on_other_rolls):
        records.count_inquiry(by)


def _close(batch: ImportBatch, error: str) -> None:
    """Refuse the whole file."""
    batch.state, batch.error = State.REFUSED, error[:300]
    batch.file, batch.report = None, None
    batch.checked_at = timezone.now()
    batch.save()
    _tell(batch, inbox.Kind.IMPORT_READY)


def _show(
    batch: ImportBatch, made: rosters.Plan, report: str, *, error: str = ""
) -> None:
    """Let the person see what would happen."""
    batch.report, batch.error = report, error
    batch.rows = len(made.lines)
    batch.accepted, batch.changed, batch.unchanged, batch.refused = (
        len(made.of_kind(kind)) for kind in (NEW, CHANGED, UNCHANGED, REFUSED)
    )
    batch.state, batch.checked_at = State.CHECKED, timezone.now()
    batch.save()
    _tell(batch, inbox.Kind.IMPORT_READY)


def _tell(batch: ImportBatch, kind: inbox.Kind, **context: Any) -> None:
    url = reverse("members:import_detail", args=[batch.pk])
    inbox.notify([batch.uploaded_by], kind, url=url, file=batch.file_name, **context)


def _report(made: rosters.Plan) -> str:
    """What the page shows, as JSON; the same for the same file on the same roll."""
    sound = [line for line in made.lines if line.kind != REFUSED]
    return json.dumps(
        {
            "language": translation.get_language(),
            "header": made.table.header,
            "unknown": made.table.unknown,
            "left_out": made.table.left_out,
            "lines": [[s.number, s.kind, s.name, s.changes] for s in sound],
            "refused": [_refused(line, made) for line in made.of_kind(REFUSED)],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _refused(line: Line, made: rosters.Plan) -> dict[str, Any]:
    return {
        "row": line.number,
        "name": line.name,
        "faults": [
            [fault.field, made.label(fault.field), fault.code, fault.reason]
            for fault in line.faults
        ],
        "cells": [_as_json(cell) for cell in line.cells],
    }


def _as_json(cell: Any) -> Any:
    if cell is None or isinstance(cell, str | int | float):
        return cell
    midnight = isinstance(cell, datetime) and not (cell.hour or cell.minute)
    if midnight or (isinstance(cell, date) and not isinstance(cell, datetime)):
        return f"{cell:%Y-%m-%d}"
    return str(cell)


def read_report(batch: ImportBatch) -> dict[str, Any]:
    """The report; empty where it was wiped or is not made yet."""
    report: dict[str, Any] = {"lines": [], "refused": [], "unknown": [], "left_out": []}
    return report | json.loads(_text(batch) or "{}")


def refused_file(batch: ImportBatch) -> bytes:
    """The refused rows as they were, each with its reasons, to mend and import again."""
    report = read_report(batch)
    rows = [(reason_of(row), row["cells"]) for row in report["refused"]]
    return workbooks.write_refused(report["header"], rows, title=_("Refused rows"))


def reason_of(row: dict[str, Any]) -> str:
    """Why a row of a report is refused, in one line."""
    reasons = [(label, reason) for _field, label, _code, reason in row["faults"]]
    return " ".join(
        f"{label}: {reason}" if label else reason for label, reason in reasons
    )


# --- applying --------------------------------------------------------------------------
@transaction.atomic
def ask_to_apply(batch: ImportBatch, *, leave_out_refused: bool = False) -> ImportBatch:
    """Have a worker write what was shown. Asked twice, it is done once.

    Raises ValidationError, code "refused_rows" unless there are none or they are to be
    left out, "nothing_to_do", "not_open".
    """
    found = _locked(batch.pk, State.CHECKED, State.APPLYING, State.APPLIED)
    if found is None:
        raise _not_open()
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


def _not_open() -> ValidationError:
    message = _("This roster is being worked on or is closed: look at it again.")
    return ValidationError(message, code="not_open")


def apply(batch_id: int) -> None:
    """Write what was shown, all of it or nothing. A second call finds nothing to do.

    Where the rolls changed since, nothing is written and the new outcome is shown.
    """
    for last in (False, True):
        try:
            with transaction.atomic():
                if batch := _locked(batch_id, State.APPLYING):
                    with (
                        _speaking(batch),
                        pghistory.context(user=batch.uploaded_by_id),
                    ):
                        _apply(batch)
            return
        except IntegrityError:
            # Somebody put one of these people on a roll in this very moment; judged
            # again, the row says so.
            if last:
                raise


def _apply(batch: ImportBatch) -> None:
    tell = teller(batch)
    by = batch.uploaded_by
    try:
        _check_rights(batch)
        Branch.objects.select_for_update(no_key=True).get(pk=batch.branch_id)
        made = rosters.plan(
            read_roster(cast(bytes, batch.file)),
            branch=batch.branch,
            by=by,
            lock=True,
            tick=lambda done, total: tell(done, 2 * total),
        )
        report = _report(made)
        if report != batch.report:
            _count_inquiries(made, by)
            changed = _("The rolls have changed since the check: look at it again.")
            _show(batch, made, report, error=changed)
            return
    except ValidationError as refusal:
        _close(batch, " ".join(refusal.messages))
        return
    count = rosters.write(
        made, by=by, tick=lambda done, total: tell(total + done, 2 * total)
    )
    batch.state, batch.applied_at, batch.file = State.APPLIED, timezone.now(), None
    batch.save()
    _tell(batch, inbox.Kind.IMPORT_DONE, count=count)


# --- ending ----------------------------------------------------------------------------
@transaction.atomic
def discard(batch: ImportBatch) -> ImportBatch:
    """Throw an upload away; nothing of it stays. Twice is once.

    Raises ValidationError, code "not_open".
    """
    found = _locked(batch.pk, *OPEN, State.DISCARDED)
    if found is None:
        raise _not_open()
    found.state, found.file, found.report = State.DISCARDED, None, None
    found.save()
    return found


def wipe_old() -> None:
    """Discard uploads nobody decided on, and wipe what reports quote of people."""
    old = ImportBatch.objects.filter(checked_at__lt=timezone.now() - KEPT)
    left = old.filter(state=State.CHECKED)
    left.update(state=State.DISCARDED, file=None, report=None)
    old.filter(state=State.APPLIED, report__isnull=False).update(report=None)
