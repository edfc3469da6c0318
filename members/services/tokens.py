"""Issuing and revoking API tokens (AN-11)."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from members import access
from members.algorithms import add_years
from members.models import ApiToken, User
from members.refusals import refusal_at
from members.services import audit, inbox

MOST_TOKENS = 20
DEFAULT_DAYS = 90


@transaction.atomic
def issue_token(
    user: User, *, name: str, scope: str, expires_on: date
) -> tuple[ApiToken, str]:
    """Make a token for `user`; returns it with its text, shown once and kept nowhere.

    Tells the person (AN-10). Raises ValidationError at expires_on, code "in_past" or
    "too_long" (a year at most); code "too_many" past 20 usable tokens.
    """
    today = access.today()
    if expires_on < today:
        raise refusal_at(
            "expires_on", _("Choose today or a later day."), code="in_past"
        )
    if expires_on > add_years(today, 1):
        raise refusal_at(
            "expires_on", _("A token is usable for a year at most."), code="too_long"
        )
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if user.api_tokens.usable(today).count() >= MOST_TOKENS:
        raise ValidationError(
            _("You have %(count)s tokens: revoke one first."),
            code="too_many",
            params={"count": MOST_TOKENS},
        )
    token = ApiToken(
        user=user, name=name, scope=scope, created_on=today, expires_on=expires_on
    )
    text = token.make_secret()
    token.full_clean()
    token.save()
    inbox.notify([user], inbox.Kind.TOKEN_ISSUED, name=name)
    audit.record(audit.Act.TOKEN_ISSUED, by=user, subject=token, scope=scope)
    return token, text


@transaction.atomic
def revoke_token(token: ApiToken, *, now: datetime) -> ApiToken:
    """End a token for good. Revoked twice, it keeps its first moment."""
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
        audit.record(audit.Act.TOKEN_REVOKED, by=token.user, subject=token)
    return token


@transaction.atomic
def revoke_all(user: User, *, now: datetime, by: User | None) -> int:
    """End every token of `user`; returns how many were not ended before."""
    count = ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
    if count:
        audit.record(audit.Act.TOKEN_REVOKED, by=by, subject=user, tokens=count)
    return count
