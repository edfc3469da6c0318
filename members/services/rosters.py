"""Judging a roster against the rolls, and writing what was judged sound.

A `Plan` looks and changes nothing; `write` does what it says. Both take a thousand rows
at a time, so that a roster of any size needs little more memory than its file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final

from django.utils import timezone

from members.copying import CopyIn, copy_in
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

_EACH: Final = 1_000
_UPDATE_EACH: Final = 100  # each row of an update walks all cases: keep them few


def silently(_done: int, _total: int) -> None:
    """A Tick for those who do not watch."""


class Plan:
    """What comes of each row of `table`, in an import by `by` into `branch` and below.

    With `lock` the records and branches that take part stay as they are until the
    transaction ends. The rows of the table are used up.
    """

    def __init__(
        self, table: Table, *, branch: Branch, by: User | None, lock: bool = False
    ):
        self.table = table
        self.counts: Counter[str] = Counter()
        self._lines = [read_line(table, row) for row in table.rows]
        table.rows.clear()
        self._known = Lookup(branch, by, lock=lock)
        self._known.read(
            records=_named(self._lines, "record"),
            id_indexes={line.id_index for line in self._lines} - {b""},
            branches=_named(self._lines, "branch"),
            groups=_named(self._lines, "party_group"),
        )
        for line in self._lines:
            find_record(line, self._known)
        _refuse_doubles(self._lines)
        # How many may be new; those that are refused are not known yet.
        self.newcomers = sum(line.member is None for line in self._lines)

    def judged(self, tick: Tick = silently) -> Iterator[list[Line]]:
        """The rows in the order of the file, judged, a thousand at a time; once."""
        lines, total = self._lines, len(self._lines)
        tick(0, total)
        lines.reverse()  # so that those who have passed can be let go
        while lines:
            some = lines[: -_EACH - 1 : -1]
            del lines[-_EACH:]
            for line in some:
                judge(line, self._known)
                self.counts[line.kind] += 1
            yield some
            tick(total - len(lines), total)

    def on_other_rolls(self) -> int:
        """How many people elsewhere the import learned of."""
        return self._known.on_other_rolls()

    def label(self, name: str) -> str:
        """The header of a field in the file; where it has none, that of the template."""
        known = BY_FIELD.get(name)
        return self.table.label(name) or (known.header if known else "")


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


def write(lines: list[Line], *, by: User | None, copy_in: CopyIn = copy_in) -> int:
    """Write the sound rows among `lines`, in the transaction that planned with `lock`.

    Returns how many records were written. Announces `member_enrolled` for each new one.
    """
    new = [line.member for line in lines if line.kind == NEW and line.member]
    if new:
        _enroll(new, copy_in, by=by)
    changed = [line for line in lines if line.kind == CHANGED]
    _change(changed)
    return len(new) + len(changed)


def _enroll(members: list[Member], copy_in: CopyIn, *, by: User | None) -> None:
    copy_in(Member, members)
    changes = [records.first_change(member, by=by) for member in members]
    copy_in(StateChange, changes)
    for member, change in zip(members, changes, strict=True):
        member_enrolled.send(Member, member=member, change=change)


def _change(lines: list[Line]) -> None:
    alike: dict[frozenset[str], list[Member]] = defaultdict(list)
    now = timezone.now()
    for line in lines:
        assert line.member is not None  # noqa: S101  for the type checker
        line.member.updated_at = now
        alike[frozenset(line.fields)].append(line.member)
    for fields, members in alike.items():
        names = [*sorted(fields), "updated_at"]
        Member.objects.bulk_update(members, names, batch_size=_UPDATE_EACH)
