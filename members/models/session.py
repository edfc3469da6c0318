"""The sessions of signed-in browsers, each with where and when it was used."""

from __future__ import annotations

from django.contrib.sessions.backends.cached_db import SessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.grades import graded
from members.models.account import User


class Session(AbstractBaseSession):
    """A browser of somebody, or of nobody yet: `user` is None before sign-in.

    `last_seen_at` is written once a minute at most.
    """

    GRADES = graded(
        G2="expire_date created_at last_seen_at",
        G3="session_key session_data user address agent",
    )

    user = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        related_name="sessions",
        verbose_name=_("account"),
    )
    created_at = models.DateTimeField(_("signed in at"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last used at"), default=timezone.now)
    address = models.GenericIPAddressField(_("address"), null=True)
    agent = models.CharField(_("browser"), max_length=200, blank=True)

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        from members.sessions import SessionStore as Store  # noqa: PLC0415

        return Store

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ("-last_seen_at",)
