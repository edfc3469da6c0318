"""What an account must do after signing in, before anything else is open to it."""

from __future__ import annotations

from django.contrib.sessions.backends.base import SessionBase

from members import access
from members.models import User

# Names of the pages on which it is done.
SECOND_FACTOR = "members:second_factor_check"
NEW_PASSWORD = "members:password_change"  # noqa: S105  the name of a page
SET_UP = "members:second_factor_set_up"

# What a session knows of the second factor of its owner; it knows nothing without one.
WAITING, PASSED = "waiting", "passed"


def next_step(session: SessionBase, user: User) -> str:
    """The page that comes first, "" when everything is open (AN-06, AN-09).

    Who has a second factor gives it before choosing a password: whoever handed out a
    first password does not get in with it.
    """
    state = session.get("second_factor")
    if state == WAITING:
        return SECOND_FACTOR
    if user.needs_new_password:
        return NEW_PASSWORD
    if state != PASSED and access.needs_second_factor(user):
        return SET_UP
    return ""
