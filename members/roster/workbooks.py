"""Writing rosters as .xlsx and .csv, so that no cell can be a formula (IN-09)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from members.roster.columns import COLUMNS, Column, reason_header

# A spreadsheet takes a cell that begins so for a formula; full-width signs too.
TRIGGERS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LONGEST: Final = 32_767
_TEXT, _DATE = "@", "yyyy-mm-dd"
_HEADER_FILL: Final = PatternFill("solid", fgColor="F3E5E3")
_HEADER_FONT: Final = Font(bold=True)

Cells = Sequence[Any]


def safe(value: Any) -> Any:
    """The value as it may stand in a cell: text that could be a formula is quoted.

    The import takes the apostrophe off again.
    """
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)
    text = text.encode("utf-8", "ignore").decode()[: _LONGEST - 1]
    return f"'{text}" if text.lstrip(" \u3000\xa0").startswith(TRIGGERS) else text


def write_csv(header: Cells, rows: Iterable[Cells]) -> bytes:
    """UTF-8 with the mark by which Excel knows it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in chain([header], rows):
        writer.writerow([_csv_cell(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def _csv_cell(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else safe(value)


def write_xlsx(
    header: Cells, rows: Iterable[Cells], *, title: str, widths: Sequence[int]
) -> bytes:
    """A workbook of one sheet with a fixed header."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_name(title))
    sheet.freeze_panes = "A2"
    for index, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.append([_header_cell(sheet, text) for text in header])
    for row in rows:
        sheet.append([_xlsx_cell(sheet, value) for value in row])
    return _saved(book)


def _header_cell(sheet: Any, text: Any) -> WriteOnlyCell:
    cell = _xlsx_cell(sheet, text)
    cell.font, cell.fill = _HEADER_FONT, _HEADER_FILL
    return cell


def _xlsx_cell(sheet: Any, value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, bool | int | float):
        return value
    cell = WriteOnlyCell(sheet, value=safe(value))
    if isinstance(value, date):
        cell.number_format = _DATE
    else:
        cell.data_type = "s"  # openpyxl makes a formula of text that begins with "="
        cell.number_format = _TEXT
    return cell


def _sheet_name(title: str) -> str:
    kept = "".join(c for c in title if c not in "[]:*?/\\'")
    return kept[:31] or "1"


def _saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def write_refused(
    header: list[str], rows: Iterable[tuple[str, Cells]], *, title: str
) -> bytes:
    """The refused rows as they were, each with its reason in front.

    Mended, the file can be imported as it is: the column of reasons is left aside.
    """
    widths = [48, *([16] * len(header))]
    return write_xlsx(
        [reason_header(), *header], _padded(header, rows), title=title, widths=widths
    )


def write_refused_csv(header: list[str], rows: Iterable[tuple[str, Cells]]) -> bytes:
    """The same as text, for very many rows."""
    return write_csv([reason_header(), *header], _padded(header, rows))


def _padded(
    header: list[str], rows: Iterable[tuple[str, Cells]]
) -> Iterator[list[Any]]:
    for reason, cells in rows:
        yield [reason, *cells, *([""] * (len(header) - len(cells)))]


def header() -> list[str]:
    """The header of template and export."""
    return [column.header for column in COLUMNS]


def widths() -> list[int]:
    return [column.width for column in COLUMNS]


def style_sheet(sheet: Worksheet, columns: Sequence[Column] = COLUMNS) -> None:
    """Give each column its width and keep text and dates from being recast."""
    for index, column in enumerate(columns, start=1):
        dimension = sheet.column_dimensions[get_column_letter(index)]
        dimension.width = column.width
        dimension.number_format = "0" if column.kind == "number" else _TEXT


def style_header(sheet: Worksheet, row: int) -> None:
    for cell in sheet[row]:
        cell.font, cell.fill = _HEADER_FONT, _HEADER_FILL
        cell.alignment = Alignment(vertical="center", wrap_text=True)
