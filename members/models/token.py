"""The keys with which programs use the API for an account."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import date, timedelta
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.grades import graded
from members.models.account import User
from members.models.second_factor import Authenticator

MARK = "bpt"  # by which secret scanners know a token of this portal


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self, on: date) -> Self:
        """Those not revoked that hold on `on`, the last day included (CNT-04)."""
        return self.filter(revoked_at=None, expires_on__gte=on)

    def by_text(self, text: str, on: date) -> ApiToken | None:
        """The usable token that `text` is; None for anything else.

        `is_protected` says whether its account has a second factor.
        """
        mark, _bar, rest = text.partition("_")
        prefix, _bar, secret = rest.partition("_")
        if mark != MARK or not secret or not text.isascii() or "\0" in text:
            return None
        devices = Authenticator.objects.filter(user=OuterRef("user"))
        found = (
            self.usable(on).filter(prefix=prefix).annotate(is_protected=Exists(devices))
        )
        token = found.select_related("user__member__branch").first()
        digest = token.digest if token else ""
        return token if hmac.compare_digest(digest, digest_of(secret)) else None


class ApiToken(models.Model):
    """A named key to the API: a bearer token, of which only a hash is kept (AN-11).

    It may do at most what its account may do, and with the scope "read" change nothing.
    """

    class Scope(models.TextChoices):
        READ = "read", _("Read only")
        WRITE = "write", _("Read and change")

    is_protected: bool  # where `by_text` found it

    GRADES = graded(
        G1="id",
        G2="scope prefix created_on expires_on last_used_on revoked_at",
        G3="user name digest",
    )

    user = models.ForeignKey(
        User, models.CASCADE, related_name="api_tokens", verbose_name=_("account")
    )
    name = models.CharField(
        _("name"), max_length=60, help_text=_("Which program will use it.")
    )
    scope = models.CharField(
        pgettext_lazy("token", "scope"), max_length=5, choices=Scope.choices
    )
    prefix = models.CharField(_("begins with"), max_length=8, unique=True)
    digest = models.CharField(_("hash"), max_length=64, editable=False)
    created_on = models.DateField(_("created on"))
    expires_on = models.DateField(
        _("usable until"), help_text=_("A year from today at the latest.")
    )
    last_used_on = models.DateField(_("last used on"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ("-created_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(scope__in=["read", "write"]),
                name="members_apitoken_scope_is_known",
            ),
            models.CheckConstraint(
                condition=Q(expires_on__gte=F("created_on"))
                & Q(expires_on__lte=F("created_on") + timedelta(days=366)),
                name="members_apitoken_ends_within_a_year",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.beginning}…)"

    @property
    def beginning(self) -> str:
        """What the token begins with, to recognize it by."""
        return f"{MARK}_{self.prefix}"

    def make_secret(self) -> str:
        """Take a fresh secret; returns the token's text, which is kept nowhere."""
        secret = secrets.token_urlsafe(32)
        self.prefix = secrets.token_hex(4)
        self.digest = digest_of(secret)
        return f"{self.beginning}_{secret}"


def digest_of(secret: str) -> str:
    """SHA-256 is enough for 256 random bits: there is nothing to guess from a list."""
    return hashlib.sha256(secret.encode()).hexdigest()
