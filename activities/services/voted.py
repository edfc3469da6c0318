"""To whom the papers of a secret ballot or an election were handed out.

What is kept is that one voted: no time, no order, never what one chose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.core.exceptions import ValidationError
from django.db.models import (
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    prefetch_related_objects,
)
from django.utils.translation import gettext as _

from activities.models import Activity, Ballot, Election, Minutes, MinutesItem, Voter
from activities.models.attendance import AttendanceQuerySet
from members.models import Member
from members.models.member import MemberQuerySet

Vote = Ballot | Election
MOST = 400  # names to tick on one page; where more meet, delegates do (EL-03)


def due(activity: Activity) -> AttendanceQuerySet:
    """Attendances of those due with the right to vote: full members, the exempt left out
    (EL-01, EL-02)."""
    return activity.attendances.due().filter(member__state=Member.State.FULL)


def there(activity: Activity) -> MemberQuerySet:
    """Those present with the right to vote, in the order of names (EL-14)."""
    present = due(activity).present().values("member")
    return Member.objects.filter(pk__in=present).order_by("pinyin", "pk")


def is_ticked(activity: Activity) -> bool:
    """Whether names are ticked: it was recorded who was there, and the list is no longer
    than a page."""
    return activity.attendances.exists() and there(activity).count() <= MOST


def read(items: Iterable[MinutesItem]) -> None:
    """Read who was given a ballot of all votes on `items`, by a query for each kind."""
    ballots = [one for item in items for one in item.ballots.all() if one.is_secret]
    elections = [one for item in items for one in item.elections.all()]
    voters = Prefetch("voters", Voter.objects.select_related("member"))
    prefetch_related_objects(ballots, voters)
    prefetch_related_objects(elections, voters)


def people(vote: Vote) -> list[Member]:
    """Whoever was given a ballot, by the key of the member; of an open vote nobody."""
    if isinstance(vote, Ballot) and not vote.is_secret:
        return []
    found = [one.member for one in vote.voters.all()]
    return sorted(found, key=lambda one: one.pk)


def names(vote: Vote) -> list[str]:
    """The same as pages list them."""
    found = sorted(people(vote), key=lambda one: (one.pinyin, one.pk))
    return [one.name for one in found]


def faults(vote: Vote, handed: Collection[Member]) -> dict[str, ValidationError]:
    """What is wrong with those ticked, by field: voters "not_present" (EL-14), issued
    "not_as_ticked". Without a list to tick the number is enough.
    """
    activity = vote.item.minutes.activity
    found: dict[str, ValidationError] = {}
    keys = {one.pk for one in handed}
    if not keys <= set(there(activity).values_list("pk", flat=True)):
        found["voters"] = not_present()
    elif len(keys) != (vote.issued or 0) and (keys or is_ticked(activity)):
        message = _(
            "%(issued)s issued, and %(ticked)s people ticked who were given one: the two "
            "are the same."
        )
        words = {"issued": vote.issued or 0, "ticked": len(keys)}
        found["issued"] = ValidationError(message % words, code="not_as_ticked")
    return found


def not_present() -> ValidationError:
    message = _("Ballots are for those present with the right to vote.")
    return ValidationError(message, code="not_present")


def replace(vote: Vote, handed: Collection[Member]) -> None:
    """Keep those of `handed` in the place of those that stand."""
    vote.voters.all().delete()
    write(vote, handed)


def write(vote: Vote, handed: Collection[Member]) -> None:
    """In one statement and by key, so that nothing tells who came first."""
    field = "ballot" if isinstance(vote, Ballot) else "election"
    Voter.objects.bulk_create(
        Voter(member_id=key, **{field: vote})
        for key in sorted({one.pk for one in handed})
    )


def strangers(minutes: Minutes) -> QuerySet[Voter]:
    """Those given a ballot who are not marked as present, or not any more (EL-14)."""
    present = minutes.activity.attendances.present().filter(member=OuterRef("member"))
    ballots, elections = (
        list(model.objects.filter(item__minutes=minutes).values_list("pk", flat=True))
        for model in (Ballot, Election)
    )
    given = Q(ballot__in=ballots) | Q(election__in=elections)
    return Voter.objects.filter(given, ~Exists(present))
