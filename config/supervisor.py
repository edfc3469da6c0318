"""`make run`: the whole portal at one address, started in order and stopped in order.

It takes the lock of the data folder and the web socket before anything else, so a
second portal learns at once what is in its way. Then come PostgreSQL and Valkey (unless
configured elsewhere), migrations, static files, demonstration data, the web server and
a worker with beat inside; every process ends with this one, however it ends.
"""

import contextlib
import hashlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import environ
import psycopg2

from config import embedded
from config.embedded import ROOT, StartError
from config.processes import last_line, spawn, stop

HOST = "127.0.0.1"
PATIENCE = 60  # seconds until the portal must answer
DEATHS_PER_MINUTE = 5
ASKED_EVERY = 60  # seconds; at /readyz the portal looks whether its worker lives
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DEMONSTRATION = ["--members=300", "--branches=30", "--days=730", "--seed=1"]


class Stopped(BaseException):
    """Asked to end by a signal; like KeyboardInterrupt, nothing below may swallow it."""


@dataclass
class Child:
    """A process that is started again when it dies."""

    name: str
    start: Callable[[], subprocess.Popen]
    last_signal: int
    process: subprocess.Popen
    deaths: list[float] = field(default_factory=list)
    start_at: float = 0

    def look_after(self) -> None:
        """Start it again if it died: soon, then later each time.

        Raises StartError when it keeps dying.
        """
        now = time.monotonic()
        if not self.start_at and self.process.poll() is not None:
            stop(self.process, self.last_signal)  # what it left of its session
            self.deaths = [at for at in self.deaths if at > now - 60] + [now]
            if len(self.deaths) > DEATHS_PER_MINUTE:
                raise StartError(f"{self.name} dies again and again: see its log.")
            say(f"{self.name} ended unexpectedly; it is started again.")
            self.start_at = now + 2 ** (len(self.deaths) - 1)
        if self.start_at and now >= self.start_at:
            self.start_at, self.process = 0, self.start()


class Portal:
    """The children on one data folder, in the order of their start."""

    def __init__(self, place: embedded.Place, listener: socket.socket):
        self.place = place
        self.listener = listener
        self.port = listener.getsockname()[1]
        self.instance = secrets.token_hex(8)
        self.children: list[Child] = []
        self.asked_at = 0.0

    def start(self) -> None:
        os.environ["PORTAL_INSTANCE"] = self.instance
        if not embedded.configured():
            say("Starting PostgreSQL and Valkey ...")
            self.add("PostgreSQL", self.start_postgres, signal.SIGINT)
            self.add("Valkey", self.start_valkey, signal.SIGTERM)
            os.environ.update(self.place.environment())
            embedded.migrate_when_changed(self.place, self.migrate)
            embedded.announce(self.place)
        else:
            self.migrate()
        self.collect_static()
        self.seed()
        say("Starting the web server and the worker ...")
        self.add("The web server", self.start_web, signal.SIGTERM)
        self.add("The worker", self.start_worker, signal.SIGTERM)
        self.await_ready()

    def add(self, name: str, start: Callable, last_signal: int) -> None:
        self.children.append(Child(name, start, last_signal, start()))

    # --- children ---
    def start_postgres(self) -> subprocess.Popen:
        return embedded.start_postgres(self.place)

    def start_valkey(self) -> subprocess.Popen:
        return embedded.start_valkey(self.place)

    def start_web(self) -> subprocess.Popen:
        number = self.listener.fileno()
        command = ["gunicorn", "config.wsgi", "--bind", f"fd://{number}"]
        command += ["--worker-class", "gthread", "--workers", "2", "--threads", "4"]
        command += ["--graceful-timeout", "10", "--no-control-socket", "--preload"]
        return self.python("web", "-m", *command, pass_fds=[number])

    def start_worker(self) -> subprocess.Popen:
        command = ["celery", "-A", "config", "worker", "-B", "--concurrency", "2"]
        command += ["--without-gossip", "--without-mingle"]
        command += ["-s", str(self.place.var / "celerybeat-schedule")]
        return self.python("worker", "-m", *command)

    def python(self, log: str, *words: str, **options) -> subprocess.Popen:
        """Start a Python process that is killed with us: asked, it might not hear."""
        return spawn(
            [sys.executable, *words],
            log=self.place.log(log),
            last_signal=signal.SIGKILL,
            cwd=ROOT,
            **options,
        )

    # --- steps ---
    def manage(self, *words: str, **environment: str) -> None:
        """Run a command of manage.py to its end; its words go to a log."""
        command = ["manage.py", *words]
        step = self.python("setup", *command, env=os.environ | environment)
        try:
            failed = step.wait() != 0
        finally:
            stop(step, signal.SIGTERM)
        if failed:
            log = self.place.log("setup")
            raise StartError(f"`{words[0]}` failed: {last_line(log)} (see {log}).")

    def migrate(self) -> None:
        say("Preparing the database ...")
        self.manage("migrate", DATABASE_ROLE="owner")

    def collect_static(self) -> None:
        """Hash and compress the static files, unless all they come from is unchanged."""
        made_from = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
        sources = [*ROOT.glob("static/dist/**/*"), *ROOT.glob("*/static/**/*")]
        for file in sorted(filter(Path.is_file, sources)):
            made_from.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
        stamp = self.place.var / "static" / ".portal-stamp"
        if stamp.exists() and stamp.read_text() == made_from.hexdigest():
            return
        say("Collecting the static files ...")
        stamp.unlink(missing_ok=True)
        self.manage("collectstatic", "--no-input", "--verbosity", "0")
        stamp.write_text(made_from.hexdigest())

    def seed(self) -> None:
        """Fill a portal that has no branch yet with a demonstration."""
        command = list(ROOT.glob("*/management/commands/seed_demo.py"))
        if not command or os.environ["DEMO"] == "0":
            return
        url = environ.FileAwareEnv()("DATABASE_URL")
        with contextlib.closing(psycopg2.connect(url)) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT FROM members_branch LIMIT 1")
            if cursor.fetchone() is not None:
                return
        say("Making demonstration data ...")
        self.manage("seed_demo", *DEMONSTRATION)

    def await_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.is_ready():
                return
            self.look_after_children()
            time.sleep(0.2)
        log = self.place.log("web")
        raise StartError(
            f"The portal does not get ready: {last_line(log)} (see {log})."
        )

    def is_ready(self) -> bool:
        """Whether this very portal answers: another one on the port is no sign."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/readyz")
                answer = connection.getresponse()
            except (OSError, http.client.HTTPException):
                return False
            ours = answer.getheader("X-Portal-Instance") == self.instance
            return ours and answer.status == http.client.OK

    # --- until the end ---
    def look_after_children(self) -> None:
        for child in self.children:
            child.look_after()

    def look_after_all(self) -> None:
        self.look_after_children()
        if time.monotonic() > self.asked_at + ASKED_EVERY:
            self.asked_at = time.monotonic()
            self.is_ready()

    def stop(self) -> None:
        embedded.retire(self.place.var)
        for child in reversed(self.children):
            stop(child.process, child.last_signal)

    def introduce(self) -> None:
        say(f"\nThe portal is ready: {address(self.port)}")
        accounts = self.place.var / "demo-accounts.json"
        if accounts.exists():
            say("\nDemonstration accounts:")
            columns = ("role", "username", "password")
            rows = [
                [row[name] for name in columns]
                for row in json.loads(accounts.read_text())
            ]
            for line in aligned([list(columns), *rows]):
                say(f"  {line}")
        say(
            f"\nCtrl-C stops it. What it does is logged in {self.place.log('').parent}."
        )


def aligned(rows: list[list[str]]) -> list[str]:
    """Rows as lines with columns of equal width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def address(port: int) -> str:
    return f"http://{HOST}:{port}/"


def say(line: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone before us
        print(line, flush=True)  # noqa: T201


def listen(port: int) -> socket.socket:
    """The web socket; a portal that was just killed may hold it a moment longer."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for attempts_left in reversed(range(10)):
        try:
            listener.bind((HOST, port))
            listener.listen(128)
            break
        except OSError as error:
            if not attempts_left:
                listener.close()
                raise StartError(
                    f"Port {port} is taken ({error.strerror}): choose another one, as in "
                    f"`make run PORT={port + 1}`."
                ) from error
            time.sleep(0.3)
    return listener


def run(var: Path, port: int) -> None:
    """Serve until a signal comes or the portal cannot go on (StartError)."""
    place = embedded.Place.of(var)
    lock = embedded.take(place.var, f"The portal at {address(port)}")
    if lock is None:
        raise StartError(
            f"{embedded.owner(place.var)} already uses {place.var}: go there, end it, or "
            "set VAR to another folder."
        )
    with lock, listen(port) as listener:
        os.environ.setdefault("DEMO", "1")
        os.environ["VAR"] = str(place.var)
        embedded.make_secrets(place.var)
        place.make_folders()
        portal = Portal(place, listener)
        try:
            portal.start()
            portal.introduce()
            while True:
                portal.look_after_all()
                time.sleep(0.5)
        finally:
            for number in STOPPING:
                signal.signal(number, signal.SIG_IGN)
            say("Stopping ...")
            portal.stop()


def main() -> None:
    def end(_number, _frame):
        raise Stopped

    for number in STOPPING:
        signal.signal(number, end)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        port = os.environ.get("PORT") or "8000"
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise StartError(f"PORT is {port}: it must be a number from 1 to 65535.")
        run(embedded.var_folder(), int(port))
    except Stopped:
        say("Stopped.")
    except StartError as reason:
        sys.exit(str(reason))


if __name__ == "__main__":
    main()
