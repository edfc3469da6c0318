"""What must be done outside the database because of a fact inside it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.grades import graded

MOST_SENDS = 8


class OutboxQuerySet(models.QuerySet["Outbox"]):
    def due(self, now: datetime) -> Self:
        """Not done, and never handed to the broker or so long ago that it forgot."""
        waiting = Q(sent_at=None) | Q(sent_at__lt=now - settings.OUTBOX_RESEND_AFTER)
        return self.filter(waiting, done_at=None, sends__lt=MOST_SENDS)

    def stuck(self, now: datetime) -> Self:
        """Given up: sent as often as it is worth, the last time long ago, never done."""
        return self.filter(
            done_at=None,
            sends__gte=MOST_SENDS,
            sent_at__lt=now - settings.OUTBOX_RESEND_AFTER,
        )


class Outbox(models.Model):
    """A task to carry out, written in the transaction of the fact that asks for it.

    The primary key is the id of the Celery task, by which its success finds the row. The
    arguments are keys of records, never what those hold.
    """

    GRADES = graded(G1="id", G2="task args created_at sent_at sends done_at error")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(_("task"), max_length=100)
    args = models.JSONField(_("arguments"), default=list)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    sends = models.PositiveSmallIntegerField(_("times sent"), default=0)
    done_at = models.DateTimeField(_("done at"), null=True)
    error = models.CharField(_("error"), max_length=200, blank=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("task to carry out")
        verbose_name_plural = _("outbox")
        ordering = ("created_at",)
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(done_at=None),
                name="members_outbox_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.created_at:%Y-%m-%d %H:%M}"
