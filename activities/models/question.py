"""What a host asks those who sign up: a meal, a lift, the size of a vest."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models.activity import Activity
from members.grades import graded


class SignUpQuestion(models.Model):
    """A question of the host. Who answered keeps the words it was asked in, beside the
    answer (`SignUp.answers`), so one that was answered is not changed any more."""

    class Kind(models.TextChoices):
        TEXT = "text", pgettext_lazy("question", "A few words")
        CHOICE = "choice", pgettext_lazy("question", "One of several")
        YES_NO = "yes_no", pgettext_lazy("question", "Yes or no")

    GRADES = graded(G1="id", G2="activity position text kind options is_required")

    activity = models.ForeignKey(
        Activity, models.CASCADE, related_name="questions", verbose_name=_("activity")
    )
    position = models.PositiveSmallIntegerField(_("position in lists"))
    text = models.CharField(pgettext_lazy("sign-up", "question"), max_length=80)
    kind = models.CharField(
        _("how it is answered"),
        max_length=10,
        choices=Kind.choices,
        default=Kind.YES_NO,
    )
    options = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        verbose_name=_("what one chooses from"),
    )
    is_required = models.BooleanField(_("has to be answered"), default=False)

    class Meta:
        verbose_name = _("question at sign-up")
        verbose_name_plural = _("questions at sign-up")
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return self.text
