"""Who reaches what belongs to minutes: whoever may read or write these.

In the administration that is who manages the activities. Votes are totals and nothing
else: who chose what is held nowhere.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from activities.access import RIGHT, visible_minutes, written_minutes
from activities.models import Ballot, MinutesFile
from members import access


def visible_files(user: Any) -> QuerySet[MinutesFile]:
    return MinutesFile.objects.filter(minutes__in=visible_minutes(user).values("pk"))


def written_files(user: Any) -> QuerySet[MinutesFile]:
    return MinutesFile.objects.filter(minutes__in=written_minutes(user).values("pk"))


access.register(Ballot, access.Reach("item__minutes__activity__branch", view=RIGHT))
