"""The vectors of rules.md section 2.5, and one refusal for each code."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from members.algorithms import (
    IdNumber,
    add_months,
    add_years,
    body_check_character,
    check_body_code,
    check_credit_code,
    check_id_number,
    check_mobile,
    check_phone,
    education_level,
    fold,
    next_demo_id_number,
    normalize_phone,
    title_grade,
    years_between,
)

TODAY = date(2026, 11, 23)


def refusal(check, *arguments):
    with pytest.raises(ValidationError) as refused:
        check(*arguments)
    return refused.value.code


# MEM-30


@pytest.mark.parametrize(
    ("number", "birth_date", "sex", "province"),
    [
        ("11010519491231002X", date(1949, 12, 31), "2", "110000"),
        ("440524188001010014", date(1880, 1, 1), "1", "440000"),
    ],
)
def test_the_id_numbers_of_the_standard_are_read(number, birth_date, sex, province):
    expected = IdNumber(number, birth_date, sex, province)

    assert check_id_number(number, TODAY) == expected


@pytest.mark.parametrize(
    "spelling",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "'11010519491231002X",
        "１１０１０５１９４９１２３１００２ｘ",
        "110105\u200b19491231002X\u00a0",
    ],
)
def test_other_spellings_of_an_id_number_are_folded(spelling):
    assert check_id_number(spelling, TODAY).number == "11010519491231002X"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("110105194912310021", "check_digit"),
        ("110105491231002", "withdrawn"),
        ("1101051949123100", "length"),
        ("", "length"),
        ("1101051949123100X2", "characters"),
        ("11010519491231OO2X", "characters"),
        ("11010519491231002Y", "characters"),
        ("٣١٠١٠٥١٩٤٩١٢٣١٠٠٢٣", "characters"),
        ("99010519491231002X", "province"),
        ("110105194902300025", "birth_date"),
        ("110105194913310025", "birth_date"),
        ("110105000000000025", "birth_date"),
        ("110105202611240025", "future"),
    ],
)
def test_a_wrong_id_number_is_refused_by_what_is_wrong(number, code):
    assert refusal(check_id_number, number, TODAY) == code


def test_each_wrong_digit_of_an_id_number_is_noticed():
    number = "11010519491231002X"
    accepted = []
    for place in range(17):
        for digit in "0123456789":
            wrong = number[:place] + digit + number[place + 1 :]
            try:
                check_id_number(wrong, TODAY)
            except ValidationError:
                continue
            accepted.append(wrong)

    assert set(accepted) == {number}


def test_who_is_born_today_has_an_id_number():
    number = next_demo_id_number("110000", TODAY, 7)

    assert check_id_number(number, TODAY).birth_date == TODAY


@pytest.mark.parametrize(
    ("sequence", "sex"), [(0, "2"), (1, "1"), (998, "2"), (999, "1")]
)
def test_demonstration_numbers_are_right_and_belong_to_nobody(sequence, sex):
    number = next_demo_id_number("520000", date(1960, 2, 29), sequence)

    read = check_id_number(number, TODAY)
    assert (read.sex, read.birth_date) == (sex, date(1960, 2, 29))
    assert number.startswith("520000")
    assert number == next_demo_id_number("520000", date(1960, 2, 29), sequence)


@pytest.mark.parametrize(
    ("division", "sequence"), [("110105", 1), ("990000", 1), ("110000", 1000)]
)
def test_demonstration_numbers_are_not_made_for_real_divisions(division, sequence):
    with pytest.raises(ValueError, match="demonstration number"):
        next_demo_id_number(division, date(1960, 1, 1), sequence)


# MEM-31, MEM-32


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91110000600037341L"])
def test_the_credit_codes_of_the_standard_are_accepted(code):
    assert check_credit_code(code) == code
    assert check_credit_code(f" {code.lower()} ") == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("91350100M000100Y4", "length"),
        ("91350100M000100Y4I", "characters"),
        ("9135010OM000100Y43", "characters"),
        ("91350100M000100Y44", "check_digit"),
        ("91350100M000100Y34", "check_digit"),
    ],
)
def test_a_wrong_credit_code_is_refused_by_what_is_wrong(text, code):
    assert refusal(check_credit_code, text) == code


def test_the_body_code_of_the_standard_is_accepted():
    assert body_check_character("60003734") == "1"
    assert check_body_code("60003734-1") == "600037341"


@pytest.mark.parametrize(
    ("text", "code"),
    [("60003734", "length"), ("6000373#1", "characters"), ("600037342", "check_digit")],
)
def test_a_wrong_body_code_is_refused_by_what_is_wrong(text, code):
    assert refusal(check_body_code, text) == code


@pytest.mark.parametrize(
    ("first_8", "character"), [("00000000", "0"), ("00000006", "X")]
)
def test_the_check_of_a_body_code_may_be_a_letter(first_8, character):
    assert body_check_character(first_8) == character


# Phones


@pytest.mark.parametrize(
    "spelling",
    [
        "13800001234",
        "138 0000 1234",
        "138-0000-1234",
        "+86 13800001234",
        "86-138-0000-1234",
        "008613800001234",
        "１３８００００１２３４",
        "(+86)13800001234",
    ],
)
def test_the_spellings_of_a_mobile_number_are_one_number(spelling):
    assert check_mobile(spelling) == "13800001234"


@pytest.mark.parametrize(
    "text", ["", "1380000123", "23800001234", "138000012345", "abc"]
)
def test_what_is_no_mobile_number_is_refused(text):
    assert refusal(check_mobile, text) == "mobile"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0571-88886666", "057188886666"),
        ("+86 571 8888 6666", "8657188886666"),
        ("8888666", "8888666"),
    ],
)
def test_fixed_lines_keep_their_digits(text, number):
    assert normalize_phone(text) == number


@pytest.mark.parametrize("text", ["123", "00000", "8657188886666999"])
def test_what_is_no_phone_is_refused(text):
    assert refusal(check_phone, text) == "phone"


# MEM-33, CNT-03


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        (date(2000, 7, 1), date(2026, 6, 30), 25),
        (date(2000, 7, 1), date(2026, 7, 1), 26),
        (date(2004, 2, 29), date(2025, 2, 27), 20),
        (date(2004, 2, 29), date(2025, 2, 28), 21),
        (date(2026, 7, 1), date(2020, 7, 1), 0),
    ],
)
def test_standing_is_counted_in_whole_years(start, end, years):
    assert years_between(start, end) == years


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 5, 31), 6, date(2026, 11, 30)),
    ],
)
def test_months_are_calendar_months(start, months, end):
    assert add_months(start, months) == end


def test_a_year_from_29_february_is_28_february():
    assert add_years(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert add_years(date(2024, 2, 29), 4) == date(2028, 2, 29)


# MEM-26, MEM-27


@pytest.mark.parametrize(
    ("code", "grade"),
    [
        *[("080", 0), ("081", 1), ("082", 2), ("083", 3), ("084", 4), ("085", 5)],
        *[("413", 3), ("414", 4), ("415", 5), ("416", 5)],  # primary teachers
    ],
)
def test_the_third_digit_of_a_title_is_its_grade(code, grade):
    assert title_grade(code) == grade


@pytest.mark.parametrize("code", ["", "08", "086", "0833", "abc"])
def test_what_is_no_title_is_refused(code):
    assert refusal(title_grade, code) == "title"


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("10", "10"),
        ("14", "10"),
        ("21", "20"),
        ("28", "20"),
        ("33", "30"),
        ("47", "40"),
        ("90", "90"),
    ],
)
def test_the_tens_digit_of_an_education_is_its_level(code, level):
    assert education_level(code) == level


@pytest.mark.parametrize("code", ["", "2", "01", "51", "211"])
def test_what_is_no_education_is_refused(code):
    assert refusal(education_level, code) == "education"


def test_a_code_is_folded():
    assert fold("\ufeff  'ab12 \t") == "AB12"
