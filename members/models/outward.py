"""Where the portal speaks to somebody outside: mail addresses and chat robots."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.grades import graded
from members.models.account import User
from members.models.branch import Branch
from members.sealing import SealedField, SealedModel, SealedQuerySet

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=30)
CODE_TRIES = 5


class MailAddressQuerySet(models.QuerySet["MailAddress"]):
    def wanting(self) -> Self:
        """Those that are confirmed, of accounts that still may sign in."""
        return self.filter(confirmed_at__isnull=False, user__is_active=True)


class MailAddress(models.Model):
    """Where a person wants the inbox sent as well. A row without `confirmed_at` waits for
    the code that was sent there; an address nobody wants mail at is deleted.

    The code is made from the row by a keyed hash, so it lies nowhere.
    """

    GRADES = graded(G2="asked_at confirmed_at tries", G3="user address")

    user = models.OneToOneField(
        User,
        models.CASCADE,
        primary_key=True,
        related_name="mail_address",
        verbose_name=_("account"),
    )
    address = models.EmailField(_("mail address"))
    asked_at = models.DateTimeField(_("asked at"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    objects = MailAddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail address")
        verbose_name_plural = _("mail addresses")
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(self.user)

    def code(self) -> str:
        """The digits that show who asked reads the mail of the address."""
        told = f"{self.user_id}:{self.address}:{self.asked_at.timestamp()}"
        digest = salted_hmac("members.mail_address", told, algorithm="sha256").digest()
        number = int.from_bytes(digest[:8], "big") % 10**CODE_DIGITS
        return f"{number:0{CODE_DIGITS}}"

    def code_is_over(self, now: datetime) -> bool:
        return now >= self.asked_at + CODE_LASTS or self.tries >= CODE_TRIES

    def is_code(self, text: str) -> bool:
        return constant_time_compare(text, self.code())


class WebhookQuerySet(SealedQuerySet):
    def for_alarms(self) -> Self:
        return self.filter(branch=None, is_active=True)

    def for_branch(self, branch: Branch) -> Self:
        """Those of the branch and of the branches above it."""
        paths = [branch.path, *branch.paths_above()]
        return self.filter(branch__path__in=paths, is_active=True)


class Webhook(SealedModel):
    """A chat robot that is told of alarms or, given a branch, of what was done there: in
    counts, without a name of a person. Its URL is a secret and is never shown again."""

    class Kind(models.TextChoices):
        WECOM = "wecom", _("WeCom")
        DINGTALK = "dingtalk", _("DingTalk")
        FEISHU = "feishu", _("Feishu")

    GRADES = graded(
        G1="id", G2="name kind branch is_active created_at told_at error", G4="url"
    )

    name = models.CharField(_("name"), max_length=60, unique=True)
    kind = models.CharField(
        pgettext_lazy("chat robot", "kind"), max_length=10, choices=Kind.choices
    )
    branch = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="webhooks",
        verbose_name=_("branch"),
        help_text=_(
            "Imports of this branch and those below are told. Empty: alarms are told."
        ),
    )
    url = SealedField(pgettext_lazy("chat robot", "address"), max_length=500, null=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    told_at = models.DateTimeField(
        _("last message at"), null=True, blank=True, editable=False
    )
    error = models.CharField(_("error"), max_length=200, blank=True, editable=False)

    objects = WebhookQuerySet.as_manager()  # type: ignore[misc]  # of the sealed base

    class Meta:
        verbose_name = _("chat robot")
        verbose_name_plural = _("chat robots")
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["wecom", "dingtalk", "feishu"]),
                name="members_webhook_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name
