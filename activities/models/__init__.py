from activities.models.activity import Activity, AgendaItem, CoHost, HelperTask
from activities.models.appraisal import (
    Appraisal,
    AppraisalResult,
    AppraisalRound,
    AppraisalTally,
    FollowUp,
    Grade,
    MutualOpinion,
)
from activities.models.attendance import Attendance, Guest
from activities.models.calendar import CalendarFeed
from activities.models.duty import BranchSize, DutyRule
from activities.models.effect import Effect, SurveyAnswer, SurveyTurn
from activities.models.election import Candidate, Election
from activities.models.material import ActivityMaterial
from activities.models.minutes import (
    Ballot,
    Minutes,
    MinutesItem,
    Objection,
    Resolution,
)
from activities.models.minutes_parts import LifePoint, MinutesFile
from activities.models.program import (
    BranchModule,
    FlowStep,
    Indicator,
    Milestone,
    Module,
    Program,
    ProgramActivity,
    ProgramItem,
    ProgramPhoto,
    Reading,
)
from activities.models.question import SignUpQuestion
from activities.models.sign_up import SignUp
from activities.models.talk import Talk
from activities.models.tick import Tick
from activities.models.voted import Voter

__all__ = [
    "Activity",
    "ActivityMaterial",
    "AgendaItem",
    "Appraisal",
    "AppraisalResult",
    "AppraisalRound",
    "AppraisalTally",
    "Attendance",
    "Ballot",
    "BranchModule",
    "BranchSize",
    "CalendarFeed",
    "Candidate",
    "CoHost",
    "DutyRule",
    "Effect",
    "Election",
    "FlowStep",
    "FollowUp",
    "Grade",
    "Guest",
    "HelperTask",
    "Indicator",
    "LifePoint",
    "Milestone",
    "Minutes",
    "MinutesFile",
    "MinutesItem",
    "Module",
    "MutualOpinion",
    "Objection",
    "Program",
    "ProgramActivity",
    "ProgramItem",
    "ProgramPhoto",
    "Reading",
    "Resolution",
    "SignUp",
    "SignUpQuestion",
    "SurveyAnswer",
    "SurveyTurn",
    "Talk",
    "Tick",
    "Voter",
]
