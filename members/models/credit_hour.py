"""Hours of study, as a ledger: what was given, and what was taken back."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.grades import graded
from members.models.member import Member


class CreditHourQuerySet(models.QuerySet["CreditHour"]):
    def of_year(self, year: int) -> Self:
        return self.filter(on__year=year)

    def total(self) -> Decimal:
        return self.aggregate(hours=Sum("hours"))["hours"] or Decimal(0)


class CreditHour(models.Model):
    """A line of somebody's credit hours (EDU-01, EDU-11); none is changed or removed.

    source, key: what the hours are for, as "activity" and its number. turn: the lines of
    one member for one source and key, from 1; a later one takes back the one before, or
    gives anew. So the hours that stand are the sum, and a line written twice collides.
    """

    class Source(models.TextChoices):
        ACTIVITY = "activity", pgettext_lazy("credit hours", "Activity")
        LESSON = "lesson", pgettext_lazy("credit hours", "Lesson")

    GRADES = graded(G1="id", G3="member hours on source key turn note recorded_at")

    member = models.ForeignKey(
        Member,
        models.PROTECT,
        related_name="credit_hours",
        verbose_name=_("member"),
    )
    hours = models.DecimalField(
        _("credit hours"),
        max_digits=5,
        decimal_places=1,
        help_text=_("Less than nothing: taken back."),
    )
    on = models.DateField(pgettext_lazy("credit hours", "on"))
    source = models.CharField(
        pgettext_lazy("credit hours", "for what"),
        max_length=10,
        choices=Source.choices,
    )
    key = models.CharField(_("number of what it is for"), max_length=40)
    turn = models.PositiveSmallIntegerField(_("line of the same"), default=1)
    note = models.CharField(
        pgettext_lazy("credit hours", "note"), max_length=120, blank=True
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    objects = CreditHourQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit hours")
        verbose_name_plural = _("credit hours")
        ordering = ("-on", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key", "member", "turn"],
                name="members_credithour_once",
            ),
            models.CheckConstraint(
                condition=Q(hours__gt=0) | Q(hours__lt=0, turn__gt=1),
                name="members_credithour_given_or_taken_back",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-on"], name="members_credithour_year")
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.hours} ({self.on})"
