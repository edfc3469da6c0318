"""How often an account or an address may do what costs or tells much (OP-08).

Counted in windows of fixed length in the cache, so that web processes share one count.
When the cache is away nobody is slowed: reading must go on (RL-09).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from members.origin import client_address

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse(rate: str) -> tuple[int, int]:
    """How many in how many seconds: "120/min" is (120, 60)."""
    number, _slash, period = rate.partition("/")
    return int(number), SECONDS[period[0]]


@dataclass(frozen=True)
class Limit:
    """At most so many of `what` in so many seconds, for `who`."""

    what: str
    who: object
    most: int
    seconds: int


def wait_for(*limits: Limit) -> float:
    """Count one more under each limit; seconds until there may be another under all of
    them, 0 for at once."""
    now = time.time()
    windows = [int(now // limit.seconds) for limit in limits]
    counters = {
        f"throttle:{limit.what}:{limit.who}:{window}": limit.seconds
        for limit, window in zip(limits, windows, strict=True)
    }
    counts = cast(Any, cache).count_up(counters)  # of config.cache
    return max(
        (
            (window + 1) * limit.seconds - now
            for limit, window, count in zip(limits, windows, counts, strict=True)
            if count > limit.most
        ),
        default=0,
    )


def limited(what: str, *, when: Callable[[HttpRequest], bool]) -> Callable:
    """A decorator of views: past `settings.RATES[what]` the answer is a 429.

    Counted for the account and, by "<what>_of_address", for the address it comes from.
    `when` says which requests count.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            wait = wait_of(what, request) if when(request) else 0
            return too_many(request, wait) if wait else view(request, *args, **kwargs)

        return inner

    return decorate


def wait_of(what: str, request: HttpRequest) -> float:
    """Count one more of `what` for the account and the address of `request`; seconds to
    wait, 0 for none."""
    callers = {what: request.user.pk, f"{what}_of_address": client_address(request)}
    return wait_for(
        *(
            Limit(name, who, *parse(rate))
            for name, who in callers.items()
            if (rate := settings.RATES.get(name)) and who is not None
        )
    )


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
