"""How accounts sign in, and where Django asks what they may do."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.db import models
from django.http import HttpRequest

from members import access
from members.models import User


class PortalBackend(BaseBackend):
    """Account name or phone with a password; rights by `members.access`."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if not username or password is None:
            return None
        user = User.objects.by_login_name(username)
        if user is None:
            # As long as a real check takes, so that names cannot be told apart (AN-01).
            make_password(password)
            return None
        if user.check_password(password) and user.is_active:
            return user
        return None

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("member__branch").filter(pk=user_id).first()
        return user if user is not None and user.is_active else None

    def has_perm(
        self, user_obj: User, perm: str, obj: models.Model | None = None
    ) -> bool:
        return access.may(user_obj, perm, obj)

    def has_module_perms(self, user_obj: User, app_label: str) -> bool:
        return access.may_enter(user_obj, app_label)
