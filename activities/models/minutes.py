"""The minutes of a meeting: revisions, points, votes, resolutions, objections."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

import pgtrigger
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities import ballots
from activities.models.activity import Activity
from members.grades import graded
from members.models import Member, User

# Once somebody signed, no part of the minutes is added, changed or removed (MIN-10).
LOCKED = "RAISE EXCEPTION 'Signed minutes do not change.' USING ERRCODE = '23514';"
PART_OF_MINUTES = """
    IF EXISTS (
        SELECT 1 FROM activities_minutes
        WHERE id IN (OLD.minutes_id, NEW.minutes_id) AND state <> 'draft'
    ) THEN RAISE EXCEPTION 'Signed minutes do not change.' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""
PART_OF_ITEM = """
    IF EXISTS (
        SELECT 1 FROM activities_minutes
        JOIN activities_minutesitem item ON item.minutes_id = activities_minutes.id
        WHERE item.id IN (OLD.item_id, NEW.item_id)
        AND activities_minutes.state <> 'draft'
    ) THEN RAISE EXCEPTION 'Signed minutes do not change.' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""
EVERY_CHANGE = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete


def stays_once_signed(
    func: str,
    *,
    name: str = "signed_stays",
    operation: Any = EVERY_CHANGE,
    **more: Any,
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name, when=pgtrigger.Before, operation=operation, func=func, **more
    )


class MinutesQuerySet(models.QuerySet["Minutes"]):
    def locked(self) -> Self:
        return self.filter(state=Minutes.State.LOCKED)

    def newest(self) -> Self:
        """The last revision of each activity."""
        return self._last(Minutes.objects.all())

    def in_force(self) -> Self:
        """The last signed revision of each activity."""
        return self._last(Minutes.objects.locked())

    def _last(self, among: models.QuerySet[Minutes]) -> Self:
        last = among.filter(activity=OuterRef("activity")).order_by("-revision")
        return self.filter(pk=Subquery(last.values("pk")[:1]))


class Minutes(models.Model):
    """One revision of the minutes of an activity (MIN-01 … MIN-05, MIN-10, MIN-14).

    people: who was there, as counts and names, frozen with the first signature; while it
    is a draft the attendance list tells it. digest: of everything that is signed.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("minutes", "Draft")
        SIGNING = "signing", pgettext_lazy("minutes", "Waits for the second signature")
        LOCKED = "locked", pgettext_lazy("minutes", "Signed")

    GRADES = graded(
        G1="id",
        G2="activity revision state number begins_at ends_at place digest created_by "
        "created_at chair_signed_at chair_signed_by recorder_signed_at "
        "recorder_signed_by",
        G3="chair recorder people reason",
    )
    OBJECTION_DAYS = 3

    activity = models.ForeignKey(
        Activity, models.PROTECT, related_name="minutes", verbose_name=_("activity")
    )
    revision = models.PositiveSmallIntegerField(pgettext_lazy("minutes", "revision"))
    state = models.CharField(
        pgettext_lazy("minutes", "state"),
        max_length=10,
        choices=State.choices,
        default=State.DRAFT,
    )
    number = models.PositiveSmallIntegerField(
        _("number in the year"),
        validators=[MaxValueValidator(999)],
        help_text=_("Of meetings of this kind in this branch."),
    )
    begins_at = models.DateTimeField(pgettext_lazy("activity", "begins"))
    ends_at = models.DateTimeField(pgettext_lazy("activity", "ends"))
    place = models.CharField(pgettext_lazy("activity", "place"), max_length=120)
    chair = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=pgettext_lazy("minutes", "chair"),
    )
    recorder = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=pgettext_lazy("minutes", "recorder"),
    )
    people = models.JSONField(_("who was there"), default=dict, blank=True)
    reason = models.CharField(_("reason of the correction"), max_length=200, blank=True)
    digest = models.CharField(
        pgettext_lazy("minutes", "digest"), max_length=64, blank=True
    )
    chair_signed_at = models.DateTimeField(_("signed by the chair at"), null=True)
    chair_signed_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("signed for the chair by"),
    )
    recorder_signed_at = models.DateTimeField(_("signed by the recorder at"), null=True)
    recorder_signed_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("signed for the recorder by"),
    )
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("entered by")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = MinutesQuerySet.as_manager()

    class Meta:
        verbose_name = _("minutes")
        verbose_name_plural = _("minutes")
        ordering = ("activity", "-revision")
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "revision"], name="activities_minutes_revision_once"
            ),
            models.UniqueConstraint(
                fields=["activity"],
                condition=~Q(state="locked"),
                name="activities_minutes_one_in_work",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("begins_at")),
                name="activities_minutes_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(revision=1) | ~Q(reason=""),
                name="activities_minutes_corrected_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(chair=None) | Q(recorder=None) | ~Q(chair=F("recorder")),
                name="activities_minutes_two_people_sign",
            ),
            models.CheckConstraint(
                condition=~Q(state="locked")
                | Q(
                    chair_signed_at__isnull=False,
                    recorder_signed_at__isnull=False,
                    chair_signed_by__isnull=False,
                    recorder_signed_by__isnull=False,
                )
                & ~Q(digest="")
                & ~Q(chair_signed_by=F("recorder_signed_by")),
                name="activities_minutes_locked_by_two_accounts",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="signed_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state="locked"),
                func=LOCKED,
            )
        ]

    def __str__(self) -> str:
        return f"{self.activity} · {self.revision}"

    def get_absolute_url(self) -> str:
        return reverse("activities:minutes_detail", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_locked(self) -> bool:
        return self.state == self.State.LOCKED

    @property
    def first_signed_at(self) -> datetime | None:
        signed = [one for one in (self.chair_signed_at, self.recorder_signed_at) if one]
        return min(signed, default=None)

    @property
    def objections_until(self) -> datetime | None:
        """Till when those present may object: 3 days from the first signature."""
        first = self.first_signed_at
        return first and first + timedelta(days=self.OBJECTION_DAYS)


class MinutesItem(models.Model):
    """A point as it was dealt with: who said what, differing views kept (MIN-06, 07)."""

    GRADES = graded(G1="id", G2="minutes position title", G3="speaker discussion")

    minutes = models.ForeignKey(
        Minutes, models.CASCADE, related_name="items", verbose_name=_("minutes")
    )
    position = models.PositiveSmallIntegerField(_("position in lists"))
    title = models.CharField(_("point of the agenda"), max_length=120)
    speaker = models.CharField(_("who speaks"), max_length=50, blank=True)
    discussion = models.TextField(
        _("what was said"),
        max_length=10_000,
        blank=True,
        help_text=_("Who said what; views that differ are kept."),
    )

    class Meta:
        verbose_name = _("point of the minutes")
        verbose_name_plural = _("points of the minutes")
        ordering = ("position", "pk")
        triggers = [stays_once_signed(PART_OF_MINUTES)]

    def __str__(self) -> str:
        return self.title


def _number(label: Any, **more: Any) -> models.PositiveIntegerField:
    limit = [MaxValueValidator(100_000)]
    return models.PositiveIntegerField(label, validators=limit, **more)


class Ballot(models.Model):
    """A vote on a point: totals and never who chose what (MIN-08, MIN-15).

    The totals are empty until they are counted; of a secret ballot the tellers enter them.
    """

    GRADES = graded(
        G1="id",
        G2="item motion rule is_secret eligible present issued returned yes no abstain "
        "void written_opinions written_yes counted_at counted_by",
        G3="candidate monitor counter",
    )
    TOTALS = (
        "issued",
        "returned",
        "yes",
        "no",
        "abstain",
        "void",
        "written_opinions",
        "written_yes",
    )

    item = models.ForeignKey(
        MinutesItem,
        models.CASCADE,
        related_name="ballots",
        verbose_name=_("point of the minutes"),
    )
    motion = models.CharField(
        _("motion"),
        max_length=200,
        help_text=_("What is voted on; in an election, for whom."),
    )
    candidate = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("about whom"),
        help_text=_("Who is voted on is no teller."),
    )
    rule = models.CharField(_("kind of vote"), max_length=10, choices=ballots.Rule)
    is_secret = models.BooleanField(
        _("secret ballot"),
        default=False,
        help_text=_("Only the tellers enter the totals."),
    )
    eligible = _number(
        _("due with the right to vote"),
        help_text=_("Full members, without the exempt."),
    )
    present = _number(_("of them present"))
    monitor = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("teller who watches"),
    )
    counter = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("teller who counts"),
    )
    issued = _number(_("ballots issued"), null=True)
    returned = _number(_("ballots returned"), null=True)
    yes = _number(pgettext_lazy("ballot", "in favor"), null=True)
    no = _number(pgettext_lazy("ballot", "against"), null=True)
    abstain = _number(pgettext_lazy("ballot", "abstained"), null=True)
    void = _number(pgettext_lazy("ballot", "void"), null=True)
    written_opinions = _number(_("written opinions"), default=0)
    written_yes = _number(_("written opinions in favor"), default=0)
    counted_at = models.DateTimeField(_("counted at"), null=True)
    counted_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("entered by")
    )

    class Meta:
        verbose_name = pgettext_lazy("minutes", "ballot")
        verbose_name_plural = pgettext_lazy("minutes", "ballots")
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=Q(present__lte=F("eligible")),
                name="activities_ballot_present_are_due",
            ),
            models.CheckConstraint(
                condition=Q(counted_at=None)
                | Q(
                    issued__lte=F("present"),
                    returned__lte=F("issued"),
                    returned=F("yes") + F("no") + F("abstain") + F("void"),
                ),
                name="activities_ballot_sums_fit",
            ),
            models.CheckConstraint(
                condition=Q(is_secret=False)
                | Q(monitor__isnull=False, counter__isnull=False)
                & ~Q(monitor=F("counter")),
                name="activities_ballot_secret_has_two_tellers",
            ),
        ]
        triggers = [stays_once_signed(PART_OF_ITEM)]

    def __str__(self) -> str:
        return self.motion

    @property
    def is_counted(self) -> bool:
        return self.counted_at is not None

    def tellers(self) -> list[Member]:
        return [one for one in (self.monitor, self.counter) if one is not None]

    def count(self) -> ballots.Count:
        """The numbers, for the arithmetic; those not counted yet are 0."""
        totals = {name: getattr(self, name) or 0 for name in self.TOTALS}
        return ballots.Count(self.rule, self.eligible, self.present, **totals)

    def outcome(self) -> ballots.Outcome | None:
        return ballots.outcome(self.count()) if self.is_counted else None


class ResolutionQuerySet(models.QuerySet["Resolution"]):
    def open(self) -> Self:
        """To-dos: resolutions in force that somebody is to do and nobody ticked yet."""
        in_force = Minutes.objects.in_force().values("pk")
        return self.filter(
            minutes__in=in_force, member__isnull=False, done_at=None
        ).order_by("due_on", "pk")


class Resolution(models.Model):
    """What was decided; with somebody responsible it is a to-do until ticked (MIN-09).

    key: the same in each revision, so that what was done stays done when the minutes are
    corrected.
    """

    GRADES = graded(
        G1="id key", G2="minutes text due_on is_correction done_at done_by", G3="member"
    )

    minutes = models.ForeignKey(
        Minutes, models.CASCADE, related_name="resolutions", verbose_name=_("minutes")
    )
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    text = models.CharField(_("resolution"), max_length=500)
    member = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="resolutions",
        verbose_name=_("responsible"),
    )
    due_on = models.DateField(_("until"), null=True, blank=True)
    is_correction = models.BooleanField(
        _("of the correction list"),
        default=False,
        db_default=False,
        help_text=_("Of an organizational-life meeting."),
    )
    done_at = models.DateTimeField(_("done at"), null=True, editable=False)
    done_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("ticked by"),
    )

    objects = ResolutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("resolution")
        verbose_name_plural = _("resolutions")
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["minutes", "key"], name="activities_resolution_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["member", "due_on"],
                condition=Q(done_at=None),
                name="activities_resolution_open",
            )
        ]
        triggers = [
            # Ticking is all that happens to it after the signatures.
            stays_once_signed(
                PART_OF_MINUTES,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(
                    "minutes", "key", "text", "member", "due_on", "is_correction"
                ),
            ),
            stays_once_signed(
                PART_OF_MINUTES,
                name="signed_keeps_its_parts",
                operation=pgtrigger.Insert | pgtrigger.Delete,
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Objection(models.Model):
    """A note of somebody who was there, that the minutes are not right; it stays."""

    GRADES = graded(G1="id", G2="minutes at", G3="member text")

    minutes = models.ForeignKey(
        Minutes, models.PROTECT, related_name="objections", verbose_name=_("minutes")
    )
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", verbose_name=_("member")
    )
    text = models.TextField(
        pgettext_lazy("minutes", "objection"),
        max_length=1000,
        help_text=_("What is not right, and what it should say."),
    )
    at = models.DateTimeField(pgettext_lazy("objection", "at"))

    class Meta:
        verbose_name = pgettext_lazy("minutes", "objection")
        verbose_name_plural = pgettext_lazy("minutes", "objections")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.text
