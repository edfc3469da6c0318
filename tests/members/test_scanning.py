"""Uploads and a virus scanner, which here is a clamd of twenty lines (UP-07)."""

import socket
import struct
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone, translation

from members import scanning
from members.models import Alarm, AuditEntry, ImportBatch, User
from members.services import imports
from tests import build
from tests.rosters import HEADER, csv_file, person

pytestmark = pytest.mark.django_db
# Cut in two, so that no scanner takes this file for what it tests.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
ROSTER = csv_file([HEADER, person(1, "张建国")])
State, Act = ImportBatch.State, AuditEntry.Act


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
        with translation.override("en"):
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


@pytest.fixture
def held(settings, batch):
    infected = batch(ROSTER + EICAR)
    with clamd(settings):
        return checked(infected)


def test_what_the_scanner_knows_is_held_sealed_and_its_sender_told(settings, batch):
    infected = batch(ROSTER + EICAR)
    with clamd(settings) as seen:
        checked(infected)

    assert seen == [ROSTER + EICAR]
    assert (infected.state, bytes(infected.file)) == (State.HELD, ROSTER + EICAR)
    assert infected.error == "Held: the virus scanner found “Eicar-Signature”."
    (line,) = infected.uploaded_by.notifications.all()
    assert (line.kind, line.url) == ("import_held", f"/members/imports/{infected.pk}/")
    assert not infected.parts.exists()


def test_what_is_held_is_alarmed_of_and_each_one_is_in_the_log(settings, batch):
    security = build.administrator("security")
    with clamd(settings):
        two = [checked(batch(ROSTER + EICAR)) for _ in range(2)]

    alarm = Alarm.objects.get()
    place = f"members_importbatch {two[0].pk}"
    assert (alarm.kind, alarm.times, alarm.about) == ("infected_upload", 2, place)
    assert [line.kind for line in security.notifications.all()] == ["alarm"]
    entries = AuditEntry.objects.filter(act=Act.UPLOAD_HELD).order_by("pk")
    assert [entry.subject_id for entry in entries] == [found.pk for found in two]
    assert entries[0].context == {"found": "Eicar-Signature"}


def test_what_is_held_is_neither_judged_again_nor_applied_nor_discarded(held):
    imports.check(held.pk)
    imports.apply(held.pk)
    for refused in (imports.ask_to_apply, imports.discard):
        with pytest.raises(ValidationError) as refusal:
            refused(held)
        assert refusal.value.code == "not_open"

    held.refresh_from_db()
    assert (held.state, bytes(held.file)) == (State.HELD, ROSTER + EICAR)


def test_the_sender_sees_that_it_is_held_and_gets_nothing_of_it(client, held):
    client.force_login(held.uploaded_by)
    client.cookies["django_language"] = "en"
    url = f"/members/imports/{held.pk}/"

    page = client.get(url).content.decode()
    assert "Held: the virus scanner found “Eicar-Signature”." in page
    assert "nobody can download or apply it" in page
    assert not [
        name for name in ("apply", "discard", "undo") if f"{url}{name}/" in page
    ]
    assert client.get(f"{url}refused/").status_code == 302
    for act in ("apply", "discard", "undo"):
        client.post(f"{url}{act}/", {"confirmed": "1", "reason": "误报"})

    held.refresh_from_db()
    assert (held.state, bytes(held.file)) == (State.HELD, ROSTER + EICAR)
    assert not AuditEntry.objects.filter(act=Act.UPLOAD_DESTROYED).exists()


def destroy(client, *batches):
    chosen = [str(found.pk) for found in batches]
    sent = {"action": "destroy", "_selected_action": chosen}
    return client.post("/admin/members/importbatch/", sent)


def test_the_security_administrator_sees_what_is_held_and_destroys_it(
    client, settings, batch, held
):
    settings.UPLOAD_SCANNER = ""
    other = checked(batch(ROSTER))
    security = build.administrator("security")
    client.force_login(security)
    listed = client.get("/admin/members/importbatch/").context["cl"].result_list
    assert list(listed) == [held]
    path = f"/admin/members/importbatch/{other.pk}/change/"
    assert client.get(path).status_code == 404

    destroy(client, held, other)

    for found in (held, other):
        found.refresh_from_db()
    assert (held.state, bytes(held.file)) == (State.DISCARDED, b"")
    assert (other.state, bytes(other.file)) == (State.CHECKED, ROSTER)
    entry = AuditEntry.objects.get(act=Act.UPLOAD_DESTROYED)
    assert (entry.by, entry.subject_id) == (security, held.pk)


@pytest.mark.parametrize("role", ["system", "audit", None])
def test_nobody_else_destroys_what_is_held(client, held, role):
    user = held.uploaded_by
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client.force_login(build.administrator(role) if role else user)

    destroy(client, held)

    held.refresh_from_db()
    assert (held.state, bytes(held.file)) == (State.HELD, ROSTER + EICAR)


def test_what_is_held_is_destroyed_by_itself_when_its_time_is_over(held):
    imports.wipe_old()
    held.refresh_from_db()
    assert held.state == State.HELD

    with time_machine.travel(timezone.now() + imports.KEPT + timedelta(hours=1)):
        for _time in range(2):
            imports.wipe_old()

    held.refresh_from_db()
    assert (held.state, bytes(held.file), held.report) == (State.DISCARDED, b"", "")
    entry = AuditEntry.objects.get(act=Act.UPLOAD_DESTROYED)
    assert (entry.by, entry.subject_id) == (None, held.pk)


@pytest.mark.parametrize(
    ("verdict", "name"),
    [
        ("stream: Win.Test.EICAR_HDB-1 FOUND", "Win.Test.EICAR_HDB-1"),
        ("stream: <b>a\nb</b> FOUND", "?b?a?b?/b?"),
        (f"stream: {'x' * 400} FOUND", "x" * 100),
    ],
)
def test_what_a_scanner_calls_it_is_a_short_word(verdict, name):
    assert scanning._name_of(verdict) == name


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
