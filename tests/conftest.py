"""What every test may rely on."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections

from tests.chromium import find_chromium


def pytest_configure():
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


def pytest_collection_modifyitems(items):
    """What migrations load (offices, provinces) is back after a test that commits."""
    kept = pytest.mark.django_db(transaction=True, serialized_rollback=True)
    for item in items:
        mark = item.get_closest_marker("django_db")
        commits = {"live_server", "transactional_db"} & set(item.fixturenames)
        if commits or (mark and mark.kwargs.get("transaction")):
            item.add_marker(kept, append=False)


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


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    return browser_type_launch_args | {
        "executable_path": find_chromium(),
        "args": alone,
    }
