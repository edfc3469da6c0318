"""The Celery application: `celery -A config worker`."""

import os
import signal
import sys

from celery import Celery
from celery.signals import beat_embedded_init, worker_init
from django.core.exceptions import ImproperlyConfigured

from config.processes import die_with_parent
from members.key_ring import key_ring

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A beat inside a worker outlives one that is killed while starting.
_die_with_worker = die_with_parent(signal.SIGKILL)
beat_embedded_init.connect(lambda **_: _die_with_worker(), weak=False)


@worker_init.connect
def need_keys(**_kwargs):
    """No start without the keys (CR-05). Celery swallows every error but an exit."""
    try:
        key_ring()
    except ImproperlyConfigured as refusal:
        sys.exit(str(refusal))
