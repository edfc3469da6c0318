"""The cache may be away at any time; what it missed does not come back (RL-09, RL-10)."""

import time

import pytest
from django.conf import settings

from config import cache as module
from config.cache import ForgivingRedisCache


@pytest.fixture
def outage(monkeypatch):
    found = module.Outage()
    monkeypatch.setattr(module, "outage", found)
    return found


@pytest.fixture
def here(outage):
    return ForgivingRedisCache(settings.REDIS_URL, {})


@pytest.fixture
def away(outage):
    return ForgivingRedisCache("unix:///nowhere/valkey.sock?db=0", {})


def test_a_cache_that_is_away_answers_as_if_it_were_empty(away):
    away.set("a", 1)
    away.set_many({"a": 1, "b": 2})
    away.delete_many(["a"])

    assert away.get("a") is None
    assert away.get("a", 7) == 7
    assert away.get_many(["a"]) == {}
    assert "a" not in away
    assert away.add("a", 1) is False
    assert away.touch("a") is False
    assert away.delete("a") is False
    assert away.get_or_set("a", 5) == 5
    assert away.count_up({"a": 60, "b": 60}) == [0, 0]
    with pytest.raises(ValueError, match="does not count"):
        away.incr("a")


def test_counts_end_so_many_seconds_after_their_first(here):
    assert here.count_up({"a": 60, "b": 1}) == [1, 1]
    assert here.count_up({"b": 500, "c": 60}) == [2, 1]
    time.sleep(1.1)
    assert here.count_up({"a": 60, "b": 60}) == [2, 1]


def test_after_a_failure_it_is_left_alone_for_a_moment(away, outage, monkeypatch):
    tried = []
    real = away._cache.get
    monkeypatch.setattr(away._cache, "get", lambda *a: tried.append(a) or real(*a))

    for _ in range(20):
        away.get("a")
    assert len(tried) == 1

    outage.until = 0.0
    away.get("a")
    assert len(tried) == 2


def test_what_could_not_be_deleted_is_deleted_when_it_is_back(here, away, outage):
    """A session that was ended meanwhile must not live on (AN-04)."""
    here.set("session", "signed in")
    here.set("other", "kept")
    away.delete("session")
    outage.until = 0.0

    assert here.get("other") == "kept"
    assert here.get("session") is None
    assert outage.owed == set()


def test_what_could_not_be_written_is_not_read_in_its_old_form(here, away, outage):
    here.set("session", "old")
    away.set("session", "new")
    outage.until = 0.0

    assert here.get("session") is None
