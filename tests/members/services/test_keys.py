"""Keys change while the portal runs, and nothing is lost (CR-06, CR-07, SEC-52)."""

import json
import os
import subprocess
import sys
from base64 import b64decode
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as portal
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from members import key_files, key_ring, key_sources
from members.models import AuditEntry, Correction, Export, Member, User
from members.sealing import SealBroken, index_fields, index_of
from members.services import audit, keys, renewal
from tests import build
from tests.race import race

pytestmark = pytest.mark.django_db

NUMBER, BORN = "11010519491231002X", date(1949, 12, 31)
ROOT = Path(portal.BASE_DIR)
MemberEvent = Member.pgh_event_model


def quickly(batch=3, tick=lambda done, total: None):
    return keys.Pace(tick, batch=batch, grace=0)


def rotate(kind, *, finish=False, destroy_old=False, **pace):
    verb = {"data": keys.rotate_data_key, "index": keys.rotate_index_key}[kind]
    return verb(quickly(**pace), finish=finish, destroy_old=destroy_old)


def under(fields, key_id):
    return renewal.values_under(fields, key_id)


def states(kind):
    entries = json.loads(key_ring.ring_path().read_text())["keys"]
    return {e["id"]: e["state"] for e in entries if e["kind"] == kind}


def people(count):
    branch = build.branch()
    return [
        build.member(branch=branch, phone=f"1390000{n:04}", address=f"{n} 号")
        for n in range(count)
    ]


def texts():
    """What every sealed column of the test's rows reads as."""
    found = [
        (m.pk, m.phone, m.id_number, m.address) for m in Member.objects.order_by("pk")
    ]
    events = MemberEvent.objects.order_by("pgh_id")
    found += [(e.pgh_id, e.phone, e.id_number, e.address) for e in events]
    found += [(c.pk, c.proposed) for c in Correction.objects.order_by("pk")]
    return found + [(e.pk, e.content) for e in Export.objects.order_by("pk")]


def steps():
    entries = AuditEntry.objects.filter(act=AuditEntry.Act.KEYS_ROTATED).order_by("pk")
    return [(e.context["kind"], e.context["step"]) for e in entries]


# --- data keys ------------------------------------------------------------------------
def test_every_table_is_sealed_anew_and_reads_as_before(ring):
    members = people(7)
    members[0].phone = "13911112222"
    members[0].save()
    asked = build.correction(members[1])
    Export.objects.create(
        branch=members[0].branch,
        requested_by=asked.asked_by,
        reason="换届",
        state="waiting",
        content=b"\x00" * 5000,
    )
    before, versions = texts(), MemberEvent.objects.count()
    changed_at = list(Member.objects.values_list("updated_at", flat=True))

    rotation = rotate("data")

    assert texts() == before
    assert (rotation.key, rotation.damaged, rotation.destroyed) == (2, [], [])
    assert rotation.renewed == 7 + 8 + 1 + 1
    fields = renewal.all_sealed()
    assert under(fields, 1) == 0
    assert under(fields, 2) == 4 * 7 - 7 + 3 * 8 + 1 + 1
    # Nothing was changed, so the history has no new version.
    assert MemberEvent.objects.count() == versions
    assert list(Member.objects.values_list("updated_at", flat=True)) == changed_at
    assert states("data") == {1: "readable", 2: "active"}
    assert steps() == [("data", "activated")]


def test_a_new_key_serves_at_once_and_old_rows_stay_readable(ring):
    old = build.member(phone="13900000001")
    with key_files.changing(key_ring.ring_path(), key_ring.kek_source()) as changed:
        changed.activate("data", changed.add("data", "readable"))

    new = build.member(phone="13900000002")

    fields = [Member._meta.get_field("phone")]
    assert [under(fields, key) for key in (1, 2)] == [1, 1]
    assert {m.phone for m in Member.objects.filter(pk__in=[old.pk, new.pk])} == {
        "13900000001",
        "13900000002",
    }


def test_each_rotation_makes_one_key_more(ring):
    people(2)

    assert [rotate("data").key for _ in range(3)] == [2, 3, 4]
    assert states("data") == {1: "readable", 2: "readable", 3: "readable", 4: "active"}


def test_an_old_key_is_destroyed_once_no_value_needs_it(ring):
    members = people(2)
    before = texts()

    rotation = rotate("data", destroy_old=True)

    assert rotation.destroyed == [1]
    assert states("data") == {1: "destroyed", 2: "active"}
    entry = json.loads(key_ring.ring_path().read_text())["keys"][0]
    assert "wrapped" not in entry
    assert texts() == before
    assert Member.objects.get(pk=members[0].pk).phone == members[0].phone
    assert steps() == [("data", "activated"), ("data", "destroyed")]
    assert rotate("data", finish=True, destroy_old=True).destroyed == []


def test_a_key_that_a_damaged_value_needs_is_kept(ring):
    first, _second = people(2)
    (value,) = Member.objects.filter(pk=first.pk).values_list("address", flat=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_member SET address = %s WHERE id = %s",
            [bytes(value[:-1]), first.pk],
        )

    with pytest.raises(ValidationError) as refusal:
        rotate("data", destroy_old=True)

    assert refusal.value.code == "needed"
    assert states("data") == {1: "readable", 2: "active"}
    # It stands in the way of no further key, and is named.
    damaged = f"members_member {first.pk}"
    assert damaged in rotate("data").damaged
    assert Member.objects.get(pk=first.pk).phone == first.phone
    with pytest.raises(SealBroken):
        assert Member.objects.get(pk=first.pk).address


def test_an_instance_loaded_before_is_saved_after(ring):
    member = people(1)[0]
    loaded = Member.objects.get(pk=member.pk)
    rotate("data")

    loaded.name = "王改名"
    loaded.save()

    assert Member.objects.get(pk=member.pk).phone == member.phone
    assert under([Member._meta.get_field("phone")], 1) == 0


def test_a_change_of_cipher_is_carried_through_too(ring, settings):
    people(2)
    settings.SEALING_CIPHER = "aes256"

    rotate("data")

    phones = Member.objects.values_list("phone", flat=True)
    assert {value[:3] for value in phones} == {b"\x02\x00\x02"}


def test_large_values_come_a_few_at_a_time(ring, monkeypatch):
    monkeypatch.setattr(renewal, "BATCH_BYTES", 1000)
    branch, user = build.branch(), build.user()
    for _ in range(4):
        Export.objects.create(
            branch=branch,
            requested_by=user,
            reason="换届",
            state="waiting",
            content=b"x" * 600,
        )
    done = []

    rotate("data", batch=100, tick=lambda count, total: done.append((count, total)))

    assert [count for count, total in done if total][-4:] == [1, 2, 3, 4]


@pytest.mark.django_db(transaction=True)
def test_changes_made_meanwhile_are_not_lost(ring):
    members = people(12)

    def rewrite(turn):
        for number, member in enumerate(members):
            with transaction.atomic():
                row = Member.objects.select_for_update().get(pk=member.pk)
                row.phone = f"1380{turn}00{number:04}"
                row.landline = f"0571-{turn}{number:03}"
                row.save()

    race(
        lambda turn: rewrite(turn) if turn else rotate("data", batch=2),
        range(3),
    )

    rotate("data", finish=True)
    assert under(renewal.all_sealed(), 1) == 0
    for number, member in enumerate(Member.objects.order_by("pk")):
        turn = member.phone[4]
        assert turn in "12"
        assert member.phone == f"1380{turn}00{number:04}"
        assert member.landline == f"0571-{turn}{number:03}"
        assert member.id_number == members[number].id_number


@pytest.mark.django_db(transaction=True)
def test_one_rotation_runs_at_a_time(ring):
    people(1)

    outcomes = race(lambda _: rotate("data").key, range(2))

    assert sorted(outcomes, key=str) in ([2, 3], [2, "running"])


# --- a process that is killed -----------------------------------------------------------
def command(*arguments):
    """`manage.py rotate_keys` as a process of its own on the database of the tests."""
    tested = urlsplit(os.environ["DATABASE_OWNER_URL"])
    tested = tested._replace(path=f"/{connection.settings_dict['NAME']}")
    environment = os.environ | {
        "DATABASE_OWNER_URL": tested.geturl(),
        "SEALING_KEY_FILE": str(portal.SEALING_KEY_FILE),
        "SEALING_KEK_FILE": str(portal.SEALING_KEK_FILE),
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "rotate_keys", "--grace", "0", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_after(process, lines):
    read = [process.stderr.readline() for _ in range(lines)]
    process.kill()
    process.communicate()
    assert all(read), read
    assert process.returncode == -9


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["data", "index"])
def test_a_rotation_that_was_killed_twice_goes_on_to_its_end(ring, kind):
    people(30)
    before = texts()
    fields = renewal.all_sealed()
    if kind == "index":
        fields = renewal.all_indexes(nexts=False)
    old = [under(fields, 1)]

    for lines in (4, 36):
        kill_after(command("--kind", kind, "--batch", "1"), lines)
        old.append(under(fields, 1))
    assert texts() == before
    last = command("--kind", kind, "--batch", "50", "--destroy-old")
    out, errors = last.communicate()

    assert last.returncode == 0, errors
    outcome = json.loads(out.splitlines()[-1])
    assert (outcome["passed"], outcome["key"], outcome["destroyed"]) == (True, 2, [1])
    assert old[0] >= old[1] > old[2] > 0
    assert (under(fields, 1), under(fields, 2)) == (0, old[0])
    assert states(kind) == {1: "destroyed", 2: "active"}
    assert texts() == before
    member = Member.objects.first()
    found = Member.objects.filter(
        phone_index=index_of(Member, "phone_index", member.phone)
    )
    assert list(found) == [member]


# --- index keys -------------------------------------------------------------------------
def test_indexes_move_to_a_new_key_and_find_as_before(ring):
    members = people(5)
    account = build.user(member=members[0])

    rotation = rotate("index", destroy_old=True)

    assert (rotation.key, rotation.damaged, rotation.destroyed) == (2, [], [1])
    for column in ("phone_index", "phone_tail", "id_number_index"):
        assert {
            bytes(v[:2]) for v in Member.objects.values_list(column, flat=True)
        } == {b"\x00\x02"}
    assert set(Member.objects.values_list("id_number_index_next", flat=True)) == {None}
    assert User.objects.by_login_name(members[0].phone) == account
    assert set(Member.objects.search("0003")) == {members[3]}
    assert MemberEvent.objects.filter(
        phone_index=index_of(Member, "phone_index", members[4].phone)
    ).exists()
    assert steps() == [
        ("index", "added"),
        ("index", "activated"),
        ("index", "destroyed"),
    ]


@pytest.fixture(params=["coming", "moving", "kept"])
def halfway(ring, request, monkeypatch):
    """A rotation of the index key that stopped at each of its stages, after a member
    entered the roll at each stage before."""
    member = build.member(id_number=NUMBER, birth_date=BORN, sex="2")
    if request.param == "kept":
        rotate("index")
        return member
    stages = {"coming": 0, "moving": 1}[request.param]
    settle, done = renewal.settle, []

    def stop_after(fields, **options):
        if len(done) == stages:
            raise KeyboardInterrupt
        done.append(fields)
        return settle(fields, **options)

    with monkeypatch.context() as patch:
        patch.setattr(renewal, "settle", stop_after)
        with pytest.raises(KeyboardInterrupt):
            rotate("index")
    return member


def test_the_same_number_under_either_key_is_refused_at_every_stage(halfway):  # CR-07
    for spelling in ("11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ"):
        with pytest.raises(IntegrityError, match="on_one_roll"), transaction.atomic():
            build.member(id_number=spelling, birth_date=BORN, sex="2")
        twin = Member(id_number=spelling, state="applicant")
        with pytest.raises(ValidationError):
            twin.validate_constraints()


def test_a_member_is_found_at_every_stage(halfway):
    later = build.member(phone="13700007777")
    for member in (halfway, later):
        index = index_of(Member, "phone_index", member.phone)
        assert list(Member.objects.filter(phone_index=index)) == [member]
        assert list(Member.objects.filter(phone_index__in=[index])) == [member]
        assert list(Member.objects.search(member.phone[-4:])) == [member]


def test_a_rotation_is_finished_from_every_stage(halfway):
    build.member()

    rotate("index", finish=True, destroy_old=True)

    assert states("index") == {1: "destroyed", 2: "active"}
    mains = renewal.all_indexes(nexts=False)
    assert under(mains, 1) == 0
    assert not Member.objects.exclude(id_number_index_next=None).exists()


def test_the_constraint_holds_without_our_looking(ring):
    """Two rows of one number, each under its own key, as processes write them that have
    read the ring at different stages."""
    field = Member._meta.get_field("id_number_index")
    branch = build.branch()
    rows = {"birth_date": BORN, "sex": "2", "branch": branch}
    build.member(id_number=NUMBER, **rows)
    with key_files.changing(key_ring.ring_path(), key_ring.kek_source()) as changed:
        changed.add("index", "coming")
    renewal.settle(
        renewal.all_indexes(nexts=True), batch=9, grace=0, tick=lambda *_: None
    )
    before = field.index_of(NUMBER)
    with key_files.changing(key_ring.ring_path(), key_ring.kek_source()) as changed:
        changed.activate("index", 2)
    after = field.index_of(NUMBER)

    assert before[:2] + after[:2] == b"\x00\x01\x00\x02"
    assert under([field], 1) == 1
    with pytest.raises(IntegrityError, match="roll_next"), transaction.atomic():
        build.member(id_number=NUMBER, **rows)


def test_a_unique_value_that_does_not_open_stops_the_rotation(ring):
    member = people(1)[0]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE members_member SET id_number = '\\x0100010203'")

    with pytest.raises(ValidationError) as refusal:
        rotate("index")

    assert refusal.value.code == "damaged"
    assert f"members_member {member.pk}" in refusal.value.message
    assert states("index") == {1: "active", 2: "coming"}


def test_every_unique_index_has_a_next_one():
    fields = index_fields(Member)

    assert {f.next_of for f in fields} == {"", "id_number_index"}
    assert [message for f in fields for message in f.check()] == []


# --- the audit key ------------------------------------------------------------------------
def test_the_audit_log_holds_across_its_keys(ring):
    people(1)
    audit.record(AuditEntry.Act.ALARM)
    audit.seal()

    assert keys.rotate_audit_key().key == 2

    audit.record(AuditEntry.Act.ALARM)
    audit.seal()
    assert audit.verify().passed
    assert {bytes(m[:2]) for m in AuditEntry.objects.values_list("mac", flat=True)} == {
        b"\x00\x01",
        b"\x00\x02",
    }
    assert states("audit") == {1: "readable", 2: "active"}


# --- the key-encrypting key -----------------------------------------------------------------
def rows():
    return list(Member.objects.order_by("pk").values_list("phone", "phone_index"))


def test_a_new_key_encrypting_key_touches_no_row(ring):
    people(2)
    before, opened = rows(), key_ring.key_ring()
    first = (ring / "kek").read_text()

    assert keys.rotate_kek().renewed == 0

    assert rows() == before
    assert key_ring.key_ring() is not opened
    assert key_ring.key_ring().is_like(opened)
    second = (ring / "kek").read_text()
    assert len(second.split()) == 1
    assert second != first
    assert not key_files.opens(b64decode(first), (ring / "ring.json").read_text())
    assert {p.name: p.stat().st_mode & 0o777 for p in ring.iterdir()} == {
        "kek": 0o400,
        "ring.json": 0o400,
    }
    assert steps() == [("kek", "rewrapped")]


@pytest.mark.parametrize("broken_off", ["put_kek_first", "rewrap", "keep_first_kek"])
def test_what_broke_off_opens_and_is_finished(ring, monkeypatch, broken_off):
    member = people(1)[0]

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(key_files, broken_off, stop)
        with pytest.raises(KeyboardInterrupt):
            keys.rotate_kek()

    assert Member.objects.get(pk=member.pk).phone == member.phone
    keys.rotate_kek()
    assert Member.objects.get(pk=member.pk).phone == member.phone
    assert len((ring / "kek").read_text().split()) == 1


def test_a_key_that_comes_from_elsewhere_is_put_first_by_the_operator(ring, settings):
    member = people(1)[0]
    settings.SEALING_KEK = (ring / "kek").read_text()
    with pytest.raises(ValidationError) as refusal:
        keys.rotate_kek()
    assert refusal.value.code == "no_new_kek"
    assert "SEALING_KEK" in refusal.value.message

    new = key_sources.new_kek()
    settings.SEALING_KEK = f"{new} {settings.SEALING_KEK}"
    for _ in range(2):
        keys.rotate_kek()
    settings.SEALING_KEK = new

    assert Member.objects.get(pk=member.pk).phone == member.phone
    assert steps() == [("kek", "rewrapped")]


def test_a_ring_that_may_not_be_written_stays(ring, settings, monkeypatch):
    settings.SEALING_KEK = (
        f"{key_sources.new_kek()} {(ring / 'kek').read_text().strip()}"
    )
    before = (ring / "ring.json").read_text()

    def fail(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(key_files, "_replace", fail)
    with pytest.raises(PermissionError):
        keys.rotate_kek()

    assert (ring / "ring.json").read_text() == before
    assert steps() == []


# --- the command -------------------------------------------------------------------------
def test_the_last_line_tells_what_was_done(ring, capsys):
    people(2)

    call_command("rotate_keys", "--kind", "data", "--destroy-old", "--grace", "0")

    outcome = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert outcome.pop("seconds") >= 0
    assert outcome == {
        "passed": True,
        "kind": "data",
        "key": 2,
        "renewed": 4,
        "damaged": [],
        "destroyed": [1],
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["--kind", "kek", "--destroy-old"],
        ["--kind", "audit", "--finish"],
        ["--kind", "data", "--batch", "0"],
    ],
)
def test_what_makes_no_sense_is_refused(ring, arguments):
    before = key_ring.ring_path().read_text()

    with pytest.raises(CommandError):
        call_command("rotate_keys", *arguments)

    assert key_ring.ring_path().read_text() == before


def test_a_process_sees_a_ring_that_was_replaced_while_it_read(ring, monkeypatch):
    key_ring.key_ring()
    opening = key_ring._open_file

    def replaced_first(*arguments):
        monkeypatch.setattr(key_ring, "_open_file", opening)
        keys.rotate_kek()
        raise ImproperlyConfigured("the pair no longer belongs together")

    monkeypatch.setattr(key_ring, "_open_file", replaced_first)

    assert key_ring.key_ring().active_data_key == 1
