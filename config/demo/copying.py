"""Rows of the demonstration on their way into the database: by COPY, exactly as they are.

Nothing is filled in but primary keys: times are as given, and the triggers rest
(`history.resting_triggers`), so a row may tell of any day.
"""

import csv
import json
from collections.abc import Callable, Collection, Iterable
from functools import cache
from io import StringIO
from itertools import islice
from operator import attrgetter
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connection, models

from members.sealing import IndexField, SealedField, next_primary_keys

NULL = r"\N"
Reader = Callable[[models.Model], str | int | None]


def write(rows: Iterable[models.Model]) -> None:
    """Insert rows of one model; those without a primary key are given one."""
    rows = list(rows)
    if rows:
        model = type(rows[0])
        give_keys(rows)
        of = Cells(model).of
        copy(model, Cells(model).columns, (of(row) for row in rows))


def give_keys(rows: list[models.Model]) -> None:
    """Number the rows that have no primary key yet, in order."""
    without = [row for row in rows if row.pk is None]
    if without:
        keys = next_primary_keys(type(without[0]), len(without), DEFAULT_DB_ALIAS)
        for row, key in zip(without, keys, strict=True):
            row.pk = key


def copy(
    model: type[models.Model], columns: Iterable[str], rows: Iterable[list[Any]]
) -> None:
    """Send rows of cells to the table of `model`, where one is written while the next
    is made: making them must ask the database nothing."""
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            rf"COPY {table} ({names}) FROM STDIN (FORMAT csv, NULL '{NULL}')",
            Text(rows),
        )


class Text:
    """Rows as a file. It is CSV, for the csv module quotes in C; what is nothing has a
    mark of its own, to be told from the empty text."""

    def __init__(self, rows: Iterable[list[Any]]):
        self.rows = iter(rows)

    def read(self, _size: int) -> str:
        text = StringIO()
        csv.writer(text, lineterminator="\n").writerows(islice(self.rows, 50))
        return text.getvalue()


def analyze() -> None:
    """Tell the planner how many rows there are now: it finds out late by itself."""
    tables = [
        model
        for label in ("members", "activities")
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    ]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        names = ", ".join(quote(model._meta.db_table) for model in tables)
        cursor.execute(f"ANALYZE {names}")


@cache
class Cells:
    """Reads instances of a model as the cells of its table, in the order of `columns`:
    first those that are as they are, then those that take work."""

    def __init__(self, model: type[models.Model]):
        # The next index is empty, unless the key of the index changes just now.
        fields = [
            f for f in model._meta.concrete_fields if not getattr(f, "next_of", "")
        ]
        readers = {field: read for field in fields if (read := reader(field))}
        plain = [field for field in fields if field not in readers]
        self.columns = [field.column for field in (*plain, *readers)]
        get = attrgetter(*(field.attname for field in plain))
        self.plain = get if len(plain) > 1 else lambda row: (get(row),)
        self.readers = list(readers.values())
        # Index fields follow their source.
        self.sources = [getattr(field, "source", field.name) for field in readers]

    def of(self, row: models.Model) -> list[Any]:
        values = (*self.plain(row), *[read(row) for read in self.readers])
        return [NULL if value is None else value for value in values]

    def again(
        self, row: models.Model, cells: list[Any], changed: Collection[str]
    ) -> list[Any]:
        """The same after the fields `changed`: work is done for these only."""
        kept = cells[-len(self.readers) :]
        worked = [
            read(row) if source in changed else was
            for read, source, was in zip(self.readers, self.sources, kept, strict=True)
        ]
        values = (*self.plain(row), *worked)
        return [NULL if value is None else value for value in values]


def reader(field: models.Field) -> Reader | None:
    """What makes the cell of a field of an instance, where that takes work."""
    if isinstance(field, SealedField):
        return lambda row: as_bytea(field.pre_save(row, add=True))
    if isinstance(field, IndexField):
        return lambda row: as_bytea(getattr(row, field.attname))
    if isinstance(field, models.JSONField):
        return lambda row: json.dumps(getattr(row, field.attname))
    if field.is_relation:
        return lambda row: key_of(field, row)
    return None


def key_of(field: models.Field, row: models.Model) -> Any:
    """The other row may have got its key after it was assigned."""
    other = field.get_cached_value(row, default=None)
    return getattr(row, field.attname) if other is None else other.pk


def as_bytea(value: bytes | None) -> str | None:
    return None if value is None else rf"\x{value.hex()}"
