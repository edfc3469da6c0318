"""Heart-to-heart talks: noted, counted by pairs, and with whom nobody talked (LIFE-09)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from activities import access_appraisal
from activities.access import COMMITTEE
from activities.models import Talk
from activities.services.appraisals import LONGEST_TEXT
from members.models import Appointment, Branch, Member, User
from members.models.member import MemberQuerySet
from members.refusals import refusal_at
from members.services import audit

Pair = Talk.Pair


@transaction.atomic
def note(talk: Talk, *, by: User, today: date) -> Talk:
    """Keep a new talk; the same two on the same day about the same is one talk, whose
    note is written anew.

    Raises ValidationError at "first" or "second" "not_here", at "second" "same", at
    "held_on" "range", at "topic" "no_choice", at "note" "too_long".
    """
    people = access_appraisal.participants(talk.branch)
    for name in ("first", "second"):
        if not people.filter(pk=getattr(talk, f"{name}_id")).exists():
            message = _("Choose somebody of this branch.")
            raise refusal_at(name, message, code="not_here")
    if talk.first_id == talk.second_id:
        raise refusal_at("second", _("Choose two people."), code="same")
    if talk.held_on > today or talk.held_on.year < today.year - 1:
        message = _("Today or before, of this year or the last.")
        raise refusal_at("held_on", message, code="range")
    if talk.topic not in Talk.Topic.values:
        raise refusal_at("topic", _("Choose what it was about."), code="no_choice")
    said = (talk.note or "").strip()
    if len(said) > LONGEST_TEXT:
        message = _("At most %(most)s characters.") % {"most": LONGEST_TEXT}
        raise refusal_at("note", message, code="too_long")
    # Two who note the same talk at once take turns.
    Branch.objects.select_for_update().get(pk=talk.branch_id)
    pairs = Q(first=talk.first_id, second=talk.second_id)
    pairs |= Q(first=talk.second_id, second=talk.first_id)
    stands = Talk.objects.filter(pairs, held_on=talk.held_on, topic=talk.topic)
    found = stands.filter(branch=talk.branch_id).first() or talk
    found.note = said or found.note
    found.pair = pair_of(found)
    found.recorded_by = found.recorded_by or by
    found.save()
    audit.record(
        audit.Act.TALK_NOTED, by=by, subject=found, branch=talk.branch, pair=found.pair
    )
    return found


def pair_of(talk: Talk) -> Pair:
    """By who sat in the committee of the branch on that day, the secretary included."""
    seats = Appointment.objects.in_force(talk.held_on).filter(
        COMMITTEE, branch=talk.branch_id, member__in=[talk.first_id, talk.second_id]
    )
    number = seats.values("member").distinct().count()
    return (Pair.MEMBERS, Pair.MIXED, Pair.COMMITTEE)[number]


def of_year(branch: Branch, year: int) -> QuerySet[Talk]:
    return Talk.objects.filter(branch=branch, held_on__year=year)


@dataclass(frozen=True)
class PairClass:
    """A class of pairs and how many talks the branch noted for it in the year."""

    pair: Pair
    number: int


def classes(branch: Branch, year: int) -> list[PairClass]:
    """Each class of LIFE-09 that the branch can have: without a committee of two the
    first is left out. One query."""
    talks = of_year(branch, year)
    seats = Appointment.objects.filter(COMMITTEE, starts_on__lte=date(year, 12, 31))
    seats = seats.filter(Q(ends_on=None) | Q(ends_on__gte=date(year, 1, 1)))
    numbers = (
        Branch.objects.filter(pk=branch.pk)
        .annotate(
            sitting=_number(seats, Count("member", distinct=True)),
            **{f"of_{pair}": _number(talks.filter(pair=pair)) for pair in Pair},
        )
        .values("sitting", *(f"of_{pair}" for pair in Pair))
        .get()
    )
    least = {Pair.COMMITTEE: 2, Pair.MIXED: 1}
    return [
        PairClass(pair, numbers[f"of_{pair}"])
        for pair in Pair
        if numbers[f"of_{pair}"] or numbers["sitting"] >= least.get(pair, 0)
    ]


def _number(rows: QuerySet, count: Count | None = None) -> Coalesce:
    """How many rows a branch has, as a part of a query of branches."""
    of_branch = rows.filter(branch=OuterRef("pk")).order_by().values("branch")
    counted = of_branch.annotate(number=count or Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


def without(branch: Branch, year: int) -> MemberQuerySet:
    """Those of the branch with whom nobody talked in the year: to be talked with, in the
    order of names and never of numbers."""
    had = Talk.objects.filter(
        Q(first=OuterRef("pk")) | Q(second=OuterRef("pk")), held_on__year=year
    )
    people = access_appraisal.participants(branch)
    return people.filter(~Exists(had)).order_by("pinyin", "pk")


def partners(member: Member) -> MemberQuerySet:
    """With whom a member may have had a talk in the own branch."""
    people = access_appraisal.participants(member.branch)
    return people.exclude(pk=member.pk).order_by("pinyin", "pk")
