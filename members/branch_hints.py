"""What the rules expect of a branch, as hints in plain words. They forbid nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members.models import Branch, Term

LEAST_FULL_MEMBERS = 3  # ORG-03, ORG-14
MOST_MEMBERS = 50
MEMBERS_FOR_GROUPS = 20  # ORG-15
MEMBERS_FOR_A_COMMITTEE = 7  # ORG-19
LEAST_COMMITTEE, MOST_COMMITTEE = 3, 7  # ORG-20
LEAST_GROUP = 3  # ORG-07
# ORG-23: who sits in a branch committee.
COMMITTEE_OFFICES = (
    "secretary",
    "organization_officer",
    "publicity_officer",
    "discipline_officer",
)


@dataclass(frozen=True)
class Hint:
    """tone: "warning" where somebody must act, "info" where it is usual."""

    rule: str
    text: str
    tone: str = "warning"


def about_size(branch: Branch, *, members: int, full_members: int) -> list[Hint]:
    """Whether the branch is still what it was set up as (ORG-14): for the superior."""
    if not branch.holds_members or branch.is_closed:
        return []
    if full_members < LEAST_FULL_MEMBERS:
        text = ngettext(
            "%(count)s full member is too few for a branch, which needs 3: the superior "
            "should join it with another or close it.",
            "%(count)s full members are too few for a branch, which needs 3: the "
            "superior should join it with another or close it.",
            full_members,
        )
        return [Hint("ORG-14", text % {"count": full_members})]
    if members > MOST_MEMBERS:
        text = _(
            "%(count)s members are more than the 50 of a branch: the superior should "
            "divide it or make it a general branch."
        )
        return [Hint("ORG-14", text % {"count": members})]
    return []


def about_groups(branch: Branch, *, members: int, groups: int) -> list[Hint]:
    if not branch.holds_members or groups or members < MEMBERS_FOR_GROUPS:
        return []
    text = _("A branch with 20 members or more is divided into Party groups.")
    return [Hint("ORG-15", text, "info")]


def about_group(*, members: int, full_members: int, has_leader: bool) -> list[Hint]:
    """What one Party group lacks."""
    found = []
    if members < LEAST_GROUP:
        found.append(Hint("ORG-07", _("A Party group has at least 3 members."), "info"))
    elif not full_members:
        text = _("A Party group has at least one full member.")
        found.append(Hint("ORG-07", text, "info"))
    if not has_leader:
        found.append(Hint("ORG-15", _("Name a leader for this group."), "info"))
    return found


def about_committee(
    branch: Branch, *, full_members: int | None, held: Collection[str], seated: int
) -> list[Hint]:
    """Who is missing. held: codes of the offices held; seated: people in the committee;
    full_members: None for a reader who may not see the roll."""
    if branch.is_closed:
        return []
    found = []
    if branch.kind != Branch.Kind.LEADING_GROUP and "secretary" not in held:
        found.append(Hint("ORG-21", _("There is no secretary: appoint one.")))
    if full_members is None or not branch.holds_members:
        return found
    if full_members >= MEMBERS_FOR_A_COMMITTEE and seated < LEAST_COMMITTEE:
        text = _(
            "With 7 full members or more a branch has a committee of 3 to 7: %(count)s "
            "appointed."
        )
        found.append(Hint("ORG-19", text % {"count": seated}))
    beside = set(held) & {*COMMITTEE_OFFICES[1:], "youth_officer"}
    if full_members < MEMBERS_FOR_A_COMMITTEE and beside:
        text = _(
            "With fewer than 7 full members a branch has no committee: only a secretary "
            "and, if needed, one deputy."
        )
        found.append(Hint("ORG-21", text, "info"))
    return found


def about_term(branch: Branch, term: Term | None, *, on: date) -> list[Hint]:
    """Whether the next election is due (ORG-39). term: the newest."""
    if branch.years_of_term is None or branch.is_closed:
        return []
    if term is None:
        text = _("No term is recorded: enter the last election.")
        return [Hint("ORG-34", text, "info")]
    if term.ends_on < on:
        text = _("The term ended on %(day)s: hold the election.")
        return [Hint("ORG-39", text % {"day": date_format(term.ends_on)})]
    if term.remind_on <= on:
        text = _("The term ends on %(day)s: prepare the election.")
        return [Hint("ORG-39", text % {"day": date_format(term.ends_on)})]
    return []
