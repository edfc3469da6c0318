"""How accounts sign in, and where Django asks what they may do."""

from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.handlers.database import AxesDatabaseHandler
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils import timezone

from members import access
from members.hashing import TooBusy, look_for_a_place
from members.models import User
from members.services import lock_out, second_factor


class PortalBackend(AxesStandaloneBackend):
    """Account name or phone with a password; rights by `members.access`.

    Whoever is meant, and whether there is such an account or not, one password is hashed
    (AN-01), unless a lock refuses the try.
    """

    def authenticate(
        self,
        request: Any,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if not username or password is None:
            return None
        look_for_a_place()
        request.axes_user = user = User.objects.by_login_name(username)
        key = lock_out.key_of(username, user)
        super().authenticate(request, username=key)
        try:
            right = hashed(user, password)
        except TooBusy:
            lock_out.take_back(key, request.axes_ip_address)
            raise
        lock = request.axes_lock
        found = user if right else None
        if lock is not None and not (found and may_pass(found, request)):
            request.axes_locked_out = True
            raise PermissionDenied
        return found

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("member__branch").filter(pk=user_id).first()
        return user if user is not None and user.is_active else None

    def has_perm(
        self, user_obj: User, perm: str, obj: models.Model | None = None
    ) -> bool:
        return access.may(user_obj, perm, obj)

    def has_module_perms(self, user_obj: User, app_label: str) -> bool:
        return access.may_enter(user_obj, app_label)


def hashed(user: User | None, password: str) -> bool:
    """Whether `password` opens the account; one hash is computed in every case."""
    if user is None:
        make_password(password)
        return False
    fits = user.check_password(password)
    return fits and user.is_active and not user.first_password_is_over


def may_pass(user: User, request: Any) -> bool:
    """Whether an account that strangers try everywhere opens all the same: where a second
    factor follows, or from an address its owner used of late (AN-03)."""
    return second_factor.is_set_up(user) or lock_out.knows(
        user, request.axes_ip_address, now=timezone.now()
    )


class LockOutHandler(AxesDatabaseHandler):
    """The three limits of the portal, in the tables of django-axes.

    They leave in the request: `axes_lock`, the lock that stands against the try, None
    without one; `axes_key`, who was meant.
    """

    def is_allowed(self, request: Any, credentials: dict | None = None) -> bool:
        request.axes_key = (credentials or {})["username"]
        request.axes_lock = lock_out.admit(
            request.axes_key, request.axes_ip_address, now=timezone.now()
        )
        refused = request.axes_lock and request.axes_lock.by != "account"
        request.axes_locked_out = bool(refused)
        return not refused

    def user_login_failed(
        self, sender: Any, credentials: dict, request: Any = None, **kwargs: Any
    ) -> None:
        if hasattr(request, "axes_key"):  # else nothing was tried
            lock = request.axes_lock if request.axes_locked_out else None
            lock_out.note_failure(
                request.axes_key, request.axes_user, lock, why="password"
            )

    def user_logged_in(
        self, sender: Any, request: Any, user: User, **kwargs: Any
    ) -> None:
        if key := getattr(request, "axes_key", None):
            lock_out.clear(key, request.axes_ip_address)

    def user_logged_out(
        self, sender: Any, request: Any, user: User, **kwargs: Any
    ) -> None:
        """Nothing is kept of it here: the audit log has it."""
