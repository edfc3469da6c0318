"""The tables of the ground: people, branches, offices, and who may do what."""

from members.models.access import BranchGrant, MemberGrant, RollInquiry
from members.models.account import Notification, User
from members.models.branch import Branch, BranchChange, LocalCode, PartyGroup, Term
from members.models.exchange import Export, ImportBatch
from members.models.member import Correction, Member, StateChange
from members.models.office import Appointment, Office
from members.models.token import ApiToken

__all__ = [
    "ApiToken",
    "Appointment",
    "Branch",
    "BranchChange",
    "BranchGrant",
    "Correction",
    "Export",
    "ImportBatch",
    "LocalCode",
    "Member",
    "MemberGrant",
    "Notification",
    "Office",
    "PartyGroup",
    "RollInquiry",
    "StateChange",
    "Term",
    "User",
]
