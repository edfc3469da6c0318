"""Changing the own password."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from members.models import AuditEntry, PastPassword, User
from members.services import audit, inbox, sessions


@transaction.atomic
def change_password(user: User, password: str, *, keep: str | None) -> User:
    """Give `user` the password that was chosen and checked; tell the person (AN-10).

    The one before is remembered, so that it does not come back (SEC-25). All sessions
    but `keep` end (AN-04).
    """
    stored = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if settings.PASSWORDS_REMEMBERED:
        PastPassword.objects.create(
            user=user, password=stored.password, set_at=stored.password_set_at
        )
        past = user.past_passwords.values_list("pk", flat=True)
        PastPassword.objects.filter(
            pk__in=list(past[settings.PASSWORDS_REMEMBERED - 1 :])
        ).delete()
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "password_set_at", "must_change_password"])
    sessions.end(user, by=user, keep=keep)
    audit.record(
        AuditEntry.Act.PASSWORD_CHANGED, by=user, subject=user, member=user.member
    )
    inbox.notify([user], inbox.Kind.PASSWORD_CHANGED)
    return user
