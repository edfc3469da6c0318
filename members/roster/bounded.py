"""Work on a stranger's file, in a process of its own under limits that the kernel holds.

What happens there, a crash in a library included, happens to nobody else (UP-05). Whoever
takes over that process can say what is untrue and no more: it answers in MessagePack,
which runs nothing, in no more bytes than it may use (OP-06).
"""

from __future__ import annotations

import faulthandler
import gc
import logging
import math
import os
import re
import resource
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

import msgpack
from django.core.exceptions import ValidationError

logger = logging.getLogger(__name__)

_NO_MEMORY: Final = 3
_MOST_WORDS: Final = 300


class TooSlow(Exception):  # noqa: N818  named as what was found
    """The work took more time than it was given."""


class TooHeavy(Exception):  # noqa: N818
    """The work wanted more memory than it was given."""


class Crashed(Exception):  # noqa: N818
    """The work ended as no work should, or gave an answer that is none."""


def bounded(
    work: Callable[[], Any],
    *,
    seconds: float,
    most_bytes: int,
    tell: Callable[[Any], Any] | None = None,
) -> Any:
    """What `work` returns, or the ValidationError it raises, with its first message and its
    code. It comes in the plain values of MessagePack, where other values are told by `tell`,
    and is to be believed no more than the file.

    seconds: of processor and of wall clock. most_bytes: above what this process has, and
    of the answer. Raises TooSlow, TooHeavy or Crashed, also for what else `work` raises.
    What `work` changes in memory stays in its process.
    """
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(out)
        _be_the_child(lambda: _answer(work, tell), into, seconds, most_bytes)
    os.close(into)
    try:
        until = time.monotonic() + seconds
        answer = _read_all(out, until=until, most_bytes=most_bytes)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        os.close(out)
        _pid, status = os.waitpid(pid, 0)
    return _outcome(answer, os.waitstatus_to_exitcode(status))


def _outcome(answer: bytearray, exit_code: int) -> Any:
    if exit_code == -signal.SIGXCPU:
        raise TooSlow
    if exit_code == _NO_MEMORY or exit_code < 0:  # below Python this is an abort
        raise TooHeavy
    if exit_code != 0:
        raise Crashed
    try:
        kind, said = msgpack.unpackb(answer, unicode_errors="surrogatepass")
    except (ValueError, TypeError, msgpack.UnpackException):
        raise Crashed from None
    del answer
    if kind == "done":
        return said
    if kind == "refused":
        raise _refusal(said)
    logger.error("Reading a file failed: %s", _word(said))
    raise Crashed


def _refusal(said: Any) -> ValidationError:
    match said:
        case [str(message), str(code)] if message and code == _word(code):
            return ValidationError(message[:_MOST_WORDS], code=code)
    raise Crashed


def _word(said: Any) -> str:
    """The name that `said` is; a log takes no other text from there."""
    found = isinstance(said, str) and re.fullmatch(r"[A-Za-z_]{1,50}", said)
    return str(said) if found else "?"


def _read_all(out: int, *, until: float, most_bytes: int) -> bytearray:
    answer = bytearray()
    while True:
        ready, _w, _x = select.select([out], [], [], max(0, until - time.monotonic()))
        if not ready:
            raise TooSlow
        part = os.read(out, 1 << 20)
        if not part:
            return answer
        answer += part
        if len(answer) > most_bytes:
            raise TooHeavy


def _be_the_child(
    answer_of: Callable[[], memoryview], into: int, seconds: float, most_bytes: int
) -> NoReturn:
    """Work, answer and vanish: nothing of the parent is closed, flushed or collected."""
    code = 1
    with suppress(BaseException):
        faulthandler.disable()  # it would quote us on the way out
        gc.freeze()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a crash would quote the file
        _limit(seconds, most_bytes)
        try:
            answer = answer_of()
            with os.fdopen(into, "wb") as pipe:
                pipe.write(answer)
            code = 0
        except MemoryError:
            code = _NO_MEMORY
    os._exit(code)


def _answer(work: Callable[[], Any], tell: Callable[[Any], Any] | None) -> memoryview:
    try:
        return _packed(["done", work()], tell)
    except MemoryError:
        raise
    except ValidationError as refusal:
        return _packed(["refused", [refusal.messages[0], refusal.code]])
    except Exception as failure:
        return _packed(["failed", type(failure).__name__])


def _packed(said: Any, tell: Callable[[Any], Any] | None = None) -> memoryview:
    """Copied as seldom as can be: the answer shares its bound with the work. Text is packed
    as it stands; only text with half a character in it is encoded apart."""
    try:
        packer = msgpack.Packer(default=tell, autoreset=False)
        packer.pack(said)
    except UnicodeEncodeError:
        packer = msgpack.Packer(
            default=tell, autoreset=False, unicode_errors="surrogatepass"
        )
        packer.pack(said)
    return memoryview(packer.getbuffer())


def _limit(seconds: float, most_bytes: int) -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for kind, most in (
        (resource.RLIMIT_CPU, math.ceil(seconds)),
        (resource.RLIMIT_AS, held + most_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        _soft, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, hard))
