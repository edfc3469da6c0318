"""How far a background job is. Kept in the cache: losing it loses nothing."""

from __future__ import annotations

from collections.abc import Callable

from django.core.cache import cache

from members.models import Export, ImportBatch

_KEPT_SECONDS = 3600


def teller(job: ImportBatch | Export) -> Callable[[int, int], None]:
    """A function that is told how many of how many are done."""
    key = _key(job)

    def tell(done: int, total: int) -> None:
        cache.set(key, [done, total], _KEPT_SECONDS)

    return tell


def progress(job: ImportBatch | Export) -> tuple[int, int]:
    """How many of how many are done; 0 of 0 before it began."""
    done, total = cache.get(_key(job)) or (0, 0)
    return done, total


def _key(job: ImportBatch | Export) -> str:
    return f"progress:{job._meta.model_name}:{job.pk}:{job.state}"
