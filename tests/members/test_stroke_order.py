"""Names in the order of surname strokes (EL-07)."""

import pytest

from members.stroke_order import stroke_key

COMMON = {
    2: "丁",
    3: "万于马",
    4: "孔尹文方毛王邓",
    5: "冯卢史叶田白石龙",
    6: "乔任刘吕孙朱江汤许",
    7: "何余吴宋张李杜杨汪沈苏邱邵邹陆陈",
    8: "周孟易林武罗范金郑",
    9: "侯姚姜段胡贺赵郝钟",
    10: "唐夏徐秦袁贾郭钱顾高",
    11: "崔常康曹梁萧阎黄龚",
    12: "傅彭曾程蒋董谢韩",
    13: "赖雷",
    14: "廖熊蔡谭",
    15: "潘黎",
    16: "薛",
    17: "戴魏",
}


@pytest.mark.parametrize(("strokes", "surnames"), COMMON.items())
def test_the_hundred_commonest_surnames_have_their_strokes(strokes, surnames):
    assert {stroke_key(one)[0][0] for one in surnames} == {strokes}


def test_these_are_a_hundred():
    assert len("".join(COMMON.values())) == 100


def test_names_stand_by_surname_then_by_the_rest():
    names = ["魏一", "王伟", "丁一", "张三", "王一", "李二", "Ann", "王"]

    assert sorted(names, key=stroke_key) == [
        "丁一",
        "王",
        "王一",
        "王伟",
        "张三",
        "李二",
        "魏一",
        "Ann",
    ]


def test_one_surname_stays_together():
    names = ["李丁", "张丁", "李魏", "张魏"]

    assert sorted(names, key=stroke_key) == ["张丁", "张魏", "李丁", "李魏"]


def test_a_name_of_nothing_or_of_what_has_no_count_is_last():
    assert stroke_key(" ") == []
    assert stroke_key("A") > stroke_key("龘")
