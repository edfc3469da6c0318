"""What the ground listens to: how tasks of the outbox end, and damage to sealed fields."""

import logging

from celery.signals import task_failure, task_postrun, task_prerun, task_success
from django.core.signals import request_finished, request_started
from django.db import Error
from django.dispatch import receiver
from django.utils import timezone

from members.services import alarms, outbox
from members.signals import seal_broken

logger = logging.getLogger(__name__)


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
