"""What one cell of a roster says.

Real files hold numbers where text was meant, dates written in ten ways and full-width
digits. Each reader takes the cell as the file gave it and returns what it means, None for
an empty cell, or raises ValidationError with a `code` and what to do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from openpyxl.utils.datetime import from_excel

from members.algorithms import fold
from members.code_tables import CodeTable

Reader = Callable[[Any], Any]

LONGEST_CELL: Final = 1000
# What people write into a cell to say that there is nothing.
_EMPTY_MARKS: Final = frozenset({"-", "--", "---", "—", "——", "–", "/", "\\", "无"})
_ERRORS: Final = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"}
)
_YES: Final = frozenset({"是", "有", "对", "√", "✓", "✔", "1", "TRUE", "YES", "Y"})
_NO: Final = frozenset({"否", "无", "没有", "×", "✗", "✘", "0", "FALSE", "NO", "N"})
# A spreadsheet keeps 15 digits of a number; the rest becomes zeros.
_EXACT_BELOW: Final = 10**15
_SCIENTIFIC: Final = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)

ROUNDED = _(
    "Excel rounded this number: format the column as text and enter it again in full."
)


@dataclass(frozen=True)
class Masked:
    """A cell of an export, whose value was masked there."""

    text: str


@dataclass(frozen=True)
class Month:
    """A date without its day. A number such as 1975.1 may mean January or October."""

    year: int
    months: frozenset[int]

    def holds(self, day: date) -> bool:
        return day.year == self.year and day.month in self.months

    def __str__(self) -> str:
        return f"{self.year}-{min(self.months):02}"


# --- text ------------------------------------------------------------------------------
def plain(value: Any) -> str:
    """How a cell reads, without invisible marks, outer spaces and Excel's apostrophe."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        midnight = value.time() == time()
        value = value.date() if midnight else value.replace(tzinfo=None)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_BELOW:
        value = int(value)
    text = str(value)
    if not text.isprintable():
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
        text = "".join(filter(_is_visible, text))
    text = text.strip()
    return text[1:].strip() if text.startswith("'") else text


def _is_visible(character: str) -> bool:
    hidden = {"Cc", "Cf", "Cs", "Co", "Cn"}
    return character == "\n" or unicodedata.category(character) not in hidden


def is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not plain(value))


def is_empty(text: str) -> bool:
    return not text or text in _EMPTY_MARKS


def read_text(value: Any) -> str | None:
    text = plain(value)
    if is_empty(text):
        return None
    if text in _ERRORS:
        message = _("This cell holds an error of a formula: enter the value itself.")
        raise ValidationError(message, code="formula_error")
    if len(text) > LONGEST_CELL:
        message = _("This cell is too long: shorten it to %(most)s characters.")
        raise ValidationError(message, code="too_long", params={"most": LONGEST_CELL})
    return text


def read_line(value: Any) -> str | None:
    """Text of one line, with single spaces."""
    text = read_text(value)
    return " ".join(text.split()) if text else None


def read_name(value: Any) -> str | None:
    """A person's name: 王　芳 is 王芳, and every dot between parts is the one dot."""
    text = read_line(value)
    if text is None:
        return None
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r" ?[·•‧∙・.] ?", "·", text)
    return (
        text
        if text.isascii()
        else re.sub(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])", "", text)
    )


# --- numbers ---------------------------------------------------------------------------
def read_digits(value: Any) -> str | None:
    """A number that is a name, such as a phone. Refuses one that a spreadsheet rounded."""
    if isinstance(value, bool | date | time | timedelta):
        message = _("This is no number: format the column as text and enter it again.")
        raise ValidationError(message, code="not_a_number")
    if isinstance(value, float) and not value.is_integer():
        raise ValidationError(ROUNDED, code="rounded")
    # 18 digits survive as a number only in a file that no spreadsheet has touched.
    long = isinstance(value, int | float) and abs(value) >= _EXACT_BELOW
    if long and (isinstance(value, float) or value % 1000 == 0):
        raise ValidationError(ROUNDED, code="rounded")
    text = read_line(value)
    if text is not None and _SCIENTIFIC.fullmatch(text):
        raise ValidationError(ROUNDED, code="rounded")
    return text


def read_sealed(value: Any) -> str | Masked | None:
    """A number of grade G4, or the mask that stands for it in an export."""
    text = read_digits(value)
    return Masked(text) if text is not None and "****" in text else text


def read_sealed_text(value: Any) -> str | Masked | None:
    text = read_line(value)
    return Masked(text) if text is not None and "****" in text else text


def read_record(value: Any) -> int | None:
    """The number of a record."""
    text = read_digits(value)
    if text is None:
        return None
    number = fold(text)
    if not re.fullmatch(r"[0-9]{1,15}", number):
        message = _("A record number has digits only: leave it as exported, or empty.")
        raise ValidationError(message, code="record")
    return int(number)


# --- dates -----------------------------------------------------------------------------
_DAY: Final = re.compile(
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?|([0-9]{4})([0-9]{2})([0-9]{2})"
)
_MONTH: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})月?|([0-9]{4})([0-9]{2})")
_CLOCK: Final = re.compile(r"[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$")


def read_date(value: Any) -> date | None:
    """A full date in any of the usual spellings."""
    found = read_date_or_month(value)
    if isinstance(found, Month):
        message = _(
            "Only year and month are given: enter the full date, as 2001-07-01."
        )
        raise ValidationError(message, code="no_day")
    return found


def read_first_of_month(value: Any) -> date | None:
    """A date; a month alone means its first day."""
    found = read_date_or_month(value)
    if isinstance(found, Month):
        return date(found.year, min(found.months), 1)
    return found


def read_date_or_month(value: Any) -> date | Month | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool | time | timedelta):
        raise _not_a_date()
    # A date whose cell lost its format is the number of days since 1900.
    if isinstance(value, int | float) and 10_000 <= value < 100_000:
        return from_excel(int(value)).date()
    text = read_line(value)
    if text is None:
        return None
    text = fold(_CLOCK.sub("", unicodedata.normalize("NFKC", text)))
    if found := _DAY.fullmatch(text):
        return _date(*[int(part) for part in found.groups() if part])
    if found := _MONTH.fullmatch(text):
        year, month = (int(part) for part in found.groups() if part)
        _date(year, month, 1)
        cut = isinstance(value, float) and month == 1
        return Month(year, frozenset({1, 10} if cut else {month}))
    raise _not_a_date()


def _date(year: int, month: int, day: int) -> date:
    try:
        found = date(year, month, day)
    except ValueError:
        raise _not_a_date() from None
    if not 1850 <= year <= 2150:
        raise _not_a_date()
    return found


def _not_a_date() -> ValidationError:
    message = _("This is no date: write it as 2001-07-01.")
    return ValidationError(message, code="date")


# --- choices ---------------------------------------------------------------------------
def read_flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    text = fold(plain(value))
    if text in _YES:
        return True
    if text in _NO:
        return False
    if is_empty(text):
        return None
    message = _("Write yes or no (是 or 否).")
    raise ValidationError(message, code="flag")


def code_reader(table: CodeTable, *, width: int) -> Reader:
    """Read a code of `table`, or one of its names."""

    def read_code(value: Any) -> str | None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = plain(value).zfill(width)
        text = read_line(value)
        if text is None:
            return None
        code = table.code_of(text)
        if code is None:
            raise _not_in_the_list()
        return code

    return read_code


def word_reader(words: dict[str, str]) -> Reader:
    """Read one of `words`, given folded, each with what it stands for."""

    def read_word(value: Any) -> str | None:
        text = read_line(value)
        if text is None:
            return None
        found = words.get(fold(text))
        if found is None:
            raise _not_in_the_list()
        return found

    return read_word


def _not_in_the_list() -> ValidationError:
    message = _("This is not in the list: choose from the template's sheet of codes.")
    return ValidationError(message, code="unknown_code")
