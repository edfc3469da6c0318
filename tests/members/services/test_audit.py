"""The audit log cannot be changed unnoticed (AU-01 … AU-05, SEC-31, SEC-32)."""

import json
from itertools import count

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from members.models import AuditEntry, AuditPending, AuditSeal
from members.origin import Origin, origin
from members.services import audit
from tests import build
from tests.race import race

pytestmark = pytest.mark.django_db

Act = audit.Act


@pytest.fixture
def anchors(settings, tmp_path):
    settings.AUDIT_ANCHORS = str(tmp_path / "elsewhere" / "anchors.jsonl")


def log(entries=1):
    return [audit.record(Act.SIGNED_IN, number=n) for n in range(entries)]


def sql(statement, *values):
    """As superuser or owner, past everything the portal forbids itself."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_an_entry_holds_who_did_what_to_whom_and_why_and_from_where():
    by, person = build.user(), build.member()
    token = origin.set(Origin("192.0.2.7", "feed"))

    entry = audit.record(
        Act.REVEALED,
        by=by,
        subject=person,
        branch=person.branch,
        member=person,
        reason="换届核对",
        field="phone",
    )
    origin.reset(token)

    held = AuditEntry.objects.get(pk=entry.pk)
    assert (held.act, held.result, held.by, held.member) == (
        "revealed",
        "done",
        by,
        person,
    )
    assert (held.subject_type, held.subject_id) == ("members.member", person.pk)
    assert (held.reason, held.context) == ("换届核对", {"field": "phone"})
    assert (held.address, held.request_id) == ("192.0.2.7", "feed")


def test_an_act_that_is_rolled_back_leaves_no_entry():
    with transaction.atomic():
        audit.record(Act.SIGNED_IN)
        transaction.set_rollback(True)

    assert (AuditEntry.objects.count(), AuditPending.objects.count()) == (0, 0)


def test_sealing_chains_what_waits_in_batches(monkeypatch, anchors):
    monkeypatch.setattr(audit, "BATCH", 2)
    keys = [entry.pk for entry in log(5)]

    assert audit.seal() == 5
    assert audit.seal() == 0
    seals = AuditSeal.objects.values_list("position", "entries", "total")
    assert list(seals) == [(1, keys[:2], 2), (2, keys[2:4], 4), (3, keys[4:], 5)]
    assert audit.verify() == audit.Verdict(entries=5, seals=3, pending=0)


def test_what_waits_for_its_seal_is_checked_too(anchors):
    (entry,) = log()
    assert audit.verify() == audit.Verdict(entries=0, seals=0, pending=1)

    sql("UPDATE members_auditentry SET reason = 'x' WHERE id = %s", entry.pk)

    assert audit.verify().entry == entry.pk


@pytest.mark.parametrize(
    ("deed", "which"),
    [
        ("UPDATE members_auditentry SET act = 'signed_out' WHERE id = %s", 2),
        ("UPDATE members_auditentry SET at = at + '1 s'::interval WHERE id = %s", 2),
        ("UPDATE members_auditentry SET context = '{}' WHERE id = %s", 3),
        ("DELETE FROM members_auditentry WHERE id = %s", 4),
        (
            "INSERT INTO members_auditentry SELECT 999999, at, act, result, "
            "subject_type, subject_id, reason, address, request_id, context, mac, "
            "branch_id, by_id, member_id FROM members_auditentry WHERE id = %s",
            None,
        ),
        (
            "UPDATE members_auditentry SET id = CASE id WHEN %s THEN -1 ELSE id END",
            1,
        ),
    ],
    ids=["changed", "dated back", "emptied", "removed", "put in", "moved"],
)
def test_the_first_row_that_was_touched_is_named(monkeypatch, anchors, deed, which):
    """As superuser, each of the ways of AU-03."""
    monkeypatch.setattr(audit, "BATCH", 2)
    entries = log(6)
    audit.seal()

    with connection.constraint_checks_disabled():
        sql(deed, entries[which if which is not None else 0].pk)

    verdict = audit.verify()
    assert not verdict.passed
    assert verdict.entry == (999999 if which is None else entries[which].pk)


def test_entries_that_changed_places_are_noticed(anchors):
    first, second = log(2)
    audit.seal()
    swap = "UPDATE members_auditentry SET id = %s WHERE id = %s"

    for new, old in ((-1, first.pk), (first.pk, second.pk), (second.pk, -1)):
        sql(swap, new, old)

    assert audit.verify().entry == first.pk


def test_seals_that_changed_places_or_are_missing_are_noticed(monkeypatch, anchors):
    monkeypatch.setattr(audit, "BATCH", 1)
    log(3)
    audit.seal()
    swap = "UPDATE members_auditseal SET position = %s WHERE position = %s"

    for new, old in ((-1, 2), (2, 3), (3, -1)):
        sql(swap, new, old)
    assert audit.verify().broken.startswith("Seal 2 does not follow")


def test_a_seal_that_is_missing_is_noticed(monkeypatch, anchors):
    monkeypatch.setattr(audit, "BATCH", 1)
    _one, _two, three = log(3)
    audit.seal()

    sql("DELETE FROM members_auditseal WHERE position = 2")

    verdict = audit.verify()
    assert verdict.broken == "Before seal 3 a seal is missing."
    assert verdict.entry == three.pk


def test_a_tail_that_was_cut_shows_against_the_anchor(monkeypatch, anchors):
    """The last hash and count are kept elsewhere each day (AU-03)."""
    monkeypatch.setattr(audit, "BATCH", 2)
    entries = log(6)
    audit.seal()
    line = audit.anchor()

    sql("DELETE FROM members_auditseal WHERE position = 3")
    sql("DELETE FROM members_auditentry WHERE id >= %s", entries[4].pk)

    verdict = audit.verify()
    assert (line["position"], line["total"]) == (3, 6)
    assert (verdict.passed, verdict.entry) == (False, entries[3].pk)
    assert "6 entries were sealed" in verdict.broken


def test_without_the_key_nobody_makes_an_entry_that_fits(anchors):
    """Whoever writes to the database alone cannot forge one: the key is not in it."""
    (entry,) = log()
    forged = AuditEntry.objects.get(pk=entry.pk)
    sql("DELETE FROM members_auditpending")
    sql("DELETE FROM members_auditentry")
    forged.pk, forged.reason = entry.pk + 1, "forged"
    forged.save(force_insert=True)
    AuditPending.objects.create(entry=forged)
    audit.seal()

    assert audit.verify().entry == forged.pk


@pytest.mark.parametrize("table", ["members_auditentry", "members_auditseal"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {0} SET {1} = {1}",
        "DELETE FROM {0}",
        "TRUNCATE {0}",
        "ALTER TABLE {0} DISABLE TRIGGER ALL",
    ],
)
def test_the_running_role_adds_to_the_log_and_changes_nothing(table, statement):
    """AU-02."""
    column = {"members_auditentry": "id", "members_auditseal": "position"}[table]
    log()
    with connection.cursor() as cursor:
        cursor.execute(f'SET LOCAL ROLE "{settings.DATABASE_RUNNER}"')
        audit.record(Act.SIGNED_OUT)
        audit.seal()
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            transaction.atomic(),
        ):
            cursor.execute(statement.format(table, column))


def test_the_command_names_the_broken_row_and_fails(capsys, anchors):
    _first, second = log(2)
    call_command("verify_audit")
    whole = json.loads(capsys.readouterr().out.splitlines()[-1])

    sql("UPDATE members_auditentry SET reason = 'x' WHERE id = %s", second.pk)
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit")

    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (whole["passed"], whole["entries"]) == (True, 2)
    assert (told["passed"], told["entry"]) == (False, second.pk)
    assert str(second.pk) in str(ended.value)


@pytest.mark.django_db(transaction=True)
def test_fifty_writers_at_once_make_one_unbroken_chain(anchors):
    """AU-04: 5,000 rows, some of them rolled back beside them, and sealers at work."""
    numbers = count()

    def write(writer):
        for _each in range(100):
            audit.record(Act.SIGNED_IN, number=next(numbers))
            if writer % 10 == 0:
                audit.seal()
        return 100

    assert sum(race(write, range(50))) == 5000
    audit.seal()

    verdict = audit.verify()
    assert (verdict.passed, verdict.entries, verdict.pending) == (True, 5000, 0)


def test_what_is_recorded_costs_few_queries(django_assert_num_queries):
    with django_assert_num_queries(3):  # key, entry, pending
        audit.record(Act.SIGNED_IN)
