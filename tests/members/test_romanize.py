import pytest

from members.romanize import branch_initials, branch_pinyin, initials, pinyin


@pytest.mark.parametrize(
    ("name", "reading", "letters"),
    [
        ("单雄信", "shanxiongxin", "sxx"),
        ("曾国藩", "zengguofan", "zgf"),
        ("仇英", "qiuying", "qy"),
        ("解缙", "xiejin", "xj"),
        ("查良镛", "zhaliangyong", "zly"),
        ("盖叫天", "gejiaotian", "gjt"),
        ("区大相", "oudaxiang", "odx"),
        ("任弼时", "renbishi", "rbs"),
        ("华罗庚", "hualuogeng", "hlg"),
        ("缪荃孙", "miaoquansun", "mqs"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("万俟洛", "moqiluo", "mql"),
        ("单于辅", "chanyufu", "cyf"),
        ("吕布", "lvbu", "lb"),
        ("欧阳修", "ouyangxiu", "oyx"),
        ("张单", "zhangdan", "zd"),
        (" 王 芳 ", "wangfang", "wf"),
        ("", "", ""),
    ],
)
def test_a_name_is_read_with_its_surname(name, reading, letters):
    assert (pinyin(name), initials(name)) == (reading, letters)


@pytest.mark.parametrize("dot", ["·", "•", "・", "."])
def test_the_dot_of_a_name_is_left_out(dot):
    name = f"阿依古丽{dot}买买提"

    assert pinyin(name) == "ayigulimaimaiti"
    assert initials(name) == "ayglmmt"


def test_all_that_comes_out_is_lower_case_ascii():
    assert pinyin("Érik 李𠮷é") == "eriklie"
    assert (pinyin("王Ａ"), initials("O'Neil")) == ("wanga", "o")


def test_a_branch_is_read_as_ordinary_text():
    name = "单县重庆路第3社区党支部"

    assert branch_initials(name) == "dxcqld3sqdzb"
    assert branch_pinyin("西湖区第12支部") == "xihuqudi12zhibu"
