"""What processes have used, read from /proc: a figure that does not hang on what else the
machine does, as times do."""

import os
from collections.abc import Iterator
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and of all below it, those that have ended included."""
    user, system, ended_user, ended_system = _stat(pid)[11:15]
    own = (int(user) + int(system) + int(ended_user) + int(ended_system)) / TICK
    return own + sum(cpu_seconds(child) for child in children(pid))


def memory_mib(pid: int) -> float:
    """Resident memory of the processes below this one, pages they share counted anew."""
    return sum(int(_stat(child)[21]) * PAGE for child in children(pid)) / 2**20


def children(pid: int) -> Iterator[int]:
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        yield from map(int, thread.read_text().split())


def _stat(pid: int) -> list[str]:
    """The fields behind the name of the program, which may hold spaces itself.

    A process that ended meanwhile has used nothing: its parent counts it from then on.
    """
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["0"] * 50
