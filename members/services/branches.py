"""Setting up, changing, moving and closing branches; their terms and groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import Value
from django.db.models.functions import Concat, Substr
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from members import access
from members.algorithms import PROVINCES, add_years, fold
from members.models import (
    Appointment,
    Branch,
    BranchChange,
    Member,
    PartyGroup,
    Term,
    User,
)
from members.refusals import refusal_at
from members.romanize import branch_initials
from members.services import audit, offices, records
from members.signals import branch_closed, branch_moved

# Setting up and moving take turns in the whole tree: a move rewrites the paths of all
# below, and a branch set up or moved there meanwhile would keep a path that is gone.
TREE_LOCK = 20100701


@transaction.atomic
def set_up_branch(
    branch: Branch, *, by: User | None, document_number: str = ""
) -> Branch:
    """Save a new branch below its parent and file that it was set up (ORG-11).

    Raises ValidationError by field for what the model refuses, code "wrong_parent"
    (ORG-16), "closed_branch", "in_future", "unknown_region" or "required" for the
    credit code of a legal person (MEM-31).
    """
    _lock_tree()
    if branch.parent is not None:
        branch.parent = Branch.objects.select_for_update().get(pk=branch.parent.pk)
    _check_parent(branch, branch.parent)
    _check_day(branch.established_on, "established_on")
    branch.initials = branch.initials or branch_initials(branch.name)
    _check_details(branch)
    branch.save()
    BranchChange.objects.create(
        branch=branch,
        kind=BranchChange.Kind.SET_UP,
        to_parent=branch.parent,
        decided_on=branch.established_on,
        document_number=document_number,
        recorded_by=by,
    )
    _note(branch, BranchChange.Kind.SET_UP, by=by)
    return branch


@transaction.atomic
def change_branch(branch: Branch, *, by: User | None) -> Branch:
    """Save changed details of a branch. Where it stands changes by `move_branch`.

    Raises ValidationError, code "holds_members", "has_offices" or "wrong_parent", if
    the new kind does not fit the members, offices and branches it has; and by field for
    what `set_up_branch` refuses too.
    """
    stored = Branch.objects.select_for_update().get(pk=branch.pk)
    branch.parent, branch.path = stored.parent, stored.path
    branch.closed_on = stored.closed_on
    if stored.name != branch.name and stored.initials == branch.initials:
        branch.initials = branch_initials(branch.name)
    if stored.kind != branch.kind:
        _check_new_kind(branch)
    _check_details(branch)
    fields = records.changed_fields(stored, branch)
    branch.save()
    if fields:
        _note(branch, "details", by=by, fields=", ".join(fields))
    return branch


def _check_new_kind(branch: Branch) -> None:
    _check_parent(branch, branch.parent)
    for child in branch.children.filter(closed_on=None):
        _check_parent(child, branch)
    groups = branch.party_groups.filter(dissolved_on=None)
    if not branch.holds_members and (branch.members.live().exists() or groups.exists()):
        message = _("This branch has members: a branch of this kind has no roll.")
        raise refusal_at("kind", message, code="holds_members")
    unfit = (
        Appointment.objects.not_over(access.today())
        .filter(branch=branch)
        .exclude(office__kinds__contains=[branch.kind])
        .select_related("office")
    )
    if names := {appointment.office.name for appointment in unfit}:
        listed = _(", ").join(sorted(names))
        text = _("End these appointments first: %(offices)s.") % {"offices": listed}
        raise refusal_at("kind", text, code="has_offices")


def _check_details(branch: Branch) -> None:
    """What the model asks of the fields, and the rules among them."""
    branch.credit_code = fold(branch.credit_code).replace("-", "")
    branch.full_clean(exclude=["path"])
    legal_person = branch.unit_relation == Branch.UnitRelation.LEGAL_PERSON
    if legal_person and not branch.credit_code:
        message = _("A legal person has a credit code: enter it.")
        raise refusal_at("credit_code", message, code="required")
    region = branch.region
    if region and not (
        region.isascii()
        and region.isdigit()
        and len(region) == 6
        and region[:2] in PROVINCES
    ):
        message = _("A region is the six digits of GB/T 2260: correct them.")
        raise refusal_at("region", message, code="unknown_region")


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
    _lock_tree()
    rows = Branch.objects.select_for_update().filter(pk__in=[branch.pk, parent.pk])
    locked = {row.pk: row for row in rows.order_by("pk")}
    branch, parent = locked[branch.pk], locked[parent.pk]
    if branch.parent_id == parent.pk:
        return branch
    if branch.parent_id is None:
        raise refusal_at(
            "parent", _("The root of the tree cannot be moved."), code="cycle"
        )
    if parent.path.startswith(branch.path):
        raise refusal_at(
            "parent", _("A branch cannot stand below itself."), code="cycle"
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
    _note(branch, BranchChange.Kind.MOVED, by=by, reason=reason)
    return branch


@dataclass(frozen=True)
class Obstacle:
    """What must be done before a branch can be closed. kind: "members", "branches"."""

    kind: str
    count: int
    text: str


def reasons_not_to_close(branch: Branch) -> list[Obstacle]:
    """What must be done first; empty if the branch may be closed."""
    obstacles = []
    if members := Member.objects.live().filter(branch=branch).count():
        text = ngettext(
            "%(count)s person is on its roll: arrange a transfer first.",
            "%(count)s people are on its roll: transfer them first.",
            members,
        )
        obstacles.append(Obstacle("members", members, text % {"count": members}))
    if children := branch.children.filter(closed_on=None).count():
        text = ngettext(
            "%(count)s branch stands below it: move or close it first.",
            "%(count)s branches stand below it: move or close them first.",
            children,
        )
        obstacles.append(Obstacle("branches", children, text % {"count": children}))
    return obstacles


@transaction.atomic
def close_branch(
    branch: Branch,
    *,
    on: date,
    document_number: str,
    by: User | None,
    reason: str = "",
) -> Branch:
    """Close a branch that holds nobody (ORG-14).

    Its offices and its term end with that day, its Party groups are dissolved.

    Closing it twice changes nothing. Raises ValidationError, code "not_empty",
    "in_future" or "before_start". Announces `branch_closed`.
    """
    branch = Branch.objects.select_for_update().get(pk=branch.pk)
    if branch.is_closed:
        return branch
    _check_day(on, "on")
    if on < branch.established_on:
        raise refusal_at(
            "on", _("It cannot be closed before it was set up."), code="before_start"
        )
    if obstacles := reasons_not_to_close(branch):
        raise ValidationError(
            [ValidationError(found.text, code="not_empty") for found in obstacles]
        )
    branch.closed_on = on
    branch.save(update_fields=["closed_on"])
    held = Appointment.objects.filter(branch=branch)
    offices.end_each(held, on=on, reason=str(_("The branch was closed.")), by=by)
    branch.terms.filter(starts_on__lt=on, ends_on__gt=on).update(ends_on=on)
    branch.party_groups.filter(dissolved_on=None).update(dissolved_on=on)
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
    _note(branch, BranchChange.Kind.CLOSED, by=by, reason=reason)
    return branch


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

    Asked again for the last term it returns that. Raises ValidationError, code
    "closed_branch", "no_elections" (ORG-12), "overlap", "too_short" or "too_long" when
    it does not last 3 to 5 years, the frame for all (ORG-38), "needs_document" when the
    election was over a year early or late and no approval is named (ORG-40).
    """
    branch = Branch.objects.select_for_update().get(pk=branch.pk)
    _check_open(branch)
    years = branch.years_of_term
    if years is None:
        raise ValidationError(
            _("An organization of this kind holds no term elections."),
            code="no_elections",
        )
    ends_on = ends_on or add_years(starts_on, years) - timedelta(days=1)
    last = branch.terms.order_by("-number").first()
    if last is not None and (last.starts_on, last.ends_on) == (starts_on, ends_on):
        return last
    _check_term(starts_on, ends_on)
    if last is not None:
        _check_after(last, starts_on, document_number)
    if last is not None and starts_on <= last.ends_on:
        # An early election ends the running term the day before (ORG-40).
        last.ends_on = starts_on - timedelta(days=1)
        last.save(update_fields=["ends_on"])
    term = Term.objects.create(
        branch=branch,
        number=last.number + 1 if last else 1,
        starts_on=starts_on,
        ends_on=ends_on,
        document_number=document_number,
    )
    _note(branch, "term", by=by, subject=term)
    return term


@transaction.atomic
def correct_term(term: Term, *, document_number: str, by: User | None) -> Term:
    """Enter the right number of the document of a term."""
    term = Term.objects.select_for_update(of=("self",)).get(pk=term.pk)
    if term.document_number == document_number.strip():
        return term
    term.document_number = document_number.strip()
    term.save(update_fields=["document_number"])
    _note(term.branch, "term", by=by, subject=term, fields="document_number")
    return term


def _check_term(starts_on: date, ends_on: date) -> None:
    if ends_on > add_years(starts_on, 5):
        message = _("A term lasts at most 5 years.")
        raise refusal_at("ends_on", message, code="too_long")
    if ends_on < add_years(starts_on, 3) - timedelta(days=1):
        message = _("A term lasts at least 3 years.")
        raise refusal_at("ends_on", message, code="too_short")


def _check_after(last: Term, starts_on: date, document_number: str) -> None:
    # The running term must keep a day of its own.
    if starts_on <= last.starts_on + timedelta(days=1):
        raise refusal_at(
            "starts_on", _("A new term starts after the last one did."), code="overlap"
        )
    due_on = last.ends_on + timedelta(days=1)
    shifted = starts_on < add_years(due_on, -1) or starts_on > add_years(due_on, 1)
    if shifted and not document_number:
        message = _(
            "This election is more than a year early or late: enter the number of the "
            "superior's approval."
        )
        raise refusal_at("document_number", message, code="needs_document")


@transaction.atomic
def add_group(branch: Branch, *, name: str, by: User | None) -> PartyGroup:
    """Divide `branch` by one more Party group (ORG-15).

    Raises ValidationError, code "closed_branch", "wrong_parent" (ORG-16: only a branch
    with a roll has groups) or "name_taken".
    """
    branch = Branch.objects.select_for_update().get(pk=branch.pk)
    _check_open(branch)
    if not branch.holds_members:
        raise ValidationError(
            _("Only a branch with a roll is divided into Party groups."),
            code="wrong_parent",
        )
    group = PartyGroup(branch=branch, name=name.strip(), set_up_on=access.today())
    _check_group_name(group)
    group.save()
    _note(branch, "group_added", by=by, subject=group)
    return group


@transaction.atomic
def change_group(
    group: PartyGroup,
    *,
    name: str,
    by: User | None,
    members: Iterable[Member] | None = None,
) -> PartyGroup:
    """Rename a Party group and, given `members`, put exactly these into it.

    Who was in another group of the branch leaves that; who is left out has none.
    Raises ValidationError, code "dissolved", "name_taken", or "elsewhere" at "members"
    for somebody who is not on the roll of the branch.
    """
    branch = Branch.objects.select_for_update().get(pk=group.branch_id)
    group = PartyGroup.objects.select_for_update().get(pk=group.pk)
    if group.dissolved_on is not None:
        raise ValidationError(_("This Party group is dissolved."), code="dissolved")
    group.name = name.strip()
    _check_group_name(group)
    group.save()
    if members is not None:
        _place(group, {member.pk for member in members})
    _note(branch, "group_changed", by=by, subject=group)
    return group


def _place(group: PartyGroup, chosen: set[int]) -> None:
    roll = Member.objects.live().filter(branch=group.branch_id)
    found = roll.filter(pk__in=chosen).select_for_update(of=("self",)).order_by("pk")
    if {member.pk for member in found} != chosen:
        message = _("Choose people from the roll of this branch.")
        raise refusal_at("members", message, code="elsewhere")
    now = timezone.now()
    left = roll.filter(party_group=group).exclude(pk__in=chosen)
    left.update(party_group=None, updated_at=now)
    come = roll.filter(pk__in=chosen).exclude(party_group=group)
    come.update(party_group=group, updated_at=now)


@transaction.atomic
def dissolve_group(group: PartyGroup, *, on: date, by: User | None) -> PartyGroup:
    """Dissolve a Party group that has no members left; its leader's office ends.

    Dissolving it twice changes nothing. Raises ValidationError, code "not_empty" or
    "in_future".
    """
    group = PartyGroup.objects.select_for_update().get(pk=group.pk)
    if group.dissolved_on is not None:
        return group
    _check_day(on, "on")
    if group.members.live().exists():
        raise ValidationError(
            _("This Party group has members: move them to another group first."),
            code="not_empty",
        )
    group.dissolved_on = on
    group.save(update_fields=["dissolved_on"])
    held = Appointment.objects.filter(party_group=group)
    offices.end_each(held, on=on, reason=str(_("The group was dissolved.")), by=by)
    _note(group.branch, "group_dissolved", by=by, subject=group)
    return group


def _note(
    branch: Branch,
    change: str,
    *,
    by: User | None,
    subject: models.Model | None = None,
    **more: Any,
) -> None:
    """change: a BranchChange.Kind, or "details", "term", "group_added" and the like."""
    audit.record(
        audit.Act.BRANCH_CHANGED,
        by=by,
        subject=subject or branch,
        branch=branch,
        change=str(change),
        **more,
    )


def _check_group_name(group: PartyGroup) -> None:
    same = PartyGroup.objects.filter(
        branch=group.branch_id, name=group.name, dissolved_on=None
    )
    if same.exclude(pk=group.pk).exists():
        message = _("Another Party group of this branch has this name.")
        raise refusal_at("name", message, code="name_taken")
    group.full_clean(validate_constraints=False)


def _lock_tree() -> None:
    """Wait until no other transaction changes where branches stand."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TREE_LOCK])


def _check_parent(branch: Branch, parent: Branch | None) -> None:
    if branch.kind not in Branch.Kind:
        return  # full_clean names the fault at its field
    if parent is None:
        if branch.kind not in Branch.COMMITTEES:
            raise refusal_at(
                "parent",
                _("Choose the organization above: only a committee has none."),
                code="wrong_parent",
            )
        return
    _check_open(parent)
    if parent.kind not in Branch.PARENTS[Branch.Kind(branch.kind)]:
        message = _("A %(child)s cannot stand below a %(parent)s.") % {
            "child": branch.get_kind_display(),
            "parent": parent.get_kind_display(),
        }
        raise refusal_at("parent", message, code="wrong_parent")


def _check_open(branch: Branch) -> None:
    if branch.is_closed:
        raise refusal_at("parent", _("This branch is closed."), code="closed_branch")


def _check_day(day: date, field: str) -> None:
    if day > access.today():
        raise refusal_at(
            field, _("The day of a decision cannot be in the future."), code="in_future"
        )
