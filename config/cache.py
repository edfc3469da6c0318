"""The cache in Redis or Valkey, which may be away at any time (RL-09).

While it is away every key is missing and what is written is forgotten: sessions are read
from the database, throttles let pass, progress is not shown. After a failure a process
does not try again for a moment, so that a page waits for a dead cache once and not for
each key.

What was to be deleted meanwhile is deleted when the cache is back: a session that was
ended must not live on in it.
"""

import functools
import logging
import threading
import time

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 3
MOST_OWED = 10_000


class Outage:
    """What the threads of a process know together about one cache."""

    def __init__(self):
        self.until = 0.0
        self.owed: set[str] = set()
        self.lock = threading.Lock()

    def is_on(self):
        return time.monotonic() < self.until

    def begins(self, reason):
        self.until = time.monotonic() + PAUSE_SECONDS
        logger.warning("The cache is away: %s", reason)

    def owe(self, key):
        with self.lock:
            if len(self.owed) < MOST_OWED:
                self.owed.add(key)

    def take_owed(self):
        with self.lock:
            keys, self.owed = self.owed, set()
        return keys


outage = Outage()


def forgiving(answer):
    """For a method of the cache: give `answer` while the cache is away."""

    def wrap(method):
        @functools.wraps(method)
        def inner(self, *args, **kwargs):
            if not outage.is_on():
                try:
                    self.pay()
                    return method(self, *args, **kwargs)
                except RedisError as reason:
                    outage.begins(reason)
            return answer(self, *args, **kwargs) if callable(answer) else answer

        return inner

    return wrap


def _stale(self, key, *args, version=None, **kwargs):
    """What was written or deleted in vain must not be read in its old form later."""
    outage.owe(self.make_and_validate_key(key, version=version))
    return False


def _stale_many(self, keys, *args, version=None, **kwargs):
    for key in keys:
        _stale(self, key, version=version)
    return []


def _default(self, key, default=None, version=None):
    return default


def _uncounted(self, key, delta=1, version=None):
    raise ValueError(f"The cache is away and does not count {key!r}.")


class ForgivingRedisCache(RedisCache):
    def pay(self):
        """Delete what could not be deleted while the cache was away."""
        if not outage.owed:
            return
        keys = outage.take_owed()
        try:
            self._cache.delete_many(keys)
        except RedisError:
            for key in keys:
                outage.owe(key)
            raise

    @forgiving(lambda _self, counters: [0] * len(counters))
    def count_up(self, counters):
        """Count one more at each key, in one round trip; how many there are now, 0 for
        each while the cache is away. counters: for each key, how many seconds after its
        first one a count is forgotten."""
        pipeline = self._cache.get_client(None, write=True).pipeline(transaction=False)
        for key, seconds in counters.items():
            made = self.make_and_validate_key(key)
            pipeline.incr(made)
            pipeline.expire(made, seconds, nx=True)
        return pipeline.execute()[::2]

    get = forgiving(_default)(RedisCache.get)
    get_many = forgiving(lambda *_args, **_kwargs: {})(RedisCache.get_many)
    has_key = forgiving(False)(RedisCache.has_key)
    add = forgiving(False)(RedisCache.add)
    touch = forgiving(False)(RedisCache.touch)
    incr = forgiving(_uncounted)(RedisCache.incr)
    set = forgiving(_stale)(RedisCache.set)
    set_many = forgiving(_stale_many)(RedisCache.set_many)
    delete = forgiving(_stale)(RedisCache.delete)
    delete_many = forgiving(_stale_many)(RedisCache.delete_many)
    clear = forgiving(False)(RedisCache.clear)
