"""History of the demonstration: it carries the days it tells of.

While rows are written the triggers that keep the history rest, and what they would have
written is written for many rows at once, with the days of the rows instead of today's.
Only the owner of the tables may do either.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time

from django.apps import apps
from django.db import connection, models
from django.utils import timezone

from activities.models import (
    Activity,
    Attendance,
    Ballot,
    Effect,
    LifePoint,
    Minutes,
    MinutesItem,
    Program,
    Resolution,
    SignUp,
)
from members.models import Appointment, Branch, Member, PartyGroup, Term, User

# The column of a tracked table that says when a row came to be as it is.
WRITTEN: dict[type[models.Model], str | None] = {
    User: "date_joined",
    Appointment: "recorded_at",
    Branch: "established_on",
    Term: "starts_on",
    PartyGroup: None,
    Activity: "created_at",
    Program: "starts_on",
    SignUp: "asked_at",
    Attendance: "recorded_at",
    Effect: "written_at",
}
# Nothing of signed minutes is written any more, but by the demonstration.
SIGNED = (Minutes, MinutesItem, Ballot, LifePoint, Resolution)
# Of an event row, behind those it copies.
EVENT_COLUMNS = ("pgh_obj_id", "pgh_label", "pgh_created_at", "pgh_context_id")
# What a trigger would have done for members of branches that moved.
FOLLOW_BRANCHES = """
UPDATE members_member AS member SET branch_path = branch.path
FROM members_branch AS branch
WHERE branch.id = member.branch_id AND member.branch_path <> branch.path
"""


@contextmanager
def resting_triggers() -> Iterator[None]:
    """Keep no history by itself, to the end of the block; inside a transaction."""
    tables = [
        connection.ops.quote_name(model._meta.db_table)
        for model in (Member, *WRITTEN, *SIGNED)
    ]
    with connection.cursor() as cursor:
        # What is yet to be checked would fill the memory, and forbid altering tables.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute(FOLLOW_BRANCHES)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def remember(
    model: type[models.Model],
    label: str,
    begins: date,
    *,
    keys: Iterable[int] | None = None,
    on: date | None = None,
) -> None:
    """Write history for rows as they are now: all of them, or those with `keys`.

    It is dated by the row (or `on`), and not before the portal began.
    """
    events = event_model(model)
    quote = connection.ops.quote_name
    copied = list(map(quote, copied_columns(model)))
    written = quote(WRITTEN[model]) if WRITTEN[model] and on is None else "%s"
    values: list[object] = [label] + (
        [midnight(on or begins)] if written == "%s" else []
    )
    statement = f"""
        INSERT INTO {quote(events._meta.db_table)}
            ({", ".join(copied)}, pgh_obj_id, pgh_label, pgh_created_at)
        SELECT {", ".join(copied)}, id, %s, GREATEST({written}::timestamptz, %s)
        FROM {quote(model._meta.db_table)}
    """  # noqa: S608  names come from the models
    values.append(midnight(begins))
    if keys is not None:
        statement += " WHERE id = ANY(%s)"
        values.append(list(keys))
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} ORDER BY id", values)


def event_model(model: type[models.Model]) -> type[models.Model]:
    return apps.get_model(model._meta.app_label, f"{model.__name__}Event")


def copied_columns(model: type[models.Model]) -> list[str]:
    """The columns of a table that its history keeps."""
    fields = event_model(model)._meta.concrete_fields
    return [field.column for field in fields if not field.name.startswith("pgh_")]


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())
