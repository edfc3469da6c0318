"""Who reads in the administration what belongs to minutes: who manages the activities.

Votes are totals and nothing else: who chose what is held nowhere.
"""

from __future__ import annotations

from activities.access import RIGHT
from activities.models import Ballot
from members import access

access.register(Ballot, access.Reach("item__minutes__activity__branch", view=RIGHT))
