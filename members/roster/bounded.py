"""Work on a stranger's file, in a process of its own under limits that the kernel holds.

What happens there, a crash in a library included, happens to nobody else (UP-05).
"""

from __future__ import annotations

import faulthandler
import gc
import math
import os
import pickle
import resource
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

T = TypeVar("T")
_NO_MEMORY: Final = 3


class TooSlow(Exception):  # noqa: N818  named as what was found
    """The work took more time than it was given."""


class TooHeavy(Exception):  # noqa: N818
    """The work wanted more memory than it was given."""


class Crashed(Exception):  # noqa: N818
    """The work ended as no work should, in a library below Python."""


def bounded(work: Callable[[], T], *, seconds: float, most_bytes: int) -> T:
    """What `work` returns, or the exception it raises; both must be picklable.

    seconds: of processor and of wall clock. most_bytes: above what this process has.
    Raises TooSlow, TooHeavy or Crashed. What `work` changes in memory stays in its process.
    """
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(out)
        _be_the_child(work, into, seconds, most_bytes)
    os.close(into)
    try:
        answer = _read_all(out, until=time.monotonic() + seconds)
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        os.close(out)
        _pid, status = os.waitpid(pid, 0)
    return _outcome(answer, os.waitstatus_to_exitcode(status))


def _outcome(answer: bytes, exit_code: int) -> Any:
    if exit_code == -signal.SIGXCPU:
        raise TooSlow
    if exit_code == _NO_MEMORY or exit_code < 0:  # below Python this is an abort
        raise TooHeavy
    if exit_code != 0:
        raise Crashed
    result, failure = pickle.loads(answer)  # noqa: S301  of our own process
    if failure is not None:
        raise failure
    return result


def _read_all(out: int, *, until: float) -> bytes:
    parts: list[bytes] = []
    while True:
        ready, _w, _x = select.select([out], [], [], max(0, until - time.monotonic()))
        if not ready:
            raise TooSlow
        part = os.read(out, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)


def _be_the_child(
    work: Callable[[], Any], into: int, seconds: float, most_bytes: int
) -> NoReturn:
    """Work, answer and vanish: nothing of the parent is closed, flushed or collected."""
    code = 1
    with suppress(BaseException):
        faulthandler.disable()  # it would quote us on the way out
        gc.freeze()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a crash would quote the file
        _limit(seconds, most_bytes)
        try:
            answer = pickle.dumps(_answer(work), pickle.HIGHEST_PROTOCOL)
            with os.fdopen(into, "wb") as pipe:
                pipe.write(answer)
            code = 0
        except MemoryError:
            code = _NO_MEMORY
    os._exit(code)


def _answer(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return work(), None
    except MemoryError:
        raise
    except Exception as failure:
        return None, failure


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
