"""A real Celery worker takes what the pages queue."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection, transaction

from config.processes import stop
from members.models import Export, ImportBatch, Member
from members.services import exports, imports
from tests import build
from tests.rosters import HEADER, csv_file, person

PATIENCE = 40


@contextmanager
def worker(queue):
    """A worker process of its own on our database, with a queue of its own."""
    place = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://{place['USER']}@/{place['NAME']}"
        f"?host={place['HOST'] or place['OPTIONS'].get('host', '')}",
        "DATABASE_ROLE": "runner",
        "CELERY_TASK_ALWAYS_EAGER": "0",
    }
    command = [sys.executable, "-m", "celery", "-A", "config", "worker"]
    command += ["--pool", "solo", "--queues", queue, "--loglevel", "warning"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        stop(process, signal.SIGTERM)


@pytest.fixture
def queue():
    """Publish for real, to a queue that no other worker of the tests reads."""
    name = f"tests-{os.getpid()}"
    conf = current_app.conf
    before = conf.task_always_eager
    routes = conf.task_routes
    conf.task_always_eager, conf.task_routes = False, {"*": {"queue": name}}
    current_app.amqp.__dict__.pop("router", None)
    yield name
    conf.task_always_eager, conf.task_routes = before, routes
    current_app.amqp.__dict__.pop("router", None)


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
