"""Where the key-encrypting key comes from (SEC-52, CR-05)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as portal
from django.core.exceptions import ImproperlyConfigured

from members import key_files, key_ring, key_sources
from members.key_sources import FromCommand, FromEnvironment, FromFile


def program(folder, text):
    file = folder / "print-key"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o700)
    return str(file)


def test_a_program_of_the_operator_gives_the_key(tmp_path, settings):
    kek = key_sources.new_kek()
    settings.SEALING_KEK_COMMAND = f"{program(tmp_path, 'echo $1')} {kek}"
    settings.SEALING_KEY_FILE = str(tmp_path / "ring.json")
    settings.SEALING_KEK_FILE = str(tmp_path / "kek")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEALING_KEK_COMMAND", settings.SEALING_KEK_COMMAND)
        key_files.ensure_key_ring(tmp_path / "ring.json", tmp_path / "kek")

    assert not (tmp_path / "kek").exists()
    assert key_ring.key_ring().active_data_key == 1


def test_a_program_is_run_without_a_shell(tmp_path):
    source = FromCommand(f"{program(tmp_path, 'echo $#')} '$(id)' ';' x")

    assert source.read() == "3\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("exit 3", "status 3"),
        ("sleep 60", "longer than"),
        ("echo short", "32 bytes in base64"),
        ("printf '\\377'", "no key"),
        ("true", "32 bytes in base64"),
    ],
)
def test_a_program_that_gives_no_key_is_named(tmp_path, monkeypatch, text, reason):
    monkeypatch.setattr(key_sources, "COMMAND_SECONDS", 0.3)

    with pytest.raises(ImproperlyConfigured, match=reason) as refusal:
        key_sources.keys_of(FromCommand(program(tmp_path, text)))

    assert "SEALING_KEK_COMMAND" in str(refusal.value)


def test_a_program_that_is_not_there_is_named():
    with pytest.raises(ImproperlyConfigured, match="SEALING_KEK_COMMAND"):
        FromCommand("/nowhere/print-key").read()


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o444, 0o600 | 0o002])
def test_a_file_that_others_may_read_is_refused(tmp_path, mode):
    (tmp_path / "kek").write_text(key_sources.new_kek())
    (tmp_path / "kek").chmod(mode)

    with pytest.raises(ImproperlyConfigured, match=r"SEALING_KEK_FILE.*chmod 400"):
        key_sources.keys_of(FromFile(tmp_path / "kek"))


def test_the_secrets_of_a_container_have_a_mode_that_is_not_ours(tmp_path, monkeypatch):
    monkeypatch.setattr(key_sources, "CONTAINER_SECRETS", tmp_path)
    (tmp_path / "kek").write_text(key_sources.new_kek())
    (tmp_path / "kek").chmod(0o444)

    assert len(key_sources.keys_of(FromFile(tmp_path / "kek"))) == 1


@pytest.mark.parametrize(
    "text", ["", "short", "A" * 43, "not base64!", "A" * 44 + " x"]
)
def test_what_is_no_key_is_named(text):
    with pytest.raises(ImproperlyConfigured, match="SEALING_KEK must give"):
        key_sources.keys_of(FromEnvironment(text))


def test_two_places_at_once_are_refused():
    with pytest.raises(ImproperlyConfigured, match="keep one"):
        key_sources.choose(kek="x", command="y", path="z")


def test_no_key_shows_when_a_source_is_printed():
    kek = key_sources.new_kek()

    assert kek not in repr(FromEnvironment(kek))


# --- a portal without a key (CR-05) -------------------------------------------------------
def start(folder, *arguments):
    """A process of the portal that finds its keys in `folder`."""
    environment = os.environ | {
        "SEALING_KEY_FILE": str(folder / "ring.json"),
        "SEALING_KEK_FILE": str(folder / "kek"),
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=Path(portal.BASE_DIR),
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("missing", "setting"),
    [("ring.json", "SEALING_KEY_FILE"), ("kek", "SEALING_KEK_FILE")],
)
def test_the_portal_does_not_start_without_a_key(tmp_path, missing, setting):
    key_files.ensure_key_ring(tmp_path / "ring.json", tmp_path / "kek")
    (tmp_path / missing).unlink()

    for arguments in (
        ["-c", "import config.wsgi"],
        ["-m", "celery", "-A", "config", "worker", "--pool", "solo"],
        ["manage.py", "check"],
    ):
        ended = start(tmp_path, *arguments)

        assert ended.returncode != 0, arguments
        assert setting in ended.stderr, arguments


def test_a_process_that_runs_sees_a_ring_that_another_one_changed(tmp_path):
    """CR-06: the new key serves at once in every process."""
    key_files.ensure_key_ring(tmp_path / "ring.json", tmp_path / "kek")
    source = FromFile(tmp_path / "kek")
    watching = (
        "import django; django.setup()\n"
        "from members.key_ring import key_ring\n"
        "while input():\n"
        "    print(key_ring().active_data_key, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", watching],
        cwd=Path(portal.BASE_DIR),
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SEALING_KEY_FILE": str(tmp_path / "ring.json"),
            "SEALING_KEK_FILE": str(tmp_path / "kek"),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def ask():
        process.stdin.write("?\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    seen = [ask()]
    for _ in range(2):
        with key_files.changing(tmp_path / "ring.json", source) as ring:
            ring.activate("data", ring.add("data", "readable"))
        seen.append(ask())
    process.communicate("\n")

    assert seen == [1, 2, 3]
