"""Inserting many rows by PostgreSQL's COPY, several times as fast as `bulk_create`.

Rows are instances, as for `bulk_create`: fields fill themselves, sealed values are bound
to primary keys taken beforehand, triggers and constraints hold, and the history has the
context of whoever writes. A column that is left to the database is so for all rows. There
are no signals.

`in_the_background` gives one that does the same and returns while PostgreSQL still writes.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from operator import attrgetter
from types import NoneType
from typing import Any, Final

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

from members.sealing import IndexField, SealedField, next_primary_keys

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


CopyIn = Callable[[type[models.Model], Iterable[Any]], None]

_AHEAD: Final = 4  # COPYs that wait for PostgreSQL while the next is made
# Read at once: each reading waits for the interpreter, which is busy with the next rows.
_BYTES: Final = 1 << 22


def copy_in(model: type[models.Model], rows: Iterable[Any]) -> None:
    """Insert `rows` of `model`, in one statement; afterwards each has its primary key.

    For columns of text, numbers, dates, yes or no, and bytes. Raises IntegrityError as
    any insert does.
    """
    rows = list(rows)
    without = [row for row in rows if row.pk is None]
    _number(without, next_primary_keys(model, len(without), connection.alias))
    statement, text = _as_copy(model, rows)
    _lock(model)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(statement, text)  # type: ignore[attr-defined]  # of psycopg2


@contextmanager
def in_the_background(most: dict[type[models.Model], int]) -> Iterator[CopyIn]:
    """A `copy_in` that returns while PostgreSQL still writes, in the same transaction.

        with in_the_background({Model: total}) as copy_in:
            for rows in made():
                copy_in(Model, rows)

    most: how many rows of each model there will be at most; their keys are taken at once.
    A thread sends one COPY after another while the next rows are made. Any statement on
    the connection, and leaving, waits for what is under way; whatever waits raises what
    went wrong there. Not for use while a server-side cursor is read.
    """
    with ThreadPoolExecutor(1, "copy") as thread:  # whose end waits, and says nothing
        copies = _Background(thread, most)
        with connection.execute_wrapper(copies.first):
            try:
                yield copies.copy_in
                copies.wait()
            finally:
                copies.give_up()


class _Background:
    def __init__(
        self, thread: ThreadPoolExecutor, most: dict[type[models.Model], int]
    ) -> None:
        self._thread = thread
        self._under_way: deque[Future[None]] = deque()
        # Beforehand, for every statement waits: so do the locks.
        self._keys = {
            model: iter(next_primary_keys(model, count, connection.alias))
            for model, count in most.items()
        }
        for model in most:
            _lock(model)

    def copy_in(self, model: type[models.Model], rows: Iterable[Any]) -> None:
        rows = list(rows)
        without = [row for row in rows if row.pk is None]
        _number(without, list(islice(self._keys[model], len(without))))
        statement, text = _as_copy(model, rows)
        self.wait(leaving=_AHEAD - 1)
        cursor = connection.connection.cursor()  # Django's is for its own thread
        self._under_way.append(self._thread.submit(cursor.copy_expert, statement, text))

    def wait(self, leaving: int = 0) -> None:
        """Wait until at most `leaving` are under way."""
        while len(self._under_way) > leaving:
            with connection.wrap_database_errors:
                self._under_way.popleft().result()

    def give_up(self) -> None:
        for copy in self._under_way:
            copy.cancel()

    def first(self, execute: Callable[..., Any], *statement: Any) -> Any:
        """Run a statement of Django's, once the connection is free."""
        self.wait()
        return execute(*statement)


def _number(rows: list[Any], keys: list[int]) -> None:
    for row, key in zip(rows, keys, strict=True):
        row.pk = key


def _as_copy(model: type[models.Model], rows: list[Any]) -> tuple[str, io.StringIO]:
    """The statement, and the rows as it takes them."""
    fields = [field for field in model._meta.concrete_fields if _is_given(field, rows)]
    readers = [_reader(field) for field in fields]
    text = io.StringIO()
    for row in rows:
        text.write("\t".join([_cell(read(row)) for read in readers]))
        text.write("\n")
        row._state.adding, row._state.db = False, connection.alias
    text.seek(0)
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    return f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN", text


def _lock(model: type[models.Model]) -> None:
    """COPY goes past Django, and with it past what tells the history its context; this
    lock, which COPY takes anyway, does not.

    Each trigger asks whether it is to be ignored (django-pgtrigger). Where that was never
    said the question fails inside, for each row, and taking the failure back costs more
    the more rows wait for their deferred checks: so it is said.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
        cursor.execute(
            "SELECT set_config('pgtrigger.ignore', '{}', true) "
            "WHERE coalesce(current_setting('pgtrigger.ignore', true), '') = ''"
        )


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
