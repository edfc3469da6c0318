"""Mail: the address a person gives and confirms, and what is sent there.

Mail lies open on its way. It says what a line of the inbox says only where that tells
nothing about a person, else no more than what the line is about.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from members import tasks
from members.models import AuditEntry, MailAddress, Notification, User
from members.models.outward import CODE_LASTS
from members.refusals import refusal_at
from members.sentences import sentences
from members.services import audit, inbox, outbox

Act, Kind = AuditEntry.Act, Notification.Kind
# Their sentences name another person, or say what is known about this one.
DISCREET = frozenset(
    {Kind.CORRECTION_ASKED, Kind.STATE_CHANGED, Kind.APPOINTMENT_ENDED}
)


# --- the address ----------------------------------------------------------------------
@transaction.atomic
def ask(user: User, address: str, *, now: datetime) -> MailAddress:
    """Send a code to `address`, which takes the place of the one there was.

    Raises ValidationError at "address", code "invalid"; code "too_many" past
    MAIL_CODES_PER_HOUR, so that nobody fills a stranger's mailbox from here.
    """
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    hour_ago = now - timedelta(hours=1)
    asked = audit.count_since(Act.MAIL_CODE_ASKED, by=user, since=hour_ago)
    if asked >= settings.MAIL_CODES_PER_HOUR:
        raise ValidationError(
            _("A code was sent several times: wait an hour, then try again."),
            code="too_many",
        )
    row = MailAddress(user=user, address=address.strip(), asked_at=now)
    row.clean_fields()
    row.save()
    audit.record(Act.MAIL_CODE_ASKED, by=user, subject=user)
    outbox.post(tasks.send_mail_code, user.pk)
    return row


def confirm(user: User, code: str, *, now: datetime) -> MailAddress:
    """Settle that the inbox is sent to the address that got `code`. Twice is once.

    Raises ValidationError, code "nothing_asked"; at "code", code "over" after 30 minutes
    or five tries, "wrong". A wrong try is counted whatever comes after.
    """
    with transaction.atomic():
        refusal = _try_code(user, code.strip(), now)
    if refusal is not None:
        raise refusal
    return MailAddress.objects.get(pk=user.pk)


def _try_code(user: User, code: str, now: datetime) -> ValidationError | None:
    row = MailAddress.objects.select_for_update().filter(pk=user.pk).first()
    if row is None:
        return ValidationError(
            _("Enter your mail address first."), code="nothing_asked"
        )
    if row.confirmed_at is not None:
        return None
    if row.code_is_over(now):
        return refusal_at(
            "code", _("This code is over: have a new one sent."), code="over"
        )
    if not row.is_code(code):
        row.tries += 1
        row.save(update_fields=["tries"])
        return refusal_at("code", _("This is not the code of the mail."), code="wrong")
    row.confirmed_at = now
    row.save(update_fields=["confirmed_at"])
    audit.record(Act.MAIL_ADDRESS_SET, by=user, subject=user, wanted=True)
    inbox.notify([user], Kind.MAIL_SET)
    return None


@transaction.atomic
def stop(user: User) -> bool:
    """Send no mail any more and forget the address; False if there was none."""
    row = MailAddress.objects.select_for_update().filter(pk=user.pk).first()
    if row is None:
        return False
    row.delete()
    audit.record(Act.MAIL_ADDRESS_SET, by=user, subject=user, wanted=False)
    return True


# --- sending (a worker) ---------------------------------------------------------------
def send_code(user_id: int) -> None:
    """Mail the code, unless it is over or was confirmed."""
    row = MailAddress.objects.select_related("user").filter(pk=user_id).first()
    if row is None or row.confirmed_at or row.code_is_over(timezone.now()):
        return
    with translation.override(_language(row.user)):
        minutes = CODE_LASTS // timedelta(minutes=1)
        text = _(
            "Your code is %(code)s. Enter it in the portal within %(minutes)s minutes. "
            "Did you not ask for it? Then do nothing: no mail will come."
        )
        _send(
            row,
            subject=_("Code for your mail address"),
            lines=[text % {"code": row.code(), "minutes": minutes}],
        )


def send_notification(notification_id: int) -> None:
    """Mail one line of an inbox, if the person still wants mail (AZ-16)."""
    line = (
        Notification.objects.select_related("user").filter(pk=notification_id).first()
    )
    if line is None:
        return
    row = MailAddress.objects.wanting().filter(pk=line.user_id).first()
    if row is None:
        return
    with translation.override(_language(line.user)):
        about = str(line.get_kind_display())
        lines = [about]
        if line.kind not in DISCREET:
            lines = [text for _line, text in sentences([line])]
        _send(row, subject=about, lines=lines, path=line.url)


def _language(user: User) -> str:
    return user.language or settings.LANGUAGE_CODE


def _send(row: MailAddress, *, subject: str, lines: list[str], path: str = "") -> None:
    """Hand one mail to the server. Raises OSError (SMTPException) where it takes none."""
    if settings.PORTAL_URL:
        lines = [*lines, f"{settings.PORTAL_URL}{path or '/'}"]
    lines += [_("You get this because you asked for it on the page “My account”.")]
    subject = f"[{_('Branch Portal')}] {subject}"
    mail.send_mail(subject, "\n\n".join(lines), None, [row.address])
