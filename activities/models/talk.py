"""Heart-to-heart talks (LIFE-09)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.grades import graded
from members.models import Branch, Member, User
from members.sealing import SealedField, SealedModel


class Talk(SealedModel):
    """The date, two people, the class of the topic, and a confidential note.

    pair: by the offices that the two held on that day.
    """

    class Pair(models.TextChoices):
        COMMITTEE = "committee", _("Among the committee")
        MIXED = "mixed", _("Committee member and member")
        MEMBERS = "members", _("Among members")

    class Topic(models.TextChoices):
        THOUGHT = "thought", pgettext_lazy("talk", "Thought")
        WORK = "work", pgettext_lazy("talk", "Work and study")
        LIFE = "life", pgettext_lazy("talk", "Life and difficulties")
        REMINDER = "reminder", pgettext_lazy("talk", "Reminder")
        OTHER = "other", pgettext_lazy("talk", "Something else")

    GRADES = graded(
        G1="id", G3="branch held_on first second pair topic recorded_by", G4="note"
    )

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name=_("branch")
    )
    held_on = models.DateField(pgettext_lazy("talk", "day"))
    first = models.ForeignKey(
        Member,
        models.PROTECT,
        related_name="+",
        verbose_name=pgettext_lazy("talk", "who"),
    )
    second = models.ForeignKey(
        Member,
        models.PROTECT,
        related_name="+",
        verbose_name=pgettext_lazy("talk", "with whom"),
    )
    pair = models.CharField(
        pgettext_lazy("talk", "between"), max_length=10, choices=Pair.choices
    )
    topic = models.CharField(
        pgettext_lazy("talk", "about"), max_length=10, choices=Topic.choices
    )
    note = SealedField(
        pgettext_lazy("talk", "confidential note"),
        null=True,
        blank=True,
        help_text=_(
            "If you like. The two of you read it, and who manages appraisals in this "
            "branch; nobody else."
        ),
    )
    recorded_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("entered by"),
    )

    class Meta:
        verbose_name = pgettext_lazy("talk", "heart-to-heart talk")
        verbose_name_plural = pgettext_lazy("talk", "heart-to-heart talks")
        ordering = ("-held_on", "-pk")
        indexes = [
            models.Index(
                fields=["branch", "-held_on"], name="activities_talk_of_branch"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(first=F("second")), name="activities_talk_between_two"
            )
        ]

    def __str__(self) -> str:
        return f"{self.first} · {self.second} · {self.held_on}"

    def get_absolute_url(self) -> str:
        return reverse("activities:talk_detail", args=[self.pk])
