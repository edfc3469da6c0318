"""Measure the pages at one size; a JSON line each: `python -m benchmarks.measure`."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import django

from benchmarks import load
from benchmarks.load import Page
from benchmarks.served import FLOORS, WEB, Served, serving

WARM_UP_SECONDS = 1.5
CLIENTS = (1, 16, 64)


def main() -> None:
    options = arguments()
    with serving(options.var, options.members) as served:
        django.setup()
        for line in measured(served, options):
            print(json.dumps(line, ensure_ascii=False), flush=True)  # noqa: T201


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--var", type=Path, required=True)
    parser.add_argument("--members", type=int, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS)
    parser.add_argument("--seconds", type=float, default=4)
    return parser.parse_args()


def measured(served: Served, options: argparse.Namespace) -> Iterator[dict]:
    from benchmarks.accounts import signed_in  # noqa: PLC0415 -- needs Django set up
    from benchmarks.pages import PAGES  # noqa: PLC0415
    from members.models import Member  # noqa: PLC0415

    total = Member.objects.count()
    chosen = {n: cases for n, cases in PAGES.items() if options.only in ("", n)}
    runs = {"clients": options.clients, "seconds": options.seconds}
    with signed_in(total) as accounts:
        plain = figures(served, FLOORS, Page(["/plain/"]), **runs)
        for account in accounts:
            scoped_page = Page(["/scoped/"], account.cookie)
            floors = figures(served, FLOORS, scoped_page, **runs)
            about = {"members": total, "account": account.name}
            about["in_scope"] = account.members.count()
            yield from told("floor", "scoped", about, floors, plain)
            for name, cases in chosen.items():
                for case, addresses in cases.items():
                    page = Page(addresses(account), account.cookie)
                    found = figures(served, WEB, page, **runs)
                    yield from told(name, case, about, found, floors)


def figures(served, server, page, *, clients, seconds) -> dict[int, dict]:
    """What a page costs at each number of clients, after a warm-up."""
    load.run(served.port_of(server), page, clients=4, seconds=WARM_UP_SECONDS)
    found = {}
    for number in clients:
        time.sleep(0.3)  # whatever the last run left to do is done
        before = served.used(server)
        run = load.run(served.port_of(server), page, clients=number, seconds=seconds)
        used = [b - a for a, b in zip(before, served.used(server), strict=True)]
        application, database, cache = (1000 * u / len(run.times) for u in used)
        found[number] = {
            "cpu_ms": application + database,
            "application_ms": application,
            "database_ms": database,
            "cache_ms": cache,
            "per_second": run.per_second,
            "p50_ms": run.quantile(0.5),
            "p95_ms": run.quantile(0.95),
            "memory_mib": served.memory(server),
        }
    return found


def told(benchmark, case, about, found, floors) -> Iterator[dict]:
    """Two lines for each number of clients: CPU of a request, and requests a second."""
    for number, now in found.items():
        floor = floors[number]
        head = {"benchmark": benchmark, "case": case, **about, "clients": number}
        more = {name: round(value, 2) for name, value in now.items()}
        for value, unit in (("cpu_ms", "cpu_ms"), ("per_second", "requests/s")):
            yield (
                head
                | {
                    "value": round(now[value], 2),
                    "unit": unit,
                    "floor": round(floor[value], 2),
                    "ratio": round(now[value] / floor[value], 2),
                }
                | {name: figure for name, figure in more.items() if name != value}
            )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
