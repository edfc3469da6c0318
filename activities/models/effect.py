"""What came of an activity: what those present say of it, and what the host notes."""

from __future__ import annotations

import uuid
from datetime import date

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models.activity import Activity
from members.grades import graded
from members.models import Member, User

FROM_ONE_TO_FIVE = [MinValueValidator(1), MaxValueValidator(5)]


@pghistory.track()
class Effect(models.Model):
    """The host's side: until when those present are asked, and what came out."""

    GRADES = graded(
        G1="id", G2="activity survey_until outcome change written_by written_at"
    )

    activity = models.OneToOneField(
        Activity, models.CASCADE, related_name="effect", verbose_name=_("activity")
    )
    survey_until = models.DateField(
        _("survey open until"),
        null=True,
        blank=True,
        help_text=_("The last day. Empty: nobody is asked."),
    )
    outcome = models.TextField(_("what came out"), max_length=1000, blank=True)
    change = models.TextField(
        _("what changes from now on"), max_length=1000, blank=True
    )
    written_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("entered by"),
    )
    written_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("effect of an activity")
        verbose_name_plural = _("effects of activities")

    def __str__(self) -> str:
        return str(self.activity)

    def is_open(self, today: date) -> bool:
        return self.survey_until is not None and today <= self.survey_until


class SurveyAnswer(models.Model):
    """What somebody said, and not who. No member, no time, and a random key, so that the
    order of answers tells nothing either."""

    GRADES = graded(G1="id", G2="activity satisfaction usefulness", G3="remark")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    activity = models.ForeignKey(
        Activity,
        models.PROTECT,
        related_name="survey_answers",
        verbose_name=_("activity"),
    )
    satisfaction = models.PositiveSmallIntegerField(
        _("satisfaction"), validators=FROM_ONE_TO_FIVE
    )
    usefulness = models.PositiveSmallIntegerField(
        _("usefulness"), validators=FROM_ONE_TO_FIVE
    )
    remark = models.CharField(
        pgettext_lazy("survey", "in your words"), max_length=200, blank=True
    )

    class Meta:
        verbose_name = _("answer to a survey")
        verbose_name_plural = _("answers to surveys")
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(satisfaction__range=(1, 5), usefulness__range=(1, 5)),
                name="activities_surveyanswer_from_one_to_five",
            )
        ]

    def __str__(self) -> str:
        return str(self.activity)


class SurveyTurn(models.Model):
    """That a member answered, so that it is once; what was said is not tied to it."""

    GRADES = graded(G1="id", G3="activity member")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    activity = models.ForeignKey(
        Activity, models.CASCADE, related_name="+", verbose_name=_("activity")
    )
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", verbose_name=_("member")
    )

    class Meta:
        verbose_name = _("answered survey")
        verbose_name_plural = _("answered surveys")
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "member"], name="activities_surveyturn_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.activity_id)
