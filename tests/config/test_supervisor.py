"""`make run`: one portal at a time, restarts, and an end that leaves nothing."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from config import embedded, supervisor
from config.processes import spawn, stop

# What the plugin `services` and pytest leave in the environment.
CONFIGURED = (
    *("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "DATABASE_ROLE"),
    *("CELERY_TASK_ALWAYS_EAGER", "PYTEST_VERSION", "PYTEST_CURRENT_TEST"),
)


def test_a_taken_port_is_said_in_one_sentence(monkeypatch):
    monkeypatch.setattr(supervisor.time, "sleep", lambda seconds: None)
    with socket.create_server((supervisor.HOST, 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(embedded.StartError) as refusal:
            supervisor.listen(port)

    assert f"Port {port} is taken" in str(refusal.value)
    assert f"make run PORT={port + 1}" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_second_portal_learns_where_the_first_one_is(tmp_path):
    with (
        embedded.take(tmp_path, "The portal at http://127.0.0.1:8000/"),
        pytest.raises(embedded.StartError) as refusal,
    ):
        supervisor.run(tmp_path, 8001)

    assert "The portal at http://127.0.0.1:8000/" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("port", ["eight", "0", "65536"])
def test_a_port_that_is_none_is_refused(port):
    done = subprocess.run(
        [sys.executable, "-m", "config.supervisor"],
        env=os.environ | {"PORT": port},
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"PORT is {port}" in done.stderr


def test_a_child_that_dies_is_started_again_and_given_up_in_the_end(
    tmp_path, monkeypatch
):
    now = 1000.0
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now)
    starts = []

    def start():
        starts.append(now)
        process = spawn(["true"], log=tmp_path / "log")
        process.wait()
        return process

    child = supervisor.Child("The worker", start, signal.SIGTERM, start())
    with pytest.raises(embedded.StartError, match="dies again and again"):  # noqa: PT012
        while now < 1060:
            child.look_after()
            now += 1

    assert [at - starts[0] for at in starts] == [0, 1, 4, 9, 18, 35]


def test_a_child_that_lives_is_left_alone(tmp_path):
    living = spawn(["sleep", "60"], log=tmp_path / "log")
    child = supervisor.Child("The worker", pytest.fail, signal.SIGTERM, living)

    child.look_after()

    assert child.process is living
    stop(living, signal.SIGTERM)


def test_accounts_are_shown_as_a_table():
    rows = [["role", "username"], ["member", "m"], ["administrator", "a"]]

    assert supervisor.aligned(rows) == [
        "role           username",
        "member         m       ",
        "administrator  a       ",
    ]


@pytest.fixture
def var():
    folder = Path(tempfile.mkdtemp(prefix="portal-tests-"))
    folder.chmod(0o711)
    yield folder / "my data"
    shutil.rmtree(embedded.Place.of(folder / "my data").sockets, ignore_errors=True)
    shutil.rmtree(folder)


@pytest.fixture
def start_portal(var):
    """Starts a portal without demonstration data as `make run` does, on a port."""
    environment = {k: v for k, v in os.environ.items() if k not in CONFIGURED}
    # Compressing every static file takes longer than all the rest.
    environment["STATICFILES_STORAGE"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    started = []

    def start(port):
        portal = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor"],
            env=environment | {"VAR": str(var), "PORT": str(port), "DEMO": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(portal)
        return portal

    yield start
    for portal in started:
        if portal.poll() is None:  # the test failed half-way
            portal.terminate()
            portal.communicate()


def await_ready(portal):
    said = ""
    for line in portal.stdout:
        said += line
        if "The portal is ready" in line:
            return
    raise AssertionError(said)


def status(port, path):
    connection = http.client.HTTPConnection(supervisor.HOST, port, timeout=20)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


def processes_of(var):
    """Command lines of all that runs on this data folder."""
    mark = str(embedded.Place.of(var).sockets).encode(), str(var).encode()
    lines = []
    for file in Path("/proc").glob("[0-9]*"):
        try:
            line = (file / "cmdline").read_bytes() + (file / "environ").read_bytes()
        except OSError:
            continue
        if int(file.name) != os.getpid() and any(word in line for word in mark):
            lines.append((file / "cmdline").read_bytes())
    return lines


def test_a_portal_serves_survives_a_kill_and_leaves_no_process(var, start_portal):
    with socket.create_server((supervisor.HOST, 0)) as free:
        port = free.getsockname()[1]
    first = start_portal(port)
    await_ready(first)
    assert status(port, "/readyz") == 200
    assert len(processes_of(var)) > 5

    first.kill()
    first.communicate()
    second = start_portal(port)
    await_ready(second)
    assert status(port, "/healthz") == 200

    second.send_signal(signal.SIGINT)
    said, _ = second.communicate(timeout=40)
    assert (second.returncode, said.splitlines()[-1]) == (0, "Stopped.")
    deadline = time.monotonic() + 5
    while processes_of(var) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(var) == []
