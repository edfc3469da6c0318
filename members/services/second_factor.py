"""Setting up, giving and losing the second factor (SEC-28, AN-06, AN-07)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from members import access
from members.models import AuditEntry, Authenticator, RecoveryCode, User
from members.models.second_factor import new_key
from members.paper import paper_code
from members.services import audit, inbox, sessions, tokens

CODES = 10
SALT = "members.second_factor"
PREPARED_FOR = timedelta(hours=1)
WRONG = _("This code is not right. Wait for the next one and type its six digits.")


def is_set_up(user: User) -> bool:
    return Authenticator.objects.filter(user=user).exists()


def set_up_by(user: str) -> Exists:
    """The same as a condition on rows with an account in the column `user`."""
    return Exists(Authenticator.objects.filter(user=OuterRef(user)))


def demonstration_code(device: Authenticator | None) -> str:
    """The code for whoever tries the demonstration without a phone, else ""."""
    if device is None or not settings.DEMO or settings.HTTPS:
        return ""
    return device.next_code()


def prepare(user: User) -> tuple[Authenticator, str]:
    """A new authenticator for `user`, not stored yet, and its key in a form that the page
    carries until the first code is given: signed, for this account and an hour."""
    device = Authenticator(user=user, key=new_key())
    text = {"user": user.pk, "key": b64encode(device.key).decode()}
    return device, signing.dumps(text, salt=SALT)


def prepared(user: User, carried: str) -> Authenticator | None:
    """The authenticator whose key the page carried; None if it is not ours or too old."""
    try:
        text = signing.loads(carried, salt=SALT, max_age=PREPARED_FOR)
    except signing.BadSignature:
        return None
    if text["user"] != user.pk:
        return None
    return Authenticator(user=user, key=b64decode(text["key"]))


@transaction.atomic
def set_up(device: Authenticator, code: str, *, keep: str | None) -> list[str]:
    """Take a prepared authenticator into use, proved by a first code, in place of the one
    before; returns new recovery codes, shown this once.

    All that got in by the password alone ends: other sessions (not `keep`) and API
    tokens. Raises ValidationError, code "wrong_code".
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=device.user_id)
    if not device.takes(_plain(code)):
        raise ValidationError(WRONG, code="wrong_code")
    Authenticator.objects.filter(user=user).delete()
    device.save()
    codes = _new_codes(user)
    sessions.end(user, by=user, keep=keep)
    tokens.revoke_all(user, now=timezone.now(), by=user)
    _note(AuditEntry.Act.SECOND_FACTOR_SET, user, by=user)
    inbox.notify([user], inbox.Kind.SECOND_FACTOR_SET)
    return codes


def check(user: User, code: str, *, now: datetime) -> str:
    """Take a code of the phone or a recovery code, each once; returns which it was,
    "code" or "recovery".

    Raises ValidationError, code "wrong_code", "too_many_codes" after five in a row:
    from then on one try every 15 minutes; "none" where there is no second factor.
    """
    with transaction.atomic():
        device = Authenticator.objects.select_for_update().filter(user=user).first()
        if device is None:
            raise ValidationError(_("Begin again."), code="none")
        kind = ""
        if device.verify_is_allowed()[0]:
            if _use_recovery_code(user, device, code, now):
                kind = "recovery"
            elif device.verify_token(_plain(code)):
                kind = "code"
    if not kind:
        _refuse(user, device)
    return kind


def _plain(code: str) -> str:
    return "".join(code.split())


def _refuse(user: User, device: Authenticator) -> None:
    audit.record(
        AuditEntry.Act.SECOND_FACTOR_FAILED,
        by=user,
        subject=user,
        member=user.member,
        result=AuditEntry.Result.REFUSED,
    )
    allowed, why = device.verify_is_allowed()
    if allowed or why is None:
        raise ValidationError(WRONG, code="wrong_code")
    left = why["locked_until"] - timezone.now()
    raise ValidationError(
        _("Too many wrong codes. Try again in %(minutes)s minutes."),
        code="too_many_codes",
        params={"minutes": max(1, round(left.total_seconds() / 60))},
    )


# --- recovery codes -------------------------------------------------------------------
@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Ten codes in place of those before, shown this once."""
    codes = _new_codes(user)
    inbox.notify([user], inbox.Kind.RECOVERY_CODES_MADE)
    _note(AuditEntry.Act.SECOND_FACTOR_SET, user, by=user, recovery_codes=CODES)
    return codes


def _new_codes(user: User) -> list[str]:
    codes = [paper_code() for _ in range(CODES)]
    user.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=_digests(user, code)[0]) for code in codes
    )
    return codes


def _use_recovery_code(
    user: User, device: Authenticator, text: str, now: datetime
) -> bool:
    """Strike out the code that `text` is; the row of the authenticator is locked."""
    digests = _digests(user, text)
    for code in user.recovery_codes.filter(used_at=None):
        if any(constant_time_compare(code.digest, digest) for digest in digests):
            code.used_at = now
            code.save(update_fields=["used_at"])
            device.throttle_reset()
            left = user.recovery_codes.filter(used_at=None).count()
            _note(AuditEntry.Act.RECOVERY_CODE_USED, user, by=user, left=left)
            inbox.notify([user], inbox.Kind.RECOVERY_CODE_USED, count=left)
            return True
    return False


def _digests(user: User, text: str) -> list[str]:
    """The keyed hash of a code, under the secret key of now and those before it: 59 random
    bits and a key outside the database leave nothing to guess from a list."""
    plain = "".join(sign for sign in text.casefold() if sign.isalnum())
    salt = f"members.recovery_code.{user.pk}"
    return [
        salted_hmac(salt, plain, secret=secret, algorithm="sha256").hexdigest()
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]


# --- losing it ------------------------------------------------------------------------
@transaction.atomic
def remove(user: User, *, by: User | None, keep: str | None = None) -> bool:
    """Take the second factor from an account; returns whether there was one.

    Its sessions (not `keep`) and API tokens end; who needs one sets a new one up at the
    next sign-in. Raises ValidationError, code "still_needed", for the own one of an
    account that needs it.
    """
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if by is not None and by.pk == user.pk and access.needs_second_factor(user):
        raise ValidationError(
            _("Your account needs the second factor: replace it instead."),
            code="still_needed",
        )
    found = is_set_up(user)
    Authenticator.objects.filter(user=user).delete()
    user.recovery_codes.all().delete()
    if found:
        sessions.end(user, by=by, keep=keep)
        tokens.revoke_all(user, now=timezone.now(), by=by)
        _note(AuditEntry.Act.SECOND_FACTOR_REMOVED, user, by=by)
        inbox.notify([user], inbox.Kind.SECOND_FACTOR_REMOVED)
    return found


def _note(act: AuditEntry.Act, user: User, *, by: User | None, **context: Any) -> None:
    member = user.member
    branch = member.branch if member is not None else None
    audit.record(act, by=by, subject=user, member=member, branch=branch, **context)
