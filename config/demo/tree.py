"""The tree of the demonstration: which organizations there are, and what they are called.

`organizations` never ends; its first N are a whole tree for any N, for a parent always
comes before its children. The first 30 hold every setting and every kind of branch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, cycle
from random import Random

from config.demo import words
from members.models import Branch

Kind, Setting = Branch.Kind, Branch.Setting

# How the name on the seal, and the short name, end.
ENDINGS = {
    Kind.COMMITTEE: ("委员会", "党委"),
    Kind.WORKING_COMMITTEE: ("工作委员会", "党工委"),
    Kind.ORGAN_COMMITTEE: ("机关委员会", "机关党委"),
    Kind.LEADING_GROUP: ("党组", "党组"),
    Kind.DISCIPLINE: ("纪律检查委员会", "纪委"),
    Kind.GENERAL_BRANCH: ("总支部委员会", "党总支"),
    Kind.BRANCH: ("支部委员会", "党支部"),
    Kind.JOINT_BRANCH: ("联合支部委员会", "联合党支部"),
    Kind.TEMP_BRANCH: ("临时支部委员会", "临时党支部"),
    Kind.FLOATING_BRANCH: ("流动党员支部委员会", "流动党员党支部"),
}
# How many people are on a roll, against one another.
WEIGHTS = {
    Setting.VILLAGE: 1.3,
    Setting.COMMUNITY: 1.2,
    Setting.RETIRED: 1.2,
    Setting.PRIVATE_FIRM: 0.5,
    Setting.SOCIAL_ORGANIZATION: 0.4,
    Setting.FLOATING: 0.6,
}


@dataclass(eq=False)
class Unit:
    """One organization. `legal`: how the social credit code of its unit begins."""

    parent: "Unit | None"
    kind: str
    setting: str
    place: str
    label: str
    code: str
    region: str
    legal: str = ""
    weight: float = 0
    term: str = ""  # "overdue", "ending", or by chance
    closed: bool = False
    is_new: bool = False
    moved_from: "Unit | None" = None
    children: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def name(self) -> str:
        return f"中共{self.place}{ENDINGS[self.kind][0]}"

    @property
    def short_name(self) -> str:
        return f"{self.label}{ENDINGS[self.kind][1]}"

    def add(self, kind: str, setting: str, label: str, **more) -> "Unit":
        """A child; its place is ours with `label` behind, or as given."""
        place = more.pop("place", f"{self.place}{label}")
        code = f"{self.code}{next(self.children):02}"
        region = more.pop("region", self.region)
        unit = Unit(self, kind, setting, place, label, code, region, **more)
        if kind in Branch.HOLD_MEMBERS and not unit.closed:
            unit.weight = (unit.weight or 1) * WEIGHTS.get(setting, 0.9)
        return unit

    def branch(self, setting: str, label: str, **more) -> "Unit":
        return self.add(more.pop("kind", Kind.BRANCH), setting, label, **more)


def organizations(random: Random) -> Iterator[Unit]:
    city = Unit(
        None,
        Kind.COMMITTEE,
        Setting.ORGAN,
        words.CITY,
        words.CITY,
        "LZ",
        f"{words.REGION}00",
    )
    yield city
    county = add_county(city, 1)
    yield county
    yield from first_county(county)
    blocks = cycle([township] * 4 + [organ, township, township, firm] + [township] * 3)
    for number in count(2):
        if number % 22 == 0:
            county = add_county(city, number // 22 + 1)
            yield county
        if number % 11 == 5:
            yield from college(county, random, number)
        elif number % 11 == 8:
            yield from institution(county, random, number)
        else:
            yield from next(blocks)(county, random, number)


def add_county(city: Unit, number: int) -> Unit:
    again, place = divmod(number - 1, len(words.COUNTIES))
    name = words.COUNTIES[place]
    if again:  # so large a demonstration uses the names again, with a number
        name = f"{name[:-1]}第{again + 1}县"
    region = f"{words.REGION}{number:02}"[:6]
    return city.add(Kind.COMMITTEE, Setting.ORGAN, name, place=name, region=region)


def first_county(county: Unit) -> Iterator[Unit]:
    """The part that every demonstration has, written by hand."""
    town = county.add(
        Kind.COMMITTEE, Setting.ORGAN, "云溪镇", place="云溪镇", legal="11"
    )
    yield town
    yield town.branch(Setting.VILLAGE, "青石村", weight=1.9, legal="54")
    yield town.branch(Setting.VILLAGE, "柳塘村", term="overdue", legal="54")
    community = town.add(Kind.GENERAL_BRANCH, Setting.COMMUNITY, "桃源社区", legal="55")
    yield community
    yield community.branch(Setting.COMMUNITY, "第一", weight=1.6, term="ending")
    yield community.branch(Setting.COMMUNITY, "第二")
    yield town.branch(Setting.ORGAN, "机关", term="ending")
    firms = town.add(Kind.GENERAL_BRANCH, Setting.PRIVATE_FIRM, "两新组织")
    yield firms
    firm_place = "云溪竹艺有限公司"
    yield firms.branch(
        Setting.PRIVATE_FIRM, firm_place, place=firm_place, legal="91", moved_from=town
    )
    yield firms.branch(Setting.PRIVATE_FIRM, "商贸街", kind=Kind.JOINT_BRANCH)
    yield firms.branch(Setting.SOCIAL_ORGANIZATION, "义工协会", legal="51", is_new=True)
    yield town.branch(Setting.FLOATING, "驻沪", kind=Kind.FLOATING_BRANCH)
    yield town.branch(Setting.RETIRED, "离退休干部", weight=1.5)
    yield town.branch(
        Setting.ORGAN, "水库除险加固工程", kind=Kind.TEMP_BRANCH, is_new=True
    )
    organs = county.add(Kind.WORKING_COMMITTEE, Setting.ORGAN, "直属机关")
    yield organs
    bureau = organs.add(
        Kind.ORGAN_COMMITTEE,
        Setting.ORGAN,
        "农业农村局",
        place=f"{county.place}农业农村局",
        legal="11",
    )
    yield bureau
    yield bureau.branch(Setting.ORGAN, "办公室")
    firm_place = "青岚水务集团有限公司"
    group = county.add(
        Kind.COMMITTEE, Setting.STATE_FIRM, "青岚水务集团", place=firm_place, legal="91"
    )
    yield group
    yield group.branch(Setting.STATE_FIRM, "第一水厂")
    yield group.branch(Setting.STATE_FIRM, "管网公司", term="overdue")
    academy = county.add(
        Kind.COMMITTEE, Setting.UNIVERSITY, "青岚学院", place="青岚学院", legal="12"
    )
    yield academy
    department = academy.add(Kind.GENERAL_BRANCH, Setting.UNIVERSITY, "计算机学院")
    yield department
    yield department.branch(Setting.UNIVERSITY, "教工")
    yield department.branch(Setting.UNIVERSITY, "本科生", weight=1.3)
    hospital = county.add(Kind.COMMITTEE, Setting.INSTITUTION, "人民医院", legal="12")
    yield hospital
    yield hospital.branch(Setting.INSTITUTION, "内科")
    yield hospital.branch(Setting.INSTITUTION, "外科", term="ending")
    yield town.branch(Setting.STATE_FIRM, "砖瓦厂", closed=True)
    yield town.add(Kind.DISCIPLINE, Setting.ORGAN, "", place=town.place)
    yield organs.add(
        Kind.LEADING_GROUP,
        Setting.ORGAN,
        "农业农村局",
        place=f"{county.place}农业农村局",
    )


def township(county: Unit, random: Random, number: int) -> Iterator[Unit]:
    name = f"{place_name(number)}{random.choice('镇镇镇乡')}"
    town = county.add(Kind.COMMITTEE, Setting.ORGAN, name, place=name, legal="11")
    yield town
    used = set()
    for _village in range(random.randint(9, 15)):
        village = f"{place_name(random.randrange(900))}村"
        if village not in used:
            used.add(village)
            yield town.branch(Setting.VILLAGE, village, **chances(random, legal="54"))
    community = town.add(
        Kind.GENERAL_BRANCH,
        Setting.COMMUNITY,
        f"{place_name(random.randrange(900))}社区",
    )
    yield community
    for part in ("第一", "第二", "第三")[: random.randint(2, 3)]:
        yield community.branch(Setting.COMMUNITY, part, **chances(random))
    yield town.branch(Setting.ORGAN, "机关")
    yield town.branch(Setting.RETIRED, "离退休干部")
    firms = town.add(Kind.GENERAL_BRANCH, Setting.PRIVATE_FIRM, "两新组织")
    yield firms
    for ending in random.sample(words.FIRMS, 2):
        place = f"{name[:-1]}{ending}"
        yield firms.branch(
            Setting.PRIVATE_FIRM, place, place=place, **chances(random, legal="91")
        )
    yield firms.branch(Setting.PRIVATE_FIRM, "商贸街", kind=Kind.JOINT_BRANCH)
    yield firms.branch(
        Setting.SOCIAL_ORGANIZATION, random.choice(words.SOCIETIES), legal="51"
    )
    yield town.branch(Setting.FLOATING, "驻外", kind=Kind.FLOATING_BRANCH)
    if random.random() < 0.3:
        yield town.branch(Setting.ORGAN, "防汛抢险", kind=Kind.TEMP_BRANCH, is_new=True)


def organ(county: Unit, random: Random, number: int) -> Iterator[Unit]:
    bureau = words.BUREAUS[number % len(words.BUREAUS)]
    place = f"{county.place}{bureau}"
    committee = county.add(
        Kind.ORGAN_COMMITTEE, Setting.ORGAN, bureau, place=place, legal="11"
    )
    yield committee
    for part in words.BUREAU_PARTS:
        yield committee.branch(Setting.ORGAN, part, **chances(random))
    yield committee.branch(Setting.RETIRED, "老干部", **chances(random))


def firm(county: Unit, random: Random, number: int) -> Iterator[Unit]:
    trade = words.STATE_FIRMS[number % len(words.STATE_FIRMS)]
    label = f"{county.label[:-1]}{trade}集团"
    place = f"{label}有限公司"
    group = county.add(
        Kind.COMMITTEE, Setting.STATE_FIRM, label, place=place, legal="91"
    )
    yield group
    for part in words.STATE_PARTS:
        general = group.add(Kind.GENERAL_BRANCH, Setting.STATE_FIRM, part)
        yield general
        for shift in ("甲班", "乙班", "管理部"):
            yield general.branch(Setting.STATE_FIRM, shift, **chances(random))


def college(county: Unit, random: Random, number: int) -> Iterator[Unit]:
    ending = words.COLLEGES[number % len(words.COLLEGES)]
    label = f"{place_name(number)}{ending}"
    academy = county.add(
        Kind.COMMITTEE, Setting.UNIVERSITY, label, place=label, legal="12"
    )
    yield academy
    for name in words.DEPARTMENTS:
        department = academy.add(Kind.GENERAL_BRANCH, Setting.UNIVERSITY, name)
        yield department
        for part in ("教工", "研究生", "本科生"):
            yield department.branch(Setting.UNIVERSITY, part, **chances(random))


def institution(county: Unit, random: Random, number: int) -> Iterator[Unit]:
    body = words.INSTITUTIONS[number % len(words.INSTITUTIONS)]
    label = f"{place_name(number)}{body}"
    committee = county.add(
        Kind.COMMITTEE, Setting.INSTITUTION, label, place=label, legal="12"
    )
    yield committee
    for part in words.INSTITUTION_PARTS:
        yield committee.branch(Setting.INSTITUTION, part, **chances(random))


def place_name(number: int) -> str:
    second, first = divmod(number, len(words.PLACE_FIRST))
    return (
        words.PLACE_FIRST[first] + words.PLACE_SECOND[second % len(words.PLACE_SECOND)]
    )


def chances(random: Random, **more) -> dict:
    """What happens to some: a term that ends or ended, a new branch, a larger roll."""
    term = random.choices(("", "ending", "overdue"), (88, 9, 3))[0]
    weight = random.lognormvariate(0, 0.4)
    return {"term": term, "is_new": random.random() < 0.03, "weight": weight, **more}
