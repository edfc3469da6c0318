"""A closed loop of clients: each asks again as soon as it was answered.

Every request has a connection of its own, since a connection that is kept stays with one
process of the server, and a few of them may all meet the same one.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

PATIENCE = 60  # seconds for one answer


class WrongAnswer(Exception):  # noqa: N818  the name says what happened
    """A page answered with something else than itself: its figures would mean nothing."""


@dataclass(frozen=True)
class Page:
    """What is asked for: these addresses in turn, with this cookie."""

    addresses: Sequence[str]
    cookie: str = ""

    def requests(self) -> list[bytes]:
        cookie = f"Cookie: {self.cookie}\r\n" if self.cookie else ""
        return [
            f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}"
            "Connection: close\r\n\r\n".encode()
            for address in self.addresses
        ]


@dataclass
class Load:
    """What came of it: the time of each answer, in seconds, and of all together."""

    times: list[float] = field(default_factory=list)
    seconds: float = 0

    @property
    def per_second(self) -> float:
        return len(self.times) / self.seconds

    def quantile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        ordered = sorted(self.times)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def run(port: int, page: Page, *, clients: int, seconds: float) -> Load:
    """Ask for `seconds`, and return when the last answer is there.

    Raises WrongAnswer for any answer but a whole page with the status 200.
    """
    return asyncio.run(_run(port, page, clients, seconds))


async def _run(port: int, page: Page, clients: int, seconds: float) -> Load:
    load, turns = Load(), itertools.cycle(page.requests())
    begins = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _client in range(clients):
            group.create_task(_client_loop(port, turns, begins + seconds, load))
    load.seconds = time.perf_counter() - begins
    return load


async def _client_loop(port, turns, ends, load):
    while (asked := time.perf_counter()) < ends:
        request = next(turns)
        answer = await asyncio.wait_for(answer_to(port, request), PATIENCE)
        load.times.append(time.perf_counter() - asked)
        if b" 200 " not in answer[:16] or b"</html>" not in answer[-40:]:
            first = request.split(b"\r\n", 1)[0].decode()
            raise WrongAnswer(f"{first}: {answer[:200].decode(errors='replace')}")


async def answer_to(port, request):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    try:
        writer.write(request)
        return await reader.read()
    finally:
        writer.close()
