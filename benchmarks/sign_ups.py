"""2,000 members ask for 200 seats, 64 at a time: `python -m benchmarks.sign_ups --var
FOLDER`; two JSON lines for the form without scripts, two for htmx.

After each run the seats are counted: exactly 200 are given, everybody has a seat or a
place in line, no request failed; else there is no figure. The floor is the scoped one of
the secretary of a branch. The folder is filled when it is empty; accounts stay in it.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import django

from benchmarks import load
from benchmarks.load import Load, Page, WrongAnswer
from benchmarks.served import FLOORS, WEB, Served, serving

MEMBERS, SEATS, AT_ONCE = 2_000, 200, 64
TOKEN = "t" * 32
CASES = {"form": ("", b" 302 "), "htmx": ("HX-Request: true\r\n", b" 200 ")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--var", type=Path, required=True)
    options = parser.parse_args()
    with serving(options.var, 2 * MEMBERS) as served:
        django.setup()
        for line in measured(served):
            print(json.dumps(line), flush=True)  # noqa: T201


def measured(served: Served) -> Iterator[dict]:
    from benchmarks.accounts import signed_in  # noqa: PLC0415 -- needs Django set up
    from members.models import Member  # noqa: PLC0415

    with signed_in(Member.objects.count()) as accounts, members() as cookies:
        page = Page(["/scoped/"], accounts[0].cookie)
        load.run(served.port_of(FLOORS), page, clients=4, seconds=1.5)
        floor = cost(
            served,
            FLOORS,
            lambda port: load.run(port, page, clients=AT_ONCE, seconds=4),
        )
        crowd(served, cookies[:SEATS], "form")  # to warm up
        for case in CASES:
            yield from told(case, crowd(served, cookies, case), floor)


def crowd(served: Served, cookies: list[str], case: str) -> dict[str, float]:
    """What it costs when all ask for the seats of a new activity."""
    activity = new_activity()
    header, expected = CASES[case]
    requests = [request(activity, cookie, header) for cookie in cookies]
    found = cost(
        served, WEB, lambda port: asyncio.run(_ask_all(port, requests, expected))
    )
    judge(activity, len(cookies))
    return found


def cost(served: Served, server: str, run: Callable[[int], Load]) -> dict[str, float]:
    time.sleep(0.3)  # whatever the last run left to do is done
    before = served.used(server)
    done = run(served.port_of(server))
    used = [b - a for a, b in zip(before, served.used(server), strict=True)]
    application, database, _cache = (1000 * u / len(done.times) for u in used)
    return {
        "cpu_ms": application + database,
        "application_ms": application,
        "database_ms": database,
        "per_second": done.per_second,
        "p50_ms": done.quantile(0.5),
        "p95_ms": done.quantile(0.95),
    }


def request(activity, cookie: str, header: str) -> bytes:
    body = urlencode({"csrfmiddlewaretoken": TOKEN, "note": ""})
    return (
        f"POST {activity.get_absolute_url()}sign-up/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Cookie: {cookie}; csrftoken={TOKEN}\r\n{header}Connection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


async def _ask_all(port: int, requests: list[bytes], expected: bytes) -> Load:
    found, waiting = Load(), iter(requests)

    async def client():
        for one in waiting:
            asked = time.perf_counter()
            answer = await asyncio.wait_for(load.answer_to(port, one), load.PATIENCE)
            found.times.append(time.perf_counter() - asked)
            if expected not in answer[:16]:
                raise WrongAnswer(answer[:200].decode(errors="replace"))

    begins = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _each in range(AT_ONCE):
            group.create_task(client())
    found.seconds = time.perf_counter() - begins
    return found


def judge(activity, asked: int) -> None:
    """Raises WrongAnswer unless every seat is given once and nobody is lost."""
    from activities.models import SignUp  # noqa: PLC0415

    states = list(activity.sign_ups.order_by("place").values_list("state", "place"))
    seats = min(SEATS, asked)
    given = [SignUp.State.CONFIRMED] * seats
    expected = [*given, *[SignUp.State.WAITING] * (asked - seats)]
    if states != list(zip(expected, range(1, asked + 1), strict=True)):
        raise WrongAnswer(f"{len(states)} sign-ups of {asked}, or seats out of order")


def new_activity():
    from django.utils import timezone  # noqa: PLC0415

    from activities.models import Activity  # noqa: PLC0415
    from members.models import Branch  # noqa: PLC0415

    begins = timezone.now() + timedelta(days=7)
    return Activity.objects.create(
        branch=Branch.objects.get(parent=None),
        audience=Activity.Audience.BELOW,
        kind=Activity.Kind.VOLUNTEER,
        state=Activity.State.PLANNED,
        title="义务植树",
        place="南山",
        starts_at=begins,
        ends_at=begins + timedelta(hours=2),
        needs_sign_up=True,
        seats=SEATS,
    )


@contextmanager
def members() -> Iterator[list[str]]:
    """The cookies of as many members who take part, each signed in."""
    from django.conf import settings  # noqa: PLC0415

    from activities.access import TAKE_PART  # noqa: PLC0415
    from benchmarks.accounts import sign_in  # noqa: PLC0415
    from members.models import Member, User  # noqa: PLC0415

    ours = User.objects.filter(is_active=True, member__state__in=TAKE_PART)
    if (missing := MEMBERS - ours.count()) > 0:
        free = Member.objects.filter(state__in=TAKE_PART, user=None)
        people = free.order_by("pk")[:missing]
        User.objects.bulk_create(
            User(
                username=f"benchmark-{person.pk}",
                member=person,
                password="!",  # noqa: S106  no password at all
                must_change_password=False,
            )
            for person in people
        )
    if ours.count() < MEMBERS:
        raise WrongAnswer(f"Fewer than {MEMBERS} members can sign up.")
    begun = [sign_in(user) for user in ours.order_by("pk")[:MEMBERS]]
    try:
        name = settings.SESSION_COOKIE_NAME
        yield [f"{name}={session.session_key}" for session in begun]
    finally:
        for session in begun:
            session.delete()


def told(case: str, found: dict, floor: dict) -> Iterator[dict]:
    head = {
        "benchmark": "sign_up",
        "case": case,
        "members": MEMBERS,
        "seats": SEATS,
        "clients": AT_ONCE,
    }
    for value, unit in (("cpu_ms", "cpu_ms"), ("per_second", "requests/s")):
        more = {name: round(v, 2) for name, v in found.items() if name != value}
        yield (
            head
            | {
                "value": round(found[value], 2),
                "unit": unit,
                "floor": round(floor[value], 2),
                "ratio": round(found[value] / floor[value], 2),
            }
            | more
        )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
