"""Setting up, changing, moving and closing branches; their terms and groups."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext_lazy as _

from members import access
from members.algorithms import add_years
from members.models import (
    Appointment,
    Branch,
    BranchChange,
    Member,
    PartyGroup,
    Term,
    User,
)
from members.romanize import branch_initials
from members.services import offices
from members.signals import branch_closed, branch_moved


@transaction.atomic
def set_up_branch(
    branch: Branch, *, by: User | None, document_number: str = ""
) -> Branch:
    """Save a new branch below its parent and file that it was set up (ORG-11).

    Raises ValidationError by field for what the model refuses, code "wrong_parent"
    (ORG-16) or "closed_branch".
    """
    if branch.parent is not None:
        branch.parent = Branch.objects.select_for_update().get(pk=branch.parent.pk)
    _check_parent(branch, branch.parent)
    branch.initials = branch.initials or branch_initials(branch.name)
    branch.full_clean(exclude=["path"])
    branch.save()
    BranchChange.objects.create(
        branch=branch,
        kind=BranchChange.Kind.SET_UP,
        to_parent=branch.parent,
        decided_on=branch.established_on,
        document_number=document_number,
        recorded_by=by,
    )
    return branch


@transaction.atomic
def change_branch(branch: Branch, *, by: User | None) -> Branch:
    """Save changed details of a branch. Where it stands changes by `move_branch`.

    Raises ValidationError, code "holds_members" or "wrong_parent", if the new kind does
    not fit the members and branches it has.
    """
    stored = Branch.objects.select_for_update().get(pk=branch.pk)
    branch.parent, branch.path = stored.parent, stored.path
    branch.closed_on = stored.closed_on
    if stored.name != branch.name and stored.initials == branch.initials:
        branch.initials = branch_initials(branch.name)
    if stored.kind != branch.kind:
        _check_parent(branch, branch.parent)
        for child in branch.children.filter(closed_on=None):
            _check_parent(child, branch)
        if not branch.holds_members and stored.members.live().exists():
            message = _("This branch has members: a branch of this kind has no roll.")
            raise ValidationError({"kind": message}, code="holds_members")
    branch.full_clean(exclude=["path"])
    branch.save()
    return branch


@transaction.atomic
def move_branch(
    branch: Branch,
    parent: Branch,
    *,
    decided_on: date,
    document_number: str,
    by: User | None,
    reason: str = "",
) -> Branch:
    """Put `branch`, with all below it, under another parent.

    Moving it to where it stands changes nothing. Raises ValidationError, code "cycle",
    "wrong_parent" (ORG-16), "closed_branch" or "in_future". Announces `branch_moved`.
    """
    # In one order, by key, so that two moves at once take turns.
    rows = Branch.objects.select_for_update().filter(pk__in=[branch.pk, parent.pk])
    locked = {row.pk: row for row in rows.order_by("pk")}
    branch, parent = locked[branch.pk], locked[parent.pk]
    if branch.parent_id == parent.pk:
        return branch
    if branch.parent_id is None:
        raise ValidationError(
            {"parent": _("The root of the tree cannot be moved.")}, code="cycle"
        )
    if parent.path.startswith(branch.path):
        raise ValidationError(
            {"parent": _("A branch cannot stand below itself.")}, code="cycle"
        )
    _check_open(branch)
    _check_day(decided_on, "decided_on")
    _check_parent(branch, parent)
    old_path, old_parent = branch.path, branch.parent
    new_path = f"{parent.path}{branch.pk}."
    below = Branch.objects.filter(path__startswith=old_path)
    below.update(path=Concat(Value(new_path), Substr("path", len(old_path) + 1)))
    Branch.objects.filter(pk=branch.pk).update(parent=parent)
    branch.refresh_from_db()
    change = BranchChange.objects.create(
        branch=branch,
        kind=BranchChange.Kind.MOVED,
        from_parent=old_parent,
        to_parent=parent,
        decided_on=decided_on,
        document_number=document_number,
        reason=reason,
        recorded_by=by,
    )
    branch_moved.send(Branch, branch=branch, change=change)
    return branch


def reasons_not_to_close(branch: Branch) -> list[str]:
    """What must be done first, in words; empty if the branch may be closed."""
    reasons = []
    if members := Member.objects.live().filter(branch=branch).count():
        reasons.append(
            _("%(count)s people are on its roll: transfer them first.")
            % {"count": members}
        )
    if children := branch.children.filter(closed_on=None).count():
        reasons.append(
            _("%(count)s branches stand below it: move or close them first.")
            % {"count": children}
        )
    return [str(reason) for reason in reasons]


@transaction.atomic
def close_branch(
    branch: Branch,
    *,
    on: date,
    document_number: str,
    by: User | None,
    reason: str = "",
) -> Branch:
    """Close a branch that holds nobody (ORG-14); its offices end with that day.

    Closing it twice changes nothing. Raises ValidationError, code "not_empty",
    "in_future" or "before_start". Announces `branch_closed`.
    """
    branch = Branch.objects.select_for_update().get(pk=branch.pk)
    if branch.is_closed:
        return branch
    _check_day(on, "on")
    if on < branch.established_on:
        raise ValidationError(
            {"on": _("It cannot be closed before it was set up.")}, code="before_start"
        )
    if reasons := reasons_not_to_close(branch):
        raise ValidationError(reasons, code="not_empty")
    branch.closed_on = on
    branch.save(update_fields=["closed_on"])
    _end_offices(branch, on, by)
    change = BranchChange.objects.create(
        branch=branch,
        kind=BranchChange.Kind.CLOSED,
        from_parent=branch.parent,
        decided_on=on,
        document_number=document_number,
        reason=reason,
        recorded_by=by,
    )
    branch_closed.send(Branch, branch=branch, change=change)
    return branch


def _end_offices(branch: Branch, on: date, by: User | None) -> None:
    for appointment in Appointment.objects.not_over(on).filter(branch=branch):
        last = max(on, appointment.starts_on)
        offices.end_appointment(appointment, on=last, reason=str(_("Closed")), by=by)


@transaction.atomic
def start_term(
    branch: Branch,
    *,
    starts_on: date,
    by: User | None,
    ends_on: date | None = None,
    document_number: str = "",
) -> Term:
    """Begin the next term; without `ends_on` it lasts as long as the rules give.

    Raises ValidationError, code "no_elections" (ORG-12), "overlap", or "too_long"
    when it lasts over 5 years, the frame for all (ORG-38).
    """
    branch = Branch.objects.select_for_update().get(pk=branch.pk)
    years = branch.years_of_term
    if years is None:
        raise ValidationError(
            _("An organization of this kind holds no term elections."),
            code="no_elections",
        )
    ends_on = ends_on or add_years(starts_on, years) - timedelta(days=1)
    if ends_on > add_years(starts_on, 5):
        raise ValidationError(
            {"ends_on": _("A term lasts at most 5 years.")}, code="too_long"
        )
    if ends_on <= starts_on:
        raise ValidationError(
            {"ends_on": _("A term ends after it starts.")}, code="overlap"
        )
    last = branch.terms.order_by("-number").first()
    if last is not None and starts_on <= last.starts_on:
        raise ValidationError(
            {"starts_on": _("A new term starts after the last one did.")},
            code="overlap",
        )
    if last is not None and starts_on <= last.ends_on:
        # An early election ends the running term the day before (ORG-40).
        last.ends_on = starts_on - timedelta(days=1)
        last.save(update_fields=["ends_on"])
    return Term.objects.create(
        branch=branch,
        number=last.number + 1 if last else 1,
        starts_on=starts_on,
        ends_on=ends_on,
        document_number=document_number,
    )


@transaction.atomic
def dissolve_group(group: PartyGroup, *, on: date, by: User | None) -> PartyGroup:
    """Dissolve a Party group that has no members left.

    Raises ValidationError, code "not_empty".
    """
    group = PartyGroup.objects.select_for_update().get(pk=group.pk)
    if group.members.live().exists():
        raise ValidationError(
            _("This Party group has members: move them to another group first."),
            code="not_empty",
        )
    group.dissolved_on = group.dissolved_on or on
    group.save(update_fields=["dissolved_on"])
    return group


def _check_parent(branch: Branch, parent: Branch | None) -> None:
    if parent is None:
        if branch.kind not in Branch.COMMITTEES:
            raise ValidationError(
                {
                    "parent": _(
                        "Choose the organization above: only a committee has none."
                    )
                },
                code="wrong_parent",
            )
        return
    _check_open(parent)
    if parent.kind not in Branch.PARENTS[Branch.Kind(branch.kind)]:
        message = _("A %(child)s cannot stand below a %(parent)s.") % {
            "child": branch.get_kind_display(),
            "parent": parent.get_kind_display(),
        }
        raise ValidationError({"parent": message}, code="wrong_parent")


def _check_open(branch: Branch) -> None:
    if branch.is_closed:
        raise ValidationError(
            {"parent": _("This branch is closed.")}, code="closed_branch"
        )


def _check_day(day: date, field: str) -> None:
    if day > access.today():
        raise ValidationError(
            {field: _("The day of a decision cannot be in the future.")},
            code="in_future",
        )
