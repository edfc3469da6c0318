import csv
import io
from datetime import date

import pytest
from django.utils import translation
from openpyxl import load_workbook

from members.roster import cells, workbooks
from members.roster.columns import COLUMNS
from members.roster.files import read_roster
from members.roster.template import template
from tests.rosters import rows_of

PAYLOADS = [  # IN-09
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "＝1+1",
    '=DDE("cmd";"/C calc";"x")',
]
TRIGGERS = tuple("=+-@\t\r\n＝")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_cell_of_a_workbook_is_a_formula(payload):
    content = workbooks.write_xlsx(["a"], [[payload]], title="x", widths=[9])
    cell = load_workbook(io.BytesIO(content)).active["A2"]

    assert cell.data_type == "s"
    assert not cell.value.startswith(TRIGGERS)
    assert cells.plain(cell.value) == cells.plain(payload)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_cell_of_a_csv_file_is_a_formula(payload):
    content = workbooks.write_csv(["a"], [[payload]])
    (_header, (cell,)) = csv.reader(
        io.StringIO(content.decode("utf-8-sig"), newline="")
    )

    assert not cell.lstrip().startswith(TRIGGERS)
    assert cells.plain(cell) == cells.plain(payload)


def test_refused_rows_are_as_safe():
    content = workbooks.write_refused(["=1", "b"], [("=2", ["=3"])], title="x")
    sheet = load_workbook(io.BytesIO(content)).active

    assert {cell.data_type for row in sheet for cell in row if cell.value} == {"s"}
    assert rows_of(content) == [["退回原因", "'=1", "b"], ["'=2", "'=3", ""]]


def test_what_a_workbook_cannot_hold_is_left_out():
    text = "a\x00b\x0bc\ud800d" + "x" * 40_000
    content = workbooks.write_xlsx(["h"], [[text]], title="[a]/b*c", widths=[9])

    assert rows_of(content)[1][0].startswith("abcd")


def test_dates_and_numbers_stay_what_they_are():
    day = date(1999, 7, 1)
    content = workbooks.write_xlsx(["a", "b"], [[day, 7]], title="x", widths=[9, 9])

    assert [type(value).__name__ for value in rows_of(content)[1]] == [
        "datetime",
        "int",
    ]
    assert workbooks.write_csv(["a", "b"], [[day, 7]]).endswith(b"1999-07-01,7\r\n")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_template_has_every_column_and_lists_to_choose_from(language):
    with translation.override(language):
        book = load_workbook(io.BytesIO(template()))
        sheet, _example, codes = book.worksheets
        header = [cell.value for cell in sheet[2]]
        helps = sum(cell.value is not None for cell in sheet[1])

        assert header == [column.header for column in COLUMNS]
        assert helps > 10
        lists = sheet.data_validations.dataValidation
        assert len(lists) == sum(c.kind in {"flag", "code"} for c in COLUMNS)
        assert codes["E2"].value in {"汉族", "Han"}
        letter = "C"
        assert sheet.column_dimensions[letter].number_format == "@"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_example_of_the_template_can_be_read(language):
    with translation.override(language):
        book = load_workbook(io.BytesIO(template()))
        book.remove(book.worksheets[0])
        file = io.BytesIO()
        book.save(file)
        table = read_roster(file.getvalue())

        assert len(table.rows) == 3
        assert table.unknown == []
        for _number, row in table.rows:
            for index, column in table.columns.items():
                column.read(row[index] if index < len(row) else None)
