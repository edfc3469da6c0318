"""What each kind of activity is for, and what its form begins with (LIFE-01 … LIFE-08)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from activities.models import Activity
from members.models import Branch

Kind, Audience = Activity.Kind, Activity.Audience


@dataclass(frozen=True)
class Pattern:
    """help: what the kind is for. audiences: whom it may expect, the usual ones first.
    hours: how long it takes as a rule."""

    help: Promise
    audiences: tuple[Audience, ...] = (Audience.BRANCH, Audience.BELOW)
    hours: Decimal = field(default=Decimal(2))
    takes_sign_up: bool = True
    credit_hours: Decimal | None = None
    has_credit: bool = False
    has_speaker: bool = False


PATTERNS = {
    Kind.GENERAL_MEETING: Pattern(
        _(
            "Of all members, once a quarter as a rule. It decides on elections, "
            "admission and weighty matters. Nobody signs up: all are expected."
        ),
        (Audience.BRANCH,),
        takes_sign_up=False,
    ),
    Kind.COMMITTEE_MEETING: Pattern(
        _("Of the branch committee, once a month as a rule. Only the committee comes."),
        (Audience.COMMITTEE,),
        takes_sign_up=False,
    ),
    Kind.GROUP_MEETING: Pattern(
        _("Of one Party group, once a month as a rule; its leader calls it."),
        (Audience.GROUP,),
        takes_sign_up=False,
    ),
    Kind.LECTURE: Pattern(
        _("For members and activists, about once a quarter: say who speaks on what."),
        credit_hours=Decimal("1.0"),
        has_credit=True,
        has_speaker=True,
    ),
    Kind.THEME_DAY: Pattern(
        _("On one fixed day each month, for all members: plan the months ahead once."),
        has_credit=True,
    ),
    Kind.LIFE_MEETING: Pattern(
        _(
            "Once a year, in the last quarter as a rule: criticism and self-criticism. "
            "Study, talks and asking for opinions come before."
        ),
        (Audience.BRANCH, Audience.COMMITTEE, Audience.GROUP),
        takes_sign_up=False,
    ),
    Kind.APPRAISAL: Pattern(
        _(
            "Once a year, for all members; it may follow the organizational-life meeting."
        ),
        (Audience.BRANCH,),
        takes_sign_up=False,
    ),
    Kind.VOLUNTEER: Pattern(
        _("Service for others. Say what to bring, and how many can help.")
    ),
    Kind.TRAINING: Pattern(
        _("Study in class. Say the credit hours, for they count for the year."),
        has_credit=True,
        has_speaker=True,
    ),
    Kind.VISIT: Pattern(_("To places to learn from, or to people in need of company.")),
    Kind.OTHER: Pattern(_("Anything else that members come together for.")),
}


def audiences_of(kind: str, branch: Branch) -> list[Audience]:
    """Whom an activity of `kind` may expect in `branch`; "all below" only where branches
    may stand below."""
    found = PATTERNS[Kind(kind)].audiences
    leaf = branch.kind in Branch.BRANCHES
    return [one for one in found if not (leaf and one == Audience.BELOW)]
