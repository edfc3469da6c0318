"""Work that runs for months: goals, indicators, milestones, lists, and how a village
decides (KIND-01 … KIND-10); and which modules a branch uses (KIND-11)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Self

import pghistory
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models.activity import Activity
from members.grades import graded
from members.models import Branch, Member, User


class Module(models.TextChoices):
    """What a kind of branch does besides what all do (KIND-01 … KIND-10, KIND-13)."""

    REVITALIZATION = "revitalization", _("Rural revitalization")
    DECISION_FLOW = "decision_flow", _("Four discussions and two publications")
    SERVICES = "services", _("Services for residents")
    POSTS = "posts", _("Responsibility posts and areas")
    TEACHING = "teaching", _("Teaching and students")
    WORKPLACE = "workplace", _("Growth of firm and staff")
    PUBLIC_SERVICE = "public_service", _("Service to society")
    DECISIONS = "decisions", _("Part in weighty decisions")
    RESEARCH = "research", _("Research topics")
    FLOATING = "floating", _("Care for floating members")
    RETIRED = "retired", _("Care for retired members")


class BranchModule(models.Model):
    """A module switched on or off for one branch, whatever its kind presets."""

    GRADES = graded(G1="id", G2="branch module is_on switched_by switched_at")

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="modules", verbose_name=_("branch")
    )
    module = models.CharField(_("module"), max_length=20, choices=Module.choices)
    is_on = models.BooleanField(pgettext_lazy("module", "is on"))
    switched_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("switched by"),
    )
    switched_at = models.DateTimeField(_("switched at"), auto_now=True)

    class Meta:
        verbose_name = _("module of a branch")
        verbose_name_plural = _("modules of branches")
        ordering = ("branch", "module")
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "module"], name="activities_branchmodule_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.branch}: {self.get_module_display()}"


class ProgramQuerySet(models.QuerySet["Program"]):
    def announced(self) -> Self:
        """Those that members know of: all but drafts."""
        return self.exclude(state=Program.State.DRAFT)


@pghistory.track()
class Program(models.Model):
    """Months of work for goals of its own; never compared with that of others."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("program", "Draft")
        UNDER_WAY = "under_way", pgettext_lazy("program", "Under way")
        FINISHED = "finished", pgettext_lazy("program", "Finished")
        STOPPED = "stopped", pgettext_lazy("program", "Stopped")

    OPEN = (State.DRAFT, State.UNDER_WAY)

    GRADES = graded(
        G1="id",
        G2="branch preset module title purpose goals starts_on ends_on state "
        "stopped_reason budget_note budget_yuan has_flow created_by created_at updated_at",
        G3="member",
    )

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="programs", verbose_name=_("branch")
    )
    preset = models.CharField(_("preset"), max_length=30, editable=False)
    module = models.CharField(
        _("module"), max_length=20, choices=Module.choices, editable=False
    )
    title = models.CharField(pgettext_lazy("program", "title"), max_length=80)
    purpose = models.TextField(
        pgettext_lazy("program", "purpose"), max_length=2000, blank=True
    )
    goals = models.TextField(
        pgettext_lazy("program", "goals"),
        max_length=2000,
        help_text=_("What will be different in the end; one goal on each line."),
    )
    starts_on = models.DateField(pgettext_lazy("program", "begins on"))
    ends_on = models.DateField(pgettext_lazy("program", "ends on"))
    state = models.CharField(
        pgettext_lazy("program", "state"),
        max_length=10,
        choices=State.choices,
        default=State.DRAFT,
        editable=False,
    )
    stopped_reason = models.CharField(
        _("why it was stopped"), max_length=200, blank=True, editable=False
    )
    member = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="programs",
        verbose_name=_("responsible member"),
    )
    budget_note = models.CharField(
        _("note on the budget"),
        max_length=200,
        blank=True,
        help_text=_("Where the money comes from. Accounts are kept elsewhere."),
    )
    budget_yuan = models.DecimalField(
        _("budget in yuan"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    has_flow = models.BooleanField(
        _("decided by four discussions and two publications"),
        default=False,
        editable=False,
    )
    created_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("entered by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)

    objects = ProgramQuerySet.as_manager()

    class Meta:
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        ordering = ("-starts_on", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")),
                name="activities_program_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=~Q(state="stopped") | ~Q(stopped_reason=""),
                name="activities_program_stopped_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["branch", "-starts_on", "-id"], name="activities_program_branch"
            ),
            models.Index(
                fields=["-starts_on", "-id"], name="activities_program_latest"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("activities:program_detail", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


def of_program(name: str) -> models.ForeignKey:
    return models.ForeignKey(
        Program, models.CASCADE, related_name=name, verbose_name=_("program")
    )


class Indicator(models.Model):
    """A figure that shows how far a program is from its own goal."""

    GRADES = graded(G1="id", G2="program name unit baseline target")

    program = of_program("indicators")
    name = models.CharField(pgettext_lazy("indicator", "name"), max_length=60)
    unit = models.CharField(_("unit of measure"), max_length=20, blank=True)
    baseline = models.DecimalField(
        _("value at the start"), max_digits=14, decimal_places=2, default=Decimal(0)
    )
    target = models.DecimalField(_("value aimed at"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=~Q(baseline=F("target")),
                name="activities_indicator_aims_at_a_change",
            ),
            models.UniqueConstraint(
                fields=["program", "name"], name="activities_indicator_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def reached(self, value: Decimal) -> int:
        """How much of the way from baseline to target `value` is, from 0 to 100."""
        way = (value - self.baseline) / (self.target - self.baseline)
        return int(min(max(way, Decimal(0)), Decimal(1)) * 100)


class Reading(models.Model):
    """What an indicator stood at on a day."""

    GRADES = graded(G1="id", G2="indicator on value note recorded_by recorded_at")

    indicator = models.ForeignKey(
        Indicator,
        models.CASCADE,
        related_name="readings",
        verbose_name=_("indicator"),
    )
    on = models.DateField(pgettext_lazy("reading", "on"))
    value = models.DecimalField(
        pgettext_lazy("reading", "value"), max_digits=14, decimal_places=2
    )
    note = models.CharField(
        pgettext_lazy("reading", "note"), max_length=200, blank=True
    )
    recorded_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("entered by"),
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now=True)

    class Meta:
        verbose_name = _("reading of an indicator")
        verbose_name_plural = _("readings of indicators")
        ordering = ("on", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "on"], name="activities_reading_one_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.on}: {self.value}"


class Milestone(models.Model):
    """A point on the way, with the day it is due."""

    GRADES = graded(G1="id", G2="program title due_on done_on note")

    program = of_program("milestones")
    title = models.CharField(pgettext_lazy("milestone", "milestone"), max_length=80)
    due_on = models.DateField(pgettext_lazy("milestone", "due on"))
    done_on = models.DateField(
        pgettext_lazy("milestone", "done on"),
        null=True,
        blank=True,
        help_text=_("Empty until it is reached."),
    )
    note = models.CharField(
        pgettext_lazy("milestone", "note"), max_length=200, blank=True
    )

    class Meta:
        verbose_name = pgettext_lazy("program", "milestone")
        verbose_name_plural = pgettext_lazy("program", "milestones")
        ordering = ("due_on", "pk")

    def __str__(self) -> str:
        return self.title


class ProgramItem(models.Model):
    """A line of the list that a program keeps: a post, a service, a topic, a project.

    subject: of a post the area (KIND-03), of a service the group that asked (KIND-02),
    never a name, of a topic the question (KIND-08). content: what is promised, done or
    found. outcome: what came of it, of a topic the decision it served.
    """

    class Kind(models.TextChoices):
        POST = "post", _("Responsibility post")
        SERVICE = "service", _("Service item")
        TOPIC = "topic", _("Research topic")
        PROJECT = "project", pgettext_lazy("program", "Project")

    GRADES = graded(
        G1="id", G2="program kind title subject content outcome done_on", G3="member"
    )

    program = of_program("items")
    kind = models.CharField(
        pgettext_lazy("program item", "kind"), max_length=10, choices=Kind.choices
    )
    title = models.CharField(pgettext_lazy("program item", "title"), max_length=80)
    subject = models.CharField(
        pgettext_lazy("program item", "subject"), max_length=200, blank=True
    )
    member = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="program_items",
        verbose_name=_("who does it"),
    )
    content = models.TextField(
        pgettext_lazy("program item", "content"), max_length=1000, blank=True
    )
    outcome = models.CharField(
        pgettext_lazy("program item", "outcome"), max_length=200, blank=True
    )
    done_on = models.DateField(
        pgettext_lazy("program item", "done on"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("item of a program")
        verbose_name_plural = _("items of programs")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.title


class ProgramActivity(models.Model):
    """An activity that was held for a program; of one at most."""

    GRADES = graded(G1="id", G2="program activity")

    program = of_program("links")
    activity = models.OneToOneField(
        Activity,
        models.CASCADE,
        related_name="program_link",
        verbose_name=_("activity"),
    )

    class Meta:
        verbose_name = _("activity of a program")
        verbose_name_plural = _("activities of programs")

    def __str__(self) -> str:
        return str(self.activity)


class FlowStep(models.Model):
    """A step of the four discussions and two publications, once it is done (KIND-01)."""

    class Step(models.TextChoices):
        PROPOSE = "propose", _("The branch proposes")
        CONFER = "confer", _("Both village committees confer")
        REVIEW = "review", _("The members' meeting considers")
        DECIDE = "decide", _("The villagers' assembly decides")
        PUBLISH_DECISION = "publish_decision", _("The decision is published")
        PUBLISH_RESULT = "publish_result", _("The result is published")

    VOTING = (Step.CONFER, Step.REVIEW, Step.DECIDE)
    PUBLISHING = (Step.PUBLISH_DECISION, Step.PUBLISH_RESULT)

    GRADES = graded(
        G1="id",
        G2="program step on body passed yes no abstain reason activity place days "
        "recorded_by recorded_at",
    )

    program = of_program("steps")
    step = models.CharField(
        pgettext_lazy("flow", "step"), max_length=20, choices=Step.choices
    )
    on = models.DateField(pgettext_lazy("flow", "on"))
    body = models.CharField(
        pgettext_lazy("flow", "body"),
        max_length=80,
        blank=True,
        help_text=_("Who met, as its name stands in the minutes."),
    )
    passed = models.BooleanField(pgettext_lazy("flow", "agreed"), default=True)
    yes = models.PositiveIntegerField(
        pgettext_lazy("flow", "for"), null=True, blank=True
    )
    no = models.PositiveIntegerField(
        pgettext_lazy("flow", "against"), null=True, blank=True
    )
    abstain = models.PositiveIntegerField(
        pgettext_lazy("flow", "abstained"), null=True, blank=True
    )
    reason = models.CharField(
        pgettext_lazy("flow", "reason of a no"), max_length=200, blank=True
    )
    activity = models.ForeignKey(
        Activity,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("meeting it was done in"),
    )
    place = models.CharField(_("where it was posted"), max_length=120, blank=True)
    days = models.PositiveSmallIntegerField(
        _("days posted"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    recorded_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("entered by"),
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    class Meta:
        verbose_name = _("step of a decision")
        verbose_name_plural = _("steps of decisions")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["program", "step"], name="activities_flowstep_once"
            ),
            models.CheckConstraint(
                condition=Q(passed=True) | ~Q(reason=""),
                name="activities_flowstep_a_no_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.get_step_display()

    @property
    def last_day(self) -> date:
        """The last day it hangs, of a publication; of others the day itself."""
        return self.on + timedelta(days=(self.days or 1) - 1)


class ProgramPhoto(models.Model):
    """A picture somebody chose to add; without what the camera wrote into it."""

    GRADES = graded(G1="id", G2="program added_by added_at", G3="image caption")

    program = of_program("photos")
    caption = models.CharField(
        _("what the picture shows"),
        max_length=80,
        help_text=_("Ask those who can be recognized before you add it."),
    )
    image = models.BinaryField(_("picture"), editable=False)
    added_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("entered by"),
    )
    added_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("photo of a program")
        verbose_name_plural = _("photos of programs")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.caption
