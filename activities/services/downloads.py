"""Files that somebody took away: who, what, when (AU-01)."""

from __future__ import annotations

from django.db import models, transaction

from members.models import Branch, User
from members.services import audit


@transaction.atomic
def note(subject: models.Model, *, branch: Branch, by: User, kind: str) -> None:
    """Write down that `by` took a file of `subject`, each time anew. kind: "docx", "pdf"."""
    audit.record(
        audit.Act.EXPORT_DOWNLOADED,
        by=by,
        subject=subject,
        branch=branch,
        format=kind,
    )
