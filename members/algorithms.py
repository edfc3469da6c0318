"""Checks and calculations of national standards and Party rules (rules.md section 2.5).

Pure functions: no database, no clock. A check returns what it understood or raises
ValidationError with a `code` and a message that says what to do.
"""

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS: Final = "10X98765432"
_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_BODY_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
# GB/T 2260 at province level (MEM-28): the first two digits.
PROVINCES: Final = frozenset(
    f"{region}{place}"
    for region, places in {
        1: "12345",
        2: "123",
        3: "1234567",
        4: "123456",
        5: "01234",
        6: "12345",
        7: "1",
        8: "12",
    }.items()
    for place in places
)


@dataclass(frozen=True)
class IdNumber:
    """What a citizen ID number says. `sex` is "1" (male) or "2" (GB/T 2261.1)."""

    number: str
    birth_date: date
    sex: str
    province: str


def fold(text: str) -> str:
    """Clean a code: full-width to half-width, no white space or invisible marks, capitals."""
    if text.isascii() and text.isprintable():  # most are, and many are read
        return text.replace(" ", "").strip("'`").upper()
    plain = unicodedata.normalize("NFKC", text)
    kept = (c for c in plain if unicodedata.category(c) not in {"Cc", "Cf", "Zs"})
    return "".join(kept).strip("'’‘`").upper()


def normalize_id_number(text: str) -> str:
    """The one spelling under which an ID number is compared."""
    return fold(text)


def normalize_phone(text: str) -> str:
    """The one spelling of a phone: digits alone, without +86, 0086 or punctuation."""
    digits = re.sub(r"[^0-9]", "", fold(text))
    return re.sub(r"^(?:00)?86(?=1\d{10}$|0\d{9,11}$)", "", digits)


def check_id_number(text: str, today: date) -> IdNumber:
    """Read a citizen ID number (MEM-30, GB 11643-1999).

    Raises ValidationError with the code "withdrawn" (15 digits), "length", "characters",
    "province", "birth_date", "future" or "check_digit", in this order.
    """
    number = normalize_id_number(text)
    _check_id_shape(number)
    birth_date = _id_birth_date(number, today)
    if id_check_digit(number[:17]) != number[17]:
        message = _(
            "The check digit does not match: compare the number with the ID card."
        )
        raise ValidationError(message, code="check_digit")
    sex = "1" if int(number[16]) % 2 else "2"
    return IdNumber(number, birth_date, sex, province=f"{number[:2]}0000")


def _check_id_shape(number: str) -> None:
    if len(number) == 15 and number.isascii() and number.isdigit():
        message = _(
            "ID numbers of 15 digits are withdrawn: enter the 18 characters of the ID card."
        )
        raise ValidationError(message, code="withdrawn")
    if len(number) != 18:
        message = _("An ID number has 18 characters: enter all of them.")
        raise ValidationError(message, code="length")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        message = _(
            "An ID number has 17 digits and then a digit or X: correct the others."
        )
        raise ValidationError(message, code="characters")
    if number[:2] not in PROVINCES:
        message = _("The first two digits name no province: compare with the ID card.")
        raise ValidationError(message, code="province")


def _id_birth_date(number: str, today: date) -> date:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        message = _(
            "Digits 7 to 14 are not a date: compare the number with the ID card."
        )
        raise ValidationError(message, code="birth_date") from None
    if born > today:
        message = _("The birth date lies in the future: compare with the ID card.")
        raise ValidationError(message, code="future")
    return born


def id_check_digit(first_17: str) -> str:
    """The 18th character of a citizen ID number (MEM-30)."""
    total = sum(int(d) * w for d, w in zip(first_17, _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11]


def next_demo_id_number(division: str, birth_date: date, sequence: int) -> str:
    """A fictional ID number with a right check digit; the same for the same arguments.

    `division` is a code of province level (ends in 0000, such as "110000"), which is
    given to no person, so the number belongs to nobody. `sequence` is 0 to 999; odd is
    male, even female.
    """
    if not re.fullmatch(r"[0-9]{2}0000", division) or division[:2] not in PROVINCES:
        raise ValueError("A demonstration number takes a division of province level.")
    if not 0 <= sequence <= 999:
        raise ValueError("A demonstration number takes a sequence from 0 to 999.")
    first_17 = f"{division}{birth_date:%Y%m%d}{sequence:03d}"
    return first_17 + id_check_digit(first_17)


def check_credit_code(text: str) -> str:
    """Return the unified social credit code folded (MEM-31, GB 32100-2015).

    Raises ValidationError with the code "length", "characters", "body_code" or
    "check_digit". The letter of the department is not tested.
    """
    code = fold(text).replace("-", "")
    if len(code) != 18:
        message = _("A social credit code has 18 characters: enter all of them.")
        raise ValidationError(message, code="length")
    if any(character not in _CREDIT_ALPHABET for character in code):
        message = _(
            "A social credit code has digits and capitals without I, O, S, V and Z: "
            "correct the others."
        )
        raise ValidationError(message, code="characters")
    if credit_check_character(code[:17]) != code[17]:
        message = _("The check character does not match: compare with the certificate.")
        raise ValidationError(message, code="check_digit")
    return code


def credit_check_character(first_17: str) -> str:
    """The 18th character of a social credit code (MEM-31)."""
    places = zip(first_17, _CREDIT_WEIGHTS, strict=True)
    total = sum(_CREDIT_ALPHABET.index(c) * weight for c, weight in places)
    return _CREDIT_ALPHABET[-total % 31]


def check_body_code(text: str) -> str:
    """Return the organization code of 9 characters folded (MEM-32, GB 11714-1997).

    Raises ValidationError with the code "length", "characters" or "check_digit".
    """
    code = fold(text).replace("-", "")
    if len(code) != 9:
        message = _("An organization code has 9 characters: enter all of them.")
        raise ValidationError(message, code="length")
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", code):
        message = _("An organization code has digits and capitals: correct the others.")
        raise ValidationError(message, code="characters")
    if body_check_character(code[:8]) != code[8]:
        message = _("The check character does not match: compare with the certificate.")
        raise ValidationError(message, code="check_digit")
    return code


def body_check_character(first_8: str) -> str:
    """The 9th character of an organization code (MEM-32)."""
    total = sum(int(c, 36) * w for c, w in zip(first_8, _BODY_WEIGHTS, strict=True))
    return {10: "X", 11: "0"}.get(11 - total % 11) or str(11 - total % 11)


def check_mobile(text: str) -> str:
    """Return a mobile number as 11 digits (field 12 of the national basic form).

    Raises ValidationError, code "mobile".
    """
    number = normalize_phone(text)
    if not re.fullmatch(r"1[0-9]{10}", number):
        message = _("A mobile number has 11 digits and starts with 1: correct it.")
        raise ValidationError(message, code="mobile")
    return number


def check_phone(text: str) -> str:
    """Return a mobile or fixed-line number as digits alone.

    Raises ValidationError, code "phone".
    """
    number = normalize_phone(text)
    if not re.fullmatch(r"1[0-9]{10}|0[0-9]{9,11}|[2-9][0-9]{6,7}", number):
        message = _(
            "Enter a mobile number of 11 digits, or a fixed line with its area code."
        )
        raise ValidationError(message, code="phone")
    return number


def years_between(start: date, end: date) -> int:
    """Whole years from `start` to `end`, 0 when `end` is earlier (MEM-33).

    From 29 February a year is full on 28 February of a common year, as in `add_years`.
    """
    years = end.year - start.year
    if add_years(start, years) > end:
        years -= 1
    return max(years, 0)


def add_years(start: date, years: int) -> date:
    """Calendar years later (CNT-03): 29 February + 1 year is 28 February."""
    return add_months(start, years * 12)


def add_months(start: date, months: int) -> date:
    """Calendar months later (CNT-03): 31 January + 1 month is the last of February."""
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    last_day = calendar.monthrange(year, month)[1]
    return date(year, month, min(start.day, last_day))


def title_grade(code: str) -> int:
    """The grade of a professional title (MEM-26, GB/T 8561).

    1 senior, 2 associate senior, 3 middle, 4 assistant, 5 technician; 0 for a group.
    Primary teachers end one later: 415 and 416 are both technician level.
    Raises ValidationError, code "title".
    """
    folded = fold(code)
    if folded == "416":
        return 5
    if not re.fullmatch(r"[0-9]{2}[0-5]", folded):
        message = _(
            "A title code has 3 digits and ends in 0 to 5: choose it from the list."
        )
        raise ValidationError(message, code="title")
    return int(folded[2])


def education_level(code: str) -> str:
    """The level of an education code, as a code that ends in 0 (MEM-27, GB/T 4658).

    Raises ValidationError, code "education".
    """
    folded = fold(code)
    if not re.fullmatch(r"[1-46-9][0-9]", folded):
        message = _("An education code has 2 digits: choose it from the list.")
        raise ValidationError(message, code="education")
    return f"{folded[0]}0"
