"""Every task of the project may run twice (RL-05). Tasks are found by introspection: one
without a case here fails."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from celery import current_app
from django.conf import settings
from django.core import mail as mailbox
from django.utils import timezone

from activities.tasks import (
    note_branch_sizes,
    remind_of_activities,
    remind_of_duties,
    tidy_sign_ups,
)
from members import outside, tasks
from members.grades import OWN_APPS
from members.models import AuditEntry, Export, JobRun, Notification, Outbox, Webhook
from members.services import audit, exports, import_undo, imports, mail, webhooks
from tests import build
from tests.rosters import HEADER, csv_file, person
from tests.tables import checksums

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 22, 3, 0, tzinfo=UTC)  # shortly after a day of reminding
LONG_AGO = NOW - timedelta(days=100)


def own_tasks():
    current_app.loader.import_default_modules()
    return {
        name: task
        for name, task in current_app.tasks.items()
        if task.__module__.partition(".")[0] in {*OWN_APPS, "config"}
    }


# --- a state in which each task finds something to do -----------------------------------
def uploaded():
    branch = build.branch()
    rows = csv_file([HEADER, person(1, "张建国"), person(2, "李秀英")])
    by = build.secretary(of=branch)
    return imports.receive(branch, file_name="r.csv", content=rows, by=by)


def checked():
    batch = uploaded()
    imports.check(batch.pk)
    return imports.ask_to_apply(batch)


def ordered():
    branch = build.branch()
    by = build.secretary(of=branch)
    return exports.ask(branch, by=by, reason="换届", format="csv")


def old_files():
    export = ordered()
    exports.make(export.pk)
    Export.objects.update(expires_at=LONG_AGO)
    batch = uploaded()
    imports.check(batch.pk)
    type(batch).objects.update(checked_at=LONG_AGO)
    return []


def waiting():
    ordered()
    Outbox.objects.update(created_at=LONG_AGO)
    return []


def done_long_ago():
    ordered()
    Outbox.objects.update(done_at=LONG_AGO)
    JobRun.objects.create(task="x", on=LONG_AGO.date(), done_at=LONG_AGO)
    return []


def acted():
    build.administrator("audit")
    audit.record(AuditEntry.Act.SIGNED_IN, by=build.user())
    return []


def forged():
    acted()
    audit.seal()
    AuditEntry.objects.update(reason="changed")
    return []


def given_up():
    build.administrator("system")
    hook(branch=None)
    ordered()
    Outbox.objects.update(sends=8, sent_at=LONG_AGO)
    return []


def mailed_line():
    user = build.user()
    build.mail_address(user)
    line = Notification.objects.create(user=user, kind="welcome")
    return [line.pk]


def asked_for_mail():
    user = build.user()
    mail.ask(user, "a@example.org", now=timezone.now())
    return [user.pk]


def hook(**fields):
    return webhooks.save_webhook(
        Webhook(),
        name="群",
        kind="wecom",
        is_active=True,
        new_url="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1",
        by=build.administrator("security"),
        **fields,
    )


def applied():
    batch = checked()
    imports.apply(batch.pk)
    return import_undo.ask_to_undo(batch, by=batch.uploaded_by, reason="错误的文件")


def tried_long_ago():
    AccessAttempt.objects.create(
        username="0" * 64, ip_address="192.0.2.1", failures_since_start=1
    )
    AccessAttempt.objects.update(attempt_time=LONG_AGO)
    return []


def gone_quiet():
    user = build.secretary(of=build.branch())
    user.last_login = LONG_AGO
    user.save()
    return []


def with_open_duties():
    branch = build.branch()
    build.secretary(of=branch)
    return []


def answered_long_ago():
    activity = build.activity(starts_at=LONG_AGO, needs_sign_up=True)
    said = [{"question": 1, "asked": "用餐吗？", "answer": "yes"}]
    build.sign_up(activity, build.member(branch=activity.branch), answers=said)
    return []


def near():
    activity = build.activity(starts_at=NOW + timedelta(hours=5))
    build.user(member=build.member(branch=activity.branch))
    return []


CASES = {
    tasks.check_import: lambda: [uploaded().pk],
    tasks.apply_import: lambda: [checked().pk],
    tasks.undo_import: lambda: [applied().pk],
    tasks.make_export: lambda: [ordered().pk],
    tasks.tidy_rosters: old_files,
    tasks.drain_outbox: waiting,
    tasks.tidy_outbox: done_long_ago,
    tasks.seal_audit: acted,
    tasks.anchor_audit: acted,
    tasks.verify_audit: forged,
    tasks.tidy_sign_ins: tried_long_ago,
    tasks.switch_off_unused: gone_quiet,
    tasks.watch: given_up,
    note_branch_sizes: with_open_duties,
    remind_of_duties: with_open_duties,
    remind_of_activities: near,
    tidy_sign_ups: answered_long_ago,
    tasks.send_mail_of_notification: mailed_line,
    tasks.send_mail_code: asked_for_mail,
    tasks.send_webhook: lambda: [hook(branch=None).pk, "test", 0],
}


@pytest.fixture
def said(monkeypatch):
    """What chat robots were told."""
    told = []

    def post_json(url, message):
        told.append(message)
        return {"errcode": 0}

    monkeypatch.setattr(outside, "post_json", post_json)
    return told


def test_every_task_has_a_case():
    assert {task.name for task in CASES} == set(own_tasks())


@pytest.mark.parametrize("task", CASES, ids=lambda task: task.name.rpartition(".")[2])
def test_a_task_that_runs_twice_changes_nothing_more(task, said, settings, tmp_path):
    settings.AUDIT_ANCHORS = str(tmp_path / "anchors.jsonl")
    settings.EMAIL_URL = "smtp://mail.example"
    with time_machine.travel(NOW, tick=False):
        args = CASES[task]()
        before = checksums()
        task.apply(args, throw=True)
        once, sent, anchors = (
            checksums(),
            len(mailbox.outbox) + len(said),
            audit.anchors(),
        )
        task.apply(args, throw=True)

    assert checksums() == once
    assert audit.anchors() == anchors
    assert (before != once) or sent, "the case gives the task nothing to do"
    leaves = getattr(task, "sends_mail", False)
    assert len(mailbox.outbox) + len(said) == (2 * sent if leaves else sent)


def test_no_task_may_take_longer_than_the_broker_waits_for_it():  # RL-06
    limit = settings.CELERY_TASK_TIME_LIMIT
    longest = max(task.time_limit or limit for task in own_tasks().values())

    assert longest < settings.BROKER_VISIBILITY_SECONDS
    assert settings.OUTBOX_RESEND_AFTER.total_seconds() > (
        settings.BROKER_VISIBILITY_SECONDS
    )
    assert current_app.conf.task_acks_late
    assert current_app.conf.task_reject_on_worker_lost
    assert current_app.conf.accept_content == ["json"]
