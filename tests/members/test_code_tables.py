import pytest
from django.utils import translation

from members import code_tables
from members.code_tables import (
    EDUCATION,
    ETHNIC_GROUP,
    OCCUPATION,
    POLITICAL_STATUS,
    PROVINCE,
    SEX,
    TABLES,
    TITLE,
    rows,
    title_name,
)


def test_the_tables_have_the_rows_of_the_standards():
    assert {key: len(table.rows) for key, table in TABLES.items()} == {
        "sex": 4,
        "marital_status": 8,
        "employment_status": 13,
        "ethnic_group": 56,
        "education": 40,
        "political_status": 13,
        "occupation": 8,
        "title": 56,
        "province": 34,
        "development_steps": 25,
    }


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_each_code_and_each_name_leads_back_to_its_code(table):
    for row in table.rows:
        found = {table.code_of(text) for text in (row.code, row.name_zh, row.name_en)}
        assert found == {row.code}


def test_labels_follow_the_language_of_the_reader():
    choices = dict(ETHNIC_GROUP.choices)

    with translation.override("zh-hans"):
        assert (str(choices["01"]), ETHNIC_GROUP.name("01")) == ("汉族", "汉族")
    with translation.override("en"):
        assert (str(choices["01"]), ETHNIC_GROUP.name("01")) == ("Han", "Han")
    with translation.override(None):
        assert str(choices["01"]) == "Han"


@pytest.mark.parametrize(
    ("table", "text", "code"),
    [
        (SEX, "男", "1"),
        (SEX, "女性", "2"),
        (SEX, " 1 ", "1"),
        (ETHNIC_GROUP, "汉", "01"),
        (ETHNIC_GROUP, "维吾尔", "05"),
        (ETHNIC_GROUP, "1", "01"),
        (ETHNIC_GROUP, "ha", "01"),
        (ETHNIC_GROUP, "１１", "11"),
        (EDUCATION, "大学本科", "20"),
        (EDUCATION, "本科", "20"),
        (EDUCATION, "大学", "20"),
        (EDUCATION, "本科毕业", "21"),
        (EDUCATION, "研究生", "10"),
        (EDUCATION, "硕士", "14"),
        (EDUCATION, "博士", "11"),
        (EDUCATION, "大专", "30"),
        (EDUCATION, "中专", "41"),
        (EDUCATION, "高中", "60"),
        (EDUCATION, "初中", "70"),
        (EDUCATION, "小学", "80"),
        (POLITICAL_STATUS, "中共预备党员", "02"),
        (POLITICAL_STATUS, "群众", "13"),
        (PROVINCE, "北京", "110000"),
        (PROVINCE, "广西", "450000"),
        (PROVINCE, "新疆", "650000"),
        (PROVINCE, "香港", "810000"),
        (PROVINCE, "GZ", "520000"),
        (TITLE, "工程技术人员", "080"),
        (TITLE, "80", "080"),
        (TITLE, "农业技术人员（农艺）", "090"),
        (OCCUPATION, "军人", "70000"),
    ],
)
def test_the_spellings_of_rosters_are_understood(table, text, code):
    assert table.code_of(text) == code


@pytest.mark.parametrize("text", ["", "97", "98", "火星族", "族", "999"])
def test_what_is_not_in_the_table_is_unknown(text):  # MEM-24
    assert ETHNIC_GROUP.code_of(text) is None


def test_every_accepted_spelling_names_a_code_of_a_table():
    spellings = code_tables._read("accepted_spellings")

    assert [line for line in spellings if line[2] not in TABLES[line[0]]] == []
    assert len({line[:2] for line in spellings}) == len(spellings)


def test_an_unknown_code_is_shown_as_it_is():
    assert SEX.name("7") == "7"
    assert title_name("999") == "999"


def test_a_title_is_named_with_its_grade():  # MEM-26
    with translation.override("en"):
        assert title_name("083") == "Engineering technicians (middle)"
        assert title_name("416") == "Primary school teachers (technician)"
        assert title_name("080") == "Engineering technicians"


def test_rows_are_given_in_the_order_of_the_standard():
    assert rows("sex")[1] == ("1", "男", "Male")
    assert [row.code for row in rows("development_steps")] == [
        str(n) for n in range(1, 26)
    ]
