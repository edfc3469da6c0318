"""Rights on a branch for a named purpose, with an end date, given by hand.

Everything else comes from appointments (members/services/offices.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from members import access
from members.models import Branch, BranchGrant, User
from members.refusals import refusal_at
from members.services import audit


@transaction.atomic
def give(
    user: User,
    branch: Branch,
    rights: Iterable[Permission],
    *,
    purpose: str,
    starts_on: date,
    ends_on: date,
    by: User,
) -> list[BranchGrant]:
    """Give `user` rights on `branch` and all below it, both days included.

    A right given for a purpose before is given anew with these dates. Raises
    ValidationError, code "own_account" (AZ-08), "is_administrator" (AZ-09),
    "switched_off", "closed_branch", "needs_purpose", "no_rights", "before_start" or
    "in_past".
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    _check_person(user, by)
    rights = list(rights)
    if branch.is_closed:
        raise refusal_at(
            "content_object", _("This branch is closed."), code="closed_branch"
        )
    if not purpose.strip():
        raise refusal_at(
            "purpose", _("Say what the rights are for."), code="needs_purpose"
        )
    if not rights:
        raise refusal_at("rights", _("Choose one right at least."), code="no_rights")
    _check_end(ends_on, starts_on)
    given = [
        BranchGrant.objects.update_or_create(
            user=user,
            permission=right,
            content_object=branch,
            appointment=None,
            defaults={
                "purpose": purpose.strip(),
                "starts_on": starts_on,
                "ends_on": ends_on,
            },
        )[0]
        for right in rights
    ]
    access.forget(user)
    audit.record(
        audit.Act.RIGHTS_GIVEN,
        by=by,
        subject=user,
        branch=branch,
        reason=purpose.strip(),
        rights=", ".join(sorted(right.codename for right in rights)),
        starts_on=str(starts_on),
        ends_on=str(ends_on),
    )
    return given


@transaction.atomic
def set_end(grant: BranchGrant, ends_on: date, *, by: User) -> BranchGrant:
    """Let a grant for a purpose end with the day `ends_on`.

    A day that is over ends it at once; a later day than before is judged as in `give`.
    Raises ValidationError, code "by_office" for one that follows an appointment,
    "before_start", and what `give` refuses.
    """
    grant = BranchGrant.objects.select_for_update(of=("self",)).get(pk=grant.pk)
    if grant.appointment_id is not None:
        raise ValidationError(
            _("This right comes from an office: end the appointment."), code="by_office"
        )
    if grant.ends_on is not None and ends_on > grant.ends_on:
        _check_person(grant.user, by)
        _check_end(ends_on, grant.starts_on)
    elif ends_on < grant.starts_on:
        raise _before_start()
    if ends_on == grant.ends_on:
        return grant
    longer = grant.ends_on is not None and ends_on > grant.ends_on
    grant.ends_on = ends_on
    grant.save(update_fields=["ends_on"])
    access.forget(grant.user)
    audit.record(
        audit.Act.RIGHTS_GIVEN if longer else audit.Act.RIGHTS_ENDED,
        by=by,
        subject=grant.user,
        branch=grant.content_object,
        rights=grant.permission.codename,
        ends_on=str(ends_on),
    )
    return grant


def _check_person(user: User, by: User) -> None:
    if user.pk == by.pk:
        raise refusal_at(
            "user", _("Nobody gives rights to their own account."), code="own_account"
        )
    if user.administrator:
        raise refusal_at(
            "user", _("An administrator holds no rights."), code="is_administrator"
        )
    if not user.is_active:
        raise refusal_at(
            "user", _("This account is switched off."), code="switched_off"
        )


def _check_end(ends_on: date, starts_on: date) -> None:
    if ends_on < starts_on:
        raise _before_start()
    if ends_on < access.today():
        raise refusal_at("ends_on", _("This day is over."), code="in_past")


def _before_start() -> ValidationError:
    return refusal_at(
        "ends_on",
        _("The last day cannot be before the first day."),
        code="before_start",
    )
