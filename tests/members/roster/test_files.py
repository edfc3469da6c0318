import hashlib
import io
import resource
import struct
import time
import zipfile
import zlib
from datetime import datetime

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from members.roster import files
from members.roster.files import read_roster
from tests.rosters import HEADER, csv_file, person, saved, xlsx

ROWS = [HEADER, person(1, "张建国"), person(2, "李秀英")]


def names(content):
    table = read_roster(content)
    (at,) = [i for i, column in table.columns.items() if column.field == "name"]
    return [cells[at] for _number, cells in table.rows]


def refusal_of(content):
    with pytest.raises(ValidationError) as refusal:
        read_roster(content)
    return refusal.value.code


# --- what real files hold --------------------------------------------------------------
@pytest.mark.parametrize(
    "content",
    [
        xlsx(ROWS),
        csv_file(ROWS),
        csv_file(ROWS, encoding="utf-8-sig"),
        csv_file(ROWS, encoding="gb18030"),
        csv_file(ROWS, encoding="gbk"),
        csv_file(ROWS, encoding="utf-16", separator="\t"),
        csv_file(ROWS, separator=";"),
        csv_file(ROWS, separator="\t"),
    ],
    ids=["xlsx", "utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "semicolon", "tab"],
)
def test_the_usual_kinds_of_files(content):
    table = read_roster(content)

    assert names(content) == ["张建国", "李秀英"]
    assert [column.field for column in table.columns.values()] == [
        "name",
        "id_number",
        "ethnic_group",
        "state",
        "admitted_on",
        "full_member_on",
        "phone",
        "address",
    ]
    assert [number for number, _cells in table.rows] == [2, 3]
    assert table.unknown == []


def test_title_rows_blank_rows_totals_and_signatures():
    rows = [
        ["中共青石村支部委员会党员名册"],
        ["填报单位：青石村", "", "填报日期：2026年11月"],
        [],
        HEADER,
        person(1, "张建国"),
        ["", " ", "\u3000"],
        HEADER,
        person(2, "李秀英"),
        ["合计", "2人"],
        ["共2人"],
        ["填表人：王会计", "", "", "审核人：李书记"],
    ]
    content = xlsx(rows, merged=["A1:H1", "A2:B2", "C2:D2"])
    table = read_roster(content)

    assert names(content) == ["张建国", "李秀英"]
    assert [number for number, _cells in table.rows] == [5, 8]
    assert table.left_out == [9, 10, 11]


def test_a_header_of_two_rows_in_merged_cells():
    rows = [
        ["党员名册"],
        ["序号", "姓名", "公民身份\n号码（必填）", "联系方式", "", "入党", ""],
        ["", "", "", "手机*", "固定电话", "日期", "介绍人"],
        [1, "张建国", "x", "13700000001", "0571-1", "1999-07-01", "某"],
    ]
    table = read_roster(xlsx(rows, merged=["A1:G1", "D2:E2", "F2:G2", "B2:B3"]))

    assert {column.field: i for i, column in table.columns.items()} == {
        "name": 1,
        "id_number": 2,
        "phone": 3,
        "landline": 4,
        "admitted_on": 5,
    }
    assert table.unknown == ["入党 介绍人"]
    assert len(table.rows) == 1


def test_columns_in_another_order_and_unknown_ones():
    rows = [["血型", "电话", "姓 名：", "Citizen ID number"], ["A", "1", "张建国", "x"]]
    table = read_roster(csv_file(rows))

    assert [column.field for column in table.columns.values()] == [
        "phone",
        "name",
        "id_number",
    ]
    assert table.unknown == ["血型"]


def test_of_two_columns_for_one_field_the_plainer_name_counts():
    rows = [["姓名", "联系电话", "手机号码"], ["张建国", "1", "2"]]
    table = read_roster(csv_file(rows))

    assert {c.field: i for i, c in table.columns.items()} == {"name": 0, "phone": 2}
    assert table.unknown == ["联系电话"]


def test_the_roster_is_found_behind_other_sheets():
    book = Workbook()
    book.active.append(["说明：请按要求填写"])
    hidden = book.create_sheet("旧")
    for row in [HEADER, person(9, "旧名册")]:
        hidden.append(row)
    hidden.sheet_state = "hidden"
    sheet = book.create_sheet("名册")
    for row in ROWS:
        sheet.append(row)

    assert names(saved(book)) == ["张建国", "李秀英"]


def test_cells_keep_what_kind_they_are():
    day = datetime(1999, 7, 1)  # noqa: DTZ001  a cell knows no zone
    table = read_roster(xlsx([HEADER, ["张", 110105194912310020, "汉", 1, day]]))

    assert table.rows[0][1][1] == pytest.approx(1.1010519491231e17)
    assert table.rows[0][1][4] == day.date()


def test_the_errors_of_formulas_stay_in_their_cells():
    book = Workbook()
    book.active.append(HEADER)
    book.active.append(person(1, 民族="#REF!"))
    book.active["C2"].data_type = "e"

    assert read_roster(saved(book)).rows[0][1][2] == "#REF!"


# --- what is no roster -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"%PDF-1.7 \n1 0 obj", "wrong_kind"),
        (b"<html><table><tr><td>\xe5\xa7\x93</table>", "wrong_kind"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><svg onload="alert(1)"/>', "wrong_kind"),
        (b"\x89PNG\r\n\x1a\n", "wrong_kind"),
        (b"GIF89a=1;", "wrong_kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "old_format"),
        (b"PK\x03\x04 and no more", "damaged"),
        (b"\xff\xff\xff\xff,\xff", "encoding"),
        (b"a,b\0c\n", "wrong_kind"),
        (b"a,b,c\n1,2,3\n", "no_header"),
        ("姓名,身份证号\n".encode(), "no_rows"),
        (
            b'\xe5\xa7\x93\xe5\x90\x8d,\xe6\xb0\x91\xe6\x97\x8f\n"' + b"x" * 200_000,
            "damaged",
        ),
    ],
)
def test_the_kind_is_told_by_the_content(content, code):  # UP-01
    assert refusal_of(content) == code


def test_an_archive_that_is_no_workbook():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("名册.csv", "姓名")

    assert refusal_of(file.getvalue()) == "wrong_kind"


def test_no_more_rows_than_allowed(settings):
    assert settings.IMPORT_MAX_ROWS == 100_000
    settings.IMPORT_MAX_ROWS = 200
    rows = [HEADER] + [person(1)] * 201

    assert refusal_of(csv_file(rows)) == "too_many_rows"
    assert len(read_roster(csv_file(rows[:-1])).rows) == 200


def test_a_file_larger_than_allowed(settings):
    assert refusal_of(b"x," * (settings.IMPORT_MAX_BYTES // 2 + 1)) == "too_big"


# --- what was made to harm (UP-04) -----------------------------------------------------
def workbook_with(**parts):
    """A sound workbook with parts replaced or added: `sheet=b"…"`."""
    places = {
        "sheet": "xl/worksheets/sheet1.xml",
        "strings": "xl/sharedStrings.xml",
        "extra": "xl/media/image1.bin",
    }
    replaced = {places[name]: part for name, part in parts.items()}
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx(ROWS))) as sound,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for part in sound.infolist():
            if part.filename not in replaced:
                made.writestr(part, sound.read(part))
        for name, part in replaced.items():
            made.writestr(name, part)
    return file.getvalue()


SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>%s</sheetData></worksheet>"
)
NAMED = "".join(
    f'<c r="{c}1" t="inlineStr"><is><t>{name}</t></is></c>'
    for c, name in zip("AB", ["姓名", "民族"], strict=True)
)
ENTITIES = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
# 40,000 rows of 16,384 columns: small as text, 650 million cells for who believes it.
NUMBERS = range(2, 40_000)
WIDE = '<row r="{0}"><c r="XFD{0}"><v>1</v></c></row>'
HOSTILE = {
    "unpacks to 300 MB": (lambda: {"sheet": b" " * 300_000_000}, "too_heavy"),
    "dense": (lambda: {"extra": b"\0" * 7_000_000}, "too_heavy"),
    "strings of 50 MB": (lambda: {"strings": b"<a>" * 17_000_000}, "too_heavy"),
    "entity bomb": (
        lambda: {"sheet": f'<!DOCTYPE x [<!ENTITY l0 "ha">{ENTITIES}]><x>&l9;</x>'},
        "entities",
    ),
    "external entity": (
        lambda: {
            "strings": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x/>'
        },
        "entities",
    ),
    "a cell in the last column": (
        lambda: {"sheet": SHEET % f'<row r="1">{NAMED}<c r="XFD1"><v>1</v></c></row>'},
        "too_many_columns",
    ),
    "only the last row": (
        lambda: {
            "sheet": SHEET
            % f'<row r="1">{NAMED}</row><row r="1048576"><c><v>1</v></c></row>'
        },
        "no_rows",
    ),
    "a row beyond the last": (
        lambda: {"sheet": SHEET % f'<row r="999999999"><c><v>1</v></c></row>{NAMED}'},
        "too_heavy",
    ),
    "all columns in many rows": (
        lambda: {
            "sheet": SHEET
            % (f'<row r="1">{NAMED}</row>' + "".join(WIDE.format(n) for n in NUMBERS))
        },
        "too_heavy",
    ),
    "cut XML": (lambda: {"sheet": SHEET[:90]}, "damaged"),
}


@pytest.mark.parametrize("harm", HOSTILE)
def test_a_hostile_workbook_is_refused_at_once(harm):
    make, code = HOSTILE[harm]
    content = workbook_with(**make())
    began = time.perf_counter()

    assert refusal_of(content) == code
    assert time.perf_counter() - began < 2
    # The process that read it began as large as we are.
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert (most - mine) * 1024 < 300_000_000


def test_a_million_rows_are_refused_without_reading_them_all():
    row = "<row><c><v>1</v></c><c><v>2</v></c></row>"
    content = workbook_with(
        sheet=SHEET % (f'<row r="1">{NAMED}</row>' + row * 1_048_575)
    )
    began = time.perf_counter()

    assert refusal_of(content) == "too_heavy"
    assert time.perf_counter() - began < 2


def test_a_part_that_unpacks_to_more_than_it_says():
    """42.zip and its kind lie about what is in them; zipfile alone would not notice."""
    file = io.BytesIO()
    sheet = (SHEET % "").encode() + b" " * 2_000_000
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    content = file.getvalue()
    for true, lie in [
        (len(sheet), 200),
        (zlib.crc32(sheet), zlib.crc32(sheet[:200])),
    ]:
        assert content.count(struct.pack("<I", true)) == 2
        content = content.replace(struct.pack("<I", true), struct.pack("<I", lie))

    assert refusal_of(content) == "damaged"


def test_five_megabytes_that_unpack_to_two_hundred():
    noise = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(500)).hex()
    content = workbook_with(sheet=noise.encode() * 6_250)

    assert len(content) < 8_000_000
    assert refusal_of(content) == "too_heavy"


def test_an_archive_of_very_many_parts():
    file = io.BytesIO(xlsx(ROWS))
    with zipfile.ZipFile(file, "a") as archive:
        for number in range(files.MOST_PARTS):
            archive.writestr(f"xl/media/{number}", b"")

    assert refusal_of(file.getvalue()) == "too_heavy"


@settings(max_examples=60, deadline=None)
@given(
    place=st.integers(0, 8_000), junk=st.binary(min_size=1, max_size=40), data=st.data()
)
def test_a_damaged_file_is_refused_or_read_and_never_breaks(place, junk, data):  # IN-10
    content = data.draw(st.sampled_from([xlsx(ROWS), csv_file(ROWS)]))
    place = min(place, len(content))
    try:
        read_roster(content[:place] + junk + content[place + len(junk) :])
    except ValidationError as refusal:
        assert refusal.messages  # noqa: PT017  either is fine, nothing else is
