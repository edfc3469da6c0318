"""Time in the demonstration: rows and their history carry the days they tell of.

While it is written the triggers that keep the history rest, and what they would have
written is written for many rows at once, with the days of the rows instead of today's.
Only the owner of the tables may do either.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time

from django.apps import apps
from django.db import connection, models
from django.utils import timezone

from members.models import Appointment, Branch, Member, PartyGroup, Term, User

# The column of each tracked table that says when a row came to be as it is.
WRITTEN: dict[type[models.Model], str | None] = {
    Member: "updated_at",
    User: "date_joined",
    Appointment: "recorded_at",
    Branch: "established_on",
    Term: "starts_on",
    PartyGroup: None,
}


@contextmanager
def times_as_given() -> Iterator[None]:
    """Let `created_at` and the like keep the time they are given."""
    fields = [
        field
        for model in apps.get_app_config("members").get_models()
        for field in model._meta.local_fields
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    ]
    was = [(field, field.auto_now, field.auto_now_add) for field in fields]
    for field in fields:
        field.auto_now = field.auto_now_add = False
    try:
        yield
    finally:
        for field, auto_now, auto_now_add in was:
            field.auto_now, field.auto_now_add = auto_now, auto_now_add


@contextmanager
def resting_triggers() -> Iterator[None]:
    """Keep no history by itself, to the end of the block; inside a transaction."""
    tables = [connection.ops.quote_name(model._meta.db_table) for model in WRITTEN]
    with connection.cursor() as cursor:
        # What is yet to be checked would fill the memory, and forbid altering tables.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
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
    copied = [
        quote(field.column)
        for field in events._meta.concrete_fields
        if not field.name.startswith("pgh_")
    ]
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
    return apps.get_model("members", f"{model.__name__}Event")


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
