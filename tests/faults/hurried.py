"""The portal's settings with every nightly job each second: two schedulers at work."""

from config.settings import *  # noqa: F403
from config.settings import CELERY_BEAT_SCHEDULE

NIGHTLY = ("anchor_audit", "verify_audit")

CELERY_BEAT_SCHEDULE = {
    name: CELERY_BEAT_SCHEDULE[name] | {"schedule": 1} for name in NIGHTLY
}
CELERY_TASK_DEFAULT_QUEUE = "hurried"
