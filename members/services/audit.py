"""Writing, sealing and checking the audit log (AU-01 … AU-05).

`record` adds an entry with an HMAC of its own, in the transaction of the act. `seal`
chains the entries that were committed since, a batch at a time; one sealer works at a
time, and nobody who records waits for it. `verify` walks the chain. `anchor` keeps the end
of the chain outside the database, where a cut tail shows.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from members import ciphers
from members.key_ring import key_ring
from members.models import (
    AuditEntry,
    AuditPending,
    AuditSeal,
    Branch,
    Member,
    User,
)
from members.origin import origin
from members.sealing import next_primary_keys

logger = logging.getLogger(__name__)

Act, Result = AuditEntry.Act, AuditEntry.Result
BATCH = 1000
SEALER = 0x61756469  # the advisory lock of the one who seals


def record(
    act: AuditEntry.Act,
    *,
    by: User | None = None,
    subject: models.Model | None = None,
    branch: Branch | None = None,
    member: Member | None = None,
    result: str = Result.DONE,
    reason: str = "",
    at: datetime | None = None,
    **context: str | int | bool,
) -> AuditEntry:
    """Write down one act, in the transaction that is open: without its entry the act
    does not stand either.

    at: now, but for the demonstration, which tells of earlier days. context: never a
    value of grade G4, a password, a token or the key of a session.
    """
    here = origin.get()
    entry = AuditEntry(
        at=at or timezone.now(),
        act=act,
        result=result,
        by=by,
        branch=branch,
        member=member,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=subject.pk if subject is not None else None,
        reason=reason[:200],
        address=here.address,
        request_id=here.request_id,
        context=context,
    )
    with transaction.atomic(savepoint=False):
        (entry.pk,) = next_primary_keys(AuditEntry, 1, connection.alias)
        entry.mac = _keyed(entry.told())
        entry.save(force_insert=True)
        AuditPending.objects.create(entry=entry)
    return entry


def count_since(act: AuditEntry.Act, *, by: User, since: datetime) -> int:
    """How often `by` did `act` since then, refusals left out: for limits by the hour."""
    done = AuditEntry.objects.filter(by=by, act=act, result=Result.DONE)
    return done.filter(at__gte=since).count()


# --- the chain ------------------------------------------------------------------------
def seal() -> int:
    """Chain all that is committed and waits; returns how many entries. Whoever comes
    while another seals finds nothing to do."""
    sealed = 0
    while count := _seal_batch():
        sealed += count
    return sealed


@transaction.atomic
def _seal_batch() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER])
        if cursor.fetchone() != (True,):
            return 0
    waiting = AuditPending.objects.order_by("pk").values_list("pk", flat=True)
    keys = list(waiting[:BATCH])
    if not keys:
        return 0
    last = AuditSeal.objects.order_by("-position").first()
    made = AuditSeal(
        position=last.position + 1 if last else 1,
        entries=keys,
        total=(last.total if last else 0) + len(keys),
        sealed_at=timezone.now(),
    )
    made.link = _keyed(_linked(last, made, _entries(keys)))
    made.save(force_insert=True)
    AuditPending.objects.filter(pk__in=keys).delete()
    return len(keys)


def _entries(keys: Iterable[int]) -> dict[int, AuditEntry]:
    return AuditEntry.objects.in_bulk(list(keys))


def _linked(
    last: AuditSeal | None, made: AuditSeal, entries: dict[int, AuditEntry]
) -> bytes:
    """What the link of `made` is taken over."""
    head = [
        made.position,
        made.total,
        made.sealed_at.astimezone(UTC).isoformat(),
        made.entries,
    ]
    macs = b"".join(bytes(entries[key].mac) for key in made.entries)
    return (bytes(last.link) if last else b"") + json.dumps(head).encode() + macs


def _keyed(text: bytes) -> bytes:
    ring = key_ring()
    key_id = ring.active_audit_key
    return key_id.to_bytes(2, "big") + ciphers.keyed_hash(ring.audit_key(key_id), text)


def _fits(stored: Any, text: bytes) -> bool:
    """Whether `stored` was made over `text` by a key of ours."""
    stored = bytes(stored)
    try:
        key = key_ring().audit_key(int.from_bytes(stored[:2], "big"))
    except KeyError:
        return False
    return hmac.compare_digest(stored[2:], ciphers.keyed_hash(key, text))


# --- checking -------------------------------------------------------------------------
@dataclass(frozen=True)
class Verdict:
    """entries, seals: how many were read. broken: one sentence on the first row that does
    not fit, "" where all do. entry: its primary key, None where it is none's."""

    entries: int
    seals: int
    pending: int
    broken: str = ""
    entry: int | None = None

    @property
    def passed(self) -> bool:
        return not self.broken


class Broken(Exception):  # noqa: N818  the name says what happened
    def __init__(self, sentence: str, entry: int | None = None):
        super().__init__(sentence)
        self.sentence, self.entry = sentence, entry


def verify() -> Verdict:
    """Walk the whole chain, then what lies outside it; name the first row that is broken.

    It finds a row that was changed, removed, put in, or moved, and a tail that was cut off
    since the last anchor (AU-03). One snapshot is read, so acts may go on meanwhile.
    """
    entries = seals = 0
    nested = connection.in_atomic_block
    with transaction.atomic():
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try:
            last = None
            for made in _chain():
                _check_seal(last, made)
                last, seals, entries = made, seals + 1, made.total
            _check_anchors()
            pending = _check_pending()
            _check_strays()
        except Broken as found:
            return Verdict(entries, seals, 0, found.sentence, found.entry)
    return Verdict(entries, seals, pending)


def note_check(verdict: Verdict) -> None:
    """Write down what a check of the whole log found, for those who read the log."""
    record(
        Act.AUDIT_VERIFIED,
        passed=verdict.passed,
        entries=verdict.entries,
        seals=verdict.seals,
        broken=verdict.broken,
    )


def _chain() -> Iterator[AuditSeal]:
    return AuditSeal.objects.order_by("position").iterator(chunk_size=200)


def _check_seal(last: AuditSeal | None, made: AuditSeal) -> None:
    first = made.entries[0] if made.entries else None
    if made.position != (last.position if last else 0) + 1:
        raise Broken(f"Before seal {made.position} a seal is missing.", first)
    entries = _entries(made.entries)
    for key in made.entries:
        if key not in entries:
            raise Broken(f"Entry {key} was removed.", key)
        _check_entry(entries[key])
    if not _fits(made.link, _linked(last, made, entries)):
        raise Broken(
            f"Seal {made.position} does not follow from the one before: it was changed "
            "or moved, or entries of it were.",
            first,
        )


def _check_entry(entry: AuditEntry) -> None:
    if not _fits(entry.mac, entry.told()):
        raise Broken(f"Entry {entry.pk} was changed or is not of the portal.", entry.pk)


def _check_pending() -> int:
    waiting = AuditPending.objects.order_by("pk").values_list("pk", flat=True)
    count = 0
    for key in waiting.iterator(chunk_size=BATCH):
        entry = AuditEntry.objects.filter(pk=key).first()
        if entry is None:
            raise Broken(f"Entry {key} was removed.", key)
        _check_entry(entry)
        count += 1
    return count


# By sets and not row by row: a comparison of each entry with each seal would take hours.
STRAYS = """
SELECT id FROM (
    SELECT id FROM members_auditentry
    EXCEPT (
        SELECT entry_id FROM members_auditpending
        UNION ALL SELECT unnest(entries) FROM members_auditseal
    )
) stray ORDER BY id LIMIT 1
"""


def _check_strays() -> None:
    with connection.cursor() as cursor:
        cursor.execute(STRAYS)
        if found := cursor.fetchone():
            raise Broken(f"Entry {found[0]} was put in outside the chain.", found[0])


# --- the end of the chain, kept elsewhere -----------------------------------------------
def anchor() -> dict[str, Any] | None:
    """Note the last seal in the file AUDIT_ANCHORS and in the log of the process; returns
    the line, None while there is no seal. The file belongs on another machine."""
    last = AuditSeal.objects.order_by("-position").first()
    if last is None:
        return None
    line = {
        "position": last.position,
        "total": last.total,
        "link": bytes(last.link).hex(),
        "at": timezone.now().isoformat(),
    }
    path = Path(settings.AUDIT_ANCHORS)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")
    logger.info("Audit anchor: %s", json.dumps(line))
    return line


def anchors() -> list[dict[str, Any]]:
    """Every anchor that was noted, oldest first."""
    path = Path(settings.AUDIT_ANCHORS)
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def _check_anchors() -> None:
    for line in anchors():
        held = AuditSeal.objects.filter(position=line["position"]).first()
        if held is None or bytes(held.link).hex() != line["link"]:
            last = AuditSeal.objects.order_by("-position").first()
            after = last.entries[-1] if last else None
            raise Broken(
                f"The end of the log was cut off: {line['total']} entries were sealed at "
                f"{line['at']}, and seal {line['position']} is gone.",
                after,
            )
