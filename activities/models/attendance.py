"""Who was there, who was excused, who was not."""

from __future__ import annotations

from typing import Self

import pghistory
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models.activity import Activity
from members.grades import graded
from members.models import Member, User


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def present(self) -> Self:
        return self.filter(state=Attendance.State.PRESENT)

    def due(self) -> Self:
        """Those of the body whom the count of those due holds: not who is exempt, nor
        guests (MIN-15, LIFE-27)."""
        return self.filter(is_guest=False).exclude(state=Attendance.State.EXEMPT)


@pghistory.track(exclude=["counted_at"])
class Attendance(models.Model):
    """A member at an activity, as the host marked it or a code at the door (MIN-04).

    No place, no picture, no device: only that one was there (MIN-05, LIFE-27).
    counted_at: since when it counts that the member took part, so that this is announced
    once (services/participation.py).
    """

    class State(models.TextChoices):
        PRESENT = "present", pgettext_lazy("attendance", "Present")
        LEAVE = "leave", pgettext_lazy("attendance", "On leave")
        ABSENT = "absent", pgettext_lazy("attendance", "Absent")
        EXEMPT = "exempt", pgettext_lazy("attendance", "Exempt")

    class Way(models.TextChoices):
        """How it came to be known; all count alike."""

        LIST = "list", _("Ticked on the list")
        CODE = "code", _("Code at the door")
        PAPER = "paper", _("From a list on paper")
        OWN = "own", _("Told by the member")

    GRADES = graded(
        G1="id",
        G2="counted_at",
        G3="activity member is_guest state reason way checked_in_at checked_out_at "
        "recorded_by recorded_at",
    )

    activity = models.ForeignKey(
        Activity, models.PROTECT, related_name="attendances", verbose_name=_("activity")
    )
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="attendances", verbose_name=_("member")
    )
    is_guest = models.BooleanField(
        pgettext_lazy("attendance", "is a guest"),
        default=False,
        help_text=_("Of another body: counted neither as expected nor as present."),
    )
    state = models.CharField(
        pgettext_lazy("attendance", "state"), max_length=10, choices=State.choices
    )
    reason = models.CharField(
        pgettext_lazy("attendance", "reason"), max_length=200, blank=True
    )
    way = models.CharField(
        _("how it is known"), max_length=10, choices=Way.choices, default=Way.LIST
    )
    checked_in_at = models.DateTimeField(_("checked in at"), null=True, blank=True)
    checked_out_at = models.DateTimeField(_("checked out at"), null=True, blank=True)
    recorded_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now=True)
    counted_at = models.DateTimeField(_("counts since"), null=True, editable=False)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "member"], name="activities_attendance_once"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["leave", "exempt"]) | ~Q(reason=""),
                name="activities_attendance_excused_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="present")
                | Q(checked_in_at=None, checked_out_at=None),
                name="activities_attendance_only_present_check_in",
            ),
            models.CheckConstraint(
                condition=Q(checked_out_at=None)
                | Q(
                    checked_in_at__isnull=False, checked_out_at__gte=F("checked_in_at")
                ),
                name="activities_attendance_out_after_in",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.activity}"

    @property
    def is_present(self) -> bool:
        return self.state == self.State.PRESENT


class Guest(models.Model):
    """Somebody at an activity who is on no list of ours, by name (MIN-05)."""

    GRADES = graded(G1="id", G3="activity name unit")

    activity = models.ForeignKey(
        Activity, models.CASCADE, related_name="guests", verbose_name=_("activity")
    )
    name = models.CharField(_("name"), max_length=50)
    unit = models.CharField(_("from where"), max_length=80, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("activity", "guest")
        verbose_name_plural = pgettext_lazy("activity", "guests")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "name", "unit"], name="activities_guest_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name
