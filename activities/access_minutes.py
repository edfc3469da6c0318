"""Who reaches what belongs to minutes: whoever may read or write these.

In the administration that is who manages the activities. Votes are totals and, of secret
ones, who was given a ballot, reached with the vote: who chose what is held nowhere.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from activities.access import RIGHT, visible_minutes, written_minutes
from activities.access_effect import is_live_member
from activities.models import Ballot, Election, MinutesFile
from members import access


def visible_files(user: Any) -> QuerySet[MinutesFile]:
    return MinutesFile.objects.filter(minutes__in=visible_minutes(user).values("pk"))


def written_elections(user: Any) -> QuerySet[Election]:
    return Election.objects.filter(item__minutes__in=written_minutes(user).values("pk"))


def countable_elections(user: Any) -> QuerySet[Election]:
    """Those whose totals `user` enters: as a teller alone, for all are secret."""
    if not is_live_member(user):
        return Election.objects.none()
    tells = Q(monitor=user.member_id) | Q(counter=user.member_id)
    return Election.objects.filter(tells)


def may_count(user: Any, election: Election) -> bool:
    """The same of one that is at hand."""
    tellers = {election.monitor_id, election.counter_id}
    return is_live_member(user) and user.member_id in tellers


def written_files(user: Any) -> QuerySet[MinutesFile]:
    return MinutesFile.objects.filter(minutes__in=written_minutes(user).values("pk"))


for _model in (Ballot, Election):
    access.register(_model, access.Reach("item__minutes__activity__branch", view=RIGHT))
