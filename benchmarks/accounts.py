"""Whose pages are measured: accounts of the data folder itself, each with a session."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Count

from members import access, entry
from members.models import Branch, BranchGrant, Member, User
from members.models.member import MemberQuerySet
from members.services import sessions


@dataclass(frozen=True)
class Account:
    """One who signed in, and those on the roll of this account."""

    name: str
    user: User
    cookie: str
    members: MemberQuerySet


LARGEST = 1_000_000
# How many people each looks after, as near as the data has it; None: all.
SCOPES = {"secretary": 50, "committee": 20_000, "root": None}


@contextmanager
def signed_in(total: int) -> Iterator[list[Account]]:
    """An account of each scope. In smaller data the committee keeps its share of all."""
    accounts, begun = [], []
    for name, members in SCOPES.items():
        if name == "committee":
            members = members * total // LARGEST
        user = keeper(members)
        session = sign_in(user)
        begun.append(session)
        cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
        seen = access.roll_members(user).live()
        accounts.append(Account(name, user, cookie, seen))
    try:
        yield accounts
    finally:
        for session in begun:
            session.delete()


def sign_in(user: User):
    """A session as the sign-in makes it, the second factor given."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["second_factor"] = entry.PASSED
    sessions.begin(session, address=None, agent="benchmark")
    session.save()
    return session


def keeper(members: int | None) -> User:
    """Who keeps the rolls of about that many members, or of all."""
    branch = near(members) if members else Branch.objects.get(parent=None)
    grants = keepers().filter(content_object=branch).order_by("user")
    return grants[0].user


def keepers():
    """Grants of accounts that keep rolls by one grant alone."""
    grants = BranchGrant.objects.in_force(access.today())
    alone = (
        grants.filter(permission__codename="view_roll", user__is_active=True)
        .values("user")
        .annotate(grants=Count("pk"))
        .filter(grants=1)
    )
    return grants.filter(
        permission__codename="manage_roll",
        user__in=alone.values("user"),
        user__must_change_password=False,
    ).select_related("user")


def near(members: int) -> Branch:
    """The branch with the number of members at or below it that comes nearest."""
    kept = Branch.objects.filter(grants__in=keepers(), parent__isnull=False).distinct()
    sizes = dict(
        Member.objects.live().values_list("branch").annotate(Count("pk")).order_by()
    )
    totals: dict[str, int] = {}
    for pk, path in Branch.objects.values_list("pk", "path"):
        for above in above_and(path):
            totals[above] = totals.get(above, 0) + sizes.get(pk, 0)
    return min(kept, key=lambda b: (abs(totals.get(b.path, 0) - members), b.pk))


def above_and(path: str) -> list[str]:
    keys = path.split(".")[:-1]
    return ["".join(f"{key}." for key in keys[: i + 1]) for i in range(len(keys))]
