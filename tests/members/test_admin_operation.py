"""The administration of alarms, the outbox and chat robots."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from members.models import AuditEntry, Outbox, Webhook
from tests import build

pytestmark = pytest.mark.django_db
SECRET = "5f2b-secret-of-the-robot"
URL = f"https://oapi.dingtalk.com/robot/send?access_token={SECRET}"


@pytest.fixture
def as_(client):
    def sign_in(role):
        client.force_login(build.administrator(role))
        return client

    return sign_in


def page(model, name, *args):
    return reverse(f"admin:members_{model}_{name}", args=args)


def robot(client, **fields):
    given = {"name": "值班群", "kind": "dingtalk", "branch": "", "is_active": "on"}
    return client.post(page("webhook", "add"), given | {"new_url": URL} | fields)


# --- the outbox -------------------------------------------------------------------------
def test_what_was_given_up_is_sent_again_by_the_system_administrator(as_):
    client = as_("system")
    long_ago = timezone.now() - timedelta(days=1)
    stuck = Outbox.objects.create(task="a", sends=8, sent_at=long_ago)
    done = Outbox.objects.create(task="b", sends=8, sent_at=long_ago, done_at=long_ago)
    listed = page("outbox", "changelist")
    for state, expected in (("stuck", {stuck}), ("done", {done}), ("waiting", set())):
        answer = client.get(listed, {"waits": state})
        assert set(answer.context["cl"].result_list) == expected

    chosen = {"action": "send_again", "_selected_action": [str(stuck.pk), str(done.pk)]}
    client.post(listed, chosen)

    stuck.refresh_from_db()
    done.refresh_from_db()
    assert (stuck.sends, done.sends) == (0, 8)
    entries = AuditEntry.objects.filter(act=AuditEntry.Act.TASK_SENT_AGAIN)
    assert [entry.by.administrator for entry in entries] == ["system"]


@pytest.mark.parametrize("role", ["security", "audit"])
def test_nobody_else_sees_the_outbox(as_, role):
    client = as_(role)
    row = Outbox.objects.create(task="a", sends=8)

    assert client.get(page("outbox", "changelist")).status_code == 404
    assert client.get(page("outbox", "change", row.pk)).status_code == 404


def test_a_row_of_the_outbox_is_not_written(as_):
    client = as_("system")
    row = Outbox.objects.create(task="a")

    client.post(page("outbox", "change", row.pk), {"task": "b", "args": "[1]"})

    row.refresh_from_db()
    assert (row.task, row.args) == ("a", [])


# --- chat robots ------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["system", "security"])
def test_a_robot_is_added_and_its_address_never_shown(as_, role):
    client = as_(role)

    assert robot(client).status_code == 302
    hook = Webhook.objects.get()
    assert (hook.url, hook.branch, hook.is_active) == (URL, None, True)

    for name, args in (
        ("changelist", ()),
        ("change", (hook.pk,)),
        ("history", (hook.pk,)),
    ):
        text = client.get(page("webhook", name, *args)).content.decode()
        assert SECRET not in text
    client.post(page("webhook", "change", hook.pk), {"name": "新群", "new_url": ""})
    hook = Webhook.objects.get()
    assert (hook.name, hook.is_active, hook.url) == ("新群", False, URL)


def test_an_address_that_is_refused_is_not_shown_again_either(as_):
    client = as_("system")

    answer = robot(client, new_url=f"https://evil.example/{SECRET}")

    assert "new_url" in answer.context["adminform"].form.errors
    assert SECRET not in answer.content.decode()
    assert Webhook.objects.count() == 0


def test_a_test_message_is_posted_after_a_question(as_):
    client = as_("system")
    robot(client)
    hook = Webhook.objects.get()
    test = page("webhook", "send_test", hook.pk)

    assert client.get(test).status_code == 200
    assert Outbox.objects.count() == 0
    client.post(test)

    assert Outbox.objects.get().args == [hook.pk, "test", hook.pk]


def test_the_audit_administrator_sees_robots_and_changes_none(as_, client):
    hook = Webhook.objects.create(name="群", kind="wecom", url=URL)
    as_("audit")

    assert client.get(page("webhook", "changelist")).status_code == 200
    assert client.get(page("webhook", "add")).status_code == 404
    assert client.post(page("webhook", "send_test", hook.pk)).status_code == 404
    client.post(page("webhook", "change", hook.pk), {"name": "x", "new_url": ""})

    assert Webhook.objects.get().name == "群"


def test_an_officer_on_the_staff_sees_none_of_it(client):
    secretary = build.secretary(of=build.branch())
    secretary.is_staff = True
    secretary.save()
    client.force_login(secretary)

    for model in ("alarm", "jobrun", "outbox", "webhook", "mailaddress"):
        assert client.get(page(model, "changelist")).status_code == 404, model
