"""What a branch plans and holds: meetings, lectures, theme days, service, visits."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Self

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members import code_tables
from members.grades import graded
from members.models import Branch, Interest, Member, PartyGroup, User


class ActivityQuerySet(models.QuerySet["Activity"]):
    def announced(self) -> Self:
        """Those that members know of: all but drafts."""
        return self.exclude(state=Activity.State.DRAFT)

    def upcoming(self, now: datetime) -> Self:
        """Those to come or under way, the next one first."""
        rows = self.filter(ends_at__gte=now, state=Activity.State.PLANNED)
        return rows.order_by("starts_at", "pk")

    def past(self, now: datetime) -> Self:
        """Those held, and those whose time is over though nobody noted it."""
        return self.announced().filter(Q(ends_at__lt=now) | Q(state="held"))

    def drafts(self) -> Self:
        return self.filter(state=Activity.State.DRAFT)

    def held(self) -> Self:
        return self.filter(state=Activity.State.HELD)


@pghistory.track()
class Activity(models.Model):
    """Something that members come together for, in a branch or in several.

    One record is entered once: sign-up, attendance, minutes, register and statistics
    hang on it.
    """

    class Kind(models.TextChoices):  # LIFE-01 … LIFE-08
        GENERAL_MEETING = "general_meeting", _("General meeting")
        COMMITTEE_MEETING = "committee_meeting", _("Committee meeting")
        GROUP_MEETING = "group_meeting", _("Party group meeting")
        LECTURE = "lecture", pgettext_lazy("activity", "Lecture")
        THEME_DAY = "theme_day", _("Theme day")
        LIFE_MEETING = "life_meeting", _("Organizational-life meeting")
        APPRAISAL = "appraisal", _("Appraisal meeting")
        VOLUNTEER = "volunteer", _("Volunteer service")
        TRAINING = "training", pgettext_lazy("activity", "Training")
        VISIT = "visit", pgettext_lazy("activity", "Visit")
        OTHER = "other", pgettext_lazy("activity", "Other activity")

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("activity", "Draft")
        PLANNED = "planned", pgettext_lazy("activity", "Announced")
        HELD = "held", pgettext_lazy("activity", "Held")
        CANCELLED = "cancelled", pgettext_lazy("activity", "Cancelled")

    class Audience(models.TextChoices):
        BRANCH = "branch", _("Members of the hosting branches")
        BELOW = "below", _("Members of the hosting branches and all below them")
        COMMITTEE = "committee", _("The branch committee")
        GROUP = "group", _("One Party group")

    class Reminder(models.IntegerChoices):
        NONE = 0, pgettext_lazy("reminder", "None")
        DAY = 1, pgettext_lazy("reminder", "A day before")
        THREE_DAYS = 3, pgettext_lazy("reminder", "Three days before")

    GRADES = graded(
        G1="id",
        G2="branch party_group kind title purpose starts_at ends_at place is_online "
        "accessibility transport audience offices occupations interests state cancelled_reason needs_sign_up seats "
        "sign_up_ends_at credit_hours remind_days reminded_at created_by created_at "
        "updated_at",
    )

    # Kinds that are a meeting of a body, and so have minutes, a quorum and ballots.
    MEETINGS = (
        Kind.GENERAL_MEETING,
        Kind.COMMITTEE_MEETING,
        Kind.GROUP_MEETING,
        Kind.LIFE_MEETING,
        Kind.APPRAISAL,
    )

    branch = models.ForeignKey(
        Branch,
        models.PROTECT,
        related_name="activities",
        verbose_name=_("hosting branch"),
    )
    party_group = models.ForeignKey(
        PartyGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="activities",
        verbose_name=_("Party group"),
    )
    kind = models.CharField(
        pgettext_lazy("activity", "kind"), max_length=20, choices=Kind.choices
    )
    title = models.CharField(
        pgettext_lazy("activity", "title"),
        max_length=80,
        help_text=_("In a few words."),
    )
    purpose = models.TextField(
        _("what it is about"),
        max_length=2000,
        blank=True,
        help_text=_("Content, and what to bring or to prepare."),
    )
    starts_at = models.DateTimeField(pgettext_lazy("activity", "begins"))
    ends_at = models.DateTimeField(pgettext_lazy("activity", "ends"))
    place = models.CharField(pgettext_lazy("activity", "place"), max_length=120)
    is_online = models.BooleanField(_("one can take part online"), default=False)
    accessibility = models.CharField(
        _("for people who walk, see or hear badly"),
        max_length=200,
        blank=True,
        help_text=_("Steps, lift, seats, large print, someone who helps."),
    )
    transport = models.CharField(
        _("how to get there"),
        max_length=200,
        blank=True,
        help_text=_("Bus, parking, shared cars."),
    )
    audience = models.CharField(
        pgettext_lazy("activity", "for whom"),
        max_length=10,
        choices=Audience.choices,
        default=Audience.BRANCH,
    )
    # Empty: whatever the office, the occupation, the interest.
    offices = ArrayField(
        models.CharField(max_length=40),
        default=list,
        db_default=[],
        blank=True,
        verbose_name=_("only with one of these offices"),
    )
    occupations = ArrayField(
        models.CharField(max_length=5, choices=code_tables.OCCUPATION.choices),
        default=list,
        db_default=[],
        blank=True,
        verbose_name=_("only with one of these occupations"),
    )
    interests = ArrayField(
        models.CharField(max_length=12, choices=Interest.choices),
        default=list,
        db_default=[],
        blank=True,
        verbose_name=_("told to those interested in"),
    )
    state = models.CharField(
        pgettext_lazy("activity", "state"),
        max_length=10,
        choices=State.choices,
        default=State.DRAFT,
        editable=False,
    )
    cancelled_reason = models.CharField(
        _("why it does not take place"), max_length=200, blank=True, editable=False
    )
    needs_sign_up = models.BooleanField(
        _("members sign up"),
        default=False,
        help_text=_("Leave it out for meetings that everybody is expected at."),
    )
    seats = models.PositiveIntegerField(
        pgettext_lazy("activity", "seats"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text=_("Empty: no limit."),
    )
    sign_up_ends_at = models.DateTimeField(
        _("sign-up ends"),
        null=True,
        blank=True,
        help_text=_("Empty: when it begins."),
    )
    credit_hours = models.DecimalField(
        _("credit hours"),
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.5")), MaxValueValidator(100)],
        help_text=_("Of study, for those who were present; empty: none."),
    )
    remind_days = models.PositiveSmallIntegerField(
        _("reminder in the inbox"),
        choices=Reminder.choices,
        default=Reminder.DAY,
        db_default=1,
        help_text=_("To who has a seat; where nobody signs up, to those expected."),
    )
    reminded_at = models.DateTimeField(_("reminded at"), null=True, editable=False)
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

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ("-starts_at", "-pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="activities_activity_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=~Q(audience="group") | Q(party_group__isnull=False),
                name="activities_activity_for_a_group_names_it",
            ),
            models.CheckConstraint(
                condition=Q(needs_sign_up=True) | Q(seats=None, sign_up_ends_at=None),
                name="activities_activity_seats_need_sign_up",
            ),
            models.CheckConstraint(
                condition=Q(sign_up_ends_at=None)
                | Q(sign_up_ends_at__lte=F("starts_at")),
                name="activities_activity_sign_up_ends_before",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | ~Q(cancelled_reason=""),
                name="activities_activity_cancelled_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["branch", "-starts_at", "-id"], name="activities_activity_life"
            ),
            models.Index(
                fields=["-starts_at", "-id"], name="activities_activity_latest"
            ),
            models.Index(
                fields=["starts_at", "id"],
                condition=Q(state="planned"),
                name="activities_activity_upcoming",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("activities:activity_detail", args=[self.pk])

    @property
    def is_meeting(self) -> bool:
        return self.kind in self.MEETINGS

    @property
    def sign_up_until(self) -> datetime:
        return self.sign_up_ends_at or self.starts_at


class CoHost(models.Model):
    """Another branch that holds the activity too: its members are invited alike."""

    GRADES = graded(G1="id", G2="activity branch")

    activity = models.ForeignKey(
        Activity,
        models.CASCADE,
        related_name="co_hosts",
        verbose_name=_("activity"),
    )
    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name=_("branch")
    )

    class Meta:
        verbose_name = _("co-hosting branch")
        verbose_name_plural = _("co-hosting branches")
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "branch"], name="activities_cohost_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.branch)


class AgendaItem(models.Model):
    """A point of the agenda; the minutes begin from it (MIN-06)."""

    GRADES = graded(G1="id", G2="activity position title speaker needs_ballot")

    activity = models.ForeignKey(
        Activity, models.CASCADE, related_name="agenda", verbose_name=_("activity")
    )
    position = models.PositiveSmallIntegerField(_("position in lists"))
    title = models.CharField(_("point of the agenda"), max_length=120)
    speaker = models.CharField(_("who speaks"), max_length=50, blank=True)
    needs_ballot = models.BooleanField(_("is voted on"), default=False)

    class Meta:
        verbose_name = _("point of the agenda")
        verbose_name_plural = _("points of the agenda")
        ordering = ("position", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "position"],
                name="activities_agendaitem_one_at_each_place",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]

    def __str__(self) -> str:
        return self.title


class HelperTask(models.Model):
    """Something to do for an activity, and who does it."""

    GRADES = graded(G1="id", G2="activity title due_on done_at", G3="member")

    activity = models.ForeignKey(
        Activity, models.CASCADE, related_name="tasks", verbose_name=_("activity")
    )
    title = models.CharField(_("what is to be done"), max_length=80)
    member = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="helper_tasks",
        verbose_name=_("who does it"),
    )
    due_on = models.DateField(_("until"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, editable=False)

    class Meta:
        verbose_name = _("task for a helper")
        verbose_name_plural = _("tasks for helpers")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.title
