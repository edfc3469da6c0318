"""Sealing anew, in batches, what lies under older keys (CR-06).

Each batch is one transaction. Rows that somebody else holds are left for the next pass,
so that nobody who works waits long and no change of theirs is lost. Only the sealed and
index columns change: triggers are passed over, so no version enters the history. The rows
of the history are renewed too, which only the owner of the database may do.
"""

from __future__ import annotations

import functools
import operator
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pgtrigger
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models.expressions import RawSQL

from members.key_ring import key_ring
from members.sealing import (
    IndexField,
    SealBroken,
    SealedField,
    current_head,
    index_fields,
    sealed_fields,
)

Tick = Callable[[int, int], None]  # rows done, rows that were to be done
AnyField = SealedField | IndexField

BATCH: Final = 500  # rows
BATCH_BYTES: Final = 16 * 1024 * 1024
PASSES: Final = 50
GRACE_SECONDS: Final = 30.0
WAIT_SECONDS: Final = 900  # the longest job of the portal ends before


@dataclass
class Outcome:
    """renewed: rows written. damaged: table and primary key of rows that do not open."""

    renewed: int
    damaged: set[tuple[str, int]]


def all_sealed() -> list[AnyField]:
    """Every sealed column of every table, those of the history too."""
    return [field for model in apps.get_models() for field in sealed_fields(model)]


def all_indexes(*, nexts: bool) -> list[AnyField]:
    """Every index column; with `nexts` those that hold the index under the next key."""
    found = [field for model in apps.get_models() for field in index_fields(model)]
    return [field for field in found if bool(field.next_of) == nexts]


def values_under(fields: Iterable[AnyField], key_id: int) -> int:
    """How many values of these columns are under a key."""
    count = 0
    for field in fields:
        # A sealed value begins with its cipher, then as an index with the key.
        start = 2 if isinstance(field, SealedField) else 1
        held = _begins(field, key_id.to_bytes(2, "big"), start)
        count += field.model._base_manager.filter(held).count()
    return count


def settle(
    fields: Iterable[AnyField], *, batch: int, grace: float, tick: Tick
) -> Outcome:
    """Renew these columns until no row is left but damaged ones, and nobody is at work
    who could still write what he read or sealed before.

    batch: rows. grace: seconds that somebody may take between sealing and writing outside
    a transaction. Raises ValidationError, code "busy", when there is no end to it.
    """
    by_model: dict[type[models.Model], list[AnyField]] = {}
    for field in fields:
        by_model.setdefault(field.model, []).append(field)
    tables = [_Table(model, own) for model, own in by_model.items()]
    total = sum(table.stale().count() for table in tables)
    outcome = Outcome(0, set())
    for _pass in range(PASSES):
        outcome.damaged = set()
        for table in tables:
            for _batch in table.renew(outcome, batch):
                tick(outcome.renewed, total)
        _wait_for_writers(grace)
        left = sum(table.stale().count() for table in tables)
        if left <= len(outcome.damaged):
            return outcome
    raise ValidationError(
        f"{left} rows are still as they were: does every process of the portal read the "
        "same SEALING_KEY_FILE?",
        code="busy",
    )


class _Table:
    """The columns of one table that are renewed."""

    def __init__(self, model: type[models.Model], fields: list[AnyField]):
        self.rows: Any = model._base_manager
        self.label, self.fields = model._meta.db_table, fields
        indexes = [field for field in fields if isinstance(field, IndexField)]
        sources = [source for f in indexes if (source := f.source_field())]
        mains = [model._meta.get_field(f.next_of) for f in indexes if f.next_of]
        self.read: list[Any] = list(dict.fromkeys([*fields, *sources, *mains]))
        (self.row,) = {f.row_name for f in self.read if isinstance(f, SealedField)}

    def stale(self) -> models.QuerySet[Any]:
        """The rows of which some column is not as it would be written now."""
        conditions = [_stale(field) for field in self.fields]
        return self.rows.filter(functools.reduce(operator.or_, conditions)).order_by()

    def renew(self, outcome: Outcome, batch: int) -> Iterator[None]:
        """Renew every stale row that nobody holds, a batch at each step."""
        last = 0
        while keys := self._next_keys(last, batch):
            self._renew_rows(keys, outcome)
            last = keys[-1]
            yield

    def _next_keys(self, last: int, batch: int) -> list[int]:
        """The next stale rows, as many as fit into memory."""
        sizes = " + ".join(
            f"coalesce(octet_length({_column(f)}), 0)" for f in self.read
        )
        found = self.stale().filter(pk__gt=last).order_by("pk")
        size = RawSQL(sizes, [], models.IntegerField())  # noqa: S611  our own columns
        keys: list[int] = []
        total = 0
        for key, held in found.annotate(_size=size).values_list("pk", "_size")[:batch]:
            total += held
            if keys and total > BATCH_BYTES:
                break
            keys.append(key)
        return keys

    @transaction.atomic
    def _renew_rows(self, keys: list[int], outcome: Outcome) -> None:
        free = self.stale().filter(pk__in=keys).order_by("pk")
        free = free.select_for_update(skip_locked=True, no_key=True)
        names = [field.attname for field in self.read]
        renewed = []
        for key, row, *values in free.values_list("pk", self.row, *names):
            held = dict(zip(names, values, strict=True))
            new = []
            for field in self.fields:
                try:
                    new.append(_renewed(field, held, row))
                except SealBroken:
                    outcome.damaged.add((self.label, key))
                    new.append(held[field.attname])
            renewed.append((key, *new))
        self._write(renewed)
        outcome.renewed += len(renewed)

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        """Write the columns of many rows in one statement."""
        if not rows:
            return
        quote = connection.ops.quote_name
        names = [quote(str(field.column)) for field in self.fields]
        table, pk = quote(self.label), quote(str(self.rows.model._meta.pk.column))
        columns = [list(column) for column in zip(*rows, strict=True)]
        with pgtrigger.ignore(), connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET "  # noqa: S608  names of our own tables
                + ", ".join(f"{name} = renewed.{name}" for name in names)
                + f" FROM unnest(%s::bigint[]{', %s::bytea[]' * len(names)}) "
                f"AS renewed(pk, {', '.join(names)}) WHERE {table}.{pk} = renewed.pk",
                columns,
            )


def _stale(field: AnyField) -> Any:
    """The rows whose column is not as it would be written now."""
    if isinstance(field, SealedField):
        head = current_head(key_ring())
        return ~_begins(field, head, 1, len(head))
    if not field.next_of:
        return ~_begins(field, field.mark, 1)
    if not field.mark:
        return models.Q((f"{field.name}__isnull", False))
    has_main = models.Q((f"{field.next_of}__isnull", False))
    return has_main & (
        models.Q((f"{field.name}__isnull", True)) | ~_begins(field, field.mark, 1)
    )


def _renewed(field: AnyField, held: dict[str, Any], row: Any) -> bytes | None:
    """What the column should hold. Raises SealBroken where that cannot be known."""
    if isinstance(field, SealedField):
        stored = held[field.attname]
        if stored is None or stored.is_current:
            return stored  # type: ignore[no-any-return]
        return field.seal(field.open(stored, row), row)
    if field.next_of and not field.mark:
        return None
    source = field.source_field()
    sealed = held[source.attname] if source else None
    index = field.index_of(str(source.open(sealed, row))) if source and sealed else b""
    if field.next_of and held[field.next_of] and not index:
        raise SealBroken(field.model._meta.db_table, str(field.column), row)
    return index or None


def _begins(field: AnyField, mark: bytes, start: int, length: int = 2) -> models.Q:
    """The rows whose column holds `mark` from the byte `start`; none where it is NULL."""
    place = f"substring({_column(field)} FROM {start} FOR {length}) = %s"
    return models.Q(RawSQL(place, [mark], models.BooleanField()))  # noqa: S611  our own columns


def _column(field: AnyField) -> str:
    quote = connection.ops.quote_name
    return f"{quote(field.model._meta.db_table)}.{quote(str(field.column))}"


WRITERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
AND usename IN (current_user, %s) AND xact_start < %s
"""


def _wait_for_writers(grace: float) -> None:
    """Wait until every transaction that is open now has ended, `grace` seconds at least.

    Raises ValidationError, code "busy", after a quarter of an hour.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (begun,) = cursor.fetchone()
        time.sleep(grace)
        for _second in range(WAIT_SECONDS):
            cursor.execute(WRITERS, [settings.DATABASE_RUNNER, begun])
            if cursor.fetchone() == (0,):
                return
            time.sleep(1)
    raise ValidationError(
        f"A transaction of the portal has been open for {WAIT_SECONDS} seconds: end it and "
        "run the command again.",
        code="busy",
    )
