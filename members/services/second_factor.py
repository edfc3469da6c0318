"""Setting up, giving and losing the second factor (SEC-28, AN-06, AN-07)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from members import access
from members.models import AuditEntry, Authenticator, RecoveryCode, User
from members.models.second_factor import new_key
from members.paper import paper_code
from members.services import audit, inbox, sessions, tokens

CODES = 10


def is_set_up(user: User) -> bool:
    return user.authenticators.set_up().exists()


def demonstration_code(user: User) -> str:
    """The code of now for whoever tries the demonstration without a phone, else ""."""
    if not settings.DEMO or settings.HTTPS:
        return ""
    device = user.authenticators.order_by("confirmed").first()
    return device.code_now() if device is not None else ""


@transaction.atomic
def prepare(user: User) -> Authenticator:
    """The authenticator that `user` is setting up; the one in use stays so meanwhile."""
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    device = user.authenticators.filter(confirmed=False).first()
    if device is None:
        device = Authenticator(user=user, confirmed=False, key=new_key())
        device.save()
    return device


def set_up(user: User, code: str, *, keep: str | None) -> list[str]:
    """Take the authenticator that was prepared into use, proved by a first code; returns
    new recovery codes, shown this once.

    All that got in by the password alone ends: other sessions (not `keep`) and API
    tokens. Raises what `_take` does, and code "not_prepared".
    """
    with transaction.atomic():
        device = _locked(user, confirmed=False)
        if device is None:
            raise ValidationError(_("Begin again."), code="not_prepared")
        if right := device.verify_token(_plain(code)):
            user.authenticators.set_up().delete()
            device.confirmed, device.created_at = True, timezone.now()
            device.save()
            codes = _new_codes(user)
            sessions.end(user, by=user, keep=keep)
            tokens.revoke_all(user, now=timezone.now())
            _note(AuditEntry.Act.SECOND_FACTOR_SET, user, by=user)
            inbox.notify([user], inbox.Kind.SECOND_FACTOR_SET)
    if not right:
        _refuse(user, device)
    return codes


def check(user: User, code: str, *, now: datetime) -> str:
    """Take a code of the phone or a recovery code, each once; returns which it was,
    "code" or "recovery".

    Raises ValidationError, code "wrong_code", and "too_many_codes" after five in a row:
    from then on one try every 15 minutes.
    """
    with transaction.atomic():
        device = _locked(user, confirmed=True)
        if device is None:
            raise ValidationError(_("Begin again."), code="not_prepared")
        kind = ""
        if device.verify_is_allowed()[0]:
            if _use_recovery_code(user, device, code, now):
                kind = "recovery"
            elif device.verify_token(_plain(code)):
                kind = "code"
    if not kind:
        _refuse(user, device)
    return kind


def _locked(user: User, *, confirmed: bool) -> Authenticator | None:
    return (
        user.authenticators.select_for_update(of=("self",))
        .filter(confirmed=confirmed)
        .first()
    )


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
        raise ValidationError(
            _("This code is not right. Wait for the next one and type its six digits."),
            code="wrong_code",
        )
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
    user.authenticators.all().delete()
    user.recovery_codes.all().delete()
    if found:
        sessions.end(user, by=by, keep=keep)
        tokens.revoke_all(user, now=timezone.now())
        _note(AuditEntry.Act.SECOND_FACTOR_REMOVED, user, by=by)
        inbox.notify([user], inbox.Kind.SECOND_FACTOR_REMOVED)
    return found


def _note(
    act: AuditEntry.Act, user: User, *, by: User | None, **context: str | int
) -> None:
    member = user.member
    branch = member.branch if member is not None else None
    audit.record(act, by=by, subject=user, member=member, branch=branch, **context)
