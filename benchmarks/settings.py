"""The portal's settings, for a server that serves the floors and no middleware."""

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, TEMPLATES

ROOT_URLCONF = "benchmarks.floors"
MIDDLEWARE = []
TEMPLATES = [
    TEMPLATES[0] | {"DIRS": [BASE_DIR / "benchmarks" / "templates"], "OPTIONS": {}}
]
