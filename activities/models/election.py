"""An election with several candidates: totals for each, and never who chose whom."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models.minutes import PART_OF_ITEM, MinutesItem, stays_once_signed
from members.grades import graded
from members.models import Member, User

PART_OF_ELECTION = """
    IF EXISTS (
        SELECT 1 FROM activities_minutes
        JOIN activities_minutesitem item ON item.minutes_id = activities_minutes.id
        JOIN activities_election election ON election.item_id = item.id
        WHERE election.id IN (OLD.election_id, NEW.election_id)
        AND activities_minutes.state <> 'draft'
    ) THEN RAISE EXCEPTION 'Signed minutes do not change.' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""


def _number(label: Any, **more: Any) -> models.PositiveIntegerField:
    limit = [MaxValueValidator(100_000)]
    return models.PositiveIntegerField(label, validators=limit, **more)


class Election(models.Model):
    """A secret ballot on several candidates for some seats (EL-04 … EL-13).

    The totals are empty until the tellers enter them. for_fewer_seats: how many of those
    present agreed not to fill what is left, where they were more than half (EL-12).
    """

    class Kind(models.TextChoices):
        COMMITTEE = "committee", _("Members of the committee: a fifth more candidates")
        OFFICERS = "officers", _("Secretary or deputy: one candidate for each seat")
        DELEGATES = "delegates", _("Delegates to a congress: a fifth more candidates")
        AGAIN = "again", _("New vote for seats left over or among the tied")

    GRADES = graded(
        G1="id",
        G2="item title kind seats eligible present issued returned void counted_at "
        "counted_by for_fewer_seats",
        G3="monitor counter",
    )
    TOTALS = ("issued", "returned", "void")

    item = models.ForeignKey(
        MinutesItem,
        models.CASCADE,
        related_name="elections",
        verbose_name=_("point of the minutes"),
    )
    title = models.CharField(_("who is elected"), max_length=100)
    kind = models.CharField(
        pgettext_lazy("election", "kind"), max_length=10, choices=Kind.choices
    )
    seats = models.PositiveSmallIntegerField(
        pgettext_lazy("election", "seats"),
        validators=[MinValueValidator(1), MaxValueValidator(300)],
    )
    eligible = _number(
        _("due with the right to vote"),
        help_text=_("Full members, without the exempt."),
    )
    present = _number(_("of them present"))
    monitor = models.ForeignKey(
        Member, models.PROTECT, related_name="+", verbose_name=_("teller who watches")
    )
    counter = models.ForeignKey(
        Member, models.PROTECT, related_name="+", verbose_name=_("teller who counts")
    )
    issued = _number(_("ballots issued"), null=True)
    returned = _number(_("ballots returned"), null=True)
    void = _number(_("void ballots"), null=True)
    counted_at = models.DateTimeField(_("counted at"), null=True)
    counted_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("entered by")
    )

    for_fewer_seats = _number(_("in favor of fewer seats"), null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("minutes", "election")
        verbose_name_plural = pgettext_lazy("minutes", "elections")
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=Q(present__lte=F("eligible"), seats__gte=1),
                name="activities_election_present_are_due",
            ),
            models.CheckConstraint(
                condition=~Q(monitor=F("counter")),
                name="activities_election_has_two_tellers",
            ),
            models.CheckConstraint(
                condition=Q(counted_at=None)
                | Q(
                    issued__lte=F("present"),
                    returned__lte=F("issued"),
                    void__lte=F("returned"),
                ),
                name="activities_election_sums_fit",
            ),
            models.CheckConstraint(
                condition=Q(for_fewer_seats=None)
                | Q(
                    counted_at__isnull=False,
                    for_fewer_seats__lte=F("present"),
                    present__lt=2 * F("for_fewer_seats"),
                ),
                name="activities_election_most_agreed_to_fewer",
            ),
        ]
        triggers = [stays_once_signed(PART_OF_ITEM)]

    def __str__(self) -> str:
        return self.title

    @property
    def is_counted(self) -> bool:
        return self.counted_at is not None


class Candidate(models.Model):
    """Somebody who stands, with the totals of the valid ballots."""

    GRADES = graded(G1="id", G2="election position", G3="member yes no abstain")
    TOTALS = ("yes", "no", "abstain")

    election = models.ForeignKey(
        Election,
        models.CASCADE,
        related_name="candidates",
        verbose_name=pgettext_lazy("minutes", "election"),
    )
    position = models.PositiveSmallIntegerField(_("position in lists"))
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", verbose_name=_("member")
    )
    yes = _number(pgettext_lazy("ballot", "in favor"), null=True)
    no = _number(pgettext_lazy("ballot", "against"), null=True)
    abstain = _number(pgettext_lazy("ballot", "abstained"), null=True)

    class Meta:
        verbose_name = pgettext_lazy("election", "candidate")
        verbose_name_plural = pgettext_lazy("election", "candidates")
        ordering = ("position", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["election", "member"], name="activities_candidate_once"
            )
        ]
        triggers = [
            stays_once_signed(
                PART_OF_ELECTION,
                # With its election goes a candidate; alone only off a draft.
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
            )
        ]

    def __str__(self) -> str:
        return self.member.name
