"""A table in plain values, from the process that reads a stranger's file.

Text, numbers, truth values and nothing stand for themselves; a date or a time is a list of
what it is and its own text: ["date", "1999-07-01"]. What is heard is a table that a file
could have held, or Nonsense.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from members.roster.columns import BY_FIELD
from members.roster.tables import MOST_COLUMNS, Row, Table

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_TOLD: Final[dict[type, Callable[[Any], Any]]] = {
    date: date.isoformat,
    datetime: datetime.isoformat,
    time: time.isoformat,
    timedelta: timedelta.total_seconds,
    int: str,  # past 64 bits
}
_HEARD: Final[dict[str, Callable[[Any], Any]]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda seconds: timedelta(seconds=seconds),
    "int": int,
}


class Nonsense(Exception):  # noqa: N818  named as what was heard
    """This is no table that a reader of ours told."""


def tell(table: Table) -> dict[str, Any]:
    """A table in plain values, but for cells that `tell_cell` tells."""
    return {
        "header": table.header,
        "columns": [[index, column.field] for index, column in table.columns.items()],
        "rows": table.rows,
        "unknown": table.unknown,
        "left_out": table.left_out,
    }


def tell_cell(cell: Any) -> list[Any]:
    return [type(cell).__name__, _TOLD[type(cell)](cell)]


def hear(told: Any, *, most_rows: int) -> Table:
    """The table that `told` stands for. Raises Nonsense."""
    try:
        header, unknown = _all(str, told["header"]), _all(str, told["unknown"])
        columns = {index: BY_FIELD[name] for index, name in told["columns"]}
        left_out = _all(int, told["left_out"])
        rows = _rows(told["rows"])
        if len(header) > MOST_COLUMNS or not 0 < len(rows) <= most_rows:
            raise Nonsense
        if not set(columns) <= set(range(len(header))):
            raise Nonsense
    except (ArithmeticError, LookupError, TypeError, ValueError):
        raise Nonsense from None
    return Table(header, columns, rows, unknown, left_out)


def _rows(told: list[Any]) -> list[Row]:
    """The rows in the very lists that were heard: a copy of each would cost the most."""
    for number, cells in told:
        if type(number) is not int or type(cells) is not list:
            raise Nonsense
        if len(cells) > MOST_COLUMNS:
            raise Nonsense
        if not _PLAIN.issuperset(map(type, cells)):
            cells[:] = [c if type(c) in _PLAIN else _untyped(*c) for c in cells]
    return told


def _untyped(kind: Any, said: Any) -> Any:
    return _HEARD[kind](said)


def _all(kind: type, told: Any) -> list[Any]:
    if type(told) is not list or not {kind}.issuperset(map(type, told)):
        raise Nonsense
    return told
