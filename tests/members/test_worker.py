"""A real Celery worker takes what the pages queue."""

import os
import time

import pytest
from django.db import transaction

from members.models import Export, ImportBatch, Member
from members.services import exports, imports
from tests import build
from tests.processes import PATIENCE, publishing_to, worker
from tests.rosters import HEADER, csv_file, person


@pytest.fixture
def queue():
    with publishing_to(f"tests-{os.getpid()}") as name:
        yield name


def wait_for(job, *states):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        job.refresh_from_db()
        if job.state in states:
            return job
        time.sleep(0.1)
    pytest.fail(f"still {job.state} after {PATIENCE} s")


@pytest.mark.django_db(transaction=True)
def test_an_import_and_an_export_pass_through_a_worker(queue):
    branch = build.branch("中共东村支部")
    secretary = build.secretary(of=branch)
    rows = csv_file([HEADER, person(1, "张建国"), person(2, "李秀英")])
    with worker(queue):
        batch = imports.receive(branch, file_name="r.csv", content=rows, by=secretary)
        wait_for(batch, ImportBatch.State.CHECKED)
        assert batch.accepted == 2

        imports.ask_to_apply(batch)
        wait_for(batch, ImportBatch.State.APPLIED)
        assert Member.objects.filter(branch=branch).count() == 3

        with transaction.atomic():
            export = exports.ask(branch, by=secretary, reason="换届", format="csv")
        wait_for(export, Export.State.READY)
        assert "张建国" in bytes(export.content).decode()
