"""A worker that is killed while it applies or undoes a roster leaves all or nothing
(UP-06)."""

import os

import pytest
from django.db import connection, transaction

from members import tasks
from members.models import ImportBatch, Member, StateChange, User
from members.services import import_undo, imports
from tests import build
from tests.processes import kill, publishing_to, wait_until, worker
from tests.rosters import HEADER, csv_file, person

State = ImportBatch.State
PEOPLE = 2_400  # written in three parts


@pytest.fixture
def queue():
    with publishing_to(f"import-killed-{os.getpid()}") as name:
        yield name


def state_of(batch):
    return ImportBatch.objects.values_list("state", flat=True).get(pk=batch.pk)


def somebody_waits():
    """Whether another process of the database stands still until we commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted "
            "AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        return cursor.fetchone()[0] > 0


@pytest.mark.django_db(transaction=True)
def test_killed_at_half_nothing_is_written_and_again_all_of_it_once(queue):
    branch, elsewhere = build.branch(), build.branch()
    secretary = build.secretary(of=branch)
    rows = [person(number) for number in range(PEOPLE)]
    content = csv_file([HEADER, *rows])
    batch = imports.receive(branch, file_name="r.csv", content=content, by=secretary)
    imports.check(batch.pk)
    assert state_of(batch) == State.CHECKED

    imports.ask_to_apply(ImportBatch.objects.get(pk=batch.pk))
    with transaction.atomic():
        # Nobody sees this person yet, and the worker stands still where it would be
        # written a second time: 1,000 of 2,400 rows are.
        build.member(branch=elsewhere, id_number=rows[1500][1])
        with worker(queue) as first:
            wait_until(somebody_waits)
            kill(first)
        transaction.set_rollback(True)
    assert state_of(batch) == State.APPLYING
    assert set(Member.objects.all()) == {secretary.member}
    assert not StateChange.objects.exists()

    with worker(queue):
        for _time in range(2):
            tasks.apply_import.delay(batch.pk)
        wait_until(lambda: state_of(batch) == State.APPLIED)
    assert branch.members.count() == PEOPLE + 1
    assert StateChange.objects.count() == PEOPLE
    assert Member.pgh_event_model.objects.count() == PEOPLE + 1


@pytest.mark.django_db(transaction=True)
def test_killed_while_undoing_the_import_stands_and_again_it_is_undone(queue):
    branch = build.branch()
    secretary = build.secretary(of=branch)
    content = csv_file([HEADER, *map(person, range(PEOPLE))])
    batch = imports.receive(branch, file_name="r.csv", content=content, by=secretary)
    imports.check(batch.pk)
    ImportBatch.objects.filter(pk=batch.pk).update(state=State.APPLYING)
    imports.apply(batch.pk)
    import_undo.ask_to_undo(
        ImportBatch.objects.get(pk=batch.pk), by=secretary, reason="传错了文件"
    )

    with transaction.atomic():
        # Each line of states names who recorded it; whoever names this account waits.
        User.objects.select_for_update(of=("self",)).get(pk=secretary.pk)
        with worker(queue) as first:
            wait_until(somebody_waits)
            kill(first)
    assert state_of(batch) == State.UNDOING
    assert branch.members.live().count() == PEOPLE + 1

    with worker(queue):
        for _time in range(2):
            tasks.undo_import.delay(batch.pk)
        wait_until(lambda: state_of(batch) == State.UNDONE)
    assert branch.members.live().count() == 1
    assert StateChange.objects.filter(to_state="voided").count() == PEOPLE
