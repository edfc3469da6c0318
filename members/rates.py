"""How often an account or an address may do what costs or tells much (OP-08).

Counted in windows of fixed length in the cache, so that web processes share one count.
When the cache is away nobody is slowed: reading must go on (RL-09).
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from members.origin import client_address

logger = logging.getLogger(__name__)

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse(rate: str) -> tuple[int, int]:
    """How many in how many seconds: "120/min" is (120, 60)."""
    number, _slash, period = rate.partition("/")
    return int(number), SECONDS[period[0]]


def wait_for(what: str, who: object, *, most: int, seconds: int) -> float:
    """Count one `what` of `who`; seconds until there may be another, 0 for at once."""
    now = time.time()
    window = int(now // seconds)
    key = f"throttle:{what}:{who}:{window}"
    cache.add(key, 0, seconds)
    try:
        count = cache.incr(key)
    except ValueError as reason:
        logger.warning("The cache counts no requests: %s", reason)
        return 0
    return 0 if count <= most else (window + 1) * seconds - now


def limited(what: str, *, when: Callable[[HttpRequest], bool]) -> Callable:
    """A decorator of views: past `settings.RATES[what]` the answer is a 429.

    Counted for the account and, by "<what>_of_address", for the address it comes from.
    `when` says which requests count.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            wait = _wait(what, request) if when(request) else 0
            return too_many(request, wait) if wait else view(request, *args, **kwargs)

        return inner

    return decorate


def _wait(what: str, request: HttpRequest) -> float:
    callers = {what: request.user.pk, f"{what}_of_address": client_address(request)}
    waits = [0.0]
    for name, who in callers.items():
        if (rate := settings.RATES.get(name)) and who is not None:
            most, seconds = parse(rate)
            waits.append(wait_for(name, who, most=most, seconds=seconds))
    return max(waits)


def too_many(request: HttpRequest, wait: float) -> HttpResponse:
    """The answer that says when to come again."""
    minutes = math.ceil(wait / 60)
    answer = render(request, "429.html", {"minutes": minutes}, status=429)
    answer.headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return answer


# --- which requests count -------------------------------------------------------------
def searching(request: HttpRequest) -> bool:
    return bool(request.GET)


def asking(name: str) -> Callable[[HttpRequest], bool]:
    """Those that ask for something under `name` in the address."""
    return lambda request: bool(request.GET.get(name))


def always(request: HttpRequest) -> bool:
    """Each: the page itself tells much or costs much."""
    return True


def posting(request: HttpRequest) -> bool:
    return request.method == "POST"
