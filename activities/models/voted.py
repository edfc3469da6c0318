"""To whom ballot papers were handed out: that one voted, and never what one chose."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models.election import Election
from activities.models.minutes import Ballot, stays_once_signed
from members.grades import graded
from members.models import Member

PART_OF_VOTE = """
    IF EXISTS (
        SELECT 1 FROM activities_minutes
        JOIN activities_minutesitem item ON item.minutes_id = activities_minutes.id
        WHERE activities_minutes.state <> 'draft' AND item.id IN (
            SELECT item_id FROM activities_ballot
            WHERE id IN (OLD.ballot_id, NEW.ballot_id)
            UNION ALL
            SELECT item_id FROM activities_election
            WHERE id IN (OLD.election_id, NEW.election_id)
        )
    ) THEN RAISE EXCEPTION 'Signed minutes do not change.' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""


class Voter(models.Model):
    """Somebody who was given the paper of a secret ballot or of an election (EL-07).

    No time and no order: rows are written at once, ordered by the key of the member.
    """

    GRADES = graded(G1="id", G2="ballot election", G3="member")

    ballot = models.ForeignKey(
        Ballot,
        models.CASCADE,
        null=True,
        related_name="voters",
        verbose_name=pgettext_lazy("minutes", "ballot"),
    )
    election = models.ForeignKey(
        Election,
        models.CASCADE,
        null=True,
        related_name="voters",
        verbose_name=pgettext_lazy("minutes", "election"),
    )
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", verbose_name=_("member")
    )

    class Meta:
        verbose_name = pgettext_lazy("minutes", "voter")
        verbose_name_plural = pgettext_lazy("minutes", "voters")
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=Q(ballot=None, election__isnull=False)
                | Q(ballot__isnull=False, election=None),
                name="activities_voter_of_one_vote",
            ),
            models.UniqueConstraint(
                fields=["ballot", "member"], name="activities_voter_once_in_a_ballot"
            ),
            models.UniqueConstraint(
                fields=["election", "member"],
                name="activities_voter_once_in_an_election",
            ),
        ]
        triggers = [stays_once_signed(PART_OF_VOTE)]

    def __str__(self) -> str:
        return self.member.name
