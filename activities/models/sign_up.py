"""Who signed up for an activity, and in what order."""

from __future__ import annotations

from typing import Self

import pghistory
from django.db import models
from django.db.models import Case, Count, OuterRef, Q, Subquery, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models.activity import Activity
from members.grades import graded
from members.models import Member, User


class SignUpQuerySet(models.QuerySet["SignUp"]):
    def standing(self) -> Self:
        """Those with a seat or waiting for one."""
        return self.filter(state__in=SignUp.STANDING)

    def with_a_seat(self) -> Self:
        return self.filter(state=SignUp.State.CONFIRMED)

    def waiting(self) -> Self:
        """The waiting list, in order."""
        return self.filter(state=SignUp.State.WAITING).order_by("place", "pk")

    def with_waiting_place(self) -> Self:
        """Each with `waits_at`: its place among those who wait, from 1; None for others."""
        waits = Q(state=SignUp.State.WAITING)
        there = SignUp.objects.filter(
            waits, activity=OuterRef("activity"), place__lte=OuterRef("place")
        )
        count = there.order_by().values("activity").values(count=Count("pk"))
        return self.annotate(waits_at=Case(When(waits, then=Subquery(count))))


# Answers are of no use after the day: no history keeps what is wiped.
@pghistory.track(exclude=["answers"])
class SignUp(models.Model):
    """A member's seat at an activity, or the place on its waiting list (RL-01).

    place: the order in which people asked, from 1, given once and never used again in
    the activity; it orders the waiting list. Who withdraws and asks again gets a new one.
    """

    class State(models.TextChoices):
        CONFIRMED = "confirmed", pgettext_lazy("sign-up", "Has a seat")
        WAITING = "waiting", pgettext_lazy("sign-up", "On the waiting list")
        WITHDRAWN = "withdrawn", pgettext_lazy("sign-up", "Withdrawn")

    STANDING = (State.CONFIRMED, State.WAITING)

    GRADES = graded(
        G1="id",
        G3="activity member state place note answers moved_up_at signed_up_by asked_at "
        "changed_at",
    )

    activity = models.ForeignKey(
        Activity, models.PROTECT, related_name="sign_ups", verbose_name=_("activity")
    )
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="sign_ups", verbose_name=_("member")
    )
    state = models.CharField(
        pgettext_lazy("sign-up", "state"), max_length=10, choices=State.choices
    )
    place = models.PositiveIntegerField(_("order of asking"))
    note = models.CharField(
        _("what the host should know"),
        max_length=200,
        blank=True,
        help_text=_("Such as: needs a lift, comes later."),
    )
    answers = models.JSONField(
        _("answers to the host"),
        default=list,
        db_default=[],
        blank=True,
        help_text=_("Each with its question, in the words it was asked in."),
    )
    moved_up_at = models.DateTimeField(
        _("moved up at"),
        null=True,
        editable=False,
        help_text=_("From the waiting list; empty once the seat is taken."),
    )
    signed_up_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("signed up by"),
        help_text=_("Somebody else, for who has no account or no phone at hand."),
    )
    asked_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    objects = SignUpQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-up")
        verbose_name_plural = _("sign-ups")
        ordering = ("place", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "member"], name="activities_signup_once"
            ),
            models.UniqueConstraint(
                fields=["activity", "place"], name="activities_signup_own_place"
            ),
        ]
        indexes = [
            models.Index(
                fields=["activity", "place"],
                condition=Q(state="waiting"),
                name="activities_signup_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.activity}"
