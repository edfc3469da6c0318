"""Making and changing the file of the key ring (SEC-52, CR-06).

Every change writes a whole new file, opens it to see that it holds what it should, and
only then puts it in the place of the old one, by rename: who reads sees either of them.
This module imports no model, so set-up can use it before Django starts.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

from members import ciphers, key_sources
from members.key_ring import (
    ACTIVE,
    DESTROYED,
    KINDS,
    READABLE,
    open_ring,
    unwrap,
    wrap,
)
from members.key_sources import FromFile, KekSource

_KEY_BYTES: Final = 32
# What reading a ring may raise when it, or its key, is not there or damaged.
_NOT_OPENED = (
    *(OSError, ValueError, LookupError, TypeError),
    *(ciphers.OpeningError, ImproperlyConfigured),
)


def ensure_key_ring(path: str | Path, kek_path: str | Path | None = None) -> None:
    """Make the ring and its key-encrypting key, each 0400, unless they are there.

    A ring that was made before there was some kind of key gets one; a ring that does not
    open is left as it is. Several processes may ask at once: the first to finish wins and
    the others use its files. Where the environment names another source of the
    key-encrypting key, no file is made for it.
    """
    path = Path(path)
    source = key_sources.from_environment(os.environ, kek_path or f"{path}.kek")
    if path.exists():
        with contextlib.suppress(*_NOT_OPENED):
            add_missing_kinds(path, source)
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if isinstance(source, FromFile):
        _create(source.path, key_sources.new_kek() + "\n")
    _create(path, new_key_ring(key_sources.keys_of(source)[0]))


def add_missing_kinds(path: Path, source: KekSource) -> None:
    """Give a ring an active key of each kind that it lacks."""
    if _missing_kinds(json.loads(path.read_text())["keys"]):
        with changing(path, source) as ring:
            for kind in _missing_kinds(ring.entries):
                ring.add(kind, ACTIVE)


def new_key_ring(kek: bytes) -> str:
    """The text of a fresh ring: one active key of each kind, wrapped by `kek`."""
    ring = RingFile([], kek, kek)
    for kind in KINDS:
        ring.add(kind, ACTIVE)
    return ring.text()


class RingFile:
    """The entries of a ring while it is changed.

    kek: what wraps from now on. was: what wrapped the entries until now.
    """

    def __init__(self, entries: list[dict[str, Any]], kek: bytes, was: bytes):
        self.entries, self._kek = entries, kek
        if kek != was:
            for entry in entries:
                self._rewrap(entry, was)

    def add(self, kind: str, state: str) -> int:
        """Add a new key; its id, which no key of the kind had before."""
        key_id = 1 + max(
            (e["id"] for e in self.entries if e["kind"] == kind), default=0
        )
        material = secrets.token_bytes(_KEY_BYTES)
        self.entries.append(
            {
                "kind": kind,
                "id": key_id,
                "state": state,
                "made_at": _now(),
                "wrapped": wrap(self._kek, kind, key_id, material),
            }
        )
        return key_id

    def activate(self, kind: str, key_id: int) -> None:
        """Make a key the active one of its kind; the one that was becomes readable."""
        for entry in self.entries:
            if entry["kind"] == kind and entry["state"] == ACTIVE:
                entry["state"] = READABLE
        self._entry(kind, key_id)["state"] = ACTIVE

    def destroy(self, kind: str, key_id: int) -> None:
        """Forget the material of a readable key for good."""
        entry = self._entry(kind, key_id)
        if entry["state"] != READABLE:
            raise ValueError(f"The {kind} key {key_id} is {entry['state']}.")
        del entry["wrapped"]
        entry.update(state=DESTROYED, destroyed_at=_now())

    def text(self) -> str:
        return json.dumps({"format": 1, "keys": self.entries}, indent=2) + "\n"

    def _entry(self, kind: str, key_id: int) -> dict[str, Any]:
        for entry in self.entries:
            if (entry["kind"], entry["id"]) == (kind, key_id):
                return entry
        raise KeyError(kind, key_id)

    def _rewrap(self, entry: dict[str, Any], was: bytes) -> None:
        if "wrapped" in entry:
            kind, key_id = entry["kind"], entry["id"]
            material = unwrap(was, kind, key_id, entry["wrapped"])
            entry["wrapped"] = wrap(self._kek, kind, key_id, material)


@contextlib.contextmanager
def changing(path: Path, source: KekSource) -> Iterator[RingFile]:
    """Change the ring under a lock: it is written, wrapped by the source's first key,
    when the block ends, and left as it was when the block raises.

    Raises OpeningError when no key of the source opens the ring, PermissionError when
    its folder may not be written.
    """
    with _locked(path.parent):
        text, keks = path.read_text(), key_sources.keys_of(source)
        opening = [kek for kek in keks if opens(kek, text)]
        if not opening:
            raise ciphers.OpeningError
        ring = RingFile(json.loads(text)["keys"], keks[0], opening[0])
        yield ring
        open_ring(ring.text(), keks[:1])  # or the old file stays
        _replace(path, ring.text())


def rewrap(path: Path, source: KekSource) -> None:
    """Wrap the ring by the first key of the source; its keys and states stay.

    Raises OpeningError, and leaves the ring, unless the new text holds the same.
    """
    before = open_ring(path.read_text(), key_sources.keys_of(source))
    with changing(path, source) as ring:
        if not open_ring(ring.text(), key_sources.keys_of(source)[:1]).is_like(before):
            raise ciphers.OpeningError


def opens(kek: bytes, text: str) -> bool:
    """Whether a key-encrypting key opens the text of a ring."""
    try:
        open_ring(text, [kek])
    except ciphers.OpeningError:
        return False
    return True


def put_kek_first(source: FromFile) -> None:
    """Put a new key before those of the file."""
    with _locked(source.path.parent):
        _replace(source.path, f"{key_sources.new_kek()}\n{source.read()}")


def keep_first_kek(source: FromFile) -> None:
    """Forget all keys of the file but the first."""
    with _locked(source.path.parent):
        _replace(source.path, f"{source.read().split()[0]}\n")


def _missing_kinds(entries: list[dict[str, Any]]) -> list[str]:
    return [kind for kind in KINDS if kind not in {entry["kind"] for entry in entries}]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _create(path: Path, text: str) -> None:
    """Write a file whole or not at all; one that is already there is left alone."""
    with _draft(path, text) as draft, contextlib.suppress(FileExistsError):
        os.link(draft, path)


def _replace(path: Path, text: str) -> None:
    """Put a file in the place of the one that is there, with its mode and owner."""
    found = path.stat()
    with _draft(path, text) as draft:
        draft.chmod(found.st_mode & 0o777)
        if os.geteuid() == 0:
            os.chown(draft, found.st_uid, found.st_gid)
        draft.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


@contextlib.contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the keys of `folder` against others who would change them."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
