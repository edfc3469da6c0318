"""A roll as a file: asked for with a reason, made by a worker, kept for a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from members import access, tasks
from members.models import Branch, Export, Member, User
from members.models.member import MemberQuerySet
from members.roster import workbooks
from members.roster.columns import COLUMNS, show
from members.services import audit, inbox, outbox
from members.services.progress import teller

State, Format = Export.State, Export.Format
KEPT = timedelta(hours=24)
_TICK_EACH = 200


@transaction.atomic
def ask(
    branch: Branch, *, by: User, reason: str, format: str, state: str = ""
) -> Export:
    """Have the roll of `branch` and those below written to a file for `by`.

    state: only people in this state. Headers and names of codes are in the language
    spoken now. Raises ValidationError at "reason" or "state".
    """
    if not reason.strip():
        message = _("Write what the file is for.")
        raise ValidationError({"reason": ValidationError(message, code="needs_reason")})
    if state and state not in Member.LIVE:
        message = _("Choose a state of the list.")
        raise ValidationError({"state": ValidationError(message, code="unknown_state")})
    export = Export.objects.create(
        branch=branch,
        requested_by=by,
        reason=reason.strip(),
        filters={"state": state, "language": translation.get_language()},
        format=format,
    )
    outbox.post(tasks.make_export, export.pk)
    audit.record(
        audit.Act.EXPORTED,
        by=by,
        subject=export,
        branch=branch,
        reason=export.reason,
        format=format,
        state=state,
    )
    return export


@transaction.atomic
def make(export_id: int) -> None:
    """Write the file and tell who asked. A second call finds nothing to do.

    It waits for whoever works on it, which may be what a killed worker left in the
    database: to take the work for done then would leave it undone (RL-06).
    """
    export = (
        Export.objects.select_for_update(of=("self",))
        .select_related("branch", "requested_by__member")
        .filter(pk=export_id, state=State.WAITING)
        .first()
    )
    if export is None:
        return
    with translation.override(export.filters.get("language")):
        try:
            _make(export)
        except ValidationError as refusal:
            export.state, export.error = State.REFUSED, refusal.messages[0][:300]
            audit.record(
                audit.Act.EXPORTED,
                by=export.requested_by,
                subject=export,
                branch=export.branch,
                result=audit.Result.REFUSED,
                reason=export.reason,
            )
        export.save()
    if export.state == State.READY:
        inbox.notify(
            [export.requested_by],
            inbox.Kind.EXPORT_READY,
            url=reverse("members:export_detail", args=[export.pk]),
            branch=str(export.branch),
        )


def _make(export: Export) -> None:
    members = exported(export)
    count = members.count()
    if count > settings.EXPORT_MAX_ROWS:
        message = _("More than %(most)s people: choose a branch further down.")
        raise ValidationError(message % {"most": f"{settings.EXPORT_MAX_ROWS:,}"})
    rows = _rows(members, teller(export), count)
    if export.format == Format.CSV:
        export.content = workbooks.write_csv(workbooks.header(), rows)
    else:
        export.content = workbooks.write_xlsx(
            workbooks.header(),
            rows,
            title=str(export.branch),
            widths=workbooks.widths(),
        )
    export.rows, export.state = count, State.READY
    export.ready_at = timezone.now()
    export.expires_at = export.ready_at + KEPT


def exported(export: Export) -> MemberQuerySet:
    """The people in an export: by the rights held now (AZ-05, AZ-16).

    Raises ValidationError once the right on the branch is gone.
    """
    by = export.requested_by
    access.forget(by)
    branches = access.managed_branches(by, "export_roll")
    if not branches.filter(pk=export.branch_id).exists():
        raise ValidationError(_("You may no longer export the roll of this branch."))
    members = access.exported_members(by).live().within([export.branch.path])
    if state := export.filters.get("state"):
        members = members.filter(state=state)
    return members.select_related("branch", "party_group").order_by(
        "branch_path", "pinyin", "pk"
    )


def _rows(members: MemberQuerySet, tell: Any, count: int) -> Iterator[list[Any]]:
    for done, member in enumerate(members.iterator(chunk_size=1_000)):
        if done % _TICK_EACH == 0:
            tell(done, count)
        yield [show(member, column) for column in COLUMNS]


@transaction.atomic
def take(export: Export, *, now: datetime) -> Export:
    """Hand out the file, and note that it was taken.

    Raises ValidationError, code "expired".
    """
    export = Export.objects.select_for_update(of=("self",)).get(pk=export.pk)
    over = export.expires_at is None or export.expires_at <= now
    if over or not export.content:
        message = _("This file is no longer kept: ask for it again.")
        raise ValidationError(message, code="expired")
    export.downloaded_at = now
    export.save(update_fields=["downloaded_at"])
    audit.record(
        audit.Act.EXPORT_DOWNLOADED,
        by=export.requested_by,
        subject=export,
        branch=export.branch,
        rows=export.rows,
    )
    return export


def wipe_old() -> None:
    """Wipe the files whose day is over."""
    over = Export.objects.filter(state=State.READY, expires_at__lte=timezone.now())
    over.update(state=State.EXPIRED, content=None)
