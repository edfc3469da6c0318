"""Local code tables, as the system administrator keeps them."""

from __future__ import annotations

from django.db import transaction

from members.models import LocalCode, User
from members.services import audit


@transaction.atomic
def save_code(code: LocalCode, *, by: User) -> LocalCode:
    """Save a new or changed row. Raises ValidationError by field."""
    code.full_clean()
    code.save()
    audit.record(
        audit.Act.SETTING_CHANGED,
        by=by,
        subject=code,
        table=str(code.table),
        code=code.code,
    )
    return code


def note_import(rows: int, *, by: User | None) -> None:
    """Write down that a file changed `rows` rows, in the transaction of the import."""
    audit.record(
        audit.Act.SETTING_CHANGED, by=by, table=LocalCode._meta.label_lower, rows=rows
    )
