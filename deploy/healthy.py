"""Exits with 0 while the web server in this container answers /healthz.

It asks /readyz too, where the portal looks whether a worker lives and alarms if none does;
what that answers is no reason to end this container.
"""

import contextlib
import os
import urllib.request

host = os.environ["ALLOWED_HOSTS"].split(",")[0]


def ask(path: str) -> None:
    url = f"http://127.0.0.1:8000/{path}"
    request = urllib.request.Request(url, headers={"Host": host})
    urllib.request.urlopen(request, timeout=2).close()  # noqa: S310


ask("healthz")
with contextlib.suppress(OSError):
    ask("readyz")
