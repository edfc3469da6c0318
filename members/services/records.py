"""Putting people on a roll and keeping their records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members import access, romanize
from members.algorithms import add_years, check_id_number
from members.models import Branch, Member, RollInquiry, StateChange, User
from members.sealing import IndexField, SealedField, index_of, try_open
from members.services import audit
from members.signals import member_enrolled

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

ALREADY_ON_ROLL = _("This ID number is already on a roll: ask for a transfer.")
LEFT_LATELY = _("This person left the Party less than 5 years ago.")
TOO_MANY_INQUIRIES = _("You asked about too many people elsewhere: wait an hour.")

# Set by the state table alone (services/states.py), never by editing a record.
KEPT_BY_STATES = ("state", "enrolled_on", "increase")


def enroll(
    member: Member,
    *,
    by: User | None,
    decided_on: date | None = None,
    decided_by: str = "",
    document_number: str = "",
) -> Member:
    """Put a new person on the roll of `member.branch`, with the first line of history.

    Sex and birth date are taken from the ID number where they are empty. Raises
    ValidationError by field for what is not sound; code "already_on_roll" for an ID
    number that is on a live roll, "exit_within_5_years" (MEM-21). Announces
    `member_enrolled`.
    """
    complete(member)
    check_id_is_free(member, by=by)
    with id_number_on_one_roll(), transaction.atomic():
        member.branch = Branch.objects.select_for_update(no_key=True).get(
            pk=member.branch_id
        )
        member.full_clean(validate_constraints=False)
        member.save(force_insert=True)
        change = first_change(member, by=by)
        change.decided_on = decided_on or change.decided_on
        change.decided_by = decided_by
        change.document_number = document_number
        change.save()
        member_enrolled.send(Member, member=member, change=change)
        audit.record(
            audit.Act.ENROLLED,
            by=by,
            subject=change,
            branch=member.branch,
            member=member,
            state=str(member.state),
        )
    return member


@contextmanager
def id_number_on_one_roll() -> Iterator[None]:
    """Turn the refusal of the constraint, for two that enroll at once, into words."""
    try:
        yield
    except IntegrityError as refusal:
        if "members_member_id_number_is_on_one_roll" not in str(refusal):
            raise
        raise _refusal("already_on_roll", ALREADY_ON_ROLL) from refusal


def complete(member: Member) -> Member:
    """Fill what follows from the rest: pinyin, and sex and birth date from the ID."""
    if not member.pinyin:
        member.pinyin = romanize.pinyin(member.name)
    if not member.initials:
        member.initials = romanize.initials(member.name)
    if member.enrolled_on is None:
        member.enrolled_on = access.today()
    if member.id_number and not (member.sex and member.birth_date):
        try:
            found = check_id_number(member.id_number, access.today())
        except ValidationError:
            return member  # full_clean names the fault at its field
        member.sex = member.sex or found.sex
        member.birth_date = member.birth_date or found.birth_date
    return member


def first_change(member: Member, *, by: User | None) -> StateChange:
    """The line of history with which a record begins; not saved."""
    day = {
        Member.State.APPLICANT: member.applied_on,
        Member.State.PROBATIONARY: member.admitted_on,
        Member.State.FULL: member.full_member_on,
    }.get(Member.State(member.state))
    return StateChange(
        member=member,
        to_state=member.state,
        body=StateChange.Body.NONE,
        decided_on=day or member.enrolled_on,
        effective_on=day or member.enrolled_on,
        reason=str(Member.Increase(member.increase).label),
        recorded_by=by,
    )


def change_record(member: Member, *, by: User | None) -> Member:
    """Save a changed record; state and branch change by verbs of their own.

    Raises ValidationError by field, code "already_on_roll" for an ID number of a live
    record, "no_longer_on_roll" for the record of somebody who left.
    """
    if Member.objects.get(pk=member.pk).id_number_index != member.id_number_index:
        check_id_is_free(member, by=by)
    with id_number_on_one_roll(), transaction.atomic():
        stored = Member.objects.select_for_update(of=("self",)).get(pk=member.pk)
        if not stored.is_live:
            raise ValidationError(
                _("This person is no longer on the roll: the record is closed."),
                code="no_longer_on_roll",
            )
        for name in (*KEPT_BY_STATES, "branch_id"):
            setattr(member, name, getattr(stored, name))
        if member.name != stored.name and member.pinyin == stored.pinyin:
            member.pinyin, member.initials = "", ""
        complete(member)
        member.full_clean(validate_constraints=False)
        fields = changed_fields(stored, member)
        member.save()
        if fields:
            audit.record(
                audit.Act.RECORD_CHANGED,
                by=by,
                subject=member,
                branch=stored.branch,
                member=member,
                fields=", ".join(fields),
            )
    return member


def changed_fields(stored: models.Model, changed: models.Model) -> list[str]:
    """The names of the fields in which two states of a record differ, without those that
    the software keeps itself."""
    return [
        field.name
        for field in stored._meta.concrete_fields
        if field.editable
        and not isinstance(field, IndexField)
        and _held(stored, field) != _held(changed, field)
    ]


def _held(record: models.Model, field: models.Field[Any, Any]) -> Any:
    if isinstance(field, SealedField):
        return try_open(record, field.name) or ""
    return getattr(record, field.attname)


def check_id_is_free(member: Member, *, by: User | None) -> None:
    """Refuse an ID number that a live record has, or one that left too lately.

    Outside the scope of `by` the answer is a bare yes, counted: 20 an hour. The count
    must outlive the refusal, so this is called before the transaction of the act.
    Raises ValidationError at id_number, code "already_on_roll", "too_many_inquiries"
    or "exit_within_5_years" (MEM-21).
    """
    if not member.id_number:
        return
    same = Member.objects.filter(
        id_number_index=index_of(Member, "id_number_index", member.id_number)
    ).exclude(pk=member.pk)
    if found := same.live().first():
        if (
            by is not None
            and not access.visible_members(by).filter(pk=found.pk).exists()
        ):
            count_inquiry(by)
        raise _refusal("already_on_roll", ALREADY_ON_ROLL)
    begins = member.applied_on or member.admitted_on or access.today()
    if same.filter(
        state__in=Member.EXITS,
        state_changes__to_state__in=Member.EXITS,
        state_changes__effective_on__gt=add_years(begins, -5),
    ).exists():
        raise _refusal("exit_within_5_years", LEFT_LATELY)


@transaction.atomic
def count_inquiry(by: User) -> None:
    """Count that `by` learned of a record elsewhere; refuse past the hourly limit.

    Raises ValidationError at id_number, code "too_many_inquiries".
    """
    since = timezone.now() - timedelta(hours=1)
    asked = RollInquiry.objects.filter(user=by, asked_at__gt=since).count()
    if asked >= settings.ROLL_INQUIRIES_PER_HOUR:
        raise _refusal("too_many_inquiries", TOO_MANY_INQUIRIES)
    RollInquiry.objects.create(user=by)
    audit.record(audit.Act.ROLL_INQUIRY, by=by)


def _refusal(code: str, message: StrOrPromise) -> ValidationError:
    return ValidationError({"id_number": ValidationError(message, code=code)})
