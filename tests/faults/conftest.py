"""A broker that a test may kill, and what stands still until it is let go."""

import secrets
import shutil
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from celery import current_app
from django.core.management import call_command
from django.db import connection
from kombu import pools

from config import embedded
from config.processes import stop
from tests.processes import environment_of_tests, kill, publishing_to


class Broker:
    """A Valkey of the test's own: `kill -9` it, start it, on the same data."""

    def __init__(self, place):
        self.place = place
        self.url = place.environment()["REDIS_URL"]
        self.process = None

    def start(self):
        self.process = embedded.start_valkey(self.place)

    def kill(self):
        kill(self.process)

    def pause(self):
        """It accepts connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)


@pytest.fixture
def place():
    """A folder for services of the test's own."""
    folder = Path(tempfile.mkdtemp(prefix="portal-faults-"))
    folder.chmod(0o711)  # they run as nobody when we are root
    found = embedded.Place.of(folder / "var")
    yield found
    for made in (folder, found.home, found.sockets):
        shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def broker(place):
    found = Broker(place)
    found.start()
    try:
        yield found
    finally:
        found.go_on()
        stop(found.process, signal.SIGTERM)


class Database:
    """A PostgreSQL of the test's own, with our tables: end it, start it again. What is
    committed is on the disk, unlike in the one that all other tests share."""

    def __init__(self, place):
        self.place, self.server = place, None

    def start(self):
        self.server = embedded.start_postgres(self.place)

    def restart(self, how):
        """how: SIGINT ends it in good order, SIGQUIT in the middle of everything."""
        stop(self.server, how)
        self.start()


@pytest.fixture
def database(place, transactional_db):
    """The one that this process and those it starts work on, while the test lasts."""
    found = Database(place)
    found.start()
    before = connection.settings_dict.copy()
    connection.close()
    connection.settings_dict |= {
        "HOST": str(place.sockets),
        "NAME": embedded.DATABASE,
        "USER": "portal_owner",
    }
    try:
        call_command("migrate", verbosity=0)
        yield found
    finally:
        connection.close()
        connection.settings_dict |= before
        stop(found.server, signal.SIGINT)


@pytest.fixture
def queue():
    with publishing_to(f"faults-{secrets.token_hex(4)}") as name:
        yield name
    pools.reset()  # closes all, and celery must not go on with what is closed
    current_app._after_fork()


class Roll:
    """The table of members under a lock: a task that reads it stands still."""

    def __init__(self, cursor):
        self.cursor = cursor

    def waiting(self):
        """How many processes of the database wait to read it."""
        self.cursor.execute(
            "SELECT count(*) FROM pg_locks "
            "WHERE NOT granted AND relation = 'members_member'::regclass"
        )
        return self.cursor.fetchone()[0]


@pytest.fixture
def locked():
    @contextmanager
    def locked_roll():
        connection = psycopg2.connect(environment_of_tests()["DATABASE_URL"])
        try:
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE members_member IN ACCESS EXCLUSIVE MODE")
                yield Roll(cursor)
        finally:
            connection.close()

    return locked_roll
