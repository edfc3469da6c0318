"""Uploads and a virus scanner, which here is a clamd of twenty lines (UP-07)."""

import socket
import struct
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from members import scanning
from members.models import ImportBatch
from members.services import imports
from tests import build
from tests.rosters import HEADER, csv_file, person

pytestmark = pytest.mark.django_db
# Cut in two, so that no scanner takes this file for what it tests.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
ROSTER = csv_file([HEADER, person(1, "张建国")])
State = ImportBatch.State


@contextmanager
def clamd(settings, answer=None):
    """A scanner on a port of its own; yields what it was sent."""
    seen = []

    def serve(listener):
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            with client, client.makefile("rb") as sent:
                assert sent.read(10) == b"zINSTREAM\0"
                content = b""
                while length := struct.unpack("!I", sent.read(4))[0]:
                    content += sent.read(length)
                seen.append(content)
                found = b"Eicar-Signature FOUND" if EICAR in content else b"OK"
                client.sendall(b"stream: " + (answer or found) + b"\0")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.UPLOAD_SCANNER = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=serve, args=[listener], daemon=True)
        thread.start()
        yield seen
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.fixture
def batch():
    branch = build.branch()
    secretary = build.secretary(of=branch)

    def received(content):
        return imports.receive(
            branch, file_name="名册.csv", content=content, by=secretary
        )

    return received


def checked(batch):
    imports.check(batch.pk)
    batch.refresh_from_db()
    return batch


def test_without_a_scanner_nothing_is_asked(settings):
    settings.UPLOAD_SCANNER = ""

    scanning.refuse_infected(EICAR)


def test_what_the_scanner_knows_is_refused_and_not_kept(settings, batch):
    infected = batch(ROSTER + EICAR)
    with clamd(settings) as seen:
        checked(infected)

    assert seen == [ROSTER + EICAR]
    assert (infected.state, bytes(infected.file)) == (State.REFUSED, b"")
    assert infected.error


def test_a_clean_file_passes_whole(settings, batch):
    large = batch(ROSTER + b"\n" * 200_000)
    with clamd(settings) as seen:
        checked(large)

    assert seen == [ROSTER + b"\n" * 200_000]
    assert large.state == State.CHECKED


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR", b"\n"])
def test_without_a_verdict_a_file_waits(settings, batch, answer):
    waiting = batch(ROSTER)
    with clamd(settings, answer):
        checked(waiting)

    assert waiting.state == State.CHECKING
    assert bytes(waiting.file) == ROSTER


@pytest.mark.parametrize(
    "place", ["tcp://127.0.0.1:1", "unix:///nowhere", "nonsense", "tcp://x"]
)
def test_while_the_scanner_is_away_a_file_waits(settings, batch, place):
    settings.UPLOAD_SCANNER = place
    waiting = checked(batch(ROSTER))
    assert waiting.state == State.CHECKING

    with clamd(settings):
        assert checked(waiting).state == State.CHECKED


def test_what_waits_is_asked_about_again(
    settings, batch, django_capture_on_commit_callbacks
):
    settings.UPLOAD_SCANNER = "tcp://127.0.0.1:1"
    waiting = checked(batch(ROSTER))
    long_ago = timezone.now() - timedelta(hours=1)
    ImportBatch.objects.filter(pk=waiting.pk).update(created_at=long_ago)

    with clamd(settings), django_capture_on_commit_callbacks(execute=True):
        imports.check_waiting()

    waiting.refresh_from_db()
    assert waiting.state == State.CHECKED
