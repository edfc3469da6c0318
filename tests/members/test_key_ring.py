"""Keys outside the database; without them nothing is written or read (CR-05, SEC-52)."""

import json

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from members import key_files, key_ring, key_sources
from members.ciphers import OpeningError
from members.models import Member
from members.sealing import SealBroken
from tests.members.test_sealing import PHONE, read, saved
from tests.race import race

pytestmark = pytest.mark.django_db


def test_set_up_makes_both_files_once_and_for_the_owner_alone(ring):
    files = {path: path.read_text() for path in ring.iterdir()}

    key_files.ensure_key_ring(ring / "ring.json", ring / "kek")

    assert {path.name: path.stat().st_mode & 0o777 for path in files} == {
        "ring.json": 0o400,
        "kek": 0o400,
    }
    assert {path: path.read_text() for path in ring.iterdir()} == files


@pytest.mark.parametrize(
    ("missing", "setting"),
    [("ring.json", "SEALING_KEY_FILE"), ("kek", "SEALING_KEK_FILE")],
)
def test_without_a_key_nothing_is_written_and_the_setting_is_named(
    ring, missing, setting
):
    (ring / missing).unlink()

    with pytest.raises(ImproperlyConfigured, match=setting), transaction.atomic():
        saved(phone=PHONE)
    assert not Member.objects.exists()


def test_without_a_key_nothing_is_read(ring):
    member = saved(phone=PHONE)
    (ring / "ring.json").unlink()

    with pytest.raises(ImproperlyConfigured, match="SEALING_KEY_FILE"):
        read(member)


def test_a_ring_that_is_not_configured_is_named(settings):
    settings.SEALING_KEY_FILE = ""

    with pytest.raises(ImproperlyConfigured, match="SEALING_KEY_FILE"):
        saved(phone=PHONE)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "not JSON", '{"keys": [{"id": 1}]}'])
def test_a_ring_that_is_no_ring_is_named(ring, text):
    (ring / "ring.json").unlink()
    (ring / "ring.json").write_text(text)

    with pytest.raises(ImproperlyConfigured, match="SEALING_KEY_FILE"):
        saved(phone=PHONE)


def test_the_wrong_key_encrypting_key_opens_nothing(ring, settings):
    (ring / "other").write_text(key_sources.new_kek())
    (ring / "other").chmod(0o400)
    settings.SEALING_KEK_FILE = str(ring / "other")

    with pytest.raises(ImproperlyConfigured, match="SEALING_KEK"):
        saved(phone=PHONE)


def test_the_key_encrypting_key_may_come_from_the_environment(
    tmp_path, settings, monkeypatch
):
    kek = key_sources.new_kek()
    monkeypatch.setenv("SEALING_KEK", kek)
    settings.SEALING_KEK, settings.SEALING_KEY_FILE = kek, str(tmp_path / "ring.json")

    key_files.ensure_key_ring(settings.SEALING_KEY_FILE)

    assert [path.name for path in tmp_path.iterdir()] == ["ring.json"]
    assert read(saved(phone=PHONE)) == PHONE


def test_the_ring_holds_no_key_in_the_clear(ring):
    opened = key_ring.key_ring()
    text = (ring / "ring.json").read_text()

    for material in opened._keys["data"].values():
        assert material.hex() not in text
        assert len(material) == 32
    assert (ring / "kek").read_text().strip() not in text


def test_another_ring_does_not_open_a_value(ring, settings, tmp_path):
    member = saved(phone=PHONE)
    settings.SEALING_KEY_FILE = str(tmp_path / "other.json")
    settings.SEALING_KEK_FILE = str(tmp_path / "other.kek")
    key_files.ensure_key_ring(settings.SEALING_KEY_FILE, settings.SEALING_KEK_FILE)

    with pytest.raises(SealBroken):
        read(member)


def test_a_ring_that_was_replaced_is_read_again(ring):
    first = key_ring.key_ring()
    (ring / "ring.json").unlink()
    key_files.ensure_key_ring(ring / "ring.json", ring / "kek")

    assert key_ring.key_ring() is not first


def test_a_readable_key_opens_and_a_destroyed_one_does_not(ring):
    member = saved(phone=PHONE)
    (kek,) = key_sources.keys_of(key_ring.kek_source())
    old = json.loads((ring / "ring.json").read_text())["keys"]
    material = bytes(range(32))
    new = {
        "kind": "data",
        "id": 2,
        "state": "active",
        "wrapped": key_ring.wrap(kek, "data", 2, material),
    }

    for state, reads in [("readable", True), ("destroyed", False)]:
        entries = [{**e, "state": state} if e["kind"] == "data" else e for e in old]
        (ring / "ring.json").unlink()
        (ring / "ring.json").write_text(json.dumps({"keys": [*entries, new]}))
        if reads:
            assert read(member) == PHONE
        else:
            with pytest.raises(SealBroken):
                read(member)
        assert read(saved(phone="13900000000")) == "13900000000"


def older(ring):
    """A ring as it was made before there was an audit log."""
    entries = json.loads((ring / "ring.json").read_text())["keys"]
    kept = [entry for entry in entries if entry["kind"] != "audit"]
    (ring / "ring.json").unlink()
    (ring / "ring.json").write_text(json.dumps({"format": 1, "keys": kept}))
    (ring / "ring.json").chmod(0o400)
    return kept


def test_a_ring_made_before_the_audit_log_gets_a_key_for_it(ring):
    member, kept = saved(phone=PHONE), older(ring)
    with pytest.raises(ImproperlyConfigured, match="SEALING_KEY_FILE"):
        _ = key_ring.key_ring().active_audit_key

    for _ in range(2):
        key_files.ensure_key_ring(ring / "ring.json", ring / "kek")

    entries = json.loads((ring / "ring.json").read_text())["keys"]
    assert entries[:-1] == kept
    assert (ring / "ring.json").stat().st_mode & 0o777 == 0o400
    opened = key_ring.key_ring()
    assert opened.active_audit_key == 1
    assert len(opened.audit_key(1)) == 32
    assert read(member) == PHONE


def test_set_up_leaves_a_ring_that_it_cannot_open(ring):
    older(ring)
    before = (ring / "ring.json").read_text()
    (ring / "other").write_text(key_sources.new_kek())
    (ring / "other").chmod(0o400)

    key_files.ensure_key_ring(ring / "ring.json", ring / "other")

    assert (ring / "ring.json").read_text() == before


def test_processes_that_add_a_kind_at_once_agree(ring):
    older(ring)
    made = race(
        lambda _: (
            key_files.ensure_key_ring(ring / "ring.json", ring / "kek"),
            key_ring.key_ring().audit_key(1),
        )[1],
        range(4),
    )

    assert len(set(made)) == 1
    assert sorted(path.name for path in ring.iterdir()) == ["kek", "ring.json"]


def test_a_wrapped_key_cannot_take_the_place_of_another():
    kek, material = bytes(32), bytes(range(32))
    wrapped = key_ring.wrap(kek, "data", 1, material)

    assert key_ring.unwrap(kek, "data", 1, wrapped) == material
    for kind, key_id, key in [
        ("index", 1, kek),
        ("data", 2, kek),
        ("data", 1, b"1" * 32),
    ]:
        with pytest.raises(OpeningError):
            key_ring.unwrap(key, kind, key_id, wrapped)
