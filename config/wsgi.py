import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# Without the keys there is no portal: better no start than a page that fails (CR-05).
from members.key_ring import key_ring  # noqa: E402  settings come first

key_ring()
