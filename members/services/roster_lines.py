"""One row of a roster: whose it is, what it would change, why it is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from members.algorithms import (
    add_years,
    check_id_number,
    normalize_id_number,
    normalize_phone,
)
from members.masking import masked
from members.models import Member
from members.roster import columns
from members.roster.cells import Masked, Month, plain
from members.roster.columns import BY_FIELD, COLUMNS
from members.roster.tables import Row, Table
from members.sealing import SealBroken, index_of, try_open
from members.services import records
from members.services.roster_lookup import Lookup

NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"

_NO_RECORD = _("No such record on this roll: leave it empty for a new person.")
_CLOSED = _("This person is no longer on the roll: the record is closed.")
_WHO = _("Enter the ID number in full, or the number of the record.")
_MASKED = _("This value is masked: enter it in full, or leave it as it was exported.")
_ONLY_BY_STATES = _("Change the state on the record's page, not by import.")
_ONLY_BY_TRANSFER = _("This person is on another roll: ask for a transfer.")
_NOT_IN_THIS_STATE = _("Nobody is put on a roll in this state: enter it on the record.")
_NO_DAY = _("Only year and month are given: enter the full date, as 2001-07-01.")
_DISAGREES = _("The birth date does not agree with the ID number: check both.")
_DAMAGED = _("A sealed value of this record is damaged: tell the administrator.")

# Handled apart: no plain values of the record.
_SPECIAL: Final = frozenset(
    {"record", "branch", "party_group", "state", "is_out_of_contact"}
)
_SEALED: Final = frozenset({"id_number", "phone", "landline", "address"})
_FIELDS: Final = frozenset(model_field.name for model_field in Member._meta.fields)
# Fields whose default is sound: those of a new record need no judging, which takes long.
_SOUND_WHEN_LEFT: Final = frozenset(
    model_field.name
    for model_field in Member._meta.fields
    if model_field.blank or model_field.has_default()
) - {"pinyin", "initials"}
# A cell is read into these only as one of the list, a date or yes or no.
_SOUND_AS_READ: Final = frozenset(
    column.field for column in COLUMNS if column.kind in {"code", "date", "flag"}
) & _FIELDS - {"birth_date"}
# With one of these it is not known whom the row speaks of.
_WHOSE: Final = frozenset(
    {"no_record", "no_longer_on_roll", "already_on_roll", "nobody", "double"}
)


@dataclass(slots=True)
class Fault:
    """Why a row is refused: at which field ("" for the whole row), and what to do."""

    field: str
    code: str
    reason: str


@dataclass(slots=True)
class Line:
    """One row of the file and what comes of it.

    changes: field, old and new value, as shown (G4 masked). fields: those to be written.
    """

    number: int
    cells: list[Any]
    values: dict[str, Any] = field(default_factory=dict)
    id_index: bytes = b""
    faults: list[Fault] = field(default_factory=list)
    kind: str = REFUSED
    member: Member | None = None
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    before: dict[str, str] = field(default_factory=dict)

    def refuse(self, name: str, code: str, reason: str | Promise) -> None:
        self.faults.append(Fault(name, code, str(reason)))

    def refuse_with(self, refusal: ValidationError, at: str = "") -> None:
        """Take the refusal of a check, by field where it has fields."""
        if not hasattr(refusal, "error_dict"):
            refusal = ValidationError({at: refusal.error_list})
        for name, errors in refusal.error_dict.items():
            for error in errors:
                known = name if name in BY_FIELD else ""
                self.refuse(known, error.code or "invalid", error.messages[0])

    def change(self, name: str, value: Any) -> None:
        """Set a field of the record, and note what it was."""
        assert self.member is not None  # noqa: S101  for the type checker
        if name in BY_FIELD:
            self.before.setdefault(name, _shown(self.member, name))
        setattr(self.member, name, value)
        self.fields.add(name)

    @property
    def name(self) -> str:
        """The person's name, unless something else stands where the name should."""
        known = self.member is not None and self.member.name
        name = str(known or self.values.get("name", ""))
        return "" if re.search(r"[0-9]", name) else name[:50]


def read_line(table: Table, row: Row) -> Line:
    """Read the cells of a row; those that cannot be read are its first faults."""
    number, cells = row
    line = Line(number, cells)
    for index, column in table.columns.items():
        if index >= len(cells):
            continue
        try:
            value = column.read(cells[index])
        except ValidationError as refusal:
            line.refuse_with(refusal, column.field)
            continue
        if value is not None:
            line.values[column.field] = value
    if isinstance(id_number := line.values.get("id_number"), str):
        line.id_index = index_of(Member, "id_number_index", id_number)
    return line


def find_record(line: Line, known: Lookup) -> None:
    """Find whose row it is, by the number of the record or the ID number."""
    key, owner = line.values.get("record"), known.live.get(line.id_index)
    if key is not None:
        line.member = known.members.get(key)
        if line.member is None:
            line.refuse("record", "no_record", _NO_RECORD)
        elif not line.member.is_live:
            line.refuse("record", "no_longer_on_roll", _CLOSED)
    elif owner is not None:
        line.member = known.members.get(owner)
    elif not line.id_index and "id_number" not in {f.field for f in line.faults}:
        line.refuse("id_number", "nobody", _WHO)
    if owner is not None and (line.member is None or line.member.pk != owner):
        line.refuse("id_number", "already_on_roll", records.ALREADY_ON_ROLL)
        if owner not in known.members:
            known.note_other_roll(owner)


def refuse_double(line: Line, other: Line) -> None:
    """Refuse a row that stands for the same person as `other`."""
    if not any(fault.code == "double" for fault in line.faults):
        at = "id_number" if line.id_index else "record"
        message = _("The same person stands in row %(row)s: keep one of them.")
        line.refuse(at, "double", message % {"row": other.number})


def judge(line: Line, known: Lookup) -> None:
    """Say what comes of the row; it ends as NEW, CHANGED, UNCHANGED or REFUSED."""
    if not any(fault.code in _WHOSE for fault in line.faults):
        try:
            if line.member is None:
                _judge_new(line, known)
            else:
                _judge_change(line, known)
        except ValidationError as refusal:
            line.refuse_with(refusal)
        except SealBroken:
            line.refuse("", "damaged", _DAMAGED)
    if line.faults:
        line.kind = REFUSED


# --- a new person ----------------------------------------------------------------------
def _judge_new(line: Line, known: Lookup) -> None:
    values = line.values
    member = line.member = Member(branch=known.branch, state=_first_state(line))
    if "branch" in values:
        member.branch = known.branch_of(values["branch"])
    elif not member.branch.holds_members:
        line.refuse("branch", "required", _("Enter the branch: its code or full name."))
    if "party_group" in values:
        member.party_group = known.group_of(member.branch, values["party_group"])
    for name in [name for name in values if name not in _SPECIAL]:
        if isinstance(values[name], Masked):
            line.refuse(name, "masked", _MASKED)
        else:
            setattr(member, name, _stored(line, name, known))
    _check_contact(line)
    _check_left(line, known)
    member.enrolled_on = known.today
    records.complete(member)
    left = _SOUND_WHEN_LEFT - values.keys()
    _check(line, leave=left.union(n for n in _SOUND_AS_READ if getattr(member, n)))
    line.kind = NEW
    shown = {*values, "branch", "sex", "birth_date", "state"} - {"record"}
    line.changes = [
        (column.field, "", _shown(member, column.field))
        for column in COLUMNS
        if column.field in shown
    ]


def _first_state(line: Line) -> str:
    """The state a new person begins in; both days of a full member say it as well."""
    state = line.values.get("state")
    if state is None:
        both = {"admitted_on", "full_member_on"} <= line.values.keys()
        if not both and "state" not in {fault.field for fault in line.faults}:
            line.refuse("state", "required", _("Enter the category of the person."))
    elif state not in columns.NEW_STATES:
        line.refuse("state", "not_allowed", _NOT_IN_THIS_STATE)
    else:
        return str(state)
    return Member.State.FULL


# --- a record that stands --------------------------------------------------------------
def _judge_change(line: Line, known: Lookup) -> None:
    for name in line.values:
        if not _is_same(line, name, known):
            _change(line, name, known)
    _clear_what_ended(line)
    _check_contact(line)
    line.kind = UNCHANGED
    if not line.fields:
        return
    member = line.member
    assert member is not None  # noqa: S101  for the type checker
    if "name" in line.fields:
        line.change("pinyin", "")
        line.change("initials", "")
    if "id_number" in line.fields:
        _follow_id_number(line)
        _check_left(line, known)
    records.complete(member)
    _check(line)
    line.kind = CHANGED
    line.changes = [
        (column.field, line.before[column.field], _shown(member, column.field))
        for column in COLUMNS
        if column.field in line.before
    ]


def _is_same(line: Line, name: str, known: Lookup) -> bool:
    """Whether the cell says what the record holds already."""
    member, value = line.member, line.values[name]
    assert member is not None  # noqa: S101  for the type checker
    if name == "record":
        return True
    if name == "branch":
        branch = member.branch
        return value in map(plain, (branch.code, branch.name, branch.short_name))
    if name == "party_group":
        return member.party_group is not None and member.party_group.name == value
    if name == "is_out_of_contact":
        return bool(value == (member.out_of_contact_since is not None))
    if isinstance(value, Masked):
        return value.text == plain(masked(member, name))
    stored = try_open(member, name) if name in _SEALED else getattr(member, name)
    if stored is None:  # also where it is damaged
        return False
    if isinstance(value, Month):
        return value.holds(stored)
    if isinstance(stored, str):
        return _compared(name, stored, known) == _compared(name, value, known)
    return bool(stored == value)


def _compared(name: str, text: str, known: Lookup) -> str:
    """One spelling for what means the same, so that an export changes nothing."""
    if name == "phone":
        return normalize_phone(text)
    if name == "landline":
        return normalize_phone(text) or plain(text)
    if name == "id_number":
        return normalize_id_number(text)
    if name == "post":
        try:
            return known.post_of(text)
        except ValidationError:
            return text
    try:
        return str(BY_FIELD[name].read(text))
    except ValidationError:
        return text


def _change(line: Line, name: str, known: Lookup) -> None:
    member, value = line.member, line.values[name]
    assert member is not None  # noqa: S101  for the type checker
    if name == "state":
        line.refuse("state", "only_by_states", _ONLY_BY_STATES)
    elif name == "branch":
        known.branch_of(value)  # of one that is not within the import no more is told
        line.refuse("branch", "only_by_transfer", _ONLY_BY_TRANSFER)
    elif isinstance(value, Masked):
        line.refuse(name, "masked", _MASKED)
    elif name == "party_group":
        line.change(name, known.group_of(member.branch, value))
    elif name != "is_out_of_contact":
        line.change(name, _stored(line, name, known))


def _clear_what_ended(line: Line) -> None:
    """No longer floating or out of contact: the day and the place of it go too."""
    ended: list[tuple[str, Any]] = []
    if line.values.get("is_floating") is False:
        ended += [("floating_since", None), ("floating_to", "")]
    if line.values.get("is_out_of_contact") is False:
        ended += [("out_of_contact_since", None)]
    for name, nothing in ended:
        if name not in line.values and getattr(line.member, name):
            line.change(name, nothing)


def _follow_id_number(line: Line) -> None:
    """Sex and birth date follow a new ID number unless the file gives them."""
    for name, nothing in (("sex", ""), ("birth_date", None)):
        if name not in line.values:
            line.change(name, nothing)


# --- both ------------------------------------------------------------------------------
def _stored(line: Line, name: str, known: Lookup) -> Any:
    """The value of a cell as the record holds it. Raises ValidationError at the field."""
    value = line.values[name]
    if isinstance(value, Month):
        return _day_of(value, line.values.get("id_number"), known.today)
    if name == "phone":
        return normalize_phone(value) or value
    if name == "id_number":
        return normalize_id_number(value)
    if name == "title":
        return value.zfill(3) if value.isascii() and value.isdigit() else value
    return known.post_of(value) if name == "post" else value


def _day_of(month: Month, id_number: Any, today: date) -> date | None:
    """The birth date where only its month is given: the ID number knows the day."""
    if not isinstance(id_number, str):
        raise ValidationError({"birth_date": ValidationError(_NO_DAY, code="no_day")})
    try:
        born = check_id_number(id_number, today).birth_date
    except ValidationError:
        return None  # refused at its own field
    if not month.holds(born):
        refusal = ValidationError(_DISAGREES, code="disagrees")
        raise ValidationError({"birth_date": refusal})
    return born


def _check_contact(line: Line) -> None:
    """Whether out of contact, and since when, must be said together."""
    lost = line.values.get("is_out_of_contact")
    if lost and getattr(line.member, "out_of_contact_since", None) is None:
        message = _("Enter since when the member is out of contact.")
        line.refuse("out_of_contact_since", "required", message)
    if lost is False and "out_of_contact_since" in line.values:
        message = _("Write yes, or leave the day empty.")
        line.refuse("is_out_of_contact", "disagrees", message)


def _check_left(line: Line, known: Lookup) -> None:
    """Nobody comes back within 5 years of leaving (MEM-21)."""
    member, left = line.member, known.left.get(line.id_index)
    assert member is not None  # noqa: S101  for the type checker
    begins = member.applied_on or member.admitted_on or known.today
    if left is not None and left > add_years(begins, -5):
        line.refuse("id_number", "exit_within_5_years", records.LEFT_LATELY)


def _check(line: Line, *, leave: frozenset[str] = frozenset()) -> None:
    """Let the record judge itself; what a cell was refused for is not said twice.

    leave: fields of a new record that need no judging by themselves.
    """
    member, told = line.member, {fault.field for fault in line.faults}
    assert member is not None  # noqa: S101  for the type checker
    if "state" in told:
        told |= {"admitted_on", "full_member_on"}
    left = {"branch", "party_group"}.union(leave, told)
    try:
        member.full_clean(
            exclude=left, validate_unique=False, validate_constraints=False
        )
    except ValidationError as refusal:
        if "id_number" in told | refusal.error_dict.keys():
            told |= {"sex", "birth_date"} - line.values.keys()  # they follow from it
        for name, errors in refusal.error_dict.items():
            if name not in told:
                line.refuse_with(ValidationError({name: errors}))


def _shown(member: Member, name: str) -> str:
    return str(columns.show(member, BY_FIELD[name]))
