"""Accounts with which to look at the demonstration. They are for nothing else: their
password is printed in the open."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from members import access
from members.models import (
    Appointment,
    Authenticator,
    Branch,
    Member,
    Notification,
    User,
)
from members.models.second_factor import new_key
from members.services import accounts

PASSWORD = "yunxi-2026-demo"  # noqa: S105  it is meant to be known
ADMINISTRATORS = {
    "system": ("System administrator", "系统管理员"),
    "security": ("Security administrator", "安全管理员"),
    "audit": ("Audit administrator", "审计管理员"),
}


def make_accounts(file: Path) -> list[dict[str, str | int]]:
    """Name the accounts, give them the one password, and note them in `file`, each with
    how many people are on the rolls that the office reaches (0 without one).

    All but the last may go on with that password; the last shows the first sign-in.
    """
    hashed = make_password(PASSWORD)
    rows = [
        row(role, take_over(member, name, hashed), reach)
        for name, role, member, reach in people()
        if member is not None
    ]
    for name, (role, display_name) in ADMINISTRATORS.items():
        user = User.objects.create(
            username=name,
            display_name=display_name,
            password=hashed,
            administrator=name,
            is_staff=True,
            must_change_password=False,
        )
        rows.append(row(role, user, None))
    User.objects.filter(username="committee").update(is_staff=True)
    User.objects.filter(username="newcomer").update(must_change_password=True)
    # Their password does not grow old: a demonstration may stand for long.
    names = [one["username"] for one in rows]
    User.objects.filter(username__in=names).update(
        password_set_at=timezone.now() + timedelta(days=3650)
    )
    rows.sort(key=lambda one: one["username"] == "newcomer")
    write(file, rows)
    return rows


def people() -> Iterator[tuple[str, str, Member | None, Branch | None]]:
    """Who of the first branch and the committees above it has which account."""
    branch = Branch.objects.holding_members().order_by("pk").first()
    city, county, town = Branch.objects.above(branch)
    organizer = holder("organization_officer", branch)
    yield "secretary", "Branch secretary", holder("secretary", branch), branch
    yield "organizer", "Organization officer", organizer, branch
    yield "committee", "Committee secretary", holder("secretary", town), town
    yield "county", "County secretary", holder("secretary", county), county
    yield "city", "City secretary", holder("secretary", city), city
    yield "member", "Member", plain_member(branch, 0), None
    yield "newcomer", "First sign-in", plain_member(branch, 1), None


def holder(office: str, branch: Branch) -> Member | None:
    held = Appointment.objects.in_force(access.today()).filter(branch=branch)
    found = held.filter(office__code=office).select_related("member").first()
    return found.member if found else None


def plain_member(branch: Branch, place: int) -> Member | None:
    """A full member without office, by order of the roll."""
    rows = Member.objects.filter(
        branch=branch, state=Member.State.FULL, appointments=None, phone__isnull=False
    )
    return rows.order_by("pk")[place : place + 1].first()


def take_over(member: Member, name: str, hashed: str) -> User:
    """Let the account of `member` be called `name`; open one where there is none."""
    user = User.objects.filter(member=member).first()
    if user is None:
        user, _first_password = accounts.open_account(member, by=None)
    user.username, user.password = name, hashed
    user.must_change_password, user.is_active = False, True
    user.save()
    Notification.objects.get_or_create(user=user, kind=Notification.Kind.WELCOME)
    return user


def row(role: str, user: User, reach: Branch | None) -> dict[str, str | int]:
    """Where a second factor is needed it is set up: its page shows the code."""
    if access.needs_second_factor(user):
        Authenticator.objects.create(user=user, key=new_key())
    members = Member.objects.within([reach.path] if reach else []).count()
    return {
        "role": role,
        "username": user.username,
        "password": PASSWORD,
        "members": members,
    }


def write(file: Path, rows: list[dict[str, str | int]]) -> None:
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(rows, indent=2))
