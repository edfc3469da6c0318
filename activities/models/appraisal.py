"""The yearly appraisal of members (LIFE-08, LIFE-20 … LIFE-27).

A compartment of its own: who reads it says `activities/access_appraisal.py`. None of these
tables is tracked: a history would tell what one ballot changed (LIFE-24).
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce, Greatest, Least
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from members.grades import graded
from members.models import Branch, Member, User
from members.sealing import SealedField, SealedModel


class Grade(models.TextChoices):
    """LIFE-20, the best first."""

    EXCELLENT = "excellent", pgettext_lazy("appraisal", "Excellent")
    QUALIFIED = "qualified", pgettext_lazy("appraisal", "Qualified")
    BASIC = "basic", pgettext_lazy("appraisal", "Basically qualified")
    UNQUALIFIED = "unqualified", pgettext_lazy("appraisal", "Unqualified")


def _number(label: Any, **options: Any) -> models.PositiveIntegerField:
    return models.PositiveIntegerField(label, null=True, blank=True, **options)


def _day_of_year(month: int, day: int) -> Func:
    return Func(
        F("year"), month, day, function="make_date", output_field=models.DateField()
    )


class AppraisalRoundQuerySet(models.QuerySet["AppraisalRound"]):
    def with_day(self) -> Any:
        """With `day`, on which a round counts: the one on which the grades were settled,
        before that the one announced; within its year, whose grades are often settled
        in January."""
        day = Coalesce("decided_on", "due_on")
        first, last = _day_of_year(1, 1), _day_of_year(12, 31)
        return self.annotate(day=Greatest(first, Least(day, last)))


class AppraisalRound(models.Model):
    """The appraisal of one branch in one year; its steps have an order (LIFE-23)."""

    class Step(models.TextChoices):
        SELF = "self", pgettext_lazy("appraisal", "Self-appraisal")
        MUTUAL = "mutual", pgettext_lazy("appraisal", "Opinions on one another")
        POLL = "poll", pgettext_lazy("appraisal", "Poll")
        OPINION = "opinion", pgettext_lazy("appraisal", "Opinion of the branch")
        FEEDBACK = "feedback", pgettext_lazy("appraisal", "Feedback")
        DONE = "done", pgettext_lazy("appraisal", "Finished")

    class Poll(models.TextChoices):
        ON_LINE = "on_line", pgettext_lazy("poll", "On line")
        ON_PAPER = "on_paper", pgettext_lazy("poll", "On paper")

    class Body(models.TextChoices):
        COMMITTEE = "committee", _("Branch committee")
        MEETING = "meeting", _("General meeting")

    GRADES = graded(
        G1="id",
        G2="branch year due_on step poll issued returned void body decided_on "
        "started_by started_at",
    )
    # From these steps on the person knows the result.
    TOLD = (Step.FEEDBACK, Step.DONE)

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name=_("branch")
    )
    year = models.PositiveSmallIntegerField(pgettext_lazy("appraisal", "year"))
    due_on = models.DateField(
        pgettext_lazy("appraisal", "self-appraisal until"),
        help_text=_("Members read this day. Nothing closes by itself."),
    )
    step = models.CharField(
        pgettext_lazy("appraisal", "step"),
        max_length=10,
        choices=Step.choices,
        default=Step.SELF,
    )
    poll = models.CharField(
        pgettext_lazy("appraisal", "kind of poll"),
        max_length=10,
        choices=Poll.choices,
        blank=True,
    )
    issued = _number(pgettext_lazy("poll", "papers issued"))
    returned = _number(pgettext_lazy("poll", "papers returned"))
    void = _number(pgettext_lazy("poll", "papers void"))
    body = models.CharField(
        pgettext_lazy("appraisal", "who settled the grades"),
        max_length=10,
        choices=Body.choices,
        blank=True,
    )
    decided_on = models.DateField(
        pgettext_lazy("appraisal", "settled on"), null=True, blank=True
    )
    started_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=pgettext_lazy("appraisal", "started by"),
    )
    started_at = models.DateTimeField(
        pgettext_lazy("appraisal", "started at"), auto_now_add=True
    )

    objects = AppraisalRoundQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("appraisal", "round of appraisal")
        verbose_name_plural = pgettext_lazy("appraisal", "rounds of appraisal")
        ordering = ("-year", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "year"], name="activities_appraisalround_once_a_year"
            ),
            models.CheckConstraint(
                condition=Q(void__lte=models.F("returned"))
                & Q(returned__lte=models.F("issued")),
                name="activities_appraisalround_papers_add_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} · {self.year}"

    def get_absolute_url(self) -> str:
        return reverse("activities:appraisal_round", args=[self.pk])

    @property
    def title(self) -> str:
        return gettext("Appraisal of members %(year)s") % {"year": self.year}

    @property
    def is_told(self) -> bool:
        return self.step in self.TOLD


class Appraisal(SealedModel):
    """One member in a round: what that member said, and whether a ballot was cast.

    `has_voted` is a bare flag: without a time, and beside it lies no choice (LIFE-24).
    """

    GRADES = graded(
        G1="id",
        G3="round member takes_grade is_copied has_voted",
        G4="self_text exempt_reason",
    )

    round = models.ForeignKey(
        AppraisalRound,
        models.PROTECT,
        related_name="appraisals",
        verbose_name=pgettext_lazy("appraisal", "round"),
    )
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", verbose_name=_("member")
    )
    takes_grade = models.BooleanField(
        pgettext_lazy("appraisal", "takes a grade"),
        default=True,
        help_text=_("Probationary members take part without one."),
    )
    self_text = SealedField(
        pgettext_lazy("appraisal", "self-appraisal"), null=True, blank=True
    )
    is_copied = models.BooleanField(
        pgettext_lazy("appraisal", "copied by the branch from paper or told words"),
        default=False,
    )
    has_voted = models.BooleanField(
        pgettext_lazy("appraisal", "has voted"), default=False
    )
    exempt_reason = SealedField(_("why exempt"), null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("appraisal", "appraisal")
        verbose_name_plural = pgettext_lazy("appraisal", "appraisals")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["round", "member"], name="activities_appraisal_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.round}"

    def get_absolute_url(self) -> str:
        return reverse("activities:appraisal_detail", args=[self.pk])

    # Whether there is something, without opening it.
    @property
    def has_written(self) -> bool:
        return Appraisal.self_text.held(self) is not None  # type: ignore[attr-defined]

    @property
    def is_exempt(self) -> bool:
        return Appraisal.exempt_reason.held(self) is not None  # type: ignore[attr-defined]


class AppraisalTally(SealedModel):
    """The running totals of a poll on line: one sealed text for all members together.

    It has the same length whatever was chosen, is written anew as a whole with each
    ballot, and is deleted when the poll is closed. No page, API, administration or file
    reads it; `services/polls.py` alone does (LIFE-24).
    """

    GRADES = graded(G1="id", G2="round", G4="counts")

    round = models.OneToOneField(
        AppraisalRound, models.CASCADE, related_name="+", verbose_name=_("round")
    )
    counts = SealedField(_("running totals"))

    class Meta:
        verbose_name = _("running totals of a poll")
        verbose_name_plural = _("running totals of polls")

    def __str__(self) -> str:
        return str(self.round_id)


class AppraisalResult(SealedModel):
    """The branch's side of an appraisal: the totals of the closed poll, the grade, the
    opinion that the person is told, and the reason that the person is not told.

    The totals are empty where too few gave a grade on this member.
    """

    GRADES = graded(
        G1="id",
        G3="appraisal excellent qualified basic unqualified blank grade entered_by "
        "read_at told_in_person",
        G4="opinion reason",
    )
    TOTALS = ("excellent", "qualified", "basic", "unqualified", "blank")

    appraisal = models.OneToOneField(
        Appraisal,
        models.PROTECT,
        related_name="result",
        verbose_name=pgettext_lazy("appraisal", "appraisal"),
    )
    excellent = _number(pgettext_lazy("poll", "votes for excellent"))
    qualified = _number(pgettext_lazy("poll", "votes for qualified"))
    basic = _number(pgettext_lazy("poll", "votes for basically qualified"))
    unqualified = _number(pgettext_lazy("poll", "votes for unqualified"))
    blank = _number(pgettext_lazy("poll", "no grade marked"))
    grade = models.CharField(
        pgettext_lazy("appraisal", "grade"),
        max_length=12,
        choices=Grade.choices,
        blank=True,
    )
    opinion = SealedField(pgettext_lazy("appraisal", "opinion"), null=True, blank=True)
    reason = SealedField(
        pgettext_lazy("appraisal", "why it differs from the poll"),
        null=True,
        blank=True,
    )
    entered_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("entered by"),
    )
    read_at = models.DateTimeField(pgettext_lazy("appraisal", "read at"), null=True)
    told_in_person = models.BooleanField(
        pgettext_lazy("appraisal", "told in person"), default=False
    )

    class Meta:
        verbose_name = pgettext_lazy("appraisal", "result of an appraisal")
        verbose_name_plural = pgettext_lazy("appraisal", "results of appraisals")
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(self.appraisal)

    @property
    def is_settled(self) -> bool:
        return AppraisalResult.opinion.held(self) is not None  # type: ignore[attr-defined]

    @property
    def has_reason(self) -> bool:
        return AppraisalResult.reason.held(self) is not None  # type: ignore[attr-defined]

    @property
    def counts(self) -> dict[str, int] | None:
        """The totals of the poll by grade, None where none are kept."""
        if self.excellent is None:
            return None
        return {grade: getattr(self, grade) for grade in Grade.values}


class MutualOpinion(SealedModel):
    """What one member wrote on another, who reads only what the branch feeds back."""

    GRADES = graded(G1="id", G3="appraisal author", G4="text")

    appraisal = models.ForeignKey(
        Appraisal,
        models.PROTECT,
        related_name="mutual_opinions",
        verbose_name=pgettext_lazy("appraisal", "appraisal"),
    )
    author = models.ForeignKey(
        Member,
        models.PROTECT,
        related_name="+",
        verbose_name=pgettext_lazy("appraisal", "written by"),
    )
    text = SealedField(pgettext_lazy("appraisal", "opinion of a member"))

    class Meta:
        verbose_name = pgettext_lazy("appraisal", "opinion of a member")
        verbose_name_plural = pgettext_lazy("appraisal", "opinions of members")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["appraisal", "author"], name="activities_mutualopinion_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.appraisal)


class FollowUp(SealedModel):
    """What follows a grade that is not good enough, by whom and until when (LIFE-26).

    After "basically qualified" a talk and a plan; after "unqualified" education first,
    and only then one of the three measures (MEM-14).
    """

    class Kind(models.TextChoices):
        TALK = "talk", _("Talk and plan")
        EDUCATION = "education", _("Education and help")
        CORRECT = "correct", _("Correct within a time limit")
        ADVISE = "advise", _("Advise to leave")
        REMOVE = "remove", _("Remove")

    GRADES = graded(
        G1="id", G3="appraisal kind owner due_on done_on", G4="plan outcome"
    )
    MEASURES = (Kind.CORRECT, Kind.ADVISE, Kind.REMOVE)

    appraisal = models.ForeignKey(
        Appraisal,
        models.PROTECT,
        related_name="follow_ups",
        verbose_name=pgettext_lazy("appraisal", "appraisal"),
    )
    kind = models.CharField(
        pgettext_lazy("follow-up", "kind"), max_length=10, choices=Kind.choices
    )
    plan = SealedField(pgettext_lazy("follow-up", "what is to be done"))
    owner = models.ForeignKey(
        Member,
        models.PROTECT,
        related_name="+",
        verbose_name=pgettext_lazy("follow-up", "who helps"),
    )
    due_on = models.DateField(pgettext_lazy("follow-up", "until"))
    done_on = models.DateField(
        pgettext_lazy("follow-up", "done on"), null=True, blank=True
    )
    outcome = SealedField(
        pgettext_lazy("follow-up", "what came of it"), null=True, blank=True
    )

    class Meta:
        verbose_name = pgettext_lazy("follow-up", "follow-up of an appraisal")
        verbose_name_plural = pgettext_lazy("follow-up", "follow-ups of appraisals")
        ordering = ("due_on", "pk")

    def __str__(self) -> str:
        return f"{self.appraisal} · {self.get_kind_display()}"
