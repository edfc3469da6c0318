"""The people of the demonstration: a record as it stood when the portal began, or when
the person came on the roll, and what changed since.

A life is a chain of milestones (applied, activist, candidate, admitted, full member, and
for some a way out) drawn backwards from a fate, by the table of states and its times.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from django.utils import timezone

from config.demo import words
from config.demo.tree import Setting, Unit
from members import code_tables, romanize
from members.algorithms import next_demo_id_number
from members.models import Branch, Member, StateChange, User
from members.services.states import STEPS

State, Body = Member.State, StateChange.Body

# Of 200 people.
FATES = {
    "full": 150,
    "new_full": 8,
    "transferred": 4,
    "probationary": 8,
    "candidate": 4,
    "activist": 8,
    "applicant": 7,
    "deceased": 3,
    "stopped": 2,
    "on_probation": 1,
    "removed": 1,
    "self_withdrawn": 1,
    "expelled": 1,
    "withdrawn": 1,
    "cancelled": 1,
}
LATE_FATES = {"deceased", "stopped", "on_probation", "removed"}
LATE_FATES |= {"self_withdrawn", "expelled"}
# The age of those on the roll: least, most common, greatest.
AGES = {
    Setting.VILLAGE: (24, 63, 93),
    Setting.COMMUNITY: (24, 66, 94),
    Setting.STATE_FIRM: (24, 43, 62),
    Setting.UNIVERSITY: (26, 40, 62),
    Setting.PRIVATE_FIRM: (23, 36, 58),
    Setting.SOCIAL_ORGANIZATION: (24, 42, 73),
    Setting.INSTITUTION: (25, 40, 60),
    Setting.ORGAN: (24, 42, 60),
    Setting.FLOATING: (22, 34, 58),
    Setting.RETIRED: (60, 71, 95),
}
STUDENT_AGES = (20, 21, 27)
# Post (a code of the local table), occupation (GB/T 6565), titles (GB/T 8561).
WORK = {
    Setting.VILLAGE: ("03", "50000", ()),
    Setting.COMMUNITY: ("01", "40000", ()),
    Setting.STATE_FIRM: ("02", "60000", ("082", "083", "084", "123")),
    Setting.UNIVERSITY: ("06", "20000", ("011", "012", "013", "014")),
    Setting.PRIVATE_FIRM: ("07", "60000", ("083", "084")),
    Setting.SOCIAL_ORGANIZATION: ("09", "40000", ()),
    Setting.INSTITUTION: ("06", "20000", ("231", "232", "233", "234", "253")),
    Setting.ORGAN: ("08", "30000", ()),
    Setting.FLOATING: ("02", "40000", ()),
    Setting.RETIRED: ("05", "", ()),
}
POSTS = {
    "01": ("社区工作者", "Community worker"),
    "02": ("在岗职工", "Employee"),
    "03": ("农牧渔民", "Farmer, herder or fisher"),
    "04": ("学生", "Student"),
    "05": ("离退休人员", "Retired person"),
    "06": ("专业技术人员", "Professional or technician"),
    "07": ("企业管理人员", "Company manager"),
    "08": ("机关工作人员", "Civil servant"),
    "09": ("其他人员", "Other person"),
}
OLD_SCHOOLING = ("81", "81", "71", "71", "73", "61", "41", "83")
YOUNG_SCHOOLING = ("21", "21", "31", "31", "41", "61", "44", "14")
HIGH_SCHOOLING = ("21", "21", "21", "31", "14", "14", "11", "31")
REASONS = {
    State.STOPPED: "失去联系六个月以上,经多方查找无果",
    State.ON_PROBATION: "违反群众纪律,留党察看一年",
    State.REMOVED: "限期改正期满仍无转变",
    State.SELF_WITHDRAWN: "连续六个月不参加组织生活、不交纳党费",
    State.EXPELLED: "严重违反党的纪律",
    State.WITHDRAWN: "本人申请撤回",
    State.CANCELLED: "预备期内不履行党员义务",
    State.DECEASED: "因病去世",
}


@dataclass
class Change:
    """Fields that changed at one moment, and the line of state that goes with it."""

    at: datetime
    fields: dict[str, Any]
    state_change: StateChange | None = None

    def take(self, member: Member) -> tuple[str, ...]:
        """Let it happen to the record; returns the names of the fields that changed."""
        member.updated_at = self.at
        for name, value in self.fields.items():
            setattr(member, name, value)
        return (*self.fields, "updated_at")


@dataclass
class Life:
    member: Member
    first: StateChange
    changes: list[Change] = field(default_factory=list)
    account: User | None = None

    @property
    def last_state(self) -> str:
        steps = [
            change.fields["state"] for change in self.changes if change.state_change
        ]
        return steps[-1] if steps else self.member.state

    def now(self, name: str) -> Any:
        """The value a field ends with."""
        found = [
            change.fields[name] for change in self.changes if name in change.fields
        ]
        return found[-1] if found else getattr(self.member, name)


class Lives:
    """Makes one person after another; numbers are used once over all of them."""

    def __init__(self, random: Random, *, begins: date, today: date):
        self.random, self.begins, self.today = random, begins, today
        self.yesterday = today - timedelta(days=1)
        self.latest = timezone.make_aware(datetime.combine(today, time()))
        self.deck: list[str] = []
        self.phones = 0
        self.sequences: dict[tuple[str, date, str], int] = {}

    # --- one person ---
    def life(self, unit: Unit, branch: Branch) -> Life:
        fate = self.fate(unit)
        age = self.age(unit)
        if fate == "deceased":
            age = max(age, self.random.uniform(66, 93))
        born = self.today - timedelta(
            days=int(age * 365.25 + self.random.random() * 365)
        )
        born, milestones = self.milestones(fate, born)
        out = self.way_out(fate, milestones)
        if out:
            milestones.append(out)
        came_on = self.begins
        if fate == "transferred":
            came_on = self.day(max(self.begins, milestones[-1][1]), self.yesterday)
        before = [step for step in milestones if step[1] <= came_on]
        standing = before[-1] if before else milestones[0]
        came_on = max(came_on, standing[1])
        member = self.record(unit, branch, born, standing[0], milestones, came_on)
        if fate == "transferred":
            member.increase = Member.Increase.TRANSFERRED
            member.enrolled_on = came_on
        life = Life(member, self.first_line(member, standing, came_on))
        self.take_steps(life, milestones[milestones.index(standing) + 1 :], unit)
        self.change_details(life, unit)
        life.changes.sort(key=lambda change: change.at)
        return life

    def fate(self, unit: Unit) -> str:
        if not self.deck:
            self.deck = [fate for fate, number in FATES.items() for _ in range(number)]
            self.random.shuffle(self.deck)
        fate = self.deck.pop()
        if fate in LATE_FATES and is_students(unit):
            return "probationary"
        young = {"probationary", "candidate", "activist", "applicant", "new_full"}
        if unit.setting == Setting.RETIRED and fate in young | {
            "withdrawn",
            "cancelled",
        }:
            return "full"
        return fate

    def age(self, unit: Unit) -> float:
        least, common, most = STUDENT_AGES if is_students(unit) else AGES[unit.setting]
        return self.random.triangular(least, most, common)

    def milestones(self, fate: str, born: date) -> tuple[date, list[tuple[str, date]]]:
        """The birth date, which yields where needed, and the steps into the Party."""
        random, today = self.random, self.today
        probation = timedelta(days=366 + random.choice((0, 1, 5, 12, 20)))
        as_candidate = timedelta(days=random.randint(60, 300))
        as_activist = timedelta(days=random.randint(367, 720))
        as_applicant = timedelta(days=random.randint(180, 420))
        window = max((today - self.begins).days, 30)
        reached = {
            "applicant": 1,
            "withdrawn": 1,
            "activist": 2,
            "candidate": 3,
            "probationary": 4,
            "cancelled": 4,
        }.get(fate, 5)
        spans = [as_applicant, as_activist, as_candidate, probation][: reached - 1]
        if reached == 5 and fate != "new_full":
            youth = min(random.triangular(18.1, 40, 24), self.age_on(born, today) - 6)
            applied = born + timedelta(days=int(max(youth, 18.1) * 365.25))
            latest = today - timedelta(days=45) - sum(spans, timedelta())
            applied = min(applied, latest)
        else:
            since = random.randint(5, min(window, 340))
            if fate in {"withdrawn", "cancelled"}:
                since = random.randint(40, 300)
            applied = today - timedelta(days=since) - sum(spans, timedelta())
            oldest = 24 if self.age_on(born, today) < 30 else 38
            youth = random.triangular(18.2, oldest, 22)
            born = applied - timedelta(days=int(youth * 365.25))
        born = min(born, applied - timedelta(days=int(18.05 * 365.25)))
        states = (
            State.APPLICANT,
            State.ACTIVIST,
            State.CANDIDATE,
            State.PROBATIONARY,
            State.FULL,
        )
        steps, day = [(State.APPLICANT, applied)], applied
        for state, span in zip(states[1:], spans, strict=False):
            day += span
            steps.append((state, day))
        return born, steps

    def age_on(self, born: date, on: date) -> float:
        return (on - born).days / 365.25

    def way_out(self, fate: str, milestones: list) -> tuple[str, date] | None:
        last = milestones[-1][1]
        if fate in LATE_FATES or fate in {"withdrawn", "cancelled"}:
            first = max(self.begins + timedelta(days=1), last + timedelta(days=20))
            return State(fate), self.day(min(first, self.yesterday), self.yesterday)
        return None

    # --- the record ---
    def record(
        self,
        unit: Unit,
        branch: Branch,
        born: date,
        state: str,
        milestones: list,
        came_on: date,
    ) -> Member:
        random = self.random
        sex = "1" if random.random() < 0.64 else "2"
        ethnic_group = random.choices(
            list(words.ETHNIC), list(words.ETHNIC.values()), k=1
        )[0]
        name = self.name(sex, ethnic_group, born)
        days = dict(milestones)
        at = moment(came_on, random)
        applied = days[State.APPLICANT]
        age = self.age_on(born, self.today)
        post, occupation, titles = WORK[unit.setting]
        retired = unit.setting == Setting.RETIRED or (
            unit.setting != Setting.VILLAGE and age >= (60 if sex == "1" else 55)
        )
        if is_students(unit):
            post, occupation, titles = "04", "", ()
        if retired:
            post, occupation = "05", ""
        enters = came_on > self.begins
        member = Member(
            name=name,
            pinyin=pinyin(name),
            initials=initials(name),
            sex=sex,
            ethnic_group=ethnic_group,
            birth_date=born,
            education=self.education(unit, age),
            native_place=self.native_place(unit),
            employer=self.employer(unit, retired),
            occupation=occupation,
            title=random.choice(titles) if titles and random.random() < 0.6 else "",
            post=post,
            state=state,
            branch=branch,
            branch_path=branch.path,
            applied_on=applied if applied.year > 1995 or enters else None,
            admitted_on=days.get(State.PROBATIONARY)
            if state in Member.IN_PARTY
            else None,
            full_member_on=days.get(State.FULL) if state in Member.STANDING else None,
            enrolled_on=came_on if enters else self.enrolled(milestones, unit),
            increase=Member.Increase.APPLIED if enters else Member.Increase.REGISTERED,
            is_retired=retired,
            is_abroad=random.random() < 0.004,
            is_migrant_worker=unit.setting == Setting.FLOATING
            and random.random() < 0.5,
            created_at=at,
            updated_at=at,
        )
        if random.random() < 0.995:
            member.id_number = self.id_number(born, sex)
        if random.random() < 0.98 - (0.1 if age > 78 else 0):
            member.phone = self.phone()
        if age > 60 and random.random() < 0.2:
            member.landline = f"0500-{random.randint(2000000, 8999999)}"
        member.address = self.address(unit)
        if random.random() < 0.01:
            member.file_birth_date = born + timedelta(
                days=random.choice((-31, 30, 365))
            )
        if unit.setting == Setting.FLOATING:
            member.is_floating = True
            member.floating_since = self.day(
                member.enrolled_on - timedelta(300), came_on
            )
            member.floating_to = random.choice(words.FLOATING_TO)
        return member

    def name(self, sex: str, ethnic_group: str, born: date) -> str:
        random = self.random
        if ethnic_group == "05":
            return words.DOTTED[sex]
        surname = random.choice(words.SURNAMES)
        if random.random() < 0.01:
            surname = random.choice(words.DOUBLE_SURNAMES)
        era = (born.year >= 1960) + (born.year >= 1985)
        return surname + random.choice(GIVEN[sex][era])

    def id_number(self, born: date, sex: str) -> str:
        """One that was never given: its division is a whole province."""
        provinces = code_tables.PROVINCE.rows
        province = "330000"
        if self.random.random() < 0.25:
            province = self.random.choice(provinces).code
        key = (province, born, sex)
        used = self.sequences[key] = self.sequences.get(key, -1) + 1
        return next_demo_id_number(province, born, 2 * used + (sex == "1"))

    def phone(self) -> str:
        """154 and eight digits, each once: the factor has no divisor that 10^8 has."""
        self.phones += 1
        return f"154{self.phones * 61803399 % 10**8:08}"

    def education(self, unit: Unit, age: float) -> str:
        if is_students(unit):
            return "21" if "研究生" in unit.label else "61"
        high = {
            Setting.UNIVERSITY,
            Setting.INSTITUTION,
            Setting.ORGAN,
            Setting.STATE_FIRM,
        }
        if unit.setting in high:
            return self.random.choice(HIGH_SCHOOLING)
        return self.random.choice(OLD_SCHOOLING if age > 55 else YOUNG_SCHOOLING)

    def native_place(self, unit: Unit) -> str:
        home = f"浙江{county_of(unit)}"
        if unit.setting in {Setting.VILLAGE, Setting.COMMUNITY, Setting.RETIRED}:
            return home
        away = self.random.random() < 0.35
        return self.random.choice(code_tables.PROVINCE.rows).name_zh if away else home

    def employer(self, unit: Unit, retired: bool) -> str:
        if unit.setting == Setting.VILLAGE or retired:
            return ""
        if unit.setting in {Setting.FLOATING, Setting.COMMUNITY}:
            return words.CITY[:-1] + self.random.choice(words.FIRMS)
        return unit.place

    def address(self, unit: Unit) -> str:
        random, county = self.random, county_of(unit)
        if unit.setting == Setting.VILLAGE:
            return f"{county}{unit.place}{random.randint(1, 260)}号"
        road = random.choice(words.PLACE_FIRST) + random.choice(words.PLACE_SECOND)
        room = f"{random.randint(1, 18)}幢{random.randint(101, 1802)}室"
        return f"{county}{road}路{random.randint(1, 300)}号{room}"

    def enrolled(self, milestones: list, unit: Unit) -> date:
        first = max(milestones[0][1], self.begins - timedelta(days=9000))
        return self.day(min(first, self.begins), self.begins)

    # --- what changed ---
    def first_line(self, member: Member, standing: tuple, came_on: date) -> StateChange:
        day = standing[1] if member.enrolled_on != came_on else came_on
        return StateChange(
            member=member,
            to_state=standing[0],
            body=Body.NONE,
            decided_on=day,
            effective_on=day,
            reason="名册首次登记" if came_on == self.begins else "进入本支部名册",
            recorded_at=member.created_at,
        )

    def take_steps(self, life: Life, steps: list, unit: Unit) -> None:
        state = life.member.state
        for to_state, on in steps:
            at = moment(on, self.random)
            step = STEPS[state][to_state]
            line = StateChange(
                member=life.member,
                from_state=state,
                to_state=to_state,
                body=step.bodies[0],
                decided_by=deciding(unit, step.bodies[0]),
                decided_on=on,
                effective_on=on,
                document_number=self.document(unit, on) if step.document else "",
                reason=REASONS.get(to_state, ""),
                recorded_at=at,
            )
            changed: dict[str, Any] = {"state": to_state}
            if to_state == State.PROBATIONARY:
                changed["admitted_on"] = on
            elif to_state == State.FULL:
                changed["full_member_on"] = on
            elif to_state == State.STOPPED:
                changed["out_of_contact_since"] = on - timedelta(days=250)
            life.changes.append(Change(at, changed, line))
            state = to_state

    def change_details(self, life: Life, unit: Unit) -> None:
        """Small things that happen to a few: another phone, work, leaving, silence."""
        random, member = self.random, life.member
        if life.last_state not in Member.LIVE or life.last_state == State.STOPPED:
            return
        first = member.created_at.date()
        day = self.day(first, self.yesterday)
        if day <= first:
            return
        chance, at = random.random(), moment(day, random)
        age = self.age_on(member.birth_date, self.today)
        if chance < 0.05:
            life.changes.append(Change(at, {"phone": self.phone()}))
        elif chance < 0.08 and member.employer:
            firm = words.CITY[:-1] + random.choice(words.FIRMS)
            life.changes.append(Change(at, {"employer": firm}))
        elif 0.08 <= chance < 0.14 and age < 55 and not member.is_floating:
            gone = {
                "is_floating": True,
                "floating_since": day,
                "floating_to": random.choice(words.FLOATING_TO),
            }
            life.changes.append(Change(at, gone))
        elif chance > 0.985 and life.last_state == State.FULL:
            since = {"out_of_contact_since": day}
            life.changes.append(Change(at, since))

    def document(self, unit: Unit, on: date) -> str:
        return (
            f"{superior(unit).label[:2]}组〔{on.year}〕{self.random.randint(1, 99)}号"
        )

    def day(self, first: date, last: date) -> date:
        return first + timedelta(
            days=self.random.randint(0, max((last - first).days, 0))
        )


GIVEN = {sex: [row.split() for row in rows] for sex, rows in words.GIVEN.items()}
pinyin = lru_cache(maxsize=None)(romanize.pinyin)
initials = lru_cache(maxsize=None)(romanize.initials)


def is_students(unit: Unit) -> bool:
    return unit.setting == Setting.UNIVERSITY and "生" in unit.label


def county_of(unit: Unit) -> str:
    while unit.parent is not None and unit.parent.parent is not None:
        unit = unit.parent
    return unit.place


def superior(unit: Unit) -> Unit:
    """The committee above."""
    above = unit.parent
    while above is not None and above.kind not in Branch.COMMITTEES:
        above = above.parent
    return above or unit


def deciding(unit: Unit, body: str) -> str:
    return {
        Body.SUPERIOR: superior(unit).name,
        Body.DISCIPLINE: f"中共{county_of(unit)}纪律检查委员会",
        Body.BRANCH_COMMITTEE: unit.name,
        Body.GENERAL_MEETING: f"{unit.short_name}党员大会",
    }.get(body, "")


def moment(day: date, random: Random) -> datetime:
    """Some minute of the working day, in Shanghai."""
    clock = time(random.randint(8, 17), random.randint(0, 59))
    return datetime.combine(day, clock, timezone.get_default_timezone())
