"""The three parts of an organizational-life meeting: own problems, criticism, and the
list of what is corrected by whom and until when, which are to-dos (MIN-12, LIFE-07)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities.models import Activity, LifePoint, Minutes
from activities.services.minutes import (
    Decided,
    Parts,
    locked_draft,
    parts_of,
    save_resolutions,
)
from members.models import Member

Kind = LifePoint.Kind
CORRECT = "correct_"  # before the key of what is corrected


@dataclass(frozen=True)
class Said:
    """A row as entered. key: of the row, or "own_new1" and the like; without text it
    goes. speaker: who criticized; nobody for an own problem."""

    key: str
    kind: str
    text: str
    member: Member | None = None
    speaker: Member | None = None


def is_one(activity: Activity) -> bool:
    return activity.kind == Activity.Kind.LIFE_MEETING


@transaction.atomic
def save(
    minutes: Minutes, said: Iterable[Said], corrections: Iterable[Decided]
) -> None:
    """Save the three parts of a draft; saved again, they stay the same.

    Raises ValidationError, code "signed", "other_kind" for other meetings, and by field:
    "member_<key>" and "speaker_<key>" with "required", "speaker_<key>" with "same" for
    who criticizes oneself, and of what is corrected, whose keys begin with "correct_",
    "member_<key>" and "due_<key>" with "required" for something
    to correct without its owner or its day. All bad rows are named at once.
    """
    found = locked_draft(minutes)
    if not is_one(found.activity):
        message = _("This is written of an organizational-life meeting alone.")
        raise ValidationError(message, code="other_kind")
    said, corrections = list(said), list(corrections)
    if faults := {**_faults(said), **_unowned(corrections)}:
        raise ValidationError(faults)
    standing = {str(one.pk): one for one in found.life_points.all()}
    position = 0
    for one in said:
        row = standing.get(one.key, LifePoint(minutes=found))
        if not one.text.strip():
            if row.pk is not None:
                row.delete()
            continue
        assert one.member is not None  # noqa: S101 -- its fault was named above
        position += 1
        row.kind, row.position, row.text = one.kind, position, one.text.strip()
        row.member, row.speaker = one.member, one.speaker
        row.save()
    plain = [replace(one, key=one.key.removeprefix(CORRECT)) for one in corrections]
    save_resolutions(found, plain, is_correction=True)


def _faults(said: Iterable[Said]) -> dict[str, ValidationError]:
    faults = {}
    for one in said:
        if not one.text.strip():
            continue
        if one.member is None:
            message = _("Say whom it is about.")
            faults[f"member_{one.key}"] = ValidationError(message, code="required")
        if one.kind == Kind.OWN:
            continue
        if one.speaker is None:
            message = _("Say who said it.")
            faults[f"speaker_{one.key}"] = ValidationError(message, code="required")
        elif one.speaker == one.member:
            message = _("What somebody says of oneself is an own problem.")
            faults[f"speaker_{one.key}"] = ValidationError(message, code="same")
    return faults


def _unowned(corrections: Iterable[Decided]) -> dict[str, ValidationError]:
    faults = {}
    for one in corrections:
        if not one.text.strip():
            continue
        if one.member is None:
            message = _("Say who corrects it.")
            faults[f"member_{one.key}"] = ValidationError(message, code="required")
        if one.due_on is None:
            message = _("Say until when: it is on the list of to-dos until then.")
            faults[f"due_{one.key}"] = ValidationError(message, code="required")
    return faults


def missing(minutes: Minutes, parts: Parts | None = None) -> list[str]:
    """Which of the three parts are empty; nothing for other meetings."""
    if not is_one(minutes.activity):
        return []
    parts = parts or parts_of(minutes)
    kinds = {one.kind for one in parts.life_points}
    names = {Kind.OWN: _("own problems"), Kind.CRITICISM: _("criticism")}
    found = [name for kind, name in names.items() if kind not in kinds]
    if not parts.decided(is_correction=True):
        found.append(_("what is corrected"))
    return found
