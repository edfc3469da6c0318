"""The key ring: the keys that seal, kept outside the database (SEC-52, CR-05).

The ring is a JSON file named by the setting SEALING_KEY_FILE. It holds data keys, index
keys and audit keys, each with an id and a state, wrapped by one key-encrypting key. That key comes from
the setting SEALING_KEK, else from the file SEALING_KEK_FILE, else from the file beside the
ring that ends in `.kek`; keep it away from the backups of the ring.

This module imports no model, so set-up can make a ring before Django starts.
"""

import base64
import binascii
import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from members import ciphers

ACTIVE, READABLE, DESTROYED = "active", "readable", "destroyed"
_KEK_BYTES = 32
# What reading and opening a ring may raise when it, or its key, is not there or damaged.
_NOT_OPENED = (
    *(OSError, ValueError, LookupError, TypeError),
    *(ciphers.OpeningError, ImproperlyConfigured),
)
_KINDS = ("data", "index", "audit")


class KeyRing:
    """The opened ring: material of the keys that are active or readable, by id."""

    def __init__(self, keys: dict[str, dict[int, bytes]], active: dict[str, int]):
        self._keys = keys
        self.active_data_key = active["data"]
        self.active_index_key = active["index"]
        self._active_audit_key = active.get("audit")
        self._derived: dict[tuple[str, ...], bytes] = {}

    def sealing_key(self, key_id: int, version: int) -> bytes:
        """The key of one cipher. Raises KeyError for an unknown or destroyed id."""
        length = ciphers.KEY_BYTES[version]
        return self._derive("data", key_id, length, "seal", str(version))

    def index_key(self, key_id: int, table: str, column: str) -> bytes:
        """The key of one index column. Raises KeyError for an unknown or destroyed id."""
        return self._derive("index", key_id, 32, "index", table, column)

    @property
    def active_audit_key(self) -> int:
        """The id of the key that new rows of the audit log are chained with."""
        if self._active_audit_key is None:
            raise ImproperlyConfigured(
                "The key ring of SEALING_KEY_FILE was made before there was an audit log: "
                "run the set-up, which adds the key of the log."
            )
        return self._active_audit_key

    def audit_key(self, key_id: int) -> bytes:
        """The key of the audit log, 32 bytes. Raises KeyError for an unknown id."""
        return self._derive("audit", key_id, 32, "audit")

    def _derive(self, kind: str, key_id: int, length: int, *purpose: str) -> bytes:
        name = (kind, str(key_id), *purpose)
        if name not in self._derived:
            material = self._keys[kind][key_id]
            self._derived[name] = ciphers.derive(material, length, *purpose)
        return self._derived[name]


def key_ring() -> KeyRing:
    """Open the configured ring; read again when its file changes.

    Raises ImproperlyConfigured, naming the setting, when ring or key is missing.
    """
    path = getattr(settings, "SEALING_KEY_FILE", None)
    if not path:
        raise ImproperlyConfigured(
            "SEALING_KEY_FILE is not set: name the file of the key ring."
        )
    try:
        found = os.stat(path)
    except OSError as error:
        raise ImproperlyConfigured(_unreadable(path, error)) from error
    return _open_ring(
        str(path),
        (found.st_mtime_ns, found.st_ino, found.st_size),
        getattr(settings, "SEALING_KEK", None) or "",
        str(getattr(settings, "SEALING_KEK_FILE", None) or f"{path}.kek"),
    )


def ensure_key_ring(path: str | Path, kek_path: str | Path | None = None) -> None:
    """Make the ring and its key-encrypting key, each 0400, unless they are there.

    A ring that was made before there was some kind of key gets one; a ring that does not
    open is left as it is. Several processes may ask at once: the first to finish wins and
    the others use its files. With SEALING_KEK in the environment no file of that key is
    made.
    """
    path = Path(path)
    kek_path = Path(kek_path or f"{path}.kek")
    if path.exists():
        _add_missing_kinds(path, kek_path)
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if encoded := os.environ.get("SEALING_KEK"):
        kek = _decode_kek(encoded)
    else:
        _create(kek_path, new_kek())
        kek = _decode_kek(kek_path.read_text())
    _create(path, new_key_ring(kek))


def _add_missing_kinds(path: Path, kek_path: Path) -> None:
    with contextlib.suppress(*_NOT_OPENED):
        if not _missing_kinds(json.loads(path.read_text())["keys"]):
            return
        kek = _decode_kek(os.environ.get("SEALING_KEK") or kek_path.read_text())
        with _locked(path.parent):
            ring = json.loads(path.read_text())
            _unwrap_all(kek, ring["keys"])
            ring["keys"] += [_new_key(kek, k) for k in _missing_kinds(ring["keys"])]
            _replace(path, _as_text(ring["keys"]))


def _missing_kinds(entries: list[dict[str, Any]]) -> list[str]:
    return [kind for kind in _KINDS if kind not in {entry["kind"] for entry in entries}]


def new_kek() -> str:
    """A fresh key-encrypting key: 32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(_KEK_BYTES)).decode()


def new_key_ring(kek: bytes) -> str:
    """The text of a fresh ring: one active key of each kind, wrapped by `kek`."""
    return _as_text([_new_key(kek, kind) for kind in _KINDS])


def _new_key(kek: bytes, kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "id": 1,
        "state": ACTIVE,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "wrapped": wrap(kek, kind, 1, secrets.token_bytes(32)),
    }


def _as_text(entries: list[dict[str, Any]]) -> str:
    return json.dumps({"format": 1, "keys": entries}, indent=2) + "\n"


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


def _wrapping(kek: bytes, kind: str, key_id: int) -> tuple[bytes, bytes]:
    key = ciphers.derive(kek, ciphers.KEY_BYTES[ciphers.SM4], "wrap")
    return key, ciphers.join("wrap", kind, str(key_id))


@lru_cache(maxsize=4)
def _open_ring(path: str, version: tuple[int, ...], kek: str, kek_path: str) -> KeyRing:
    key_encrypting_key = _decode_kek(kek or _read_kek(kek_path))
    try:
        entries = json.loads(Path(path).read_text())["keys"]
        return _unwrap_all(key_encrypting_key, entries)
    except OSError as error:
        raise ImproperlyConfigured(_unreadable(path, error)) from error
    except ciphers.OpeningError as error:
        raise ImproperlyConfigured(
            "The key of SEALING_KEK or SEALING_KEK_FILE does not open the key ring of "
            "SEALING_KEY_FILE: restore the pair that belongs together."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ImproperlyConfigured(
            f"SEALING_KEY_FILE names {path}, which is not a key ring: restore the file."
        ) from error


def _unwrap_all(kek: bytes, entries: list[dict[str, Any]]) -> KeyRing:
    keys: dict[str, dict[int, bytes]] = {kind: {} for kind in _KINDS}
    active: dict[str, int] = {}
    for entry in entries:
        kind, key_id, state = entry["kind"], entry["id"], entry["state"]
        if state == DESTROYED:
            continue
        keys[kind][key_id] = unwrap(kek, kind, key_id, entry["wrapped"])
        if state == ACTIVE:
            active[kind] = key_id
    return KeyRing(keys, active)


def _read_kek(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError as error:
        raise ImproperlyConfigured(
            f"SEALING_KEK is not set and SEALING_KEK_FILE ({path}) cannot be read "
            f"({error.strerror}): restore the key-encrypting key."
        ) from error


def _decode_kek(encoded: str) -> bytes:
    try:
        kek = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        kek = b""
    if len(kek) != _KEK_BYTES:
        raise ImproperlyConfigured(
            "SEALING_KEK or SEALING_KEK_FILE must hold 32 bytes in base64."
        )
    return kek


def _unreadable(path: str | Path, error: OSError) -> str:
    return (
        f"SEALING_KEY_FILE names {path}, which cannot be read ({error.strerror}): "
        "run the set-up, or restore the key ring."
    )


def _create(path: Path, text: str) -> None:
    """Write a file whole or not at all; one that is already there is left alone."""
    with _draft(path, text) as draft, contextlib.suppress(FileExistsError):
        os.link(draft, path)


def _replace(path: Path, text: str) -> None:
    """Put a file in the place of the one that is there: readers see either of them."""
    with _draft(path, text) as draft:
        draft.chmod(path.stat().st_mode & 0o777)
        draft.rename(path)


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
    """Hold the ring of `folder` against others who would write it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
