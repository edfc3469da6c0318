"""The order of surname strokes (姓氏笔画), in which candidates stand on a ballot (EL-07).

Strokes are counted as the simplified characters are written (阝 has two, 艹 three).
"""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

# Where the table of `strokes` is wrong: of the 3,755 most common characters, this one.
_CORRECTED: Final = {"范": 8}
_LAST: Final = 100  # after any count there is


def stroke_key(name: str) -> list[tuple[int, str]]:
    """To sort names by: character by character, fewer strokes first.

    Characters of as many strokes stand in the order of Unicode, which goes by radical;
    custom would look at how each stroke is drawn (横竖撇点折), of which no table is held.
    Either way one surname stays together. What has no count, as a Latin letter, is last.
    """
    return [(_count(character), character) for character in name.strip()]


@lru_cache(maxsize=8192)
def _count(character: str) -> int:
    return _CORRECTED.get(character) or _table()(character) or _LAST


@lru_cache(maxsize=1)
def _table() -> Callable[[str], int]:
    """Read once it is asked for: the table has 93,867 characters."""
    module: Any = import_module("strokes")
    count: Callable[[str], int] = module.strokes
    return count
