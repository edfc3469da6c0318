"""What the ground listens to: who signs in and out, how tasks end, damaged fields."""

import logging

from celery.signals import task_failure, task_postrun, task_prerun, task_success
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.signals import request_finished, request_started
from django.db import Error
from django.dispatch import receiver
from django.utils import timezone

from members import entry
from members.origin import client_address
from members.services import alarms, outbox, second_factor, sessions
from members.signals import seal_broken

logger = logging.getLogger(__name__)


@receiver(user_logged_in)
def begin_session(sender, request, user, **kwargs):
    """Entry is written down once it is complete: with the second factor, if any."""
    agent = request.headers.get("User-Agent", "")
    sessions.begin(request.session, address=client_address(request), agent=agent)
    if second_factor.is_set_up(user):
        request.session["second_factor"] = entry.WAITING
    else:
        sessions.note_entry(user)


@receiver(user_logged_out)
def end_session(sender, request, user, **kwargs):
    if user is not None:
        why = getattr(request, "signed_out_because", "asked")
        sessions.note_exit(user, why=why)


@receiver(task_success)
def note_success(sender, **kwargs):
    outbox.settle(sender.request.id)


@receiver(task_failure)
def note_failure(task_id, exception, **kwargs):
    """Keep the kind of the error alone: its words may quote what a record holds."""
    outbox.settle(task_id, error=type(exception).__name__)


@receiver(seal_broken)
def note_damage(table, column, row, **kwargs):
    alarms.note_damage(f"{table}.{column} {row}")


@receiver([request_started, task_prerun])
def begin_noting(**kwargs):
    alarms.begin_noting()


@receiver([request_finished, task_postrun])
def alarm_of_damage(**kwargs):
    """In a transaction of its own, once the page has gone out: it must not fail by it."""
    try:
        alarms.raise_noted(now=timezone.now())
    except Error:
        logger.exception("An alarm could not be raised")
