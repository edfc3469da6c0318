"""The tables of the ground: people, branches, offices, and who may do what."""

from members.models.access import BranchGrant, MemberGrant, RollInquiry
from members.models.account import Notification, PastPassword, User
from members.models.audit import AuditEntry, AuditPending, AuditSeal
from members.models.branch import Branch, BranchChange, LocalCode, PartyGroup, Term
from members.models.credit_hour import CreditHour
from members.models.exchange import Export, ImportBatch, ImportPart
from members.models.interest import Interest, MemberInterest
from members.models.member import Correction, Member, StateChange
from members.models.office import Appointment, Office
from members.models.operation import Alarm, JobRun
from members.models.outbox import Outbox
from members.models.outward import MailAddress, Webhook
from members.models.second_factor import Authenticator, RecoveryCode
from members.models.session import Session
from members.models.token import ApiToken

__all__ = [
    "Alarm",
    "ApiToken",
    "Appointment",
    "AuditEntry",
    "AuditPending",
    "AuditSeal",
    "Authenticator",
    "Branch",
    "BranchChange",
    "BranchGrant",
    "Correction",
    "CreditHour",
    "Export",
    "ImportBatch",
    "ImportPart",
    "Interest",
    "JobRun",
    "LocalCode",
    "MailAddress",
    "Member",
    "MemberGrant",
    "MemberInterest",
    "Notification",
    "Office",
    "Outbox",
    "PartyGroup",
    "PastPassword",
    "RecoveryCode",
    "RollInquiry",
    "Session",
    "StateChange",
    "Term",
    "User",
    "Webhook",
]
