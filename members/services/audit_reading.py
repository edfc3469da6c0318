"""What the audit administrator reads: entries in words, a file of them, and how the chain
stands.

The log tells which account did what to which branch and to which record. People on a roll
are numbers in it: who watches over the log reads no record (AZ-09).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from members.models import AuditEntry, AuditPending, AuditSeal, User
from members.refusals import refusal_at
from members.roster import workbooks
from members.services import audit

MOST_ROWS = 20_000
SHORTEST_REASON = 4
LATE = timedelta(minutes=5)  # a sealer at work leaves nothing waiting for so long


@dataclass(frozen=True)
class ChainState:
    """verified: the newest check, None before the first. late: entries wait, and the
    sealer seems not to work."""

    last: AuditSeal | None
    pending: int
    late: bool
    verified: AuditEntry | None

    @property
    def is_whole(self) -> bool:
        return self.verified is not None and bool(self.verified.context.get("passed"))


def chain_state() -> ChainState:
    """How the chain stands, by four queries whatever the size of the log."""
    oldest = AuditPending.objects.aggregate(at=Min("entry__at"))["at"]
    return ChainState(
        last=AuditSeal.objects.order_by("-position").first(),
        pending=AuditPending.objects.count(),
        late=oldest is not None and oldest < timezone.now() - LATE,
        verified=AuditEntry.objects.filter(act=audit.Act.AUDIT_VERIFIED)
        .order_by("-at", "-pk")
        .first(),
    )


def is_pending(entry: AuditEntry) -> bool:
    """Whether no seal holds it yet."""
    return AuditPending.objects.filter(pk=entry.pk).exists()


def about(entry: AuditEntry) -> str:
    """The record an entry is about: its kind and number, such as "export 12"."""
    if not entry.subject_type:
        return ""
    model = apps.get_model(entry.subject_type)
    return f"{model._meta.verbose_name} {entry.subject_id}"


def in_words(context: dict[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in sorted(context.items()))


def _columns() -> dict[str, Any]:
    return {
        _("Number"): lambda entry: entry.pk,
        _("Time"): lambda entry: local(entry.at),
        _("Act"): lambda entry: entry.get_act_display(),
        _("Result"): lambda entry: entry.get_result_display(),
        _("Account"): lambda entry: entry.by.username if entry.by else "",
        _("Branch"): lambda entry: str(entry.branch or ""),
        _("Member number"): lambda entry: entry.member_id,
        _("Record"): about,
        _("Reason"): lambda entry: entry.reason,
        _("Address"): lambda entry: entry.address,
        _("Request"): lambda entry: entry.request_id,
        _("Details"): lambda entry: in_words(entry.context),
    }


def local(at: datetime) -> str:
    """To the second, in Shanghai."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"


@transaction.atomic
def export(
    entries: QuerySet[AuditEntry], *, by: User, reason: str, filters: str
) -> bytes:
    """`entries` as CSV, newest first, each cell safe (IN-09); the export is noted too.

    filters: how they were chosen, for that note. Raises ValidationError at "reason", code
    "needs_reason"; code "too_many" past 20,000 rows.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        message = _("Write what the file is for.")
        raise refusal_at("reason", message, code="needs_reason")
    found = list(entries.select_related("by", "branch")[: MOST_ROWS + 1])
    if len(found) > MOST_ROWS:
        message = _("More than %(most)s entries: choose fewer days.")
        raise ValidationError(message % {"most": f"{MOST_ROWS:,}"}, code="too_many")
    columns = _columns()
    rows = ([value(entry) for value in columns.values()] for entry in found)
    content = workbooks.write_csv(list(columns), rows)
    audit.record(
        audit.Act.AUDIT_EXPORTED,
        by=by,
        reason=reason.strip(),
        rows=len(found),
        filters=filters,
    )
    return content
