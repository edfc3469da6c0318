"""Pinyin of names, for sorting and for search by initials.

Surnames have readings of their own (单 is shan, not dan), so a person's name is read
differently from other text.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT

# Readings as a surname that differ from the common one; two-character surnames first.
_SURNAMES: Final = {
    "尉迟": ("yu", "chi"),
    "万俟": ("mo", "qi"),
    "单于": ("chan", "yu"),
    "单": ("shan",),
    "曾": ("zeng",),
    "仇": ("qiu",),
    "解": ("xie",),
    "查": ("zha",),
    "盖": ("ge",),
    "区": ("ou",),
    "缪": ("miao",),
    "朴": ("piao",),
    "召": ("shao",),
    "洗": ("xian",),
    "秘": ("bi",),
    "覃": ("qin",),
    "乐": ("yue",),
    "繁": ("po",),
    "员": ("yun",),
    "贠": ("yun",),
    "牟": ("mu",),
    "种": ("chong",),
    "折": ("she",),
    "能": ("nai",),
    "翟": ("zhai",),
    "卜": ("bu",),
    "祭": ("zhai",),
    "都": ("du",),
    "句": ("gou",),
    "阚": ("kan",),
}


def pinyin(name: str) -> str:
    """A person's name in lower-case ASCII without spaces: 单雄信 is "shanxiongxin"."""
    return "".join(_syllables(name))


def initials(name: str) -> str:
    """The first letter of each character of a person's name: 单雄信 is "sxx"."""
    return "".join(_first_letters(_syllables(name)))


def branch_pinyin(name: str) -> str:
    """The name of a branch or unit in lower-case ASCII without spaces."""
    return "".join(_read(name))


def branch_initials(name: str) -> str:
    """The first letter of each character of a branch or unit name, digits as they are."""
    return "".join(_first_letters(_read(name)))


@lru_cache(maxsize=256)  # a name is asked for its pinyin, then for its initials
def _syllables(name: str) -> list[str]:
    name = name.strip()
    for length in (2, 1):
        if reading := _SURNAMES.get(name[:length]):
            return [*reading, *_read(name[length:])]
    return _read(name)


def _read(text: str) -> list[str]:
    """A syllable for each Chinese character; other text in runs of ASCII letters or digits."""
    if _is_short_of_phrases(text):
        return [syllable for character in text for syllable in _look_up(character)]
    return _look_up(text)


def _is_short_of_phrases(text: str) -> bool:
    """Whether each character is read alone, as in most names: no phrase begins in it."""
    if len(text) > 4 or not all("\u4e00" <= c <= "\u9fa5" for c in text):
        return False
    starts = range(len(text) - 1)
    parts = (text[i:j] for i in starts for j in range(i + 2, len(text) + 1))
    return not any(part in PHRASES_DICT for part in parts)


@lru_cache(maxsize=8192)
def _look_up(text: str) -> list[str]:
    syllables = lazy_pinyin(text, style=Style.NORMAL, errors="default", v_to_u=False)
    return [kept for syllable in syllables if (kept := _ascii(syllable))]


def _ascii(syllable: str) -> str:
    plain = unicodedata.normalize("NFKD", syllable).lower()
    return re.sub(r"[^a-z0-9]", "", plain)


def _first_letters(syllables: list[str]) -> list[str]:
    return [s if s.isdigit() else s[0] for s in syllables]
