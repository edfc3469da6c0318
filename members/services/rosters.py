"""Judging a roster against the rolls, and writing what was judged sound.

`plan` looks and changes nothing; `write` does what a plan says, all of it or nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone

from members.models import Branch, Member, StateChange, User
from members.roster.columns import BY_FIELD
from members.roster.tables import Table
from members.services import records
from members.services.roster_lines import (
    CHANGED,
    NEW,
    Line,
    find_record,
    judge,
    read_line,
    refuse_double,
)
from members.services.roster_lookup import Lookup
from members.signals import member_enrolled

Tick = Callable[[int, int], None]  # how many of how many are done

_TICK_EACH: Final = 200
_INSERT_EACH: Final = 1_000
_UPDATE_EACH: Final = 100  # each row of an update walks all cases: keep them few


@dataclass
class Plan:
    table: Table
    lines: list[Line]
    on_other_rolls: int  # people elsewhere of whom the import learned

    def of_kind(self, kind: str) -> list[Line]:
        return [line for line in self.lines if line.kind == kind]

    def label(self, name: str) -> str:
        """The header of a field in the file; where it has none, that of the template."""
        known = BY_FIELD.get(name)
        return self.table.label(name) or (known.header if known else "")


def silently(_done: int, _total: int) -> None:
    """A Tick for those who do not watch."""


def plan(
    table: Table,
    *,
    branch: Branch,
    by: User | None,
    lock: bool = False,
    tick: Tick = silently,
) -> Plan:
    """Judge each row of `table`, for an import by `by` into `branch` and those below.

    With `lock` the records and branches that take part stay as they are until the
    transaction ends.
    """
    lines = [read_line(table, row) for row in table.rows]
    known = Lookup(branch, by, lock=lock)
    known.read(
        records=_named(lines, "record"),
        id_indexes={line.id_index for line in lines} - {b""},
        branches=_named(lines, "branch"),
        groups=_named(lines, "party_group"),
    )
    for line in lines:
        find_record(line, known)
    _refuse_doubles(lines)
    for done, line in enumerate(lines):
        if done % _TICK_EACH == 0:
            tick(done, len(lines))
        judge(line, known)
    return Plan(table, lines, known.on_other_rolls())


def _named(lines: list[Line], name: str) -> set[Any]:
    return {line.values[name] for line in lines if name in line.values}


def _refuse_doubles(lines: list[Line]) -> None:
    """Refuse every row that stands for a person another row stands for too."""
    same: dict[Any, list[Line]] = defaultdict(list)
    for line in lines:
        for key in {line.id_index, line.member.pk if line.member else b""} - {b""}:
            same[key].append(line)
    for first, *others in same.values():
        for line in others:
            refuse_double(line, first)
            refuse_double(first, line)


def write(made: Plan, *, by: User | None, tick: Tick = silently) -> int:
    """Write the sound rows of a plan, in the transaction that made it with `lock`.

    Returns how many records were written. Announces `member_enrolled` for each new one.
    """
    new, changed = made.of_kind(NEW), made.of_kind(CHANGED)
    done, total = 0, len(new) + len(changed)
    for some in _parts(new, _INSERT_EACH):
        _enroll([line.member for line in some if line.member is not None], by=by)
        tick(done := done + len(some), total)
    alike: dict[frozenset[str], list[Line]] = defaultdict(list)
    for line in changed:
        alike[frozenset(line.fields)].append(line)
    now = timezone.now()
    for fields, lines in alike.items():
        for some in _parts(lines, _UPDATE_EACH):
            members = [line.member for line in some if line.member is not None]
            for member in members:
                member.updated_at = now
            Member.objects.bulk_update(members, [*sorted(fields), "updated_at"])
            tick(done := done + len(some), total)
    return done


def _parts(lines: list[Line], each: int) -> Iterator[list[Line]]:
    for start in range(0, len(lines), each):
        yield lines[start : start + each]


def _enroll(members: list[Member], *, by: User | None) -> None:
    Member.objects.bulk_create(members)
    changes = StateChange.objects.bulk_create(
        [records.first_change(member, by=by) for member in members]
    )
    for member, change in zip(members, changes, strict=True):
        member_enrolled.send(Member, member=member, change=change)
