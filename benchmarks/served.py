"""The portal as in production, on a data folder of a given size, and the floors beside it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import cpu_seconds, memory_mib
from config import embedded
from config.embedded import ROOT, StartError
from config.supervisor import Portal, listen

MEMBERS_OF_A_BRANCH = 50
# One account asks for hundreds here: rates are counted, but end nothing.
UNLIMITED = {
    "RATE_OF_SEARCHES": "1000000/min",
    "RATE_OF_SEARCHES_OF_ADDRESS": "1000000/min",
}
WEB, FLOORS = "The web server", "The server of the floors"


class Served(Portal):
    """Web server, database and cache; no worker, so that only pages are measured."""

    def __init__(self, place, listener, floors, members: int):
        super().__init__(place, listener)
        self.floors, self.members = floors, members

    def start(self) -> None:
        super().start()
        with settings_module("benchmarks.settings"):
            self.add(FLOORS, self.start_floors, signal.SIGTERM)

    def start_floors(self) -> subprocess.Popen:
        """Just as the portal's own web server is started, on another socket."""
        beside = Portal(self.place, self.floors)
        return beside.start_web()

    def start_worker(self) -> subprocess.Popen:
        """A process that does nothing, where the worker would be."""
        return self.python("worker", "-c", "import signal; signal.pause()")

    def seed(self) -> None:
        """Fill an empty data folder; one that is there is taken as it is."""
        if not self.sql("SELECT 1 FROM members_branch LIMIT 1"):
            branches = max(self.members // MEMBERS_OF_A_BRANCH, 30)
            size = [f"--members={self.members}", f"--branches={branches}"]
            self.manage("seed_demo", *size, "--seed=1", DATABASE_ROLE="owner", DEMO="0")
        self.sql("VACUUM ANALYZE")  # as autovacuum would by and by

    def sql(self, statement: str) -> list[tuple]:
        return embedded.sql(self.place, embedded.DATABASE, statement)

    def pid(self, name: str) -> int:
        return next(c.process.pid for c in self.children if c.name == name)

    def used(self, server: str) -> tuple[float, float, float]:
        """Seconds of CPU so far: of a web server, of PostgreSQL and of Valkey."""
        names = (server, "PostgreSQL", "Valkey")
        return tuple(cpu_seconds(self.pid(name)) for name in names)

    def memory(self, server: str) -> float:
        return memory_mib(self.pid(server))

    def port_of(self, server: str) -> int:
        listener = self.listener if server == WEB else self.floors
        return listener.getsockname()[1]


@contextlib.contextmanager
def settings_module(name: str) -> Iterator[None]:
    before = os.environ["DJANGO_SETTINGS_MODULE"]
    os.environ["DJANGO_SETTINGS_MODULE"] = name
    try:
        yield
    finally:
        os.environ["DJANGO_SETTINGS_MODULE"] = before


@contextlib.contextmanager
def serving(var: Path, members: int) -> Iterator[Served]:
    """The portal on the data folder `var`, which nobody else may be using."""
    if embedded.configured():
        raise StartError(
            "Unset DATABASE_URL: a benchmark measures a database beside it."
        )
    place = embedded.Place.of(var)
    lock = embedded.take(place.var, "A benchmark")
    if lock is None:
        raise StartError(f"{embedded.owner(place.var)} uses {place.var}: end it first.")
    with lock, listen(0) as listener, listen(0) as floors:
        os.environ |= {"VAR": str(place.var), "DEMO": "0"} | UNLIMITED
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        embedded.make_secrets(place.var)
        place.make_folders()
        served = Served(place, listener, floors, members)
        try:
            # Standard output is for the figures.
            with contextlib.redirect_stdout(sys.stderr):
                served.start()
            yield served
        finally:
            served.stop()


def in_a_process(module: str, *words: str) -> list[dict]:
    """Run a module of ours for each size apart: Django reads its settings but once."""
    command = [sys.executable, "-m", module, *words]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as step:  # noqa: S603
        for line in step.stdout or ():
            lines.append(json.loads(line))
            print(line, end="", flush=True)  # noqa: T201
    if step.returncode:
        sys.exit(step.returncode)
    return lines
