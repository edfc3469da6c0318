"""The Celery application: `celery -A config worker`."""

import os
import signal

from celery import Celery
from celery.signals import beat_embedded_init

from config.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A beat inside a worker outlives one that is killed while starting.
_die_with_worker = die_with_parent(signal.SIGKILL)
beat_embedded_init.connect(lambda **_: _die_with_worker(), weak=False)
