"""Imports that meet: what is applied is applied once."""

import threading

import pytest
from django.db import connections

from members.models import ImportBatch, Member
from members.services import imports
from tests import build
from tests.rosters import HEADER, csv_file, person

State = ImportBatch.State


def race(*calls):
    """Run the calls at the same moment, each on a connection of its own."""
    barrier, failures = threading.Barrier(len(calls)), []

    def run(call):
        try:
            barrier.wait()
            call()
        except Exception as failure:
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def applying(branch, secretary, *, people):
    """A checked roster that is about to be applied."""
    content = csv_file([HEADER, *(person(number) for number in people)])
    batch = imports.receive(branch, file_name="r.csv", content=content, by=secretary)
    imports.check(batch.pk)
    ImportBatch.objects.filter(pk=batch.pk).update(state=State.APPLYING)
    return batch


@pytest.mark.django_db(transaction=True)
def test_one_roster_taken_by_two_workers_is_written_once():  # RL-05
    branch = build.branch()
    batch = applying(branch, build.secretary(of=branch), people=range(40))

    race(*[lambda: imports.apply(batch.pk)] * 3)
    batch.refresh_from_db()

    assert batch.state == State.APPLIED
    assert Member.objects.filter(branch=branch).count() == 41


@pytest.mark.django_db(transaction=True)
def test_two_rosters_with_the_same_person_put_them_on_one_roll():
    left, right = build.branch(), build.branch()
    batches = [
        applying(left, build.secretary(of=left), people=[*range(30), 99]),
        applying(right, build.secretary(of=right), people=[*range(50, 80), 99]),
    ]

    race(*[lambda batch=batch: imports.apply(batch.pk) for batch in batches])
    for batch in batches:
        batch.refresh_from_db()

    # One is written whole; the other nothing, and it shows who is elsewhere now.
    assert sorted(batch.state for batch in batches) == [State.APPLIED, State.CHECKED]
    assert Member.objects.count() == 2 + 31
    (shown,) = [batch for batch in batches if batch.state == State.CHECKED]
    assert (shown.accepted, shown.refused) == (30, 1)
