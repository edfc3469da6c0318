from datetime import date, datetime

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from members.code_tables import EDUCATION, ETHNIC_GROUP
from members.roster import cells
from members.roster.cells import Masked, Month
from members.roster.columns import COLUMNS

FIRST_OF_JULY = date(2001, 7, 1)


@pytest.mark.parametrize(
    "cell",
    [
        datetime(2001, 7, 1),  # noqa: DTZ001  as openpyxl reads it
        "2001-07-01",
        "2001/7/1",
        "2001.07.01",
        "2001年7月1日",
        "２００１年０７月０１日",
        "20010701",
        20010701,
        "2001-07-01 00:00:00",
        "'2001-7-1",
        "  2001 - 07 - 01 ",
        37073,  # days since 1900, where the cell lost its format
    ],
)
def test_one_day_in_many_spellings(cell):
    assert cells.read_date(cell) == FIRST_OF_JULY


@pytest.mark.parametrize("cell", ["2001-07", "2001.07", "200107", 200107, "2001年7月"])
def test_a_month_is_no_day(cell):
    with pytest.raises(ValidationError) as refusal:
        cells.read_date(cell)

    assert refusal.value.code == "no_day"
    assert cells.read_date_or_month(cell) == Month(2001, frozenset({7}))
    assert cells.read_first_of_month(cell) == FIRST_OF_JULY


def test_a_number_that_lost_its_last_zero_may_be_january_or_october():
    month = cells.read_date_or_month(1975.1)

    assert month.holds(date(1975, 10, 8))
    assert month.holds(date(1975, 1, 8))
    assert not month.holds(date(1975, 2, 8))


@pytest.mark.parametrize(
    "cell", ["2001-13-01", "20010732", "七月一日", "01.7.1", "2001", True, "0001-01-01"]
)
def test_no_date(cell):
    with pytest.raises(ValidationError) as refusal:
        cells.read_date(cell)

    assert refusal.value.code == "date"


@pytest.mark.parametrize("cell", [None, "", "  ", "\u3000", "-", "—", "/", "无"])
def test_marks_for_nothing_are_empty(cell):
    assert cells.read_text(cell) is None
    assert cells.read_date(cell) is None
    assert cells.read_digits(cell) is None


@pytest.mark.parametrize(
    "cell",
    [1.1010519491231e17, 110105194912310000, "1.10105E+17"],
)
def test_a_rounded_number_is_refused(cell):
    with pytest.raises(ValidationError) as refusal:
        cells.read_sealed(cell)

    assert refusal.value.code == "rounded"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (13800001234, "13800001234"),
        (13800001234.0, "13800001234"),
        ("'11010519491231002X", "11010519491231002X"),
        (110105194912310029, "110105194912310029"),
        (" 138 0000 1234 ", "138 0000 1234"),
    ],
)
def test_numbers_that_are_names(cell, text):
    assert cells.read_sealed(cell) == text


def test_a_mask_is_known_as_one():
    assert cells.read_sealed("138****1234") == Masked("138****1234")
    assert cells.read_sealed_text("北京市****") == Masked("北京市****")


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("王　芳", "王芳"),
        (" 王 芳\n", "王芳"),
        ("买买提•艾力", "买买提·艾力"),
        ("买买提．艾力", "买买提·艾力"),
        ("John Smith", "John Smith"),
    ],
)
def test_names(cell, name):
    assert cells.read_name(cell) == name


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("是", True),
        ("√", True),
        (1, True),
        (True, True),
        ("否", False),
        ("无", False),
        (0, False),
        ("×", False),
        ("YES", True),
        ("ｙ", True),
        ("", None),
        ("/", None),
    ],
)
def test_flags(cell, value):
    assert cells.read_flag(cell) is value


@pytest.mark.parametrize(
    ("table", "width", "cell", "code"),
    [
        (ETHNIC_GROUP, 2, "汉", "01"),
        (ETHNIC_GROUP, 2, 1, "01"),
        (ETHNIC_GROUP, 2, "01", "01"),
        (ETHNIC_GROUP, 2, "Han", "01"),
        (EDUCATION, 2, "大学本科", "20"),
        (EDUCATION, 2, " 本 科 ", "20"),
        (EDUCATION, 2, 21, "21"),
    ],
)
def test_codes_by_code_or_name(table, width, cell, code):
    assert cells.code_reader(table, width=width)(cell) == code


def test_an_error_of_a_formula_is_no_text():
    with pytest.raises(ValidationError) as refusal:
        cells.read_line("#N/A")

    assert refusal.value.code == "formula_error"


ANY_CELL = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=60)
    | st.datetimes()
    | st.times()
    | st.timedeltas()
    | st.text(alphabet="0123456789-/.年月日*'Ee+ 是否", max_size=24)
)


@given(cell=ANY_CELL)
def test_whatever_a_cell_holds_it_is_read_or_refused(cell):  # IN-10
    for column in COLUMNS:
        try:
            column.read(cell)
        except ValidationError as refusal:
            assert refusal.messages  # noqa: PT017  either is fine, nothing else is
