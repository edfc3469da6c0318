"""Inserting many rows by PostgreSQL's COPY, several times as fast as `bulk_create`.

Rows are instances, as for `bulk_create`: fields fill themselves, sealed values are bound
to primary keys taken beforehand, triggers and constraints hold, and the history has the
context of whoever writes. A column that is left to the database is so for all rows. There
are no signals.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from datetime import date, datetime
from operator import attrgetter
from types import NoneType
from typing import Any, Final

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

from members.sealing import IndexField, SealedField, next_primary_keys

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_in(model: type[models.Model], rows: Iterable[Any]) -> None:
    """Insert `rows` of `model`, in one statement; afterwards each has its primary key.

    For columns of text, numbers, dates, yes or no, and bytes. Raises IntegrityError as
    any insert does.
    """
    rows = list(rows)
    without = [row for row in rows if row.pk is None]
    keys = next_primary_keys(model, len(without), connection.alias)
    for row, key in zip(without, keys, strict=True):
        row.pk = key
    fields = [field for field in model._meta.concrete_fields if _is_given(field, rows)]
    readers = [_reader(field) for field in fields]
    text = io.StringIO()
    for row in rows:
        text.write("\t".join([_cell(read(row)) for read in readers]))
        text.write("\n")
        row._state.adding, row._state.db = False, connection.alias
    text.seek(0)
    _copy(model._meta.db_table, [str(field.column) for field in fields], text)


def _is_given(field: models.Field[Any, Any], rows: list[Any]) -> bool:
    if not field.has_db_default():
        return True
    return not all(
        isinstance(getattr(row, field.attname), DatabaseDefault) for row in rows
    )


def _reader(field: models.Field[Any, Any]) -> Callable[[Any], Any]:
    """How to read a field of a row: most are read, and some fill themselves."""
    now = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    if now or isinstance(field, SealedField | IndexField):
        return lambda row: field.pre_save(row, True)
    return attrgetter(field.attname)


def _copy(table: str, columns: list[str], text: io.StringIO) -> None:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        # COPY goes past Django, and with it past what tells the history its context;
        # this lock, which COPY takes anyway, does not.
        cursor.execute(f"LOCK TABLE {quote(table)} IN ROW EXCLUSIVE MODE")
        names = ", ".join(map(quote, columns))
        with connection.wrap_database_errors:
            cursor.copy_expert(f"COPY {quote(table)} ({names}) FROM STDIN", text)  # type: ignore[attr-defined]  # of psycopg2


# --- the text format of COPY -----------------------------------------------------------
def _escaped(value: str) -> str:
    text = str(value)
    return text if text.isalnum() else text.translate(_ESCAPES)


def _hexadecimal(value: bytes) -> str:
    return "\\\\x" + value.hex()


_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    NoneType: lambda _value: "\\N",
    bool: lambda value: "t" if value else "f",
    bytes: _hexadecimal,
    date: date.isoformat,
    datetime: datetime.isoformat,
    float: repr,
    int: str,
    str: _escaped,
}


def _cell(value: Any) -> str:
    write = _WRITERS.get(type(value))
    if write is None and isinstance(value, str | bytes):  # a choice, or a sealed value
        write = _escaped if isinstance(value, str) else _hexadecimal
    if write is None:
        raise TypeError(f"copy_in cannot write {type(value).__name__}.")
    return write(value)
