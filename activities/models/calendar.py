"""The secret address from which a calendar program reads somebody's activities."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from members.grades import graded
from members.models import User


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def by_secret(self, secret: str) -> CalendarFeed | None:
        """The feed that `secret` opens; None for anything else, and for an account that
        is switched off."""
        if not secret or not secret.isascii() or "\0" in secret:
            return None
        digest = digest_of(secret)
        found = (
            self.filter(digest=digest, user__is_active=True)
            .select_related("user__member__branch")
            .first()
        )
        kept = found.digest if found else ""
        return found if hmac.compare_digest(kept, digest) else None


class CalendarFeed(models.Model):
    """One for each account at most; its secret is kept as a hash alone, so it is shown
    once, and made anew when it is lost or known to others."""

    GRADES = graded(G1="id", G2="created_at", G3="user digest")

    user = models.OneToOneField(
        User,
        models.CASCADE,
        related_name="calendar_feed",
        verbose_name=_("account"),
    )
    digest = models.CharField(_("hash"), max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")

    def __str__(self) -> str:
        return f"{self.user_id} {self.created_at:%Y-%m-%d}"


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """SHA-256 is enough for 256 random bits: there is nothing to guess from a list."""
    return hashlib.sha256(secret.encode()).hexdigest()
