"""How passwords are hashed: PBKDF2-HMAC-SM3 (GB/T 32905), or Argon2id by setting.

A check costs a tenth of a second or more of a core, on purpose. So that many people who
sign in at once do not starve the pages of all others (CR-10), each process hashes one
password at a time, in a thread that yields to all others, and lets few wait for it: who
comes after them is told to try again.
"""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from django.conf import settings
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    PBKDF2PasswordHasher,
)

WAITING = 2  # requests of one process, the one being served included
NICENESS = 5


class TooBusy(Exception):  # noqa: N818  the name says what happened
    """More passwords wait to be checked than this process takes: try again shortly."""


_places = threading.BoundedSemaphore(WAITING)
_inside = threading.local()


def in_turn(compute: Callable[..., Any], *args: Any) -> Any:
    """Run `compute(*args)` when its turn comes. Raises TooBusy where too many wait."""
    if getattr(_inside, "lane", False):
        return compute(*args)
    if not _places.acquire(blocking=False):
        raise TooBusy
    try:
        return _lane(os.getpid()).submit(compute, *args).result()
    finally:
        _places.release()


def look_for_a_place() -> None:
    """Raise TooBusy where a password would find no place, before other work is done."""
    if not _places.acquire(blocking=False):
        raise TooBusy
    _places.release()


@cache
def _lane(process: int) -> ThreadPoolExecutor:
    """The one thread that hashes; a forked process starts its own."""
    return ThreadPoolExecutor(1, "hashing", initializer=_yield_to_others)


def _yield_to_others() -> None:
    _inside.lane = True
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


class SM3PasswordHasher(PBKDF2PasswordHasher):
    """PBKDF2 with HMAC-SM3, of the `cryptography` package, which leaves other threads
    running meanwhile."""

    algorithm = "pbkdf2_sm3"

    def __init__(self) -> None:
        self.iterations = settings.PASSWORD_ROUNDS

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        self._check_encode_args(password, salt)  # type: ignore[attr-defined]
        rounds = iterations or self.iterations
        digest = in_turn(_pbkdf2_sm3, password.encode(), salt.encode(), rounds)
        hashed = base64.b64encode(digest).decode("ascii")
        return f"{self.algorithm}${rounds}${salt}${hashed}"


def _pbkdf2_sm3(password: bytes, salt: bytes, rounds: int) -> bytes:
    return PBKDF2HMAC(hashes.SM3(), 32, salt, rounds).derive(password)


class Argon2idPasswordHasher(Argon2PasswordHasher):
    """Django's own, in turn."""

    def encode(self, password: str, salt: str) -> str:
        return str(in_turn(super().encode, password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        return bool(in_turn(super().verify, password, encoded))
