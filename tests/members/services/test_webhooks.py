"""Chat robots: what they are told, by whom they are set up, and what stays secret."""

import pytest
from django.core.exceptions import ValidationError

from members import outside
from members.models import AuditEntry, ImportBatch, Outbox, Webhook
from members.services import alarms, webhooks
from members.services.alarms import Kind
from tests import build
from tests.race import codes

pytestmark = pytest.mark.django_db
SECRET = "5f2b-secret-of-the-robot"
URL = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={SECRET}"


@pytest.fixture
def told(monkeypatch):
    """What goes out; `answer` is what comes back, or what is raised."""

    class Told(list):
        answer = {"errcode": 0}

    sent = Told()

    def post_json(url, message):
        sent.append((url, message))
        if isinstance(sent.answer, Exception):
            raise sent.answer
        return sent.answer

    monkeypatch.setattr(outside, "post_json", post_json)
    return sent


def robot(**fields):
    given = {"name": "群", "kind": "wecom", "branch": None, "is_active": True}
    given |= {"new_url": URL, "by": build.user()} | fields
    return webhooks.save_webhook(Webhook(), **given)


def test_the_address_is_sealed_and_written_nowhere_else():
    by = build.administrator("security")

    hook = robot(by=by)

    stored = Webhook.objects.filter(pk=hook.pk).values_list("url", flat=True).get()
    assert SECRET.encode() not in stored
    assert Webhook.objects.get(pk=hook.pk).url == URL
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.by) == (AuditEntry.Act.SETTING_CHANGED, by)
    assert entry.context == {"name": "群", "is_active": True, "new_address": True}


def test_without_a_new_address_the_old_one_stays():
    hook = robot()
    given = {"name": "b", "kind": "wecom", "branch": None, "is_active": False}

    webhooks.save_webhook(
        Webhook.objects.get(pk=hook.pk), **given, by=build.user("other")
    )

    hook = Webhook.objects.get(pk=hook.pk)
    assert (hook.name, hook.is_active, hook.url) == ("b", False, URL)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"new_url": ""}, "required"),
        ({"new_url": "https://evil.example/x"}, "refused"),
        ({"new_url": "http://qyapi.weixin.qq.com/x"}, "refused"),
        ({"name": ""}, "blank"),
        ({"kind": "pigeon"}, "invalid_choice"),
    ],
)
def test_what_cannot_be_sent_to_is_refused(fields, code):
    with pytest.raises(ValidationError) as refusal:
        robot(**fields)

    assert codes(refusal.value) == {code}
    assert Webhook.objects.count() == 0


def test_an_alarm_is_told_by_the_robots_of_administrators_alone(told):
    branch = build.branch()
    hook = robot()
    robot(name="off", is_active=False, by=build.user("b"))
    robot(name="branch", branch=branch, by=build.user("c"))

    from django.utils import timezone  # noqa: PLC0415

    alarm = alarms.raise_alarm(Kind.FULL_DISK, now=timezone.now(), about="/data")

    row = Outbox.objects.get()
    assert row.args == [hook.pk, "alarm", alarm.pk]
    webhooks.send(*row.args)
    ((url, message),) = told
    assert url == URL
    assert message["msgtype"] == "text"
    assert "/data" in message["text"]["content"]
    hook = Webhook.objects.get(pk=hook.pk)
    assert hook.told_at is not None
    assert hook.error == ""


def test_an_import_is_told_in_counts_to_the_branch_and_those_above(told):
    top, left, right = build.tree()
    hooks = [
        robot(name=str(n), kind="feishu", branch=branch, by=build.user(f"u{n}"))
        for n, branch in enumerate((top, left, right))
    ]
    batch = ImportBatch.objects.create(
        branch=left,
        uploaded_by=build.user(display_name="薛丽华"),
        file_name="薛丽华.xlsx",
        accepted=7,
        changed=2,
    )

    webhooks.announce_import(batch)

    rows = Outbox.objects.all()
    assert {row.args[0] for row in rows} == {hooks[0].pk, hooks[1].pk}
    webhooks.send(*rows[0].args)
    text = told[0][1]["content"]["text"]
    assert "中共东村支部" in text
    assert "7" in text
    assert "薛丽华" not in text


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"errcode": 93000, "errmsg": "invalid key"}, "93000"),
        ({"code": 19001}, "19001"),
        (TimeoutError("timed out"), "TimeoutError"),
        (outside.OutsideError("The answer was status 302."), "302"),
    ],
)
def test_what_went_wrong_is_shown_without_the_secret(told, answer, error):
    told.answer = answer
    hook = robot()

    with pytest.raises((outside.OutsideError, OSError)):
        webhooks.send(hook.pk, "test", hook.pk)

    hook = Webhook.objects.get(pk=hook.pk)
    assert error in hook.error
    assert SECRET not in hook.error
    assert hook.told_at is None


def test_nothing_is_said_where_there_is_nothing_to_say(told):
    hook = robot(is_active=False)

    webhooks.send(2_000_000_000, "test", 1)
    webhooks.send(hook.pk, "alarm", 1)
    assert told == []

    webhooks.send(hook.pk, "test", hook.pk)  # a test reaches one that is switched off
    assert len(told) == 1
