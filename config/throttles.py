"""How many requests the API takes, by account and by address (OP-08).

Counted in windows of fixed length in the cache, so that web processes share one count.
When the cache is away nobody is slowed: reading must go on (RL-09).
"""

import logging
import time

from django.core.cache import cache
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

from members.origin import client_address

logger = logging.getLogger(__name__)


class WindowThrottle(SimpleRateThrottle):
    """At most so many requests in a window; `scope` names the rate in the settings."""

    def get_rate(self):
        return api_settings.DEFAULT_THROTTLE_RATES.get(self.scope)

    def allow_request(self, request, view):
        who = self.who(request)
        if self.rate is None or who is None:
            return True
        now = time.time()
        window = int(now // self.duration)
        self.seconds_left = (window + 1) * self.duration - now
        return self.count(f"throttle:{self.scope}:{who}:{window}") <= self.num_requests

    def count(self, key):
        cache.add(key, 0, self.duration)
        try:
            return cache.incr(key)
        except ValueError as reason:
            logger.warning("The cache counts no requests: %s", reason)
            return 0

    def wait(self):
        return self.seconds_left


class AccountThrottle(WindowThrottle):
    scope = "account"

    def who(self, request):
        return request.user.pk if request.user else None


class AddressThrottle(WindowThrottle):
    """By the address of the connection, or what our own proxies say it is."""

    scope = "address"

    def who(self, request):
        return client_address(request)
