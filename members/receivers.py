"""What the ground listens to: who signs in and out, how tasks of the outbox end."""

from celery.signals import task_failure, task_success
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver

from members import entry
from members.origin import client_address
from members.services import outbox, second_factor, sessions


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
