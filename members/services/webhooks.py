"""Chat robots: told of alarms, and in counts of what was done in a branch.

The address of a robot is a secret: it is sealed, and neither shown nor logged. What is said
holds no name of a person and nothing of a record.
"""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from members import outside, tasks
from members.models import Alarm, AuditEntry, Branch, ImportBatch, User, Webhook
from members.refusals import refusal_at
from members.sealing import SealBroken
from members.sentences import alarm_sentence
from members.services import audit, outbox

Kind = Webhook.Kind


# --- setting up -----------------------------------------------------------------------
@transaction.atomic
def save_webhook(
    webhook: Webhook,
    *,
    name: str,
    kind: str,
    branch: Branch | None,
    is_active: bool,
    new_url: str = "",
    by: User,
) -> Webhook:
    """Add or change a chat robot; without `new_url` the address it has stays.

    Raises ValidationError at "new_url", code "required" or "refused", and what the constraints
    refuse.
    """
    if webhook.pk is not None:
        webhook = Webhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
    elif not new_url:
        message = _("Enter the address of the robot.")
        raise refusal_at("new_url", message, code="required")
    if new_url:
        webhook.url = _checked(new_url)
    webhook.name, webhook.kind = name, kind
    webhook.branch, webhook.is_active = branch, is_active
    webhook.full_clean()
    webhook.save()
    audit.record(
        AuditEntry.Act.SETTING_CHANGED,
        by=by,
        subject=webhook,
        branch=branch,
        name=name,
        is_active=is_active,
        new_address=bool(new_url),
    )
    return webhook


def _checked(url: str) -> str:
    try:
        outside.check_url(url)
    except outside.OutsideError as reason:
        message = _("The portal does not send there: %(reason)s") % {"reason": reason}
        raise refusal_at("new_url", message, code="refused") from None
    return url


# --- posting --------------------------------------------------------------------------
def announce_alarm(alarm: Alarm) -> None:
    """Have the robots of the administrators say it, after this transaction."""
    _post(Webhook.objects.for_alarms().values_list("pk", flat=True), "alarm", alarm.pk)


def announce_import(batch: ImportBatch) -> None:
    """Have the robots of the branch and those above say how many rows were applied."""
    hooks = Webhook.objects.for_branch(batch.branch)
    _post(hooks.values_list("pk", flat=True), "import", batch.pk)


def announce_test(webhook: Webhook) -> None:
    """Have one robot say that it is connected."""
    _post([webhook.pk], "test", webhook.pk)


def _post(keys: Any, topic: str, key: int) -> None:
    if calls := [[pk, topic, key] for pk in keys]:
        outbox.post_each(tasks.send_webhook, calls)


# --- sending (a worker) ---------------------------------------------------------------
def send(webhook_id: int, topic: str, key: int) -> None:
    """Say one thing through one robot, and note how that went.

    topic: "alarm", "import" or "test"; key: of the record it is about. Nothing is said
    where either is gone or the robot is switched off. Raises OutsideError or OSError for
    the outbox to try later.
    """
    webhook = Webhook.objects.filter(pk=webhook_id).first()
    if webhook is None or not (webhook.is_active or topic == "test"):
        return
    with translation.override(settings.LANGUAGE_CODE):
        text = _text(topic, key)
    if not text:
        return
    try:
        answer = outside.post_json(cast(str, webhook.url), _message(webhook, text))
        _check_answer(answer)
    except (outside.OutsideError, OSError, SealBroken) as reason:
        words = str(reason)
        if not isinstance(reason, outside.OutsideError):
            words = f"{type(reason).__name__}: {reason}"
        _note(webhook, error=words)
        raise
    _note(webhook, error="")


def _note(webhook: Webhook, *, error: str) -> None:
    told = {} if error else {"told_at": timezone.now()}
    Webhook.objects.filter(pk=webhook.pk).update(error=error[:200], **told)


def _text(topic: str, key: int) -> str:
    """What is said, after the name of the portal, by which robots know what is meant for
    them; "" where there is nothing to say."""
    said = {"alarm": _of_alarm, "import": _of_import, "test": _of_test}[topic](key)
    return f"{_('Branch Portal')}: {said}" if said else ""


def _of_alarm(key: int) -> str:
    alarm = Alarm.objects.filter(pk=key).first()
    return alarm_sentence(alarm.kind, alarm.about) if alarm else ""


def _of_import(key: int) -> str:
    batch = ImportBatch.objects.select_related("branch").filter(pk=key).first()
    if batch is None:
        return ""
    return _("%(branch)s: import finished, %(new)s new and %(changed)s changed.") % {
        "branch": batch.branch,
        "new": batch.accepted,
        "changed": batch.changed,
    }


def _of_test(key: int) -> str:
    return _("This is a test message: the robot is connected.")


def _message(webhook: Webhook, text: str) -> dict[str, Any]:
    if webhook.kind == Kind.FEISHU:
        return {"msg_type": "text", "content": {"text": text}}
    return {"msgtype": "text", "text": {"content": text}}


def _check_answer(answer: dict[str, Any]) -> None:
    """All three answer 200 to what they refuse, with a number in the body."""
    code = next((answer[name] for name in ("errcode", "code") if name in answer), 0)
    if code != 0:
        message = _("The robot refused the message with code %(code)s.")
        raise outside.OutsideError(message % {"code": code})
