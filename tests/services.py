"""A pytest plugin: throw-away services for the tests, before Django reads its settings.

Where DATABASE_URL is set the tests use what it names, as the owner of the database.
"""

import atexit
import os
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from config import embedded
from config.processes import stop

running = ExitStack()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests():
    """Run before pytest-django, which loads the settings in this very hook."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")  # gw0, gw1 ...
    if worker:
        # Each empties its cache before a test, so each has one of its own.
        number = int(worker.removeprefix("gw")) + 1
        url = os.environ.get("REDIS_URL", "")
        os.environ["REDIS_URL"] = url.replace("?db=0", f"?db={number}")
    elif not embedded.configured():
        try:
            start()
        except embedded.StartError as reason:
            raise pytest.UsageError(str(reason)) from reason
    os.environ["DATABASE_ROLE"] = "owner"
    return (yield)


def pytest_unconfigure():
    running.close()


def start() -> None:
    atexit.register(running.close)
    # SIGTERM ends pytest like Ctrl-C does: after the services.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="portal-tests-"))
    folder.chmod(0o711)  # the services run as nobody when we are root
    place = embedded.Place.of(folder / "var")
    for made in (folder, place.home, place.sockets):
        running.callback(shutil.rmtree, made, ignore_errors=True)
    server = embedded.start_postgres(place, embedded.THROW_AWAY)
    running.callback(stop, server, signal.SIGINT)
    running.callback(stop, embedded.start_valkey(place), signal.SIGTERM)
    embedded.make_secrets(place.var)
    os.environ.update(place.environment() | {"VAR": str(place.var)})
    os.environ.setdefault("CELERY_TASK_ALWAYS_EAGER", "1")
