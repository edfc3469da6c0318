"""What a member likes to take part in: chosen by that member, and read by nobody else."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.grades import graded
from members.models.member import Member


class Interest(models.TextChoices):
    POLICY = "policy", pgettext_lazy("interest", "Theory and policy")
    VOLUNTEER = "volunteer", pgettext_lazy("interest", "Volunteer service")
    CARE = "care", pgettext_lazy("interest", "Care for the old and for children")
    ENVIRONMENT = "environment", pgettext_lazy("interest", "Environment")
    READING = "reading", pgettext_lazy("interest", "Reading and writing")
    CULTURE = "culture", pgettext_lazy("interest", "Arts and culture")
    SPORTS = "sports", pgettext_lazy("interest", "Sports and health")
    FARMING = "farming", pgettext_lazy("interest", "Farming techniques")
    DIGITAL = "digital", pgettext_lazy("interest", "Digital skills")
    LAW = "law", pgettext_lazy("interest", "Law and mediation")


class MemberInterest(models.Model):
    """One interest of one member. It only decides what the member is told of."""

    GRADES = graded(G1="id", G3="member interest chosen_at")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="interests", verbose_name=_("member")
    )
    interest = models.CharField(_("interest"), max_length=12, choices=Interest.choices)
    chosen_at = models.DateTimeField(_("chosen at"), auto_now_add=True)

    class Meta:
        verbose_name = _("interest of a member")
        verbose_name_plural = _("interests of members")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["member", "interest"], name="members_memberinterest_once"
            )
        ]

    def __str__(self) -> str:
        return self.get_interest_display()
