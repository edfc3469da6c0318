"""What every test may rely on."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache


def pytest_configure():
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True)
def _empty_cache():
    """Each test begins with an empty cache: counters and sessions do not carry over."""
    cache.clear()
