"""The embedded services: roles, language, joining, and what a crash leaves behind."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2
import pytest

from config import embedded
from config.processes import runs, spawn, stop

OWNER = """
import sys
from pathlib import Path
from config import embedded
with embedded.services(Path(sys.argv[1]), "`first`", lambda place: None) as place:
    print("up", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def folder():
    """A folder that the service account reaches, with names as real ones have them."""
    made = Path(tempfile.mkdtemp(prefix="portal-tests-"))
    made.chmod(0o711)
    inside = made / "数据 and space"
    inside.mkdir()
    yield inside
    shutil.rmtree(embedded.Place.of(inside / "var").sockets, ignore_errors=True)
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def place(folder):
    """A data folder whose cluster was made, in no test's debt."""
    place = embedded.Place.of(folder / "var")
    stop(embedded.start_postgres(place), signal.SIGINT)
    return place


@pytest.fixture
def server(place):
    started = embedded.start_postgres(place)
    yield started
    stop(started, signal.SIGINT)


def ask(place, role, statement, database=embedded.DATABASE):
    connection = psycopg2.connect(place.database_url(role, database))
    with contextlib.closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_the_runner_uses_what_the_owner_makes_and_makes_nothing(place, server):
    ask(place, "portal_owner", "CREATE TABLE kept (id serial, word text)")

    ask(place, "portal_runner", "INSERT INTO kept (word) VALUES ('学习')")
    ask(place, "portal_runner", "UPDATE kept SET word = '组织'")

    assert ask(place, "portal_runner", "SELECT id, word FROM kept") == [(1, "组织")]
    for refused in ("DROP TABLE kept", "CREATE TABLE mine ()", "TRUNCATE kept"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(place, "portal_runner", refused)


def test_search_by_trigram_finds_chinese_text(place, server):
    (row,) = ask(place, "portal_runner", "SELECT '共产党员' % '共产党', lower('ÄÖ')")

    assert row == (True, "äö")


def test_a_test_database_gives_the_runner_the_same_rights(place, server):
    with contextlib.closing(
        psycopg2.connect(place.database_url("portal_owner", "postgres"))
    ) as connection:
        connection.autocommit = True
        connection.cursor().execute("CREATE DATABASE test_rights")
    ask(place, "portal_owner", "CREATE TABLE kept (id int)", "test_rights")

    assert ask(place, "portal_runner", "SELECT * FROM kept", "test_rights") == []


def test_a_server_that_was_killed_comes_back_with_its_rows(place):
    server = embedded.start_postgres(place)
    ask(place, "portal_owner", "CREATE TABLE before_the_crash (id int)")
    server.kill()

    again = embedded.start_postgres(place)

    assert ask(place, "portal_runner", "SELECT * FROM before_the_crash") == []
    stop(again, signal.SIGINT)
    server.wait()


def test_a_stale_pid_file_that_names_another_process_harms_nobody(place):
    bystander = spawn(["sleep", "60"], log=place.log("bystander"))
    file = place.cluster / "postmaster.pid"
    file.write_text(f"{bystander.pid}\n{place.cluster}\n")

    server = embedded.start_postgres(place)

    assert bystander.poll() is None
    stop(server, signal.SIGINT)
    stop(bystander, signal.SIGTERM)


@pytest.fixture
def first(place):
    """Another command that owns the services."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(place.var)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "up\n"
    yield process
    process.kill()
    process.communicate()


def never(place):
    raise AssertionError("Only who starts the services prepares them.")


def test_a_second_command_joins_and_the_first_waits_for_it(place, first):
    with embedded.services(place.var, "`second`", never) as joined:
        first.stdin.write("\n")
        first.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            first.wait(1)
        assert ask(joined, "portal_runner", "SELECT 1") == [(1,)]

    assert first.wait(30) == 0
    with pytest.raises(psycopg2.OperationalError):
        ask(place, "portal_runner", "SELECT 1")


def test_services_end_with_a_killed_command_and_start_again(place, first):
    pid = int((place.cluster / "postmaster.pid").read_text().split("\n")[0])
    first.kill()
    first.wait()

    prepared = []
    with embedded.services(place.var, "`second`", prepared.append) as own:
        assert not runs(pid, "postgres", str(place.cluster))
        assert ask(own, "portal_runner", "SELECT 1") == [(1,)]

    assert prepared == [place]


def test_who_cannot_join_learns_who_is_in_the_way(place, monkeypatch):
    monkeypatch.setattr(embedded, "PATIENCE", 0.5)
    with (
        embedded.take(place.var, "`manage.py migrate`"),
        pytest.raises(embedded.StartError) as refusal,
        embedded.services(place.var, "`second`", never),
    ):
        pass

    assert "`manage.py migrate`" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_below_a_private_home_everything_runs_from_a_folder_elsewhere(
    folder, monkeypatch
):
    monkeypatch.setattr(embedded, "PRIVATE", folder / "elsewhere")
    monkeypatch.setattr(embedded, "reaches", lambda account, path: False)
    place = embedded.Place.of(folder / "private home" / "var")

    server = embedded.start_postgres(place, embedded.THROW_AWAY)

    program = Path(f"/proc/{server.pid}/cmdline").read_bytes().split(b"\0")[0]
    assert place.home.parent == folder / "elsewhere"
    assert embedded.Place.of(place.var) == place
    assert Path(os.fsdecode(program)).is_relative_to(place.home / "programs")
    stop(server, signal.SIGINT)
    shutil.rmtree(place.sockets)


@pytest.mark.parametrize("name", ["x" * 90, "with space", "党", "a,b", "q?x"])
def test_sockets_have_a_short_and_plain_path(folder, name):
    sockets = embedded.Place.of(folder / name).sockets

    assert re.fullmatch(r"[A-Za-z0-9._/-]{1,80}", str(sockets))


def test_a_folder_of_somebody_else_is_refused(place, tmp_path):
    (tmp_path / "sockets").symlink_to("/")

    with pytest.raises(embedded.StartError, match="another account"):
        place.give(tmp_path / "sockets")


def test_secrets_are_made_once_and_for_us_alone(tmp_path):
    def made():
        files = ("secret_key", "keys/ring.json", "keys/kek")
        return {name: (tmp_path / name).read_text() for name in files}

    embedded.make_secrets(tmp_path)
    before = made()
    embedded.make_secrets(tmp_path)

    assert made() == before
    assert len(before["secret_key"]) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys" / "ring.json").stat().st_mode & 0o777 == 0o400


def test_migrations_run_when_they_changed_and_after_a_failure(place):
    embedded.forget_migrations(place)
    calls = []

    def fail():
        raise embedded.StartError

    with pytest.raises(embedded.StartError):
        embedded.migrate_when_changed(place, fail)
    for _ in range(2):
        embedded.migrate_when_changed(place, lambda: calls.append("migrated"))

    assert calls == ["migrated"]
    embedded.forget_migrations(place)
