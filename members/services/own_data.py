"""Everything held about one person, for that person, and of no third one (SEC-07, CR-13).

Whoever wrote a line about somebody is left out of it: accounts and members that a row
refers to are not among its fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

from django.db import models, transaction
from django.utils import timezone

from members.history import MemberEvent
from members.models import (
    ApiToken,
    Appointment,
    AuditEntry,
    Authenticator,
    BranchGrant,
    Correction,
    CreditHour,
    MailAddress,
    Member,
    MemberGrant,
    MemberInterest,
    Notification,
    PastPassword,
    RecoveryCode,
    RollInquiry,
    Session,
    StateChange,
    User,
)
from members.sealing import IndexField, SealedField, try_open
from members.services import audit

# Every table with rows about a person: its part of the file, and how it finds them. The
# floors above add theirs by `register`.
ABOUT: Final[dict[type[models.Model], tuple[str, str]]] = {
    User: ("account", "pk"),
    Member: ("record", "user"),
    MemberEvent: ("record_history", "pgh_obj__user"),
    StateChange: ("state_changes", "member__user"),
    Appointment: ("appointments", "member__user"),
    Correction: ("corrections", "member__user"),
    MemberInterest: ("interests", "member__user"),
    CreditHour: ("credit_hours", "member__user"),
    BranchGrant: ("rights", "user"),
    MemberGrant: ("rights_of_others_on_the_record", "content_object__user"),
    Notification: ("notifications", "user"),
    ApiToken: ("api_tokens", "user"),
    Session: ("sessions", "user"),
    MailAddress: ("mail_address", "user"),
    RollInquiry: ("inquiries", "user"),
    AuditEntry: ("audit", "member__user"),
}
# What only serves to know somebody again: told of on the page, but in no file, which would
# open the account to whoever finds it.
SECRETS: Final[dict[type[models.Model], tuple[str, str]]] = {
    Authenticator: ("second_factor", "user"),
    RecoveryCode: ("second_factor", "user"),
    PastPassword: ("passwords", "user"),
}
# What identifies a session or machine, or may name somebody else.
LEFT_OUT: Final[dict[type[models.Model], set[str]]] = {
    User: {"password"},
    ApiToken: {"digest"},
    Session: {"session_key", "session_data"},
    Notification: {"context", "url"},
    BranchGrant: {"appointment"},
    AuditEntry: {"subject_type", "subject_id", "address", "request_id", "context"},
    MemberEvent: {"pgh_context", "pgh_obj", "pgh_label"},
}
# Of these tables some rows only are told: what the person was not told yet is left out.
ONLY: Final[dict[type[models.Model], models.Q]] = {}
# What the name of a related row is made of, read with it.
JOINED: Final[dict[type[models.Model], tuple[str, ...]]] = {}


def register(
    model: type[models.Model],
    part: str,
    where: str,
    *,
    without: Iterable[str] = (),
    only: models.Q | None = None,
    joined: Iterable[str] = (),
) -> None:
    """Let the file tell of `model` too: its rows that `where` ties to an account, but for
    the fields `without`, and of the rows those that fit `only`.

    where: one lookup, or several with spaces between them, of which one is enough.
    joined: what the names of related rows are made of, to be read in one query.
    """
    ABOUT[model] = (part, where)
    if without:
        LEFT_OUT[model] = set(without)
    if only is not None:
        ONLY[model] = only
    JOINED[model] = tuple(joined)


def rows_about(model: type[models.Model], where: str, user: User) -> models.QuerySet:
    """The rows of a table that are about `user` and may be told."""
    about = models.Q()
    for lookup in where.split():
        about |= models.Q(**{lookup: user.pk})
    return model._base_manager.filter(about, ONLY.get(model, models.Q()))


@transaction.atomic
def take(user: User) -> dict[str, Any]:
    """The parts of the file: labels by field, and rows. Sealed values are in plain text.

    A value that does not open is null.
    """
    audit.record(AuditEntry.Act.OWN_DATA_TAKEN, by=user, member=user.member)
    parts = {name: _part(model, where, user) for model, (name, where) in ABOUT.items()}
    return {"account": user.username, "taken_at": timezone.now(), "parts": parts}


def file_name(day: date) -> str:
    return f"my-data-{day.isoformat()}.json"


def _part(model: type[models.Model], where: str, user: User) -> dict[str, Any]:
    fields = list(told_fields(model))
    related = [_path(field) for field in fields if field.is_relation]
    related += JOINED.get(model, ())
    rows = rows_about(model, where, user).order_by("pk")
    rows = rows.select_related(*related) if related else rows
    return {
        "labels": {field.name: str(field.verbose_name) for field in fields},
        "rows": [{f.name: _value(row, f) for f in fields} for row in rows],
    }


def told_fields(model: type[models.Model]) -> Iterator[models.Field[Any, Any]]:
    """The fields of a model that are in the file."""
    for field in model._meta.concrete_fields:
        hidden = isinstance(field, IndexField) or (
            isinstance(field, models.BinaryField) and not isinstance(field, SealedField)
        )
        of_people = field.related_model in (User, Member)
        if not (hidden or of_people or field.name in LEFT_OUT.get(model, ())):
            yield field


def _path(field: models.Field[Any, Any]) -> str:
    return "permission__content_type" if field.name == "permission" else field.name


def _value(row: models.Model, field: models.Field[Any, Any]) -> Any:
    if isinstance(field, SealedField):
        return try_open(row, field.name)
    value = getattr(row, field.name)
    if field.is_relation:
        return None if value is None else str(value)
    return dict(field.flatchoices).get(value, value) if field.choices else value
