"""Accounts of members: opened by the branch, closed with the state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members import access
from members.models import Appointment, Member, MemberGrant, User
from members.paper import paper_code
from members.services import audit, inbox, offices, sessions, tokens


@transaction.atomic
def open_account(member: Member, *, by: User | None) -> tuple[User, str]:
    """Give `member` an account; returns it with its first password, shown once.

    The account name is the pinyin initials with the number of the record. The member
    owns the own record from now on, and appointments give their rights. Raises
    ValidationError, code "has_account" or "not_live".
    """
    member = Member.objects.select_for_update(of=("self",)).get(pk=member.pk)
    if not member.is_live:
        raise ValidationError(
            _("Only a person on the roll can have an account."), code="not_live"
        )
    if User.objects.filter(member=member).exists():
        raise ValidationError(
            _("This member already has an account."), code="has_account"
        )
    password = paper_code()
    user = User.objects.create_user(
        f"{member.initials or 'm'}{member.pk}", password, member=member
    )
    own_record(user)
    for appointment in Appointment.objects.not_over(access.today()).filter(
        member=member
    ):
        offices.give_rights(appointment)
    inbox.notify([user], inbox.Kind.WELCOME)
    audit.record(
        audit.Act.ACCOUNT_OPENED,
        by=by,
        subject=user,
        branch=member.branch,
        member=member,
    )
    return user, password


def own_record(user: User) -> MemberGrant:
    """Make the member behind `user` the owner of the own record."""
    permission = Permission.objects.get(
        content_type__app_label="members", codename="view_member"
    )
    grant, _created = MemberGrant.objects.get_or_create(
        user=user,
        permission=permission,
        content_object=user.member,
        purpose=MemberGrant.OWNER,
        defaults={"starts_on": access.today()},
    )
    return grant


@transaction.atomic
def reset_password(user: User, *, by: User | None) -> str:
    """Give `user` a new first password, returned to be shown once; sessions and API
    tokens end. A second factor stays: the paper alone lets nobody in."""
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    password = paper_code()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "password_set_at", "must_change_password"])
    sessions.end(user, by=by)
    tokens.revoke_all(user, now=timezone.now(), by=by)
    audit.record(audit.Act.PASSWORD_RESET, by=by, subject=user, **of_member(user))
    return password


def of_member(user: User) -> dict[str, Any]:
    """Whom an account belongs to, as `audit.record` takes it."""
    member = user.member
    return {"member": member, "branch": member.branch} if member is not None else {}


@transaction.atomic
def reset_choices(user: User) -> bool:
    """Forget the view and the language that `user` chose; False if there was neither."""
    stored = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if not has_choices(stored):
        return False
    stored.elder_view, stored.language = False, ""
    stored.save(update_fields=["elder_view", "language"])
    audit.record(
        audit.Act.RECORD_CHANGED,
        by=user,
        subject=user,
        fields="elder_view, language",
    )
    return True


def has_choices(user: User) -> bool:
    return bool(user.elder_view or user.language)


@transaction.atomic
def set_active(user: User, active: bool, *, by: User | None) -> User:
    """Switch an account on or off. Nobody switches off the own account.

    Raises ValidationError, code "own_account" or "not_live".
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if by is not None and user.pk == by.pk:
        raise ValidationError(
            _("You cannot switch off your own account."), code="own_account"
        )
    if active and user.member is not None and not user.member.is_live:
        raise ValidationError(
            _("Only a person on the roll can have an account."), code="not_live"
        )
    if user.is_active == active:
        return user
    user.is_active = active
    user.save(update_fields=["is_active"])
    audit.record(
        audit.Act.ACCOUNT_SWITCHED,
        by=by,
        subject=user,
        active=active,
        **of_member(user),
    )
    if not active:
        sessions.end(user, by=by)
    return user


def switch_off_unused(*, now: datetime) -> int:
    """Switch off the accounts of officers and administrators that were once in use and
    were not for UNUSED_ACCOUNT_DAYS (SEC-29); returns how many.

    Never used, an account ends with its first password. The branch switches a member's
    account on again; an administrator comes back by `manage.py create_administrator`.
    """
    if not settings.UNUSED_ACCOUNT_DAYS:
        return 0
    since = now - timedelta(days=settings.UNUSED_ACCOUNT_DAYS)
    unused = User.objects.filter(is_active=True, last_login__lt=since)
    found = [user for user in unused.iterator() if access.needs_care(user)]
    for user in found:
        set_active(user, False, by=None)
    return len(found)
