"""Appointing to offices, and the rights that follow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members import access
from members.algorithms import add_years
from members.models import (
    Appointment,
    AuditEntry,
    Branch,
    BranchGrant,
    Member,
    Office,
    PartyGroup,
    User,
)
from members.models.office import AppointmentQuerySet
from members.refusals import refusal_at
from members.services import audit, inbox
from members.signals import appointment_ended, appointment_made

LARGEST_COMMITTEE = 7  # ORG-20
MEMBERS_FOR_A_COMMITTEE = 7  # ORG-19


@transaction.atomic
def appoint(
    member: Member,
    office: Office,
    branch: Branch,
    *,
    starts_on: date,
    basis: str,
    decided_by: str,
    by: User | None,
    ends_on: date | None = None,
    party_group: PartyGroup | None = None,
    document_number: str = "",
    exception_reason: str = "",
) -> Appointment:
    """Give `member` an office in `branch` from `starts_on` to `ends_on`, both included.

    Asked again for the same member, office, branch and first day, it returns the
    appointment that stands. Raises ValidationError with code "wrong_kind",
    "closed_branch", "elsewhere", "not_full" (EL-01, ORG-15), "ends_before_start",
    "already_held", "seats_taken" (ORG-20, ORG-21, ORG-23), "no_committee" (ORG-19),
    "by_superior" (ORG-12), "needs_document" (ORG-26), or "needs_reason" where a rule
    says "as a rule" (ORG-24) and no reason was given. Announces `appointment_made`.
    """
    branch = Branch.objects.select_for_update().get(pk=branch.pk)
    members = Member.objects.select_for_update(of=("self",)).select_related("branch")
    member = members.get(pk=member.pk)
    standing = Appointment.objects.filter(
        member=member, office=office, branch=branch, party_group=party_group
    )
    if found := standing.filter(starts_on=starts_on).first():
        return found

    if ends_on is not None and ends_on < starts_on:
        message = _("The last day cannot be before the first day.")
        raise refusal_at("ends_on", message, code="ends_before_start")
    _check_place(member, office, branch, party_group)
    _check_person(member, office, starts_on, exception_reason)
    _check_seats(member, office, branch, party_group, starts_on, ends_on)
    _check_decision(office, branch, basis, document_number)
    appointment = Appointment(
        member=member,
        office=office,
        branch=branch,
        party_group=party_group,
        starts_on=starts_on,
        ends_on=ends_on,
        basis=basis,
        decided_by=decided_by,
        document_number=document_number,
        exception_reason=exception_reason,
        recorded_by=by,
    )
    appointment.full_clean(exclude=["recorded_by"], validate_constraints=False)
    appointment.save()
    give_rights(appointment)
    appointment_made.send(Appointment, appointment=appointment)
    _note(audit.Act.APPOINTED, appointment, by=by)
    _tell(appointment, inbox.Kind.APPOINTED)
    return appointment


@transaction.atomic
def end_appointment(
    appointment: Appointment, *, on: date, reason: str, by: User | None
) -> Appointment:
    """Let an appointment end with the day `on`; the rights end with it.

    Ending it twice on the same day changes nothing. Raises ValidationError, code
    "before_start", "already_over" or "ends_earlier". Announces `appointment_ended`.
    """
    appointment = Appointment.objects.select_for_update().get(pk=appointment.pk)
    if appointment.ends_on == on:
        return appointment
    if on < appointment.starts_on:
        raise refusal_at(
            "on", _("The last day cannot be before the first day."), code="before_start"
        )
    if appointment.ends_on is not None and appointment.ends_on < access.today():
        raise ValidationError(
            _("This appointment is already over."), code="already_over"
        )
    if appointment.ends_on is not None and on > appointment.ends_on:
        message = _("It ends on %(day)s: appoint again for the time after that.") % {
            "day": appointment.ends_on
        }
        raise refusal_at("on", message, code="ends_earlier")
    appointment.ends_on, appointment.ended_reason = on, reason
    appointment.save(update_fields=["ends_on", "ended_reason"])
    give_rights(appointment)
    appointment_ended.send(Appointment, appointment=appointment)
    _note(
        audit.Act.APPOINTMENT_ENDED, appointment, by=by, reason=reason, ends_on=str(on)
    )
    _tell(appointment, inbox.Kind.APPOINTMENT_ENDED)
    return appointment


def end_all(member: Member, *, on: date, reason: str, by: User | None) -> int:
    """End every office `member` holds after the day `on`; returns how many."""
    held = Appointment.objects.filter(member=member)
    return end_each(held, on=on, reason=reason, by=by)


def end_each(
    appointments: AppointmentQuerySet, *, on: date, reason: str, by: User | None
) -> int:
    """End those of `appointments` that reach beyond the day `on`; returns how many.

    One that is over by today stays as it was. One that was to begin later never begins:
    it ends the day it would have begun, and gives no rights.
    """
    last_kept = max(on, access.today() - timedelta(days=1))
    open_ones = appointments.filter(Q(ends_on=None) | Q(ends_on__gt=last_kept))
    for appointment in open_ones:
        last = max(on, appointment.starts_on)
        end_appointment(appointment, on=last, reason=reason, by=by)
        if appointment.starts_on > on:
            BranchGrant.objects.filter(appointment=appointment).delete()
    return len(open_ones)


def give_rights(appointment: Appointment) -> None:
    """Make the grants on the branch what the office and its dates say.

    Safe to repeat. A member without an account gets them when the account is opened.
    """
    user = User.objects.filter(member=appointment.member_id).first()
    permissions = list(appointment.office.permissions.all())
    stale = BranchGrant.objects.filter(appointment=appointment)
    stale.exclude(user=user, permission__in=permissions).delete()
    if user is None:
        return
    for permission in permissions:
        BranchGrant.objects.update_or_create(
            user=user,
            permission=permission,
            content_object=appointment.branch,
            appointment=appointment,
            defaults={
                "starts_on": appointment.starts_on,
                "ends_on": appointment.ends_on,
            },
        )
    access.forget(user)


@transaction.atomic
def change_office(
    office: Office, *, by: User | None, rights: Iterable[Permission] | None = None
) -> Office:
    """Save a new or changed office; given `rights`, those in it have exactly these.

    Raises ValidationError by field for what the model refuses.
    """
    office.full_clean()
    office.save()
    if rights is not None:
        office.permissions.set(rights)
        renew_rights(office)
    held = office.permissions.order_by("codename").values_list("codename", flat=True)
    audit.record(
        audit.Act.SETTING_CHANGED,
        by=by,
        subject=office,
        office=office.code,
        rights=", ".join(held),
    )
    return office


@transaction.atomic
def renew_rights(office: Office) -> int:
    """Bring the grants of everybody in `office` in line after its rights changed."""
    appointments = Appointment.objects.not_over(access.today()).filter(office=office)
    for appointment in appointments:
        give_rights(appointment)
    return len(appointments)


def _check_place(
    member: Member, office: Office, branch: Branch, party_group: PartyGroup | None
) -> None:
    if branch.is_closed:
        raise refusal_at("branch", _("This branch is closed."), code="closed_branch")
    if branch.kind not in office.kinds:
        raise refusal_at(
            "office", _("A branch of this kind has no such office."), code="wrong_kind"
        )
    if office.of_group and (party_group is None or party_group.branch_id != branch.pk):
        raise refusal_at(
            "party_group", _("Choose a Party group of this branch."), code="elsewhere"
        )
    if party_group is not None and party_group.dissolved_on is not None:
        raise refusal_at(
            "party_group", _("This Party group is dissolved."), code="elsewhere"
        )
    if not office.of_group and party_group is not None:
        raise refusal_at(
            "party_group",
            _("This office is not one of a Party group."),
            code="elsewhere",
        )
    # A committee office is held by somebody from a branch below; a branch office by
    # one of its own, a first secretary and a temporary branch excepted (ORG-05, ORG-29).
    sent = office.code == "first_secretary" or branch.is_temporary
    within = member.branch.path.startswith(branch.path)
    if not sent and not within:
        raise refusal_at(
            "member",
            _("Choose a member of this branch or of one below it."),
            code="elsewhere",
        )


def _check_person(
    member: Member, office: Office, starts_on: date, exception_reason: str
) -> None:
    if office.full_members_only and member.state != Member.State.FULL:
        raise refusal_at(
            "member", _("Only a full member may hold this office."), code="not_full"
        )
    if not member.is_live:
        raise refusal_at(
            "member", _("This person is no longer on the roll."), code="not_full"
        )
    if office.code != "secretary" or exception_reason or member.full_member_on is None:
        return
    if add_years(member.full_member_on, 1) > starts_on:  # ORG-24
        message = _(
            "A secretary as a rule has been a full member for a year: give the reason "
            "for the exception."
        )
        raise refusal_at("exception_reason", message, code="needs_reason")


def _check_decision(
    office: Office, branch: Branch, basis: str, document_number: str
) -> None:
    if branch.is_temporary and basis != Appointment.Basis.APPOINTED:  # ORG-12
        message = _("In a temporary branch the body that approved it appoints.")
        raise refusal_at("basis", message, code="by_superior")
    if office.needs_superior and not document_number:
        raise refusal_at(
            "document_number",
            _("Enter the number of the superior's approval."),
            code="needs_document",
        )


def _check_seats(
    member: Member,
    office: Office,
    branch: Branch,
    party_group: PartyGroup | None,
    starts_on: date,
    ends_on: date | None,
) -> None:
    overlapping = Appointment.objects.not_over(starts_on).filter(branch=branch)
    if ends_on is not None:
        overlapping = overlapping.filter(starts_on__lte=ends_on)
    holders = overlapping.filter(office=office, party_group=party_group)
    if holders.filter(member=member).exists():
        message = _("This member already holds the office in these days.")
        raise refusal_at("member", message, code="already_held")
    if office.seats is not None and holders.count() >= office.seats:
        message = _("This office is taken in these days: end that appointment first.")
        raise refusal_at("office", message, code="seats_taken")
    if not office.in_committee or branch.kind not in Branch.BRANCHES:
        return
    alone = office.code in {"secretary", "deputy_secretary"}
    full_members = branch.members.filter(state=Member.State.FULL).count()
    if not alone and not branch.is_temporary and full_members < MEMBERS_FOR_A_COMMITTEE:
        message = _(
            "A branch with fewer than 7 full members has no committee: only a "
            "secretary and, if needed, one deputy."
        )
        raise refusal_at("office", message, code="no_committee")
    seated = overlapping.filter(office__in_committee=True).exclude(member=member)
    if seated.values("member").distinct().count() >= LARGEST_COMMITTEE:
        message = _("A branch committee has at most 7 members.")
        raise refusal_at("office", message, code="seats_taken")


def _note(
    act: AuditEntry.Act, appointment: Appointment, *, by: User | None, **more: Any
) -> None:
    audit.record(
        act,
        by=by,
        subject=appointment,
        branch=appointment.branch,
        member=appointment.member,
        office=appointment.office.code,
        **more,
    )


def _tell(appointment: Appointment, kind: inbox.Kind) -> None:
    user = User.objects.filter(member=appointment.member_id, is_active=True).first()
    if user is not None:
        inbox.notify(
            [user],
            kind,
            url=appointment.branch.get_absolute_url(),
            office=appointment.office.code,
            branch=str(appointment.branch),
            on=str(
                appointment.starts_on
                if kind == inbox.Kind.APPOINTED
                else appointment.ends_on
            ),
        )
