from activities.models.activity import Activity, AgendaItem, CoHost, HelperTask
from activities.models.attendance import Attendance, Guest
from activities.models.calendar import CalendarFeed
from activities.models.duty import BranchSize, DutyRule
from activities.models.minutes import (
    Ballot,
    Minutes,
    MinutesItem,
    Objection,
    Resolution,
)
from activities.models.sign_up import SignUp

__all__ = [
    "Activity",
    "AgendaItem",
    "Attendance",
    "Ballot",
    "BranchSize",
    "CalendarFeed",
    "CoHost",
    "DutyRule",
    "Guest",
    "HelperTask",
    "Minutes",
    "MinutesItem",
    "Objection",
    "Resolution",
    "SignUp",
]
