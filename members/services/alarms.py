"""Alarms: what an administrator must hear of, once and not a thousand times (AU-06).

`raise_alarm` writes the audit log, the inbox of the administrators it concerns and, where
they are configured, mail and chat robots, all in one transaction; raised again within its
span of time it only counts. `watch` looks every minute at what shows no event of its own.
"""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

from asgiref.local import Local
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from members.models import Alarm, AuditEntry, Outbox, User
from members.services import audit, inbox, jobs, webhooks

Kind, Administrator = Alarm.Kind, User.Administrator
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PULSE_MISSED = timedelta(minutes=5)
MOST_NOTED = 100

# Whom an alarm concerns.
CONCERNS: dict[str, tuple[str, ...]] = {
    Kind.LOCK_OUTS: (Administrator.SECURITY,),
    Kind.BROKEN_CHAIN: (Administrator.AUDIT, Administrator.SECURITY),
    Kind.BROKEN_SEAL: (Administrator.SECURITY, Administrator.SYSTEM),
    Kind.STUCK_TASKS: (Administrator.SYSTEM,),
    Kind.DEAD_WORKER: (Administrator.SYSTEM,),
    Kind.FULL_DISK: (Administrator.SYSTEM,),
    Kind.INFECTED_UPLOAD: (Administrator.SECURITY,),
}
# How long one message lasts; an hour for all others.
SPANS = {Kind.STUCK_TASKS: DAY, Kind.BROKEN_CHAIN: DAY}

# `places`: what was found damaged in this request or task and not alarmed of yet
_damaged = Local()


@transaction.atomic
def raise_alarm(
    kind: Alarm.Kind, *, now: datetime, about: str = "", lasting: bool = False
) -> Alarm:
    """Raise an alarm, or count it where it was raised within the same span already.

    about: a place in the portal, a count or a folder, never what a record holds. lasting:
    it is a state that is looked at again and again, so it is not counted.
    """
    alarm, is_new = Alarm.objects.get_or_create(
        kind=kind,
        since=_start_of_span(kind, now),
        defaults={"last_at": now, "about": about[:200]},
    )
    if is_new:
        _tell(alarm)
    elif not lasting:
        Alarm.objects.filter(pk=alarm.pk).update(times=F("times") + 1, last_at=now)
    return alarm


def _start_of_span(kind: Alarm.Kind, now: datetime) -> datetime:
    start = timezone.localtime(now).replace(minute=0, second=0, microsecond=0)
    return start.replace(hour=0) if SPANS.get(kind) == DAY else start


def _tell(alarm: Alarm) -> None:
    audit.record(
        AuditEntry.Act.ALARM, subject=alarm, alarm=alarm.kind, about=alarm.about
    )
    concerned = User.objects.filter(
        administrator__in=CONCERNS[alarm.kind], is_active=True
    )
    inbox.notify(
        concerned,
        inbox.Kind.ALARM,
        url=reverse("admin:members_alarm_changelist"),
        alarm=alarm.kind,
        about=alarm.about,
    )
    webhooks.announce_alarm(alarm)


# --- what is looked at every minute ---------------------------------------------------
def watch(*, now: datetime) -> None:
    """Show that the worker lives, and look for what gives no sign by itself."""
    jobs.beat(now=now)
    check_lock_outs(now=now)
    check_outbox(now=now)
    check_disks(now=now)


def check_lock_outs(*, now: datetime) -> None:
    """Alarm when within an hour more were locked out than mistype their password."""
    locked = AuditEntry.objects.filter(at__gte=now - HOUR, at__lte=now)
    count = locked.filter(act=AuditEntry.Act.LOCKED_OUT).count()
    if count >= settings.LOCK_OUTS_PER_HOUR:
        raise_alarm(Kind.LOCK_OUTS, now=now, about=str(count), lasting=True)


def check_outbox(*, now: datetime) -> None:
    if count := Outbox.objects.stuck(now).count():
        raise_alarm(Kind.STUCK_TASKS, now=now, about=str(count), lasting=True)


def check_disks(*, now: datetime) -> None:
    for folder in settings.WATCHED_FOLDERS:
        usage = shutil.disk_usage(folder)
        if usage.free * 100 < usage.total * settings.DISK_FREE_PERCENT:
            raise_alarm(Kind.FULL_DISK, now=now, about=str(folder), lasting=True)


def check_worker(*, now: datetime) -> bool:
    """Whether a worker was alive within the last minutes; alarms when one was and is no
    more. The web processes ask, since no worker can tell of its own death."""
    last = jobs.last_beat()
    if last is None:
        return False
    if last < now - PULSE_MISSED:
        raise_alarm(Kind.DEAD_WORKER, now=now, lasting=True)
        return False
    return True


def judge_chain(verdict: audit.Verdict, *, now: datetime) -> None:
    """Alarm when the audit log was found broken."""
    if not verdict.passed:
        raise_alarm(Kind.BROKEN_CHAIN, now=now, about=verdict.broken, lasting=True)


# --- damaged fields -------------------------------------------------------------------
def begin_noting() -> None:
    """A request or a task begins. A command shows the error itself to who runs it."""
    if _noted() is None:
        _damaged.places = {}


def note_damage(place: str) -> None:
    """Remember that a sealed field did not open, until `raise_noted`: whoever reads it may
    be in a transaction that is rolled back."""
    noted = _noted()
    if noted is not None and len(noted) < MOST_NOTED:
        noted[place] = None


def raise_noted(*, now: datetime) -> None:
    """The request or task is over: alarm of each damaged field it met."""
    noted, _damaged.places = _noted(), None
    for place in noted or ():
        raise_alarm(Kind.BROKEN_SEAL, now=now, about=place)


def _noted() -> dict[str, None] | None:
    noted: dict[str, None] | None = getattr(_damaged, "places", None)
    return noted
