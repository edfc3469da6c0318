"""Child processes that end with us and write to a log."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

Account = pwd.struct_passwd | None  # None: run as we do


def spawn(
    command: list[str],
    *,
    log: Path,
    last_signal: int = signal.SIGTERM,
    account: Account = None,
    **options,
) -> subprocess.Popen:
    """Start `command` in a session of its own; what it says goes to `log`.

    Should we be killed, the kernel sends it `last_signal` (on Linux).
    """
    with appending(log) as out:
        return subprocess.Popen(  # noqa: S603 - a list of our own, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(last_signal),
            **as_account(account),
            **options,
        )


def as_account(account: Account) -> dict:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def die_with_parent(last_signal: int) -> Callable[[], None]:
    """For `preexec_fn`, which runs after the change of account: that forgets the wish."""
    parent = os.getpid()
    library = ctypes.CDLL(None) if sys.platform == "linux" else None

    def in_child() -> None:
        if library is not None:
            library.prctl(1, last_signal)  # 1 is PR_SET_PDEATHSIG
            if os.getppid() != parent:  # killed in the moment between
                os._exit(1)

    return in_child


def stop(process: subprocess.Popen, how: int, patience: float = 20) -> None:
    """Ask `process` to end; then, or after `patience` seconds, end all its session."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(how)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def runs(pid: int, *words: str) -> bool:
    """Whether process `pid` lives and has all `words` in its command line.

    A number alone says nothing: it may have gone to somebody else's process.
    """
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        asked = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
        if sys.platform == "linux":
            return False
        line = subprocess.run(asked, capture_output=True, text=True).stdout  # noqa: S603
    return bool(line) and all(word in line for word in words)


def appending(log: Path) -> IO[bytes]:
    if log.exists() and log.stat().st_size > 10_000_000:
        log.replace(log.with_suffix(".log.1"))
    return log.open("ab")


def last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it said nothing"
