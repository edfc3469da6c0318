"""How many wrong tries to sign in are taken, in the tables of django-axes (AN-02).

Three limits hold at once (settings.LOCK_OUT_TRIES), over tries without a pause of
LOCK_OUT_MINUTES: for an account from one address, for an account from anywhere, and for
an address with any account. A name that is no account's is counted like one that is.

A try is counted before the password is looked at, so tries at the same moment all count;
one that is refused is not, so that nobody keeps a lock closed by knocking (AN-03).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, Sum
from django.utils.crypto import salted_hmac

from members.models import AuditEntry, User
from members.origin import origin
from members.services import audit

NO_ADDRESS = "0.0.0.0"  # noqa: S104  a key of the table; NULL would not be unique
KEPT = timedelta(days=1)
KNOWN = timedelta(days=30)  # for which the owner's own address is remembered


@dataclass(frozen=True)
class Lock:
    """by: which limit is reached, a key of LOCK_OUT_TRIES. until: when tries count anew."""

    by: str
    until: datetime


def key_of(name: str, user: User | None) -> str:
    """What stands for who was meant: a keyed hash, since what people type as their name
    may be a password or an ID number (AU-05)."""
    told = f"name {_normalized(name)}" if user is None else f"account {user.pk}"
    return salted_hmac("members.lock_out", told, algorithm="sha256").hexdigest()


def _normalized(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


@transaction.atomic
def admit(key: str, address: str | None, *, now: datetime) -> Lock | None:
    """Count a try; returns the lock that stands against it, if any.

    Under the limits with the address it is refused, and not counted. Under that of the
    account alone it is counted for its address, within the time of the lock.
    """
    address = address or NO_ADDRESS
    if lock := _reached("address", Q(ip_address=address), now):
        return lock
    account = _reached("account", Q(username=key), now)
    row, _created = AccessAttempt.objects.select_for_update().get_or_create(
        username=key,
        ip_address=address,
        user_agent="",
        defaults={"failures_since_start": 0},
    )
    if lock := _reached("account and address", Q(pk=row.pk), now):
        return lock
    if row.attempt_time <= now - _window():
        row.failures_since_start = 0
    row.failures_since_start += 1
    row.attempt_time = account.until - _window() if account else now
    row.save(update_fields=["failures_since_start", "attempt_time"])
    return account


def _reached(limit: str, alike: Q, now: datetime) -> Lock | None:
    fresh = AccessAttempt.objects.filter(alike, attempt_time__gt=now - _window())
    found = fresh.aggregate(tries=Sum("failures_since_start"), last=Max("attempt_time"))
    if (found["tries"] or 0) < settings.LOCK_OUT_TRIES[limit]:
        return None
    return Lock(limit, found["last"] + _window())


def _window() -> timedelta:
    return timedelta(minutes=settings.LOCK_OUT_MINUTES)


def take_back(key: str, address: str | None) -> None:
    """Count a try as none: it was not judged."""
    row = AccessAttempt.objects.select_for_update().filter(
        username=key, ip_address=address or NO_ADDRESS, failures_since_start__gt=0
    )
    with transaction.atomic():
        for attempt in row:
            attempt.failures_since_start -= 1
            attempt.save(update_fields=["failures_since_start"])


def clear(key: str, address: str | None) -> None:
    """Forget the wrong tries of who signed in, from this address alone."""
    AccessAttempt.objects.filter(
        username=key, ip_address=address or NO_ADDRESS
    ).delete()


def knows(user: User, address: str | None, *, now: datetime) -> bool:
    """Whether `user` signed in from `address` of late: strangers elsewhere who try the
    account do not lock its owner out there (AN-03)."""
    signed_in = AuditEntry.objects.filter(
        by=user, act=AuditEntry.Act.SIGNED_IN, address=address, at__gt=now - KNOWN
    )
    return address is not None and signed_in.exists()


def note_failure(key: str, user: User | None, lock: Lock | None, *, why: str) -> None:
    """Write a failed try into the audit log; of those that a lock refuses the first, so
    that knocking fills no table."""
    name = key[:16]
    if lock is None:
        _record(AuditEntry.Act.SIGN_IN_FAILED, user, name=name, why=why)
        return
    whom = Q(context__name=name)
    if lock.by == "address":
        whom = Q(address=origin.get().address)
    noted = AuditEntry.objects.filter(
        whom, by=None, act=AuditEntry.Act.LOCKED_OUT, at__gt=lock.until - _window()
    )
    if not noted.exists():
        _record(AuditEntry.Act.LOCKED_OUT, user, name=name, limit=lock.by)


def _record(act: AuditEntry.Act, user: User | None, **context: Any) -> None:
    audit.record(act, subject=user, result=AuditEntry.Result.REFUSED, **context)


def tidy(*, now: datetime) -> int:
    """Forget tries whose time is over; returns how many rows."""
    return AccessAttempt.objects.filter(attempt_time__lt=now - KEPT).delete()[0]
