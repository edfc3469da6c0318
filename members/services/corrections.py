"""A member asks for a correction; the branch answers (SEC-07, SEC-17)."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members import access
from members.algorithms import check_id_number, check_mobile
from members.models import Correction, Member, User
from members.refusals import refusal_at
from members.sealing import SealedField, try_open
from members.services import audit, inbox, records


@transaction.atomic
def ask_correction(
    member: Member, *, field: str, proposed: str, by: User, note: str = ""
) -> Correction:
    """Send the branch what `member` says is right for `field`.

    A second request for the same field replaces what the first one proposed, as long
    as it is open. Raises ValidationError at "field" or "proposed": code "unknown_field",
    "not_sound" for a value that the record would refuse, "unchanged".
    """
    if field not in Correction.FIELDS:
        raise refusal_at("field", _("Choose what to correct."), code="unknown_field")
    # Those who ask at the same moment take turns, so that one request stands.
    member = Member.objects.select_for_update(of=("self",)).get(pk=member.pk)
    value = sound_value(member, field, proposed)
    if value == sound_now(member, field):
        raise refusal_at("proposed", _("The record already says so."), code="unchanged")
    correction = (
        Correction.objects.select_for_update()
        .filter(member=member, field=field, state=Correction.State.OPEN)
        .first()
    )
    is_new = correction is None
    if correction is None:
        correction = Correction(
            member=member, field=field, asked_by=by, proposed=proposed.strip()
        )
    correction.proposed, correction.note = proposed.strip(), note.strip()
    correction.save()
    if is_new:
        inbox.notify_holders(
            "manage_roll",
            member.branch,
            inbox.Kind.CORRECTION_ASKED,
            url=reverse("members:correction_detail", args=[correction.pk]),
            member=member.name,
            field=field,
        )
    return correction


def accept_correction(
    correction: Correction, *, by: User, answer: str = ""
) -> Correction:
    """Write what was proposed into the record, and tell the member.

    Raises ValidationError, code "already_answered", or what the record refuses. Whether
    an ID number is free is asked before the transaction, where it is counted
    (`records.check_id_is_free`).
    """
    if correction.field == "id_number" and correction.state == Correction.State.OPEN:
        member = Member.objects.get(pk=correction.member_id)
        member.id_number = correction.proposed
        records.check_id_is_free(member, by=by)
    with transaction.atomic():
        # The member first, as `ask_correction` locks them.
        member = Member.objects.select_for_update(of=("self",)).get(
            pk=correction.member_id
        )
        correction = _open(correction)
        value = sound_value(member, correction.field, str(correction.proposed))
        setattr(member, correction.field, value)
        if correction.field == "id_number":
            # They follow the new number.
            member.sex, member.birth_date = "", None  # type: ignore[assignment]
        records.change_record(member, by=by)
        return _close(
            correction,
            Correction.State.ACCEPTED,
            answer.strip() or str(_("Corrected.")),
            by,
        )


@transaction.atomic
def decline_correction(correction: Correction, *, by: User, answer: str) -> Correction:
    """Close the request with the reason why the record stays as it is.

    Raises ValidationError, code "already_answered" or "needs_answer" (SEC-17).
    """
    correction = _open(correction)
    if not answer.strip():
        raise refusal_at(
            "answer",
            _("Write the reason, so that the member can understand it."),
            code="needs_answer",
        )
    return _close(correction, Correction.State.DECLINED, answer.strip(), by)


@transaction.atomic
def withdraw_correction(correction: Correction, *, by: User) -> Correction:
    """The member takes the request back. Raises "already_answered"."""
    return _withdraw(_open(correction), by)


@transaction.atomic
def withdraw_all(user: User) -> int:
    """Take back every request of `user` that waits for an answer (SEC-05); returns how
    many. What somebody answers at the same moment stays answered."""
    waiting = waiting_of(user).select_related("member__branch").order_by("pk")
    waiting = waiting.select_for_update(of=("self",))
    return len([_withdraw(correction, user) for correction in waiting])


def waiting_of(user: User) -> models.QuerySet[Correction]:
    return Correction.objects.filter(asked_by=user, state=Correction.State.OPEN)


def sound_value(member: Member, field: str, text: str) -> object:
    """`text` as a value of `field`, judged by the field alone.

    Raises ValidationError at "proposed", code "not_sound".
    """
    model_field = Member._meta.get_field(field)
    form_field = model_field.formfield()  # type: ignore[union-attr]
    try:
        value = model_field.clean(form_field.clean(text.strip()), member)  # type: ignore[union-attr]
        return _as_kept(field, value)
    except ValidationError as refusal:
        found = [ValidationError(said, code="not_sound") for said in refusal.messages]
        raise ValidationError({"proposed": found}) from None


def sound_now(member: Member, field: str) -> object:
    """What the record holds, in the spelling of `sound_value`; None where damaged."""
    if not isinstance(Member._meta.get_field(field), SealedField):
        return getattr(member, field)
    held = try_open(member, field)
    try:
        return _as_kept(field, held) if held else held
    except ValidationError:
        return held


def _as_kept(field: str, value: object) -> object:
    """The one spelling in which a number is kept and compared."""
    if field == "phone":
        return check_mobile(str(value))
    if field == "id_number":
        return check_id_number(str(value), access.today()).number
    return value


def _open(correction: Correction) -> Correction:
    correction = Correction.objects.select_for_update().get(pk=correction.pk)
    if correction.state != Correction.State.OPEN:
        raise ValidationError(
            _("This request was already answered."), code="already_answered"
        )
    return correction


def _withdraw(correction: Correction, by: User) -> Correction:
    correction.state = Correction.State.WITHDRAWN
    correction.answered_at = timezone.now()
    correction.save()
    _note(correction, by)
    return correction


def _close(correction: Correction, state: str, answer: str, by: User) -> Correction:
    correction.state, correction.answer = state, answer
    correction.answered_by, correction.answered_at = by, timezone.now()
    correction.save()
    _note(correction, by)
    inbox.notify(
        [correction.asked_by],
        inbox.Kind.CORRECTION_ANSWERED,
        url=reverse("members:correction_detail", args=[correction.pk]),
        field=correction.field,
        state=state,
    )
    return correction


def _note(correction: Correction, by: User) -> None:
    audit.record(
        audit.Act.CORRECTION_DECIDED,
        by=by,
        subject=correction,
        branch=correction.member.branch,
        member=correction.member,
        field=correction.field,
        state=str(correction.state),
    )
