"""The workbook to fill in: headers with help, lists to choose from, an example, codes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from members.algorithms import next_demo_id_number
from members.roster import columns
from members.roster.columns import COLUMNS, Column, is_chinese
from members.roster.workbooks import header, style_header, style_sheet

_HELP_ROW, _HEADER_ROW = 1, 2
_LAST_ROW: Final = 20_002
_HELP: Final = Font(color="5C5C5C", size=9)

# Nobody: the divisions of these numbers are given to no person.
_EXAMPLES: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "王示例",
        "id_number": next_demo_id_number("110000", date(1968, 3, 12), 11),
        "ethnic_group": "01",
        "education": "61",
        "state": "full",
        "admitted_on": "1995-07-01",
        "full_member_on": "1996-07-01",
        "phone": "13900000001",
        "address": "示例省示例市示例路1号",
    },
    {
        "name": "李样本",
        "id_number": next_demo_id_number("330000", date(1990, 11, 5), 24),
        "ethnic_group": "03",
        "education": "21",
        "state": "probationary",
        "admitted_on": "2025年3月18日",
        "phone": "13900000002",
        "is_floating": "1",
        "floating_to": "示例省示例市示例县",
    },
    {
        "name": "买买提·示范",
        "id_number": next_demo_id_number("650000", date(2001, 1, 30), 37),
        "ethnic_group": "05",
        "education": "31",
        "state": "activist",
        "applied_on": "2024.05.06",
        "phone": "13900000003",
    },
)


def template() -> bytes:
    """The template in the current language."""
    return _template(get_language() or "")


@cache
def _template(language: str) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = _("Roster")
    example = book.create_sheet(_("Example"))
    codes = book.create_sheet(_("Codes"))
    lists = _write_codes(codes)
    for page in (sheet, example):
        _write_head(page)
    _add_lists(sheet, codes.title, lists)
    for values in _EXAMPLES:
        example.append([_example_cell(column, values) for column in COLUMNS])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _write_head(sheet: Worksheet) -> None:
    style_sheet(sheet)
    sheet.append([str(column.help) for column in COLUMNS])
    sheet.append(header())
    style_header(sheet, _HEADER_ROW)
    sheet.row_dimensions[_HELP_ROW].height = 58
    for cell in sheet[_HELP_ROW]:
        cell.font = _HELP
        cell.alignment = Alignment(vertical="bottom", wrap_text=True)
    sheet.freeze_panes = f"C{_HEADER_ROW + 1}"


def _example_cell(column: Column, values: dict[str, Any]) -> str:
    value = values.get(column.field, "")
    if column.field == "state":
        return columns.state_word(value)
    if column.table is not None and value:
        return column.table.name(value)
    return columns.yes_or_no(bool(value)) if column.kind == "flag" else value


def _write_codes(sheet: Worksheet) -> dict[str, str]:
    """Write each list into two columns, code and name; returns where the names are."""
    places = {}
    for index, (column, rows) in enumerate(_lists()):
        at = index * 3 + 1
        sheet.cell(1, at, column.header).font = Font(bold=True)
        for offset, (code, name) in enumerate(rows, start=2):
            sheet.cell(offset, at, code)
            sheet.cell(offset, at + 1, name)
        letter = get_column_letter(at + 1)
        sheet.column_dimensions[letter].width = 28
        places[column.field] = f"${letter}$2:${letter}${len(rows) + 1}"
    return places


def _lists() -> Iterator[tuple[Column, list[tuple[str, str]]]]:
    for column in COLUMNS:
        if column.table is not None:
            rows = column.table.rows
            yield column, [(row.code, column.table.name(row.code)) for row in rows]
        elif column.field == "state":
            states = columns.NEW_STATES
            yield column, [(str(state), columns.state_word(state)) for state in states]


def _add_lists(sheet: Worksheet, codes: str, places: dict[str, str]) -> None:
    """Offer lists to choose from; other spellings only give a warning."""
    both = '"是,否"' if is_chinese() else '"Yes,No"'
    for index, column in enumerate(COLUMNS, start=1):
        if column.field in places:
            formula = f"'{codes}'!{places[column.field]}"
        elif column.kind == "flag":
            formula = both
        else:
            continue
        choice = DataValidation(
            type="list", formula1=formula, allow_blank=True, errorStyle="warning"
        )
        letter = get_column_letter(index)
        choice.add(f"{letter}{_HEADER_ROW + 1}:{letter}{_LAST_ROW}")
        sheet.add_data_validation(choice)
