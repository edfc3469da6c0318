"""What the audit log costs who writes: `python -m benchmarks.audit --var FOLDER`.

Each writer commits one small act after the other: a line in an inbox, with nothing more
(the floor), with its entry in the log (batches, a sealer at work beside it as in the
portal), and with its entry behind one lock for the whole chain (head), which is what a
chain linked at each write needs. A JSON line for each.

Run it on a data folder that may be thrown away: what is in the log stays there.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import django

from config import embedded
from manage import migrate

PROCESSES = 2  # as many as serve the portal
WRITERS = (1, 8, 50)
HEAD = 0x68656164


def act(user: int, kind: str) -> Callable[[], None]:
    """One act of the account `user`, to be committed again and again."""
    from django.db import connection, transaction  # noqa: PLC0415

    from members.models import Notification, User  # noqa: PLC0415
    from members.services import audit  # noqa: PLC0415

    by = User.objects.get(pk=user)

    @transaction.atomic
    def write() -> None:
        Notification.objects.create(user=by, kind=Notification.Kind.WELCOME)
        if kind == "head":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [HEAD])
        if kind != "floor":
            audit.record(audit.Act.SETTING_CHANGED, by=by, benchmark=True)

    return write


def writing(user: int, kind: str, writers: int, start, seconds: float, counts) -> None:
    """A process with so many threads; puts how many acts each committed."""
    django.setup()
    from django.db import connection  # noqa: PLC0415

    def work() -> None:
        write, count = act(user, kind), 0
        write()  # the connection is made before the clock starts
        start.wait()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            write()
            count += 1
        connection.close()
        counts.put(count)

    threads = [threading.Thread(target=work) for _each in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sealing(ended: threading.Event) -> None:
    from django.db import connection  # noqa: PLC0415

    from members.services import audit  # noqa: PLC0415

    while not ended.wait(1):
        audit.seal()
    connection.close()


def measured(user: int, kind: str, writers: int, seconds: float) -> float:
    """Acts committed per second by all writers together."""
    context = multiprocessing.get_context("spawn")
    shares = [
        writers // PROCESSES + (n < writers % PROCESSES) for n in range(PROCESSES)
    ]
    start, counts = context.Barrier(writers + 1), context.Queue()
    processes = [
        context.Process(
            target=writing, args=(user, kind, share, start, seconds, counts)
        )
        for share in shares
        if share
    ]
    for process in processes:
        process.start()
    ended = threading.Event()
    sealer = threading.Thread(target=sealing, args=(ended,))
    sealer.start()
    start.wait()
    total = sum(counts.get() for _each in range(writers))
    ended.set()
    for part in (*processes, sealer):
        part.join()
    return total / seconds


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--var", type=Path, required=True)
    words.add_argument("--seconds", type=float, default=5)
    options = words.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["VAR"] = str(options.var)
    embedded.make_secrets(options.var)
    with embedded.services(options.var, "the audit benchmark", migrate) as place:
        os.environ.update(place.environment())
        django.setup()
        tell(options.seconds)


def tell(seconds: float) -> None:
    """Print a line for each way to write and number of writers."""
    from members.models import Notification, User  # noqa: PLC0415

    user = User.objects.create(username=f"benchmark-{time.time_ns()}", is_active=False)
    for writers in WRITERS:
        rates = {
            kind: measured(user.pk, kind, writers, seconds)
            for kind in ("floor", "batches", "head")
        }
        for kind in ("batches", "head"):
            line = {
                "benchmark": "audit",
                "variant": kind,
                "writers": writers,
                "value": round(rates[kind]),
                "unit": "rows/s",
                "floor": round(rates["floor"]),
                "ratio": round(rates[kind] / rates["floor"], 2),
            }
            print(json.dumps(line), flush=True)  # noqa: T201
    Notification.objects.filter(user=user).delete()


if __name__ == "__main__":
    main()
