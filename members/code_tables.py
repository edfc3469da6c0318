"""National code tables (rules.md section 2.4), read once from `members/codes/*.csv`.

ETHNIC_GROUP.choices         # for a model field; labels follow the language
ETHNIC_GROUP.name("01")      # "汉族", or "Han" in English
ETHNIC_GROUP.code_of("汉")   # "01"; also takes the code, either name, short forms
"""

import csv
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from django.utils.functional import lazy
from django.utils.translation import get_language, pgettext_lazy

from members.algorithms import fold, title_grade

_FOLDER: Final = Path(__file__).parent / "codes"


class CodeRow(NamedTuple):
    code: str
    name_zh: str
    name_en: str


class CodeTable:
    """One table. `letters` names a second file with the letter codes of the same names."""

    def __init__(
        self, key: str, file: str, *, letters: str = "", endings: tuple[str, ...] = ()
    ):
        self.key = key
        self._file, self._letters, self._endings = file, letters, endings

    def __iter__(self) -> Iterator[CodeRow]:
        return iter(self.rows)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    @cached_property
    def rows(self) -> tuple[CodeRow, ...]:
        """All rows, in the order of the standard."""
        return _read(self._file)

    @cached_property
    def choices(self) -> list[tuple[str, str]]:
        """Code and label; the label is in the language of whoever reads it."""
        label = lazy(self.name, str)
        return [(row.code, label(row.code)) for row in self.rows]

    def name(self, code: str) -> str:
        """The name in the current language; a code that is not in the table as it is."""
        row = self._by_code.get(code)
        if row is None:
            return code
        return row.name_zh if (get_language() or "").startswith("zh") else row.name_en

    def code_of(self, text: str) -> str | None:
        """The code for a code, a name in either language or an accepted spelling.

        A number that lost its leading zeros in a spreadsheet is understood too.
        """
        key = fold(text)
        if key.isascii() and key.isdigit():
            key = key.zfill(len(self.rows[0].code))
        return self._by_text.get(key)

    @cached_property
    def _by_code(self) -> dict[str, CodeRow]:
        return {row.code: row for row in self.rows}

    @cached_property
    def _by_text(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for row in self.rows:
            short = {row.name_zh.removesuffix(ending) for ending in self._endings}
            for text in (row.code, row.name_zh, row.name_en, *short):
                found.setdefault(fold(text), row.code)
        names = {row.name_zh: row.code for row in self.rows}
        for letter, name_zh, _name_en in _read(self._letters) if self._letters else ():
            found.setdefault(fold(letter), names[name_zh])
        for table, text, code in _read("accepted_spellings"):
            if table == self.key:
                found[fold(text)] = code
        return found


@lru_cache
def _read(file: str) -> tuple[CodeRow, ...]:
    with (_FOLDER / f"{file}.csv").open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)  # the header
        return tuple(CodeRow(*row) for row in rows)


SEX = CodeTable("sex", "gbt2261_1_sex")
MARITAL_STATUS = CodeTable("marital_status", "gbt2261_2_marital_status")
EMPLOYMENT_STATUS = CodeTable("employment_status", "gbt2261_4_employment_status")
ETHNIC_GROUP = CodeTable(
    "ethnic_group", "gbt3304_ethnic", letters="gbt3304_ethnic_letters", endings=("族",)
)
EDUCATION = CodeTable("education", "gbt4658_education", endings=("教育",))
POLITICAL_STATUS = CodeTable("political_status", "gbt4762_political_status")
OCCUPATION = CodeTable("occupation", "gbt6565_occupation_major")
TITLE = CodeTable("title", "gbt8561_title_major")
PROVINCE = CodeTable(
    "province",
    "gbt2260_province",
    letters="gbt2260_province_letters",
    endings=(
        "省",
        "市",
        "自治区",
        "壮族自治区",
        "回族自治区",
        "维吾尔自治区",
        "特别行政区",
    ),
)
DEVELOPMENT_STEPS = CodeTable("development_steps", "development_steps")

TABLES: Final = {
    table.key: table
    for table in (
        SEX,
        MARITAL_STATUS,
        EMPLOYMENT_STATUS,
        ETHNIC_GROUP,
        EDUCATION,
        POLITICAL_STATUS,
        OCCUPATION,
        TITLE,
        PROVINCE,
        DEVELOPMENT_STEPS,
    )
}


def rows(table: str) -> tuple[CodeRow, ...]:
    """The rows of the table with this key (`TABLES`), to load them elsewhere."""
    return TABLES[table].rows


# The third digit of a title (MEM-26).
TITLE_GRADES: Final = {
    1: pgettext_lazy("professional title", "senior"),
    2: pgettext_lazy("professional title", "associate senior"),
    3: pgettext_lazy("professional title", "middle"),
    4: pgettext_lazy("professional title", "assistant"),
    5: pgettext_lazy("professional title", "technician"),
}


def title_name(code: str) -> str:
    """The group of a title and its grade (MEM-26), such as "Engineering … (middle)"."""
    group = TITLE.name(f"{code[:2]}0")
    if group == f"{code[:2]}0":
        return code
    grade = title_grade(code)
    return f"{group} ({TITLE_GRADES[grade]})" if grade else group
