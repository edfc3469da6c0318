"""What every test may rely on."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone

from members import key_files
from tests.chromium import find_chromium

# Playwright keeps an event loop in this thread, which Django would refuse to query in.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


def pytest_configure():
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    Client.force_login = sign_in_fully


def sign_in_fully(client, user, backend=None, *, second_factor=True):
    """`client.force_login(user)`: with the second factor given, unless told otherwise."""
    force_login(client, user, backend)
    if second_factor:
        session = client.session
        session["second_factor"] = "passed"
        session.save()


force_login = Client.force_login


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Tests that commit come last, and begin with what migrations load (offices,
    provinces), which the one before them wiped."""
    kept = pytest.mark.django_db(transaction=True, serialized_rollback=True)
    items.sort(key=commits)  # stable: the order stands otherwise
    for item in filter(commits, items):
        item.add_marker(kept, append=False)


def commits(item):
    mark = item.get_closest_marker("django_db")
    served = {"live_server", "transactional_db"} & set(item.fixturenames)
    return bool(served) or bool(mark and mark.kwargs.get("transaction"))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup):
    """What to restore is noted on one connection; under playwright, whose event loop
    stands in our thread, Django opens another, which must know it too."""
    kept = getattr(connections["default"], "_test_serialized_contents", None)
    if kept is not None:
        type(connections["default"])._test_serialized_contents = kept


@pytest.fixture(autouse=True)
def _empty_cache():
    """Each test begins with an empty cache: counters and sessions do not carry over."""
    cache.clear()


@pytest.fixture
def ring(tmp_path, settings):
    """The folder of a key ring of the test's own."""
    settings.SEALING_KEY_FILE = str(tmp_path / "keys" / "ring.json")
    settings.SEALING_KEK_FILE = str(tmp_path / "keys" / "kek")
    key_files.ensure_key_ring(settings.SEALING_KEY_FILE, settings.SEALING_KEK_FILE)
    return tmp_path / "keys"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    return browser_type_launch_args | {
        "executable_path": find_chromium(),
        "args": alone,
    }


@pytest.fixture
def later(time_machine):
    """`later(minutes=11)` moves the clock on."""
    return lambda **span: time_machine.move_to(timezone.now() + timedelta(**span))
