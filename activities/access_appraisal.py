"""Appraisals and talks: a compartment with a right of its own (DESIGN 5, LIFE-09).

`manage_activities` does not open it, nor does an administrator, nor the right in a branch
above: it holds in the branch alone in which it was given. A member reads the own
appraisal, and of what the branch says only what was fed back; a talk is read by the two
who had it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Q, QuerySet

from activities.access import NOTHING, TAKE_PART
from activities.models import (
    Appraisal,
    AppraisalResult,
    AppraisalRound,
    FollowUp,
    MutualOpinion,
    Talk,
)
from members import access
from members.models import Branch, Member, User
from members.models.branch import BranchQuerySet
from members.models.member import MemberQuerySet

RIGHT = "manage_appraisals"


@dataclass(frozen=True)
class OfTheBranchAlone(access.Reach):
    """The right reaches what is of its own branch, and nothing below."""

    def below(self, path: str) -> Q:
        return Q(**{f"{self.branch}__path": path})


def live_member(user: Any) -> Member | None:
    """The person of an account that takes part as a member; None for administrators."""
    if not getattr(user, "is_active", False) or user.administrator:
        return None
    member = cast(Member | None, user.member)
    return member if member is not None and member.is_live else None


def managed_branches(user: Any) -> BranchQuerySet:
    """The branches, closed ones too, whose compartment `user` opens."""
    found = Branch.objects.filter(kind__in=Branch.HOLD_MEMBERS)
    if not getattr(user, "is_active", False) or user.administrator:
        return cast(BranchQuerySet, found.none())
    return cast(BranchQuerySet, found.filter(path__in=access.scope(user, RIGHT)))


def sees_some(user: Any) -> bool:
    """Whether pages lead `user` to appraisals and talks."""
    return live_member(user) is not None or managed_branches(user).exists()


# --- appraisals -------------------------------------------------------------------------
def managed_rounds(user: Any) -> QuerySet[AppraisalRound]:
    return access.reachable(user, AppraisalRound, "change")


def managed_appraisals(user: Any) -> QuerySet[Appraisal]:
    return access.reachable(user, Appraisal, "change")


def own_appraisals(user: Any) -> QuerySet[Appraisal]:
    member = live_member(user)
    own = Appraisal.objects.select_related("round__branch", "member")
    return own.none() if member is None else own.filter(member=member)


def waiting_appraisals(user: Any) -> QuerySet[Appraisal]:
    """The own ones in which something waits for the member: the self-appraisal, the
    ballot on line, or the result to read. Nothing waits for the exempt."""
    Step = AppraisalRound.Step  # noqa: N806
    on_line = AppraisalRound.Poll.ON_LINE
    waits = Q(round__step=Step.SELF, self_text__isnull=True)
    waits |= Q(round__step=Step.POLL, round__poll=on_line, has_voted=False)
    waits |= Q(
        round__step=Step.FEEDBACK, result__opinion__isnull=False, result__read_at=None
    )
    return own_appraisals(user).filter(waits, exempt_reason__isnull=True)


def other_appraisals(user: Any) -> QuerySet[Appraisal]:
    """Of the others in the rounds in which `user` takes part: on whom one writes."""
    own = own_appraisals(user)
    found = Appraisal.objects.filter(round__in=own.values("round"))
    found = found.exclude(pk__in=own.values("pk"))
    return found.select_related("round__branch", "member")


def participants(branch: Branch) -> MemberQuerySet:
    """Those in the Party whom the branch appraises, probationary ones too (LIFE-22)."""
    return Member.objects.filter(branch=branch, state__in=TAKE_PART)


def managed_follow_ups(user: Any) -> QuerySet[FollowUp]:
    """Those of one's compartment, and those one answers for."""
    return access.reachable(user, FollowUp, "change")


def changed_follow_ups(user: Any) -> QuerySet[FollowUp]:
    """Whose plan, owner and day `user` may change: those of one's compartment alone."""
    found = FollowUp.objects.filter(appraisal__in=managed_appraisals(user).values("pk"))
    return found.select_related("appraisal__member", "appraisal__round__branch")


def owned_follow_ups(user: Any) -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(_owner(user)).select_related(
        "appraisal__member", "appraisal__round__branch"
    )


def _owner(user: User) -> Q:
    member = live_member(user)
    return NOTHING if member is None else Q(owner=member)


# --- talks ------------------------------------------------------------------------------
def visible_talks(user: Any) -> QuerySet[Talk]:
    found = access.reachable(user, Talk)
    return found.select_related("first", "second", "branch")


def managed_talks(user: Any) -> QuerySet[Talk]:
    """Those of one's compartment alone; a talk of one's own needs no right."""
    found = access.reachable(user, Talk, "change")
    return found.select_related("first", "second", "branch")


def own_talks(user: Any) -> QuerySet[Talk]:
    return Talk.objects.filter(_of_the_two(user)).select_related("first", "second")


def _of_the_two(user: User) -> Q:
    member = live_member(user)
    return NOTHING if member is None else Q(first=member) | Q(second=member)


def _register(model: Any, branch: str, **more: Any) -> None:
    reach = OfTheBranchAlone(branch, view=RIGHT, change=RIGHT, **more)
    access.register(model, reach)


_register(AppraisalRound, "branch")
_register(Appraisal, "round__branch")
_register(AppraisalResult, "appraisal__round__branch")
_register(MutualOpinion, "appraisal__round__branch")
_register(FollowUp, "appraisal__round__branch", also=_owner, also_change=_owner)
_register(Talk, "branch", also=_of_the_two)
