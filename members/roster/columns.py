"""The columns of a roster: one table for import, export and template.

Each column has its Chinese header, the other spellings that real rosters use, and its
English header; how its cells are read and how a record is written into it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from members import code_tables
from members.algorithms import fold
from members.code_tables import CodeTable
from members.masking import masked
from members.models import Member
from members.roster import cells
from members.roster.cells import Reader

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

State = Member.State
# What a state is called in rosters: the words we write, then others that we read.
STATE_WORDS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    State.FULL: (
        "正式党员",
        "Full member",
        ("正式", "党员", "中共党员", "中共正式党员", "中国共产党党员", "01"),
    ),
    State.PROBATIONARY: (
        "预备党员",
        "Probationary member",
        ("预备", "中共预备党员", "中国共产党预备党员", "02"),
    ),
    State.CANDIDATE: ("发展对象", "Candidate", ()),
    State.ACTIVIST: ("入党积极分子", "Activist", ("积极分子",)),
    State.APPLICANT: ("入党申请人", "Applicant", ("申请人",)),
    State.ON_PROBATION: (
        "留党察看",
        "On probation within the Party",
        ("留党察看党员",),
    ),
    State.STOPPED: ("停止党籍", "Membership stopped", ("停止党籍党员",)),
}
# Whom an import may put on a roll; other states are entered on the record's page.
NEW_STATES: Final = (
    State.FULL,
    State.PROBATIONARY,
    State.CANDIDATE,
    State.ACTIVIST,
    State.APPLICANT,
)
_STATE_CODES: Final = {
    fold(word): str(state)
    for state, (zh, en, others) in STATE_WORDS.items()
    for word in (str(state), zh, en, *others)
}


@dataclass(frozen=True)
class Column:
    """One column. `field` is that of the record; "record" is its number.

    kind: "text" (kept as text by a spreadsheet), "date", "flag", "code" or "number".
    """

    field: str
    zh: str
    en: str
    read: Reader
    others: tuple[str, ...] = ()
    kind: str = "text"
    width: int = 14
    table: CodeTable | None = None
    help: StrOrPromise = ""

    def __reduce__(self) -> tuple[Any, ...]:
        """Between processes a column goes by its name."""
        return _column_of, (self.field,)

    @property
    def names(self) -> tuple[str, ...]:
        """Every header that is read, the one we write first."""
        return (self.zh, self.en, *self.others)

    @property
    def header(self) -> str:
        """In the language of whoever reads it."""
        return self.zh if is_chinese() else self.en


def _column_of(field: str) -> Column:
    return BY_FIELD[field]


def is_chinese() -> bool:
    return (get_language() or "").startswith("zh")


_SEALED: Final = ("id_number", "phone", "landline", "address")

COLUMNS: Final = (
    Column(
        "record",
        "记录编号",
        "Record number",
        cells.read_record,
        kind="number",
        width=10,
        help=_("Of the portal. Leave it empty for a new person."),
    ),
    Column(
        "name",
        "姓名",
        "Name",
        cells.read_name,
        others=("党员姓名", "名字", "姓名(全称)"),
        width=12,
        help=_("Required. As on the ID card."),
    ),
    Column(
        "id_number",
        "公民身份号码",
        "Citizen ID number",
        cells.read_sealed,
        others=(
            "身份证号",
            "身份证号码",
            "居民身份证号",
            "身份证",
            "证件号码",
            "ID number",
        ),
        width=22,
        help=_("Required for a new person. Keep the column as text."),
    ),
    Column(
        "sex",
        "性别",
        "Sex",
        cells.code_reader(code_tables.SEX, width=1),
        kind="code",
        width=8,
        table=code_tables.SEX,
        help=_("Empty: taken from the ID number."),
    ),
    Column(
        "ethnic_group",
        "民族",
        "Ethnic group",
        cells.code_reader(code_tables.ETHNIC_GROUP, width=2),
        others=("族别",),
        kind="code",
        width=10,
        table=code_tables.ETHNIC_GROUP,
        help=_("Required."),
    ),
    Column(
        "birth_date",
        "出生日期",
        "Birth date",
        cells.read_date_or_month,
        others=("出生年月日", "出生年月", "生日", "出生时间"),
        kind="date",
        help=_("Empty: taken from the ID number."),
    ),
    Column(
        "file_birth_date",
        "档案出生日期",
        "Birth date in the personnel file",
        cells.read_date,
        others=("档案出生年月日",),
        kind="date",
        help=_("Only where it differs from the ID number."),
    ),
    Column(
        "education",
        "学历",
        "Education",
        cells.code_reader(code_tables.EDUCATION, width=2),
        others=("文化程度", "最高学历", "学历情况", "受教育程度"),
        kind="code",
        width=16,
        table=code_tables.EDUCATION,
    ),
    Column(
        "state",
        "人员类别",
        "Category",
        cells.word_reader(_STATE_CODES),
        others=("党员类别", "类别", "党员类型", "人员类型", "政治面貌", "State"),
        kind="code",
        width=14,
        help=_("Required for a new person."),
    ),
    Column(
        "branch",
        "党支部",
        "Branch",
        cells.read_line,
        others=(
            "所在党支部",
            "所在支部",
            "所属党支部",
            "所属支部",
            "支部",
            "支部名称",
            "党支部名称",
            "所属党组织",
            "所在党组织",
            "支部编码",
            "党支部编码",
            "支部代码",
            "党组织编码",
            "Branch code",
        ),
        width=28,
        help=_("Code or name. Empty: the branch you import into."),
    ),
    Column(
        "party_group",
        "党小组",
        "Party group",
        cells.read_line,
        others=("所在党小组", "所属党小组", "党小组名称"),
        width=14,
        help=_("The name of a Party group of that branch."),
    ),
    Column(
        "applied_on",
        "申请入党日期",
        "Applied on",
        cells.read_date,
        others=("入党申请日期", "递交入党申请书日期", "申请入党时间", "申请日期"),
        kind="date",
    ),
    Column(
        "admitted_on",
        "加入党组织日期",
        "Admitted on",
        cells.read_date,
        others=(
            "入党日期",
            "入党时间",
            "入党年月日",
            "加入党组织时间",
            "入党年月",
            "加入中共组织日期",
        ),
        kind="date",
        width=16,
        help=_("Required for members of the Party: the full date."),
    ),
    Column(
        "full_member_on",
        "转为正式党员日期",
        "Full member since",
        cells.read_date,
        others=("转正日期", "转正时间", "转为正式党员时间", "转正年月日", "转正年月"),
        kind="date",
        width=18,
        help=_("Required for full members: the full date."),
    ),
    Column(
        "phone",
        "手机号码",
        "Mobile phone",
        cells.read_sealed,
        others=(
            "手机",
            "手机号",
            "移动电话",
            "联系电话",
            "联系方式",
            "电话",
            "电话号码",
            "Phone",
        ),
        width=16,
    ),
    Column(
        "landline",
        "固定电话",
        "Landline",
        cells.read_sealed,
        others=("座机", "办公电话", "家庭电话", "住宅电话"),
        width=16,
    ),
    Column(
        "address",
        "家庭住址",
        "Home address",
        cells.read_sealed_text,
        others=(
            "住址",
            "家庭地址",
            "现居住地",
            "居住地址",
            "现住址",
            "联系地址",
            "Address",
        ),
        width=36,
        help=_("To the door number."),
    ),
    Column(
        "native_place",
        "籍贯",
        "Native place",
        cells.read_line,
        width=16,
    ),
    Column(
        "employer",
        "工作单位",
        "Employer",
        cells.read_line,
        others=("单位", "单位名称", "现工作单位", "所在单位"),
        width=28,
    ),
    Column(
        "post",
        "工作岗位",
        "Post",
        cells.read_line,
        others=("岗位",),
        help=_("Code or name of the local list."),
    ),
    Column(
        "occupation",
        "职业",
        "Occupation",
        cells.code_reader(code_tables.OCCUPATION, width=5),
        others=("职业大类",),
        kind="code",
        width=20,
        table=code_tables.OCCUPATION,
    ),
    Column(
        "title",
        "职称",
        "Professional title",
        cells.read_line,
        others=("专业技术职务", "专业技术职称", "职称代码"),
        help=_("Three digits of GB/T 8561."),
    ),
    Column(
        "is_floating",
        "是否流动",
        "Floating",
        cells.read_flag,
        others=("是否流动党员", "流动党员", "是否为流动党员"),
        kind="flag",
        width=10,
    ),
    Column(
        "floating_since",
        "流动日期",
        "Floating since",
        cells.read_first_of_month,
        others=("外出日期", "流动时间", "外出时间", "流出日期"),
        kind="date",
    ),
    Column(
        "floating_to",
        "流动去向",
        "Floating to",
        cells.read_line,
        others=("外出地点", "外流地点", "流入地", "外出流向", "流动党员去向"),
        width=24,
        help=_("Province, city and county."),
    ),
    Column(
        "is_out_of_contact",
        "是否失联",
        "Out of contact",
        cells.read_flag,
        others=("是否失联党员", "失联党员", "是否为失联党员"),
        kind="flag",
        width=10,
    ),
    Column(
        "out_of_contact_since",
        "失联日期",
        "Out of contact since",
        cells.read_first_of_month,
        others=("失联时间", "失去联系日期", "失联年月"),
        kind="date",
    ),
    Column(
        "is_retired",
        "是否退休",
        "Retired",
        cells.read_flag,
        others=("是否离退休", "退休", "离退休", "是否离退休党员"),
        kind="flag",
        width=10,
    ),
    Column(
        "is_abroad",
        "是否出国境",
        "Abroad",
        cells.read_flag,
        others=("是否出国(境)", "出国(境)", "是否在国(境)外", "是否出国出境"),
        kind="flag",
        width=12,
    ),
    Column(
        "is_migrant_worker",
        "是否农民工",
        "Migrant worker",
        cells.read_flag,
        others=("农民工", "是否为农民工"),
        kind="flag",
        width=12,
    ),
    Column(
        "notes",
        "备注",
        "Notes",
        cells.read_text,
        others=("说明", "备注说明", "Remarks"),
        width=24,
    ),
)
BY_FIELD: Final = {column.field: column for column in COLUMNS}
REASON_ZH: Final = "退回原因"
REASON_EN: Final = "Reason"
# Found in many rosters and never needed: numbered anew, or following from the rest.
NEEDLESS: Final = frozenset(
    {"序号", "编号", "NO", "NO.", "年龄", "党龄", "排序号", "AGE", "#"}
    | {REASON_ZH, REASON_EN.upper()}
)


def reason_header() -> str:
    return REASON_ZH if is_chinese() else REASON_EN


def fold_header(text: Any) -> str:
    """A header as it is compared: without spaces, stars, colons and line breaks."""
    return re.sub(r"[*:。、#]+", "", fold(cells.plain(text))) or fold(cells.plain(text))


def _without_brackets(folded: str) -> str:
    return re.sub(r"[(\[【].*?[)\]】]", "", folded)


_BY_NAME: Final = {
    fold_header(name): (column, place)
    for column in reversed(COLUMNS)
    for place, name in reversed(list(enumerate(column.names)))
}


def find_column(header: Any) -> tuple[Column, int] | None:
    """The column a header names, and how far down its list of spellings.

    "手机号码(必填)" is 手机号码, but a spelling with brackets of its own goes first.
    """
    folded = fold_header(header)
    found = _BY_NAME.get(folded)
    return found or _BY_NAME.get(_without_brackets(folded))


def is_needless(header: Any) -> bool:
    folded = fold_header(header)
    return not folded or folded in NEEDLESS or _without_brackets(folded) in NEEDLESS


# --- writing ---------------------------------------------------------------------------
def show(member: Member, column: Column) -> Any:
    """What the cell of `member` holds: text, a date or the record number; G4 masked."""
    name = column.field
    if name == "record":
        return member.pk
    if name in _SEALED:
        return masked(member, name)
    if name == "is_out_of_contact":
        return yes_or_no(member.out_of_contact_since is not None)
    if name == "branch":
        return member.branch.name
    if name == "party_group":
        return member.party_group.name if member.party_group is not None else ""
    value = getattr(member, name)
    if not value and value is not False:
        return ""
    if name == "state":
        return state_word(value)
    if column.table is not None:
        return column.table.name(value)
    return yes_or_no(value) if column.kind == "flag" else value


def state_word(state: str) -> str:
    if state not in STATE_WORDS:
        return str(State(state).label)
    zh, en, _others = STATE_WORDS[state]
    return zh if is_chinese() else en


def yes_or_no(value: bool) -> str:
    if is_chinese():
        return "是" if value else "否"
    return "Yes" if value else "No"
