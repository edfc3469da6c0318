"""Rosters as files, for the tests of import and export."""

import csv
import io
from datetime import date, timedelta

from openpyxl import Workbook, load_workbook

from members.algorithms import next_demo_id_number

HEADER = [
    "姓名",
    "身份证号",
    "民族",
    "人员类别",
    "入党日期",
    "转正日期",
    "手机号码",
    "家庭住址",
]


def id_number(number, *, born=date(1975, 6, 1)):
    """Another number for each `number`; past a thousand, of those born a day later."""
    day = born + timedelta(days=number // 1000)
    return next_demo_id_number("330000", day, number % 1000)


def person(number, name="陈晓明", **cells):
    """A sound row under HEADER, with `cells` by header put in their place."""
    sound = {
        "姓名": name,
        "身份证号": id_number(number),
        "民族": "汉族",
        "人员类别": "正式党员",
        "入党日期": "1999-07-01",
        "转正日期": "2000-07-01",
        "手机号码": f"137{number:08}",
        "家庭住址": f"清溪镇桂花路{number}号",
    }
    return list((sound | cells).values())


def xlsx(rows, *, merged=(), title="名册"):
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for cells in merged:
        sheet.merge_cells(cells)
    return saved(book)


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def csv_file(rows, *, encoding="utf-8", separator=","):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue().encode(encoding)


def rows_of(content):
    """The cells of an .xlsx file, empty ones as "", with the types they have."""
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    return [["" if v is None else v for v in row] for row in sheet.values]
