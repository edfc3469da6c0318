"""The second factor of an account: one-time codes of a phone, and recovery codes.

The models are our own because those of django-otp keep key and codes readable; the
computation, the throttling and the interface of a device are django-otp's.
"""

from __future__ import annotations

import secrets
import time
from base64 import b32encode
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin, VerifyNotAllowed
from django_otp.oath import TOTP

from members.grades import graded
from members.models.account import User
from members.sealing import SealedField, SealedModel, SealedQuerySet

STEP_SECONDS = 30
DRIFT_STEPS = 1  # how far the clock of a phone may be off
TRIES = 5
WAIT = timedelta(minutes=15)
ISSUER = "Branch Portal"


class Authenticator(SealedModel, ThrottlingMixin, Device):
    """An app on a phone that shows six digits, new every 30 seconds (RFC 6238).

    There is one once its first code was given. `last_step` is the step of the last code
    that was taken: each is taken once (AN-07).
    """

    GRADES = graded(
        G1="id",
        G2="created_at last_step throttling_failure_timestamp throttling_failure_count",
        G3="user",
        G4="key",
    )

    name = confirmed = None
    user = models.OneToOneField(
        User, models.CASCADE, related_name="authenticator", verbose_name=_("account")
    )
    key = SealedField(kind="bytes", verbose_name=_("key"), editable=False)
    created_at = models.DateTimeField(_("set up at"), default=timezone.now)
    last_step = models.BigIntegerField(_("last step"), default=-1)

    objects = SealedQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("authenticator")
        verbose_name_plural = _("authenticators")

    def __str__(self) -> str:
        return f"{self.user} {self.created_at:%Y-%m-%d}"

    @property
    def key_text(self) -> str:
        """The key as apps take it when it is typed: base32 in groups of four."""
        text = b32encode(self.key).decode()
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))

    @property
    def url(self) -> str:
        """What the QR code says (the Key URI format that all apps read)."""
        label = quote(f"{ISSUER}:{self.user.username}")
        query = {"secret": b32encode(self.key).decode(), "issuer": ISSUER}
        return f"otpauth://totp/{label}?{urlencode(query, quote_via=quote)}"

    def next_code(self) -> str:
        """The code a phone shows now, or the one after it if that was taken already."""
        totp = self._totp()
        totp.time = max(totp.time, (self.last_step + 1) * STEP_SECONDS)
        return f"{totp.token():06}"

    def verify_token(self, token: str) -> bool:
        """Take a code, once; lock the row before. A wrong one counts as a try."""
        if not self.verify_is_allowed()[0]:
            return False
        if right := self.takes(token):
            self.throttle_reset()
        else:
            self.throttle_increment()
        return right

    def takes(self, token: str) -> bool:
        """Whether `token` is a code of about now that was not taken yet; nothing is saved."""
        totp = self._totp()
        right = token.isdecimal() and totp.verify(
            int(token), DRIFT_STEPS, self.last_step + 1
        )
        if right:
            self.last_step = totp.t()
        return bool(right)

    def _totp(self) -> TOTP:
        totp = TOTP(self.key, step=STEP_SECONDS)
        totp.time = time.time()
        return totp

    def verify_is_allowed(self) -> tuple[bool, dict[str, Any] | None]:
        """Five wrong tries in a row, then one every 15 minutes until one is right."""
        failed_at = self.throttling_failure_timestamp
        if self.throttling_failure_count < TRIES or failed_at is None:
            return True, None
        until = failed_at + WAIT
        if timezone.now() >= until:
            return True, None
        reason = VerifyNotAllowed.N_FAILED_ATTEMPTS
        count = self.throttling_failure_count
        return False, {"reason": reason, "failure_count": count, "locked_until": until}

    def get_throttle_factor(self) -> int:
        return 1  # asked for by django-otp; the wait is ours


def new_key() -> bytes:
    """160 random bits, as RFC 4226 recommends."""
    return secrets.token_bytes(20)


class RecoveryCode(models.Model):
    """A code on paper that stands in for the phone, once; only its hash is kept."""

    GRADES = graded(G1="id", G2="used_at", G3="user digest")

    user = models.ForeignKey(
        User,
        models.CASCADE,
        related_name="recovery_codes",
        verbose_name=_("account"),
    )
    digest = models.CharField(_("hash"), max_length=64, editable=False)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "digest"], name="members_recoverycode_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
