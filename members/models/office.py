"""Offices, and who holds them when."""

from __future__ import annotations

from datetime import date
from typing import Self

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from members.grades import graded
from members.models.branch import Branch, PartyGroup
from members.models.member import Member


@pghistory.track()
class Office(models.Model):
    """An office one may be appointed to, with the rights it gives on its branch."""

    GRADES = graded(
        G1="id",
        G2="code name_zh name_en position kinds seats in_committee full_members_only "
        "needs_superior of_group permissions",
    )

    code = models.CharField(_("code"), max_length=40, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=60)
    position = models.PositiveSmallIntegerField(_("position in lists"), default=0)
    kinds = ArrayField(
        models.CharField(max_length=20, choices=Branch.Kind.choices),
        verbose_name=_("kinds of branch"),
        help_text=_("Where this office exists."),
    )
    seats = models.PositiveSmallIntegerField(
        pgettext_lazy("office", "seats"),
        null=True,
        blank=True,
        help_text=_("Empty: no limit."),
    )
    in_committee = models.BooleanField(_("sits in the branch committee"), default=False)
    full_members_only = models.BooleanField(_("full members only"), default=True)
    needs_superior = models.BooleanField(
        _("needs the superior"),
        default=False,
        help_text=_("Only a committee above may appoint to it."),
    )
    of_group = models.BooleanField(_("of a Party group"), default=False)
    permissions = models.ManyToManyField(
        "auth.Permission",
        blank=True,
        limit_choices_to={
            "content_type__app_label": "members",
            "content_type__model": "branch",
        },
        verbose_name=_("rights on the branch"),
    )

    class Meta:
        verbose_name = _("office")
        verbose_name_plural = _("offices")
        ordering = ("position", "code")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        zh = (get_language() or "").startswith("zh")
        return self.name_zh if zh else self.name_en


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def in_force(self, on: date) -> Self:
        """Those that hold on `on`; the last day itself is still in time (CNT-04)."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on)

    def not_over(self, on: date) -> Self:
        """Those in force on `on` or to come."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=on))


@pghistory.track()
class Appointment(models.Model):
    """A member holds an office in a branch from a day to a day, both included."""

    class Basis(models.TextChoices):  # ORG-25, ORG-26
        ELECTED = "elected", _("Elected")
        BY_ELECTION = "by_election", _("By-election")
        APPOINTED = "appointed", _("Appointed by the superior")
        NAMED = "named", _("Named by the branch")

    GRADES = graded(
        G1="id",
        G2="member office branch party_group starts_on ends_on basis decided_by "
        "document_number exception_reason ended_reason recorded_by recorded_at",
    )

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="appointments", verbose_name=_("member")
    )
    office = models.ForeignKey(
        Office, models.PROTECT, related_name="appointments", verbose_name=_("office")
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="appointments", verbose_name=_("branch")
    )
    party_group = models.ForeignKey(
        PartyGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="appointments",
        verbose_name=_("Party group"),
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    basis = models.CharField(_("basis"), max_length=15, choices=Basis.choices)
    decided_by = models.CharField(_("deciding body"), max_length=120)
    document_number = models.CharField(_("document number"), max_length=60, blank=True)
    exception_reason = models.CharField(
        _("reason for the exception"), max_length=200, blank=True
    )
    ended_reason = models.CharField(_("reason for the end"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(
        "members.User",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        ordering = ("office__position", "starts_on")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="members_appointment_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.office} · {self.branch}"
