"""The key ring: the keys that seal, kept outside the database (SEC-52, CR-05).

The ring is a JSON file named by the setting SEALING_KEY_FILE. It holds data keys, index
keys and audit keys, each with an id and a state, wrapped by one key-encrypting key, whose
place `members.key_sources` knows: keep that key away from the backups of the ring.

This module imports no model, so set-up can make a ring before Django starts.
"""

import base64
import json
import os
import secrets
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from members import ciphers, key_sources
from members.key_sources import KekSource

_T = TypeVar("_T")

DATA, INDEX, AUDIT = "data", "index", "audit"
KINDS: Final = (DATA, INDEX, AUDIT)
# Of each kind one key is active: new values are made with it. Readable keys open what is
# older. An index key is coming while rows are prepared for it (decision 0007).
COMING, ACTIVE, READABLE, DESTROYED = "coming", "active", "readable", "destroyed"


class KeyRing:
    """The opened ring: material of the keys that are not destroyed, by kind and id."""

    def __init__(self, keys: dict[str, dict[int, bytes]], states: dict[str, dict]):
        self._keys, self._states = keys, states
        self._derived: dict[tuple[str, ...], bytes] = {}
        self.active_data_key = self._only(DATA, ACTIVE)
        self.active_index_key = self._only(INDEX, ACTIVE)
        # The index keys that rows may be under besides the active one.
        self.other_index_keys = self.ids(INDEX, COMING, READABLE)
        self.next_index_key = self._next_index_key()

    @property
    def active_audit_key(self) -> int:
        """The id of the key that new rows of the audit log are chained with."""
        try:
            return self._only(AUDIT, ACTIVE)
        except KeyError as error:
            raise ImproperlyConfigured(
                "The key ring of SEALING_KEY_FILE was made before there was an audit log: "
                "run the set-up, which adds the key of the log."
            ) from error

    def ids(self, kind: str, *states: str) -> list[int]:
        """The ids of a kind that are in one of `states`, lowest first."""
        return sorted(k for k, state in self._states[kind].items() if state in states)

    def sealing_key(self, key_id: int, version: int) -> bytes:
        """The key of one cipher. Raises KeyError for an unknown or destroyed id."""
        length = ciphers.KEY_BYTES[version]
        return self._derive(DATA, key_id, length, "seal", str(version))

    def index_key(self, key_id: int, table: str, column: str) -> bytes:
        """The key of one index column. Raises KeyError for an unknown or destroyed id."""
        return self._derive(INDEX, key_id, 32, "index", table, column)

    def audit_key(self, key_id: int) -> bytes:
        """The key of the audit log, 32 bytes. Raises KeyError for an unknown id."""
        return self._derive(AUDIT, key_id, 32, "audit")

    def is_like(self, other: "KeyRing") -> bool:
        """Whether both hold the same keys in the same states."""
        return self._keys == other._keys and self._states == other._states

    def _next_index_key(self) -> int | None:
        """The key of the second index that unique columns have during a rotation.

        While rows are prepared, the key that is coming; while they move, the active one;
        None when every row is under the active key.
        """
        if coming := self.ids(INDEX, COMING):
            return coming[0]
        return self.active_index_key if self.ids(INDEX, READABLE) else None

    def _only(self, kind: str, state: str) -> int:
        """The one id of a kind in a state. Raises KeyError unless there is one."""
        found = self.ids(kind, state)
        if len(found) != 1:
            raise KeyError(kind, state)
        return found[0]

    def _derive(self, kind: str, key_id: int, length: int, *purpose: str) -> bytes:
        name = (kind, str(key_id), *purpose)
        if name not in self._derived:
            material = self._keys[kind][key_id]
            self._derived[name] = ciphers.derive(material, length, *purpose)
        return self._derived[name]


def settled(function: Callable[[], _T]) -> Callable[[], _T]:
    """Remember what settings say: they are slow to read, and what is read here is read
    many times for each row of an import. Only tests change them."""
    remembered = lru_cache(function)
    setting_changed.connect(lambda **_: remembered.cache_clear(), weak=False)
    return remembered


@settled
def _places() -> tuple[str, str, str, str]:
    """The file of the ring, and where its key may be."""
    path = getattr(settings, "SEALING_KEY_FILE", None)
    if not path:
        raise ImproperlyConfigured(
            "SEALING_KEY_FILE is not set: name the file of the key ring."
        )
    return (
        path,
        getattr(settings, "SEALING_KEK", None) or "",
        getattr(settings, "SEALING_KEK_COMMAND", None) or "",
        getattr(settings, "SEALING_KEK_FILE", None) or f"{path}.kek",
    )


def key_ring() -> KeyRing:
    """Open the configured ring; read again when its file changes.

    Raises ImproperlyConfigured, naming the setting, when ring or key is missing. Asked
    several times for each value that is sealed, so what it does is little.
    """
    path, *places = _places()
    version = _version(path)
    try:
        return _open_file(path, version, *places)
    except ImproperlyConfigured:
        if (newer := _version(path)) == version:
            raise
        return _open_file(path, newer, *places)  # it was replaced while we read


def ring_path() -> Path:
    """The file of the ring."""
    return Path(settings.SEALING_KEY_FILE)


def kek_source() -> KekSource:
    """The configured source of the key-encrypting key; by default a file beside the ring."""
    return key_sources.choose(
        kek=getattr(settings, "SEALING_KEK", None) or "",
        command=getattr(settings, "SEALING_KEK_COMMAND", None) or "",
        path=getattr(settings, "SEALING_KEK_FILE", None) or f"{ring_path()}.kek",
    )


def _version(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError as error:
        raise ImproperlyConfigured(_unreadable(path, error)) from error
    return found.st_mtime_ns, found.st_ino, found.st_size


def wrap(kek: bytes, kind: str, key_id: int, material: bytes) -> str:
    """Seal the material of a key with the key-encrypting key, bound to kind and id."""
    nonce = secrets.token_bytes(ciphers.NONCE_BYTES)
    key, bound = _wrapping(kek, kind, key_id)
    body = ciphers.encrypt(ciphers.SM4, key, nonce, material, bound)
    return base64.b64encode(nonce + body).decode()


def unwrap(kek: bytes, kind: str, key_id: int, wrapped: str) -> bytes:
    """Open what `wrap` sealed. Raises OpeningError under another key, kind or id."""
    sealed = base64.b64decode(wrapped)
    nonce, body = sealed[: ciphers.NONCE_BYTES], sealed[ciphers.NONCE_BYTES :]
    key, bound = _wrapping(kek, kind, key_id)
    return ciphers.decrypt(ciphers.SM4, key, nonce, body, bound)


def open_ring(text: str, keks: Iterable[bytes]) -> KeyRing:
    """Open the text of a ring by the first of `keks` that fits.

    Raises OpeningError when none does; ValueError, LookupError or TypeError for a text
    that is no ring.
    """
    entries = json.loads(text)["keys"]
    for kek in keks:
        try:
            return _unwrap_all(kek, entries)
        except ciphers.OpeningError:
            continue
    raise ciphers.OpeningError


def _wrapping(kek: bytes, kind: str, key_id: int) -> tuple[bytes, bytes]:
    key = ciphers.derive(kek, ciphers.KEY_BYTES[ciphers.SM4], "wrap")
    return key, ciphers.join("wrap", kind, str(key_id))


@lru_cache(maxsize=4)
def _open_file(
    path: str, version: tuple[int, ...], kek: str, command: str, kek_path: str
) -> KeyRing:
    source = key_sources.choose(kek=kek, command=command, path=kek_path)
    try:
        return open_ring(Path(path).read_text(), key_sources.keys_of(source))
    except OSError as error:
        raise ImproperlyConfigured(_unreadable(path, error)) from error
    except ciphers.OpeningError as error:
        raise ImproperlyConfigured(
            f"The key of {source.setting} does not open the key ring of "
            "SEALING_KEY_FILE: restore the pair that belongs together."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ImproperlyConfigured(
            f"SEALING_KEY_FILE names {path}, which is not a key ring: restore the file."
        ) from error


def _unwrap_all(kek: bytes, entries: list[dict[str, Any]]) -> KeyRing:
    keys: dict[str, dict[int, bytes]] = {kind: {} for kind in KINDS}
    states: dict[str, dict[int, str]] = {kind: {} for kind in KINDS}
    for entry in entries:
        kind, key_id, state = entry["kind"], entry["id"], entry["state"]
        states[kind][key_id] = state
        if state != DESTROYED:
            keys[kind][key_id] = unwrap(kek, kind, key_id, entry["wrapped"])
    return KeyRing(keys, states)


def _unreadable(path: str, error: OSError) -> str:
    return (
        f"SEALING_KEY_FILE names {path}, which cannot be read ({error.strerror}): "
        "run the set-up, or restore the key ring."
    )
