"""What the ground listens to: how tasks of the outbox end."""

from celery.signals import task_failure, task_success
from django.dispatch import receiver

from members.services import outbox


@receiver(task_success)
def note_success(sender, **kwargs):
    outbox.settle(sender.request.id)


@receiver(task_failure)
def note_failure(task_id, exception, **kwargs):
    """Keep the kind of the error alone: its words may quote what a record holds."""
    outbox.settle(task_id, error=type(exception).__name__)
