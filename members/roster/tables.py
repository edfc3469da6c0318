"""From the rows of a sheet to a table: which row is the header, which rows hold people.

Rosters are made for print: a title in merged cells, a header of two rows, blank rows, a
total and a signature below.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from members.algorithms import fold
from members.roster.cells import is_blank, plain
from members.roster.columns import Column, find_column, is_needless

MOST_COLUMNS: Final = 200
_HEADER_WITHIN: Final = 30
_SAME_AT_MOST: Final = 50_000
_BLANK_AT_MOST: Final = 5_000  # a sheet formatted down to its last row ends here
_TOTAL: Final = re.compile(
    r"(合计|总计|小计|共计|总人数|人数合计|TOTAL)[::]?.{0,30}|(全支部)?共?[::]?[0-9]+[人名]"
)
_SIGNATURE: Final = re.compile(
    r"(填表|制表|填报|审核|负责人|党支部书记|支部书记|单位负责人|联系人|说明|注)[人单位日期时间]*[::].*"
)

Row = tuple[int, list[Any]]


@dataclass
class Table:
    """The people of a sheet. Rows carry the number that the spreadsheet shows."""

    header: list[str]
    columns: dict[int, Column]
    rows: list[Row] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)

    def label(self, field_name: str) -> str:
        """The header of a field as the file writes it."""
        for index, column in self.columns.items():
            if column.field == field_name:
                return self.header[index]
        return ""


def table_of(rows: Iterable[list[Any]], *, most_rows: int) -> Table | None:
    """Read the table of a sheet; None where no header is found.

    Raises ValidationError, code "too_many_rows" or "too_many_columns".
    """
    numbered = enumerate(rows, start=1)
    first = [
        (number, _cut(cells)) for number, cells in islice(numbered, _HEADER_WITHIN)
    ]
    found = _find_header(first)
    if found is None:
        return None
    table, last = found
    rest = ((number, _cut(cells)) for number, cells in numbered)
    below = (row for row in chain(first, rest) if row[0] > last)
    same: dict[str, str] = {}  # one object for what many rows say: less memory
    for number, cells in _people(table, below):
        if len(table.rows) + len(table.left_out) >= most_rows:
            message = _("The file has more than %(most)s rows: split it.")
            raise ValidationError(
                message, code="too_many_rows", params={"most": f"{most_rows:,}"}
            )
        table.rows.append((number, _share(same, cells)))
        if len(same) > _SAME_AT_MOST:
            same.clear()
    return table


def _share(same: dict[str, str], cells: list[Any]) -> list[Any]:
    """The cells, with one object for texts that other rows hold too."""
    return [same.setdefault(c, c) if isinstance(c, str) else c for c in cells]


def _cut(cells: list[Any]) -> list[Any]:
    """The row without the blank cells at its end. Raises "too_many_columns"."""
    end = len(cells)
    while end and is_blank(cells[end - 1]):
        end -= 1
    if end > MOST_COLUMNS:
        message = _(
            "The file has more than %(most)s columns: remove what is not needed."
        )
        raise ValidationError(
            message, code="too_many_columns", params={"most": MOST_COLUMNS}
        )
    return list(cells[:end])


# --- the header ------------------------------------------------------------------------
def _find_header(rows: list[Row]) -> tuple[Table, int] | None:
    """The table without its rows, and the number of the header's last row."""
    best = max(range(len(rows)), key=lambda i: _matches(rows[i][1]), default=None)
    if best is None or _matches(rows[best][1]) < 2:
        return None
    last = best
    block = [_texts(rows[best][1])]
    if best + 1 < len(rows) and _completes(block[0], _texts(rows[best + 1][1])):
        block.append(_texts(rows[best + 1][1]))
        last = best + 1
    elif best:
        above = _texts(rows[best - 1][1])
        if sum(map(bool, above)) > 1:  # a title fills one cell
            block.insert(0, above)
    return _columns(block), rows[last][0]


def _matches(cells: list[Any]) -> int:
    found = (find_column(cell) for cell in cells if isinstance(cell, str))
    return len({column.field for column, _place in filter(None, found)})


def _texts(cells: list[Any]) -> list[str]:
    return [plain(cell) for cell in cells]


def _at(texts: list[str], index: int) -> str:
    return texts[index] if index < len(texts) else ""


def _completes(upper: list[str], lower: list[str]) -> bool:
    """Whether `lower` is the second row of a header, and not the first of the people."""
    named = 0
    for index, text in enumerate(lower):
        if not text:
            continue
        if find_column(text) or find_column(_group(upper, index) + text):
            named += 1
        elif find_column(_at(upper, index)):
            return False  # a value below its name
    return named > 0


def _group(upper: list[str], index: int) -> str:
    """The text of the merged cell above `index`: it stands in the first of its columns."""
    return next((text for text in reversed(upper[: index + 1]) if text), "")


def _columns(block: list[list[str]]) -> Table:
    width = max(map(len, block))
    header, found = [], []
    for index in range(width):
        label, match = _name(block, index)
        header.append(label)
        if match:
            column, place = match
            found.append((place, index, column))
    columns: dict[int, Column] = {}
    taken = set()
    for _place, index, column in sorted(found, key=lambda item: item[:2]):
        if column.field not in taken:
            taken.add(column.field)
            columns[index] = column
    unknown = [
        label
        for index, label in enumerate(header)
        if index not in columns and not is_needless(label)
    ]
    return Table(header, dict(sorted(columns.items())), unknown=unknown)


def _name(block: list[list[str]], index: int) -> tuple[str, tuple[Column, int] | None]:
    """What a column is called, from its lowest cell up."""
    lower, upper = _at(block[-1], index), ""
    if len(block) > 1:
        upper = _at(block[0], index)
        group = _group(block[0], index)
        for label in (lower, group + lower if lower else ""):
            if label and (match := find_column(label)):
                return label, match
        if not lower and (match := find_column(upper)):
            return upper, match
        return f"{group} {lower}".strip() if lower else upper, None
    return lower, find_column(lower) if lower else None


# --- the rows --------------------------------------------------------------------------
def _people(table: Table, rows: Iterable[Row]) -> Iterator[Row]:
    """Rows that stand for somebody: no blanks, totals, signatures, repeated headers."""
    blank = 0
    for number, cells in rows:
        texts = _texts(cells)
        blank = 0 if any(texts) else blank + 1
        if blank > _BLANK_AT_MOST:
            return
        if blank or _repeats(table, texts):
            continue
        if _is_note(table, texts):
            table.left_out.append(number)
        else:
            yield number, cells


def _repeats(table: Table, texts: list[str]) -> bool:
    """The header printed again on another page."""
    filled = [i for i in table.columns if _at(texts, i)]
    return len(filled) > 1 and all(texts[i] == table.header[i] for i in filled)


def _is_note(table: Table, texts: list[str]) -> bool:
    """A total or a signature below the people: few cells, and none names a person."""
    fields = {
        column.field: _at(texts, index) for index, column in table.columns.items()
    }
    # A sum may stand below any column, that of the ID numbers too.
    if len(fields.get("id_number", "")) >= 15:
        return False
    filled = [fold(text) for text in texts if text]
    if any(
        _TOTAL.fullmatch(text) for text in (filled[0], fold(fields.get("name", "")))
    ):
        return True
    if fields.get("id_number") or fields.get("record"):
        return False
    return len(filled) <= 6 and any(_SIGNATURE.fullmatch(text) for text in filled)
