"""Changing the keys of the ring (CR-06, CR-07, SEC-52).

Every verb may be broken off at any point and called again: it looks at the ring and the
rows and goes on. The states of keys change here alone. One rotation runs at a time, by
the owner of the database.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from members import key_files, key_sources
from members.key_ring import (
    AUDIT,
    COMING,
    DATA,
    INDEX,
    READABLE,
    kek_source,
    key_ring,
    ring_path,
)
from members.key_sources import FromFile
from members.models import AuditEntry
from members.services import audit, renewal
from members.services.renewal import AnyField, Outcome, Tick

LOCK: Final = 0x6B657973  # the advisory lock of the one who rotates


@dataclass
class Rotation:
    """key: the active key afterwards; None for the key-encrypting key, which has no
    number. renewed: rows. damaged: rows that do not open. destroyed: keys."""

    key: int | None
    renewed: int = 0
    damaged: list[str] = field(default_factory=list)
    destroyed: list[int] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.renewed += outcome.renewed
        self.damaged = sorted(f"{table} {pk}" for table, pk in outcome.damaged)


@dataclass(frozen=True)
class Pace:
    """How rows are renewed: rows in a batch, seconds of grace, and who is told."""

    tick: Tick
    batch: int = renewal.BATCH
    grace: float = renewal.GRACE_SECONDS

    def settle(self, fields: list[AnyField], rotation: Rotation) -> Outcome:
        outcome = renewal.settle(
            fields, batch=self.batch, grace=self.grace, tick=self.tick
        )
        rotation.add(outcome)
        return outcome


def rotate_data_key(pace: Pace, *, finish: bool, destroy_old: bool) -> Rotation:
    """Seal new values by a new data key at once, and the old ones anew.

    A rotation that was broken off is finished in place of a new one; with `finish` that
    is all. With `destroy_old` the older keys go, each unless a value is under it: then
    ValidationError, code "needed".
    """
    rotation, fields = Rotation(None), renewal.all_sealed()
    with _alone():
        ring = key_ring()
        broken_off = _needed(fields, ring.ids(DATA, READABLE))
        if broken_off or finish:
            pace.settle(fields, rotation)
        if not (finish or rotation.renewed):
            with _changing("activated", DATA) as keys:
                keys.activate(DATA, keys.add(DATA, READABLE))
            pace.settle(fields, rotation)
        if destroy_old:
            _destroy(DATA, fields, rotation)
        rotation.key = key_ring().active_data_key
    return rotation


def rotate_index_key(pace: Pace, *, finish: bool, destroy_old: bool) -> Rotation:
    """Move every index under a new key; what is unique stays so (decision 0007).

    Arguments and refusals as of `rotate_data_key`. Raises ValidationError, code
    "damaged", when a value that must be unique does not open.
    """
    rotation, mains = Rotation(None), renewal.all_indexes(nexts=False)
    with _alone():
        ring = key_ring()
        coming = ring.ids(INDEX, COMING)
        if not coming and (_needed(mains, ring.ids(INDEX, READABLE)) or finish):
            pace.settle(mains, rotation)
        if coming or not (finish or rotation.renewed):
            _bring_index_key(pace, rotation)
            pace.settle(mains, rotation)
        if destroy_old:
            _destroy(INDEX, mains, rotation)
            pace.settle(renewal.all_indexes(nexts=True), Rotation(None))
        rotation.key = key_ring().active_index_key
    return rotation


def _bring_index_key(pace: Pace, rotation: Rotation) -> None:
    """Give every unique value its index under a key that comes, then make it active."""
    if not key_ring().ids(INDEX, COMING):
        with _changing("added", INDEX) as keys:
            keys.add(INDEX, COMING)
    pace.settle(renewal.all_indexes(nexts=True), rotation)
    if rotation.damaged:
        raise ValidationError(
            "These rows do not open, so nobody can tell whether their values are unique: "
            f"{', '.join(rotation.damaged[:20])}. Enter them anew and run the command "
            "again.",
            code="damaged",
        )
    (coming,) = key_ring().ids(INDEX, COMING)
    with _changing("activated", INDEX) as keys:
        keys.activate(INDEX, coming)


def rotate_audit_key() -> Rotation:
    """Chain new rows of the audit log by a new key; older keys stay readable for good."""
    with _alone(), _changing("activated", AUDIT) as keys:
        keys.activate(AUDIT, keys.add(AUDIT, READABLE))
    return Rotation(key_ring().active_audit_key)


def rotate_kek() -> Rotation:
    """Wrap the ring by the first key of the source, which for a file is a new one.

    No row is touched. Raises ValidationError, code "no_new_kek", when the source is not
    a file that we may write and gives no new key.
    """
    source, path = kek_source(), ring_path()
    own = source if isinstance(source, FromFile) and source.is_writable else None
    with _alone():
        keks = key_sources.keys_of(source)
        if len(keks) == 1 and own:
            key_files.put_kek_first(own)
        elif len(keks) == 1:
            raise ValidationError(
                f"{source.setting} gives one key, by which the ring is wrapped already: put "
                "a new one before it, start the portal again, and run the command again.",
                code="no_new_kek",
            )
        if not key_files.opens(key_sources.keys_of(source)[0], path.read_text()):
            with _recorded("rewrapped", "kek"):
                key_files.rewrap(path, source)
        if own:
            key_files.keep_first_kek(own)
    return Rotation(None)


def _destroy(kind: str, fields: list[AnyField], rotation: Rotation) -> None:
    old = key_ring().ids(kind, READABLE)
    if needed := _needed(fields, old):
        told = ", ".join(f"{count} under key {key}" for key, count in needed.items())
        raise ValidationError(f"Values need an old key still: {told}.", code="needed")
    if old:
        with _changing("destroyed", kind) as keys:
            for key_id in old:
                keys.destroy(kind, key_id)
    rotation.destroyed = old


def _needed(fields: list[AnyField], keys: list[int]) -> dict[int, int]:
    """How many values are under each of these keys; those with none are left out."""
    counts = {key: renewal.values_under(fields, key) for key in keys}
    return {key: count for key, count in counts.items() if count}


@contextlib.contextmanager
def _changing(step: str, kind: str) -> Iterator[key_files.RingFile]:
    """Change the ring, and write down which step of a rotation that was."""
    with (
        _recorded(step, kind),
        key_files.changing(ring_path(), kek_source()) as keys,
    ):
        yield keys


@contextlib.contextmanager
def _recorded(step: str, kind: str) -> Iterator[None]:
    with transaction.atomic():
        audit.record(AuditEntry.Act.KEYS_ROTATED, kind=kind, step=step)
        yield


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One rotation at a time. Raises ValidationError, code "running", for a second."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if cursor.fetchone() != (True,):
            raise ValidationError("A rotation of keys is running.", code="running")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
