"""Rows of the demonstration on their way into the database: by COPY, exactly as they are.

Nothing is filled in but primary keys: times are as given, and the triggers rest
(`history.resting_triggers`), so a row may tell of any day.
"""

import csv
import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from io import StringIO
from operator import attrgetter
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, models

from members.sealing import IndexField, SealedField, next_primary_keys

NULL = r"\N"
Reader = Callable[[models.Model], Any]


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
    """Send rows of cells to the table of `model`."""
    # CSV, because the csv module quotes in C; NULL is told from "" by its own mark.
    file = StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    file.seek(0)
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            rf"COPY {table} ({names}) FROM STDIN (FORMAT csv, NULL '{NULL}')", file
        )


@lru_cache(maxsize=None)
class Cells:
    """Reads instances of a model as cells of its table, sealing what is to be sealed."""

    def __init__(self, model: type[models.Model]):
        fields = model._meta.concrete_fields
        self.columns = [field.column for field in fields]
        self.readers = [reader(field) for field in fields]
        self.places: dict[str, list[int]] = {}
        for place, field in enumerate(fields):
            self.places.setdefault(field.name, []).append(place)
            if isinstance(field, IndexField):
                self.places[field.source].append(place)

    def of(self, row: models.Model) -> list[Any]:
        return [cell(read(row)) for read in self.readers]

    def again(
        self, cells: list[Any], row: models.Model, names: Iterable[str]
    ) -> list[Any]:
        """The cells of a row of which the fields `names` have changed since."""
        cells = cells.copy()
        for name in names:
            for place in self.places[name]:
                cells[place] = cell(self.readers[place](row))
        return cells


def reader(field: models.Field) -> Reader:
    """What reads a field of an instance for the database."""
    if isinstance(field, SealedField):
        return lambda row: field.pre_save(row, add=True)
    if field.is_relation:  # the other row may have got its key after it was assigned
        return lambda row: (
            field.get_cached_value(row).pk
            if field.is_cached(row) and field.get_cached_value(row)
            else getattr(row, field.attname)
        )
    return attrgetter(field.attname)


def cell(value: Any) -> Any:
    if value is None:
        return NULL
    if isinstance(value, bytes):
        return rf"\x{value.hex()}"
    return json.dumps(value) if isinstance(value, dict) else value
