"""What the home page puts first: what is due or stuck, each with one action.

For a secretary the desk shows exceptions of the branches in scope; for a member, what
was answered and what to look at. Nothing here counts what people did (no ranking).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics import desk_life
from analytics.sections import Line, Section, some
from members import access
from members.algorithms import add_months, add_years
from members.models import (
    Appointment,
    Branch,
    Correction,
    ImportBatch,
    Member,
    Term,
    User,
)


def sections(user: User, *, on: date) -> list[Section]:
    """What waits for `user`, the most urgent first; an empty list when nothing does."""
    makers = (
        _corrections,
        _imports,
        _terms,
        _out_of_contact,
        _probation,
        _sizes,
        _without_secretary,
    )
    found = (section for make in makers for section in make(user, on))
    return [section for section in found if section.count]


def of_life(user: User, *, now: datetime) -> list[Section]:
    """Organizational life: what waits first, then what comes."""
    makers = (
        desk_life.appraisals,
        desk_life.to_sign,
        desk_life.resolutions,
        desk_life.unrecorded,
        desk_life.coming,
        desk_life.owed,
    )
    found = (section for make in makers for section in make(user, now))
    return [section for section in found if section.count]


def _corrections(user: User, on: date) -> Iterator[Section]:
    waiting = (
        access.managed_corrections(user)
        .filter(state=Correction.State.OPEN)
        .exclude(asked_by=user)
        .select_related("member")
        .order_by("asked_at")
    )
    rows, count = some(waiting)
    yield Section(
        _("Members ask for a correction"),
        "message-report",
        [
            Line(
                correction.member.name,
                reverse("members:correction_detail", args=[correction.pk]),
                correction.field_label,
            )
            for correction in rows
        ],
        count,
        _("Members may have their own record corrected (PIPL, art. 46)."),
        reverse("members:correction_list"),
    )


def _imports(user: User, on: date) -> Iterator[Section]:
    waiting = access.visible_imports(user).filter(
        state=ImportBatch.State.CHECKED, uploaded_by=user
    )
    rows, count = some(waiting.defer("file", "report"))
    yield Section(
        _("Rosters checked, not applied yet"),
        "upload",
        [
            Line(batch.file_name, reverse("members:import_detail", args=[batch.pk]))
            for batch in rows
        ],
        count,
    )


def _terms(user: User, on: date) -> Iterator[Section]:
    mine = access.managed_branches(user, "change").standing(on)
    due = Term.objects.due(on).filter(branch__in=mine).select_related("branch")
    due = due.order_by("ends_on", "pk")
    rows, count = some(due)
    yield Section(
        _("Term elections due"),
        "calendar-event",
        [
            Line(
                str(term.branch),
                reverse("members:branch_detail", args=[term.branch_id]),
                _("ended on %(day)s") % {"day": term.ends_on}
                if term.ends_on < on
                else _("ends on %(day)s") % {"day": term.ends_on},
            )
            for term in rows
        ],
        count,
        _("The superior reminds 6 months before a term ends (BranchReg, art. 21)."),
    )


def _out_of_contact(user: User, on: date) -> Iterator[Section]:
    """Out of contact for 3 months or more: talk, alarm, case (MEM-23)."""
    lost = (
        access.managed_members(user)
        .filter(state__in=Member.IN_PARTY, out_of_contact_since__lte=add_months(on, -3))
        .exclude(state=Member.State.STOPPED)
        .order_by("out_of_contact_since", "pk")
    )
    rows, count = some(lost)
    yield Section(
        _("Out of contact for 3 months or more"),
        "phone-off",
        [
            Line(member.name, member.get_absolute_url(), _lost_note(member, on))
            for member in rows
        ],
        count,
        _("People decide what follows; the portal only reminds (EduReg, art. 24)."),
    )


def _lost_note(member: Member, on: date) -> str:
    since = member.out_of_contact_since
    assert since is not None  # noqa: S101 -- the queryset asked for it
    if since <= add_months(on, -6):
        return _("6 months or more: bring it to the branch committee")
    if since <= add_months(on, -5):
        return _("5 months: search again")
    return _("3 months: arrange a talk")


def _probation(user: User, on: date) -> Iterator[Section]:
    """Probation that ends within a month or has ended (DEV-V12)."""
    ending = (
        access.managed_members(user)
        .filter(
            state=Member.State.PROBATIONARY,
            admitted_on__lte=add_years(add_months(on, 1), -1),
        )
        .order_by("admitted_on", "pk")
    )
    rows, count = some(ending)
    yield Section(
        _("Probation ends"),
        "user-check",
        [
            Line(
                member.name,
                member.get_absolute_url(),
                _("on %(day)s") % {"day": add_years(member.admitted_on, 1)},
            )
            for member in rows
        ],
        count,
        _("Probation lasts a year from the branch's vote (DevRules, art. 32)."),
    )


def _sizes(user: User, on: date) -> Iterator[Section]:
    """Branches that became too small or too large (ORG-14), for those above them."""
    full = Count("members", filter=Q(members__state=Member.State.FULL))
    party = Count("members", filter=Q(members__state__in=Member.IN_PARTY))
    odd = (
        access.managed_branches(user, "manage_tree")
        .standing(on)
        .holding_members()
        .annotate(full_members=full, party_members=party)
        .filter(Q(full_members__lt=3) | Q(party_members__gt=50))
        .order_by("path")
    )
    if access.scope(user, "manage_tree"):
        rows, count = some(odd)
        yield Section(
            _("Branches outside the usual size"),
            "users",
            [
                Line(
                    str(branch),
                    branch.get_absolute_url(),
                    ngettext(
                        "%(count)s full member: a branch has 3 or more",
                        "%(count)s full members: a branch has 3 or more",
                        branch.full_members,
                    )
                    % {"count": branch.full_members}
                    if branch.full_members < 3
                    else _("%(count)s members: as a rule not more than 50")
                    % {"count": branch.party_members},
                )
                for branch in rows
            ],
            count,
            _("The superior changes or closes such a branch (BranchReg, art. 4, 7)."),
        )


def _without_secretary(user: User, on: date) -> Iterator[Section]:
    seated = Appointment.objects.in_force(on).filter(office__code="secretary")
    vacant = (
        access.managed_branches(user, "manage_offices")
        .standing(on)
        .filter(kind__in=Branch.BRANCHES | Branch.COMMITTEES)
        .exclude(pk__in=seated.values("branch"))
        .order_by("path")
    )
    rows, count = some(vacant)
    yield Section(
        _("Branches without a secretary"),
        "user-question",
        [Line(str(branch), branch.get_absolute_url()) for branch in rows],
        count,
        _("A vacancy is filled by a by-election (BranchReg, art. 21)."),
    )
