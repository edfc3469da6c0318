"""Lists on the home page: a few lines of each kind, and how many there are in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

SHOWN = 5  # names shown of each kind; the rest is a count


@dataclass(frozen=True)
class Line:
    """One thing to do: what, of whom, where it is done, and why it is shown."""

    text: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class Section:
    """Lines of one kind, `count` of them in all, with the rule they come from.

    is_counted: whether the number is worth saying.
    """

    title: str
    icon: str
    lines: list[Line]
    count: int
    basis: str = ""
    url: str = ""
    is_counted: bool = True


def some(rows: QuerySet[Any]) -> tuple[list[Any], int]:
    """The first few of `rows`, and how many there are in all."""
    first = list(rows[: SHOWN + 1])
    return first[:SHOWN], len(first) if len(first) <= SHOWN else rows.count()
