"""Ticks of a list at the meeting, as a device kept them until it had a connection."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models.activity import Activity
from activities.models.attendance import Attendance
from members.grades import graded
from members.models import Member, User


class Tick(models.Model):
    """Somebody ticked or unticked on the list at a moment; never changed, so that a tick
    that is sent again is known by its key, and the later one of two counts.

    key: made by the device. ticked_at: its moment by our clock. was_state, was_reason:
    what stood there before a tick, and comes back when it is taken off again.
    """

    GRADES = graded(
        G1="id key",
        G3="activity member is_present ticked_at was_state was_reason taken_at taken_by",
    )

    activity = models.ForeignKey(
        Activity, models.PROTECT, related_name="ticks", verbose_name=_("activity")
    )
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", verbose_name=_("member")
    )
    key = models.UUIDField(pgettext_lazy("tick", "key"))
    is_present = models.BooleanField(_("ticked, not unticked"))
    ticked_at = models.DateTimeField(_("ticked at"))
    was_state = models.CharField(
        _("state before"), max_length=10, choices=Attendance.State.choices, blank=True
    )
    was_reason = models.CharField(_("reason before"), max_length=200, blank=True)
    taken_at = models.DateTimeField(_("received at"), auto_now_add=True)
    taken_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("ticked by")
    )

    class Meta:
        verbose_name = pgettext_lazy("attendance", "tick")
        verbose_name_plural = pgettext_lazy("attendance", "ticks")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "key"], name="activities_tick_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["activity", "member"], name="activities_tick_of_member"
            )
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.activity}"
