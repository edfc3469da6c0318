"""Accounts without a member, and the three administrators (SEC-41, AZ-09).

The system administrator makes accounts and switches them; who is an administrator and
who enters the administration is settled by the security administrator alone.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from members import access
from members.models import BranchGrant, User
from members.paper import paper_code
from members.refusals import refusal_at
from members.services import accounts, audit, second_factor, sessions


@transaction.atomic
def create_account(
    username: str, *, by: User | None, display_name: str = ""
) -> tuple[User, str]:
    """Make an account that is no member's; returns it with its first password.

    It may do nothing yet. Raises ValidationError at "username" for a name that is
    taken or has signs a name cannot have.
    """
    user = User(
        username=User.normalize_username(username.strip()), display_name=display_name
    )
    password = paper_code()
    user.set_password(password)
    user.full_clean()
    user.save()
    audit.record(audit.Act.ACCOUNT_OPENED, by=by, subject=user)
    return user, password


@transaction.atomic
def create_administrator(username: str, administrator: str) -> tuple[User, str]:
    """Make the account of an administrator, for who runs the machine; returns it with
    its first password.

    Asked again for the same name and role, the account gets a new first password and
    loses its second factor: so an administrator who lost the phone comes back. Raises ValidationError at "username", code "taken", for any other account.
    """
    known = User.objects.select_for_update(of=("self",)).filter(username=username)
    if user := known.first():
        if user.administrator != administrator:
            raise refusal_at(
                "username", _("Another account has this name."), code="taken"
            )
        password = accounts.reset_password(user, by=None)
        second_factor.remove(user, by=None)
    else:
        user, password = create_account(username, by=None)
        audit.record(audit.Act.ROLE_SETTLED, subject=user, administrator=administrator)
    user.administrator, user.is_staff, user.is_active = administrator, True, True
    user.save(update_fields=["administrator", "is_staff", "is_active"])
    return user, password


@transaction.atomic
def change_account(
    user: User, *, display_name: str, is_active: bool, by: User | None
) -> User:
    """Rename an account or switch it on or off. Raises what `accounts.set_active` does,
    and code "is_administrator": first the security administrator takes that away."""
    stored = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if stored.is_active != is_active:
        if stored.administrator:
            raise refusal_at(
                "is_active",
                _("Ask the security administrator to take the role away first."),
                code="is_administrator",
            )
        stored = accounts.set_active(stored, is_active, by=by)
    if stored.display_name != display_name:
        stored.display_name = display_name
        stored.save(update_fields=["display_name"])
        audit.record(
            audit.Act.RECORD_CHANGED, by=by, subject=user, fields="display_name"
        )
    return stored


@transaction.atomic
def settle_role(user: User, *, administrator: str, is_staff: bool, by: User) -> User:
    """Say which administrator an account is, if any, and whether it may enter the
    administration.

    An administrator's account is no member's, holds no grant, and its first password is
    changed, so that nobody else knows it. Raises ValidationError, code "own_account",
    "second_role" (the other must be taken away first), "is_member", "holds_grants" or
    "first_password".
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if user.pk == by.pk:
        raise ValidationError(
            _("Nobody settles their own role: ask another administrator."),
            code="own_account",
        )
    if administrator and administrator != user.administrator:
        _check_candidate(user)
    before = (user.administrator, user.is_staff)
    user.administrator = administrator
    user.is_staff = is_staff or bool(administrator)
    if (user.administrator, user.is_staff) != before:
        user.save(update_fields=["administrator", "is_staff"])
        audit.record(
            audit.Act.ROLE_SETTLED,
            by=by,
            subject=user,
            administrator=administrator,
            is_staff=user.is_staff,
        )
    access.forget(user)
    sessions.end(user, by=by)
    return user


def _check_candidate(user: User) -> None:
    if user.administrator:
        raise refusal_at(
            "administrator",
            _("This account is another administrator: take that away first."),
            code="second_role",
        )
    if user.member is not None:
        raise refusal_at(
            "administrator",
            _("A member's account cannot be an administrator: make another one."),
            code="is_member",
        )
    if BranchGrant.objects.not_over(access.today()).filter(user=user).exists():
        raise refusal_at(
            "administrator",
            _("This account has rights on a branch: end them first."),
            code="holds_grants",
        )
    if user.must_change_password:
        raise refusal_at(
            "administrator",
            _("The person must first sign in and change the password."),
            code="first_password",
        )


@transaction.atomic
def remove_second_factor(user: User, *, by: User) -> bool:
    """Take the second factor from an account whose phone is lost.

    Returns whether there was one. Raises ValidationError, code "own_account" or
    "is_administrator", as for a new first password.
    """
    _check_other(user, by)
    return second_factor.remove(user, by=by)


@transaction.atomic
def new_first_password(user: User, *, by: User) -> str:
    """Give an account a new first password, returned to be shown once.

    Raises ValidationError, code "own_account" or "is_administrator": who hands out an
    administrator's password could sign in as one. That is done on the machine itself
    (`manage.py create_administrator`).
    """
    _check_other(user, by)
    return accounts.reset_password(user, by=by)


def _check_other(user: User, by: User) -> None:
    if user.pk == by.pk:
        raise ValidationError(
            _("Change your own sign-in on the page of your account."),
            code="own_account",
        )
    if User.objects.get(pk=user.pk).administrator:
        raise ValidationError(
            _("An administrator's sign-in is made anew on the machine itself."),
            code="is_administrator",
        )
