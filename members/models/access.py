"""What accounts were given, and what they asked about people elsewhere."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.contrib.auth.models import Permission
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from guardian.models import UserObjectPermissionBase

from members.grades import graded
from members.models.account import User
from members.models.branch import Branch
from members.models.member import Member
from members.models.office import Appointment


class GrantQuerySet(models.QuerySet):
    def in_force(self, on: date) -> Self:
        """Those that hold on `on`; the last day itself is still in time (CNT-04)."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on)

    def not_over(self, on: date) -> Self:
        """Those in force on `on` or to come."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=on))


class Grant(UserObjectPermissionBase):
    """What grants on branches and on records have in common, named in our words."""

    content_object: Any
    user = models.ForeignKey(User, models.CASCADE, verbose_name=_("account"))
    permission = models.ForeignKey(Permission, models.CASCADE, verbose_name=_("right"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.user} · {self.content_object}"


class BranchGrant(Grant):
    """A right on a branch and all branches below it, from a day to a day.

    Most come from an appointment and follow its dates; one without an appointment was
    given by the security administrator for a named purpose.
    """

    GRADES = graded(
        G1="id",
        G3="user permission content_object appointment purpose starts_on ends_on",
    )

    content_object = models.ForeignKey(
        Branch, models.PROTECT, related_name="grants", verbose_name=_("branch")
    )
    appointment = models.ForeignKey(
        Appointment,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="grants",
        verbose_name=_("appointment"),
    )
    purpose = models.CharField(_("purpose"), max_length=200, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    # guardian's own manager knows no dates.
    objects = GrantQuerySet.as_manager()  # type: ignore[misc, assignment]

    class Meta:
        verbose_name = _("grant on a branch")
        verbose_name_plural = _("grants on branches")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "permission", "content_object", "appointment"],
                nulls_distinct=False,
                name="members_branchgrant_is_given_once",
            ),
            models.CheckConstraint(
                condition=Q(appointment__isnull=False)
                | Q(ends_on__isnull=False) & ~Q(purpose=""),
                name="members_branchgrant_has_office_or_purpose",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="members_branchgrant_ends_after_it_starts",
            ),
        ]


class MemberGrant(Grant):
    """A right on one member's record: for its owner, or a purpose with an end date."""

    OWNER = "owner"

    GRADES = graded(
        G1="id", G3="user permission content_object purpose starts_on ends_on"
    )

    content_object = models.ForeignKey(
        Member, models.CASCADE, related_name="grants", verbose_name=_("member")
    )
    purpose = models.CharField(_("purpose"), max_length=200)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    # guardian's own manager knows no dates.
    objects = GrantQuerySet.as_manager()  # type: ignore[misc, assignment]

    class Meta:
        verbose_name = _("grant on a record")
        verbose_name_plural = _("grants on records")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "permission", "content_object", "purpose"],
                name="members_membergrant_is_given_once",
            ),
            models.CheckConstraint(
                condition=Q(purpose="owner")
                | Q(ends_on__isnull=False) & ~Q(purpose=""),
                name="members_membergrant_is_owner_or_ends",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="members_membergrant_ends_after_it_starts",
            ),
        ]


class RollInquiry(models.Model):
    """Somebody learned that an ID number is on a roll outside their scope."""

    GRADES = graded(G1="id", G2="asked_at", G3="user")

    user = models.ForeignKey(
        User, models.CASCADE, related_name="+", verbose_name=_("account")
    )
    asked_at = models.DateTimeField(
        pgettext_lazy("inquiry", "asked at"), auto_now_add=True
    )

    class Meta:
        verbose_name = _("inquiry about other rolls")
        verbose_name_plural = _("inquiries about other rolls")
        indexes = [
            models.Index(fields=["user", "asked_at"], name="members_inquiry_user")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.asked_at:%Y-%m-%d %H:%M}"
