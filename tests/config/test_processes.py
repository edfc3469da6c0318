"""Child processes: whose they are, and that nothing of them stays."""

import os
import signal
import time

from config.processes import last_line, runs, spawn, stop


def test_stopping_ends_the_whole_session(tmp_path):
    log = tmp_path / "log"
    parent = spawn(["sh", "-c", "sleep 61 & echo $!; wait"], log=log)
    while not log.read_text():
        time.sleep(0.01)
    child = int(last_line(log))

    stop(parent, signal.SIGTERM)

    deadline = time.monotonic() + 5
    while runs(child, "sleep") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not runs(child, "sleep")


def test_who_does_not_end_when_asked_is_ended(tmp_path):
    log = tmp_path / "log"
    deaf = spawn(
        ["sh", "-c", "trap '' TERM; echo on; while :; do sleep 1; done"], log=log
    )
    while not log.read_text():
        time.sleep(0.01)

    stop(deaf, signal.SIGTERM, patience=0.2)

    assert deaf.returncode == -signal.SIGKILL


def test_a_number_is_believed_only_with_its_command_line(tmp_path):
    process = spawn(["sleep", "62"], log=tmp_path / "log")

    assert runs(process.pid, "sleep", "62")
    assert not runs(process.pid, "postgres")
    assert os.getsid(process.pid) == process.pid
    stop(process, signal.SIGTERM)
    assert not runs(process.pid, "sleep", "62")


def test_a_log_that_grew_large_is_put_aside(tmp_path):
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * 10_000_001)

    spawn(["echo", "fresh"], log=log).wait()

    assert log.read_text() == "fresh\n"
    assert (tmp_path / "web.log.1").stat().st_size == 10_000_001
