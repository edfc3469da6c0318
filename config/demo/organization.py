"""The tree as rows: branches with their codes, terms, and what was decided on them."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from config.demo import words
from config.demo.copying import write
from config.demo.lives import POSTS, moment, superior
from config.demo.tree import Kind, Unit
from members import romanize
from members.algorithms import (
    add_years,
    body_check_character,
    credit_check_character,
)
from members.models import Branch, BranchChange, LocalCode, Term
from members.sealing import next_primary_keys

SOURCE = "Demonstration"


@dataclass(frozen=True)
class Calendar:
    """The days of a demonstration: when the portal began, and today."""

    begins: date
    today: date

    @property
    def yesterday(self) -> date:
        return self.today - timedelta(days=1)

    def within(self, random: Random) -> date:
        days = (self.yesterday - self.begins).days
        return self.begins + timedelta(days=random.randint(1, max(days, 1)))


def write_codes(units: list[Unit]) -> None:
    """The made-up regions, and the posts of members, as rows of the local tables."""
    named = {
        unit.region: unit.place
        for unit in units
        if unit.parent is None or unit.parent.parent is None
        if unit.kind == Kind.COMMITTEE
    }
    regions = [
        LocalCode(table=LocalCode.Table.REGION, code=code, name_zh=name)
        for code, name in named.items()
    ]
    posts = [
        LocalCode(table=LocalCode.Table.POST, code=code, name_zh=zh, name_en=en)
        for code, (zh, en) in POSTS.items()
    ]
    for row in [*regions, *posts]:
        row.valid_from, row.source = date(2020, 1, 1), SOURCE
    write([*regions, *posts])


def write_branches(
    units: list[Unit], random: Random, calendar: Calendar
) -> dict[Unit, Branch]:
    """All branches, as they stood when the portal began or when they were set up."""
    keys = next_primary_keys(Branch, len(units), "default")
    branches: dict[Unit, Branch] = {}
    for number, (unit, key) in enumerate(zip(units, keys, strict=True), start=1):
        stood_under = branches.get(unit.moved_from or unit.parent)
        branches[unit] = as_branch(unit, key, stood_under, number, random, calendar)
    write(branches.values())
    write(set_up(unit, branch, random, calendar) for unit, branch in branches.items())
    return branches


def as_branch(
    unit: Unit,
    key: int,
    parent: Branch | None,
    number: int,
    random: Random,
    calendar: Calendar,
) -> Branch:
    earliest = parent.established_on.year + 1 if parent else 1953
    year = min(earliest + random.randint(0, 15), 2015)
    established = date(year, random.choice((3, 5, 7, 10)), 1)
    if unit.is_new:
        established = calendar.within(random)
    relation = Branch.UnitRelation.SAME
    if unit.kind == Kind.JOINT_BRANCH:
        relation = Branch.UnitRelation.JOINT
    elif unit.legal:
        relation = Branch.UnitRelation.LEGAL_PERSON
    surname = random.choice(words.SURNAMES)
    given = random.choice(words.GIVEN[random.choice("12")][1].split())
    return Branch(
        pk=key,
        parent=parent,
        path=f"{parent.path if parent else ''}{key}.",
        code=unit.code,
        name=unit.name,
        short_name=unit.short_name,
        initials=romanize.branch_initials(unit.name),
        kind=unit.kind,
        setting=unit.setting,
        unit_relation=relation,
        region=unit.region,
        credit_code=credit_code(unit, number) if unit.legal else "",
        can_admit=unit.kind in Branch.COMMITTEES,
        contact_person=surname + given,
        contact_phone=f"0500-{8000000 + number:07}"[:12],
        established_on=established,
    )


def credit_code(unit: Unit, number: int) -> str:
    """A sound code (MEM-31) of a region that does not exist, so nobody's."""
    body = f"{number:08}"
    first_17 = f"{unit.legal}{unit.region}{body}{body_check_character(body)}"
    return first_17 + credit_check_character(first_17)


def set_up(
    unit: Unit, branch: Branch, random: Random, calendar: Calendar
) -> BranchChange:
    recorded_on = max(branch.established_on, calendar.begins)
    return BranchChange(
        branch=branch,
        kind=BranchChange.Kind.SET_UP,
        to_parent=branch.parent,
        decided_on=branch.established_on,
        document_number=document(unit, branch.established_on, random),
        recorded_at=moment(recorded_on, random),
    )


def change_branches(
    branches: dict[Unit, Branch], random: Random, calendar: Calendar
) -> dict[int, date]:
    """Move and close those that moved or closed since; returns when, by primary key."""
    moved, closed, days = [], [], {}
    changes = []
    for unit, branch in branches.items():
        if unit.moved_from is None and not unit.closed:
            continue
        on = days[branch.pk] = calendar.within(random)
        change = BranchChange(
            branch=branch,
            kind=BranchChange.Kind.CLOSED,
            from_parent=branch.parent,
            decided_on=on,
            document_number=document(unit, on, random),
            reason="企业关停,党员已全部转出",
            recorded_at=moment(on, random),
        )
        if unit.closed:
            branch.closed_on = on
            closed.append(branch)
        else:
            change.kind, change.to_parent = (
                BranchChange.Kind.MOVED,
                branches[unit.parent],
            )
            change.reason = "理顺隶属关系"
            branch.parent = branches[unit.parent]
            branch.path = f"{branch.parent.path}{branch.pk}."
            moved.append(branch)
        changes.append(change)
    Branch.objects.bulk_update(moved, ["parent", "path"])
    Branch.objects.bulk_update(closed, ["closed_on"])
    write(changes)
    return days


def write_terms(
    branches: dict[Unit, Branch], random: Random, calendar: Calendar
) -> dict[Unit, list[Term]]:
    """The term of each organization that elects, and the two before; newest first."""
    terms = {
        unit: terms_of(unit, branch, random, calendar)
        for unit, branch in branches.items()
        if branch.years_of_term is not None and not unit.closed
    }
    rows = [term for found in terms.values() for term in reversed(found)]
    write(rows)
    return terms


def terms_of(
    unit: Unit, branch: Branch, random: Random, calendar: Calendar
) -> list[Term]:
    years = branch.years_of_term
    if unit.is_new:
        last = add_years(branch.established_on, years) - timedelta(days=1)
    elif unit.term == "overdue":
        last = calendar.today - timedelta(days=random.randint(20, 200))
    elif unit.term == "ending":
        last = calendar.today + timedelta(days=random.randint(20, 170))
    else:
        last = calendar.today + timedelta(days=random.randint(200, years * 365 - 40))
    found: list[Term] = []
    while len(found) < 3:
        first = add_years(last + timedelta(days=1), -years)
        if first < branch.established_on:
            break
        number = (first - branch.established_on).days // (years * 365 + 1) + 1
        found.append(
            Term(
                branch=branch,
                number=number if not found else found[-1].number - 1,
                starts_on=first,
                ends_on=last,
                document_number=document(unit, first, random),
            )
        )
        if found[-1].number == 1:
            break
        last = first - timedelta(days=1)
    return found


def document(unit: Unit, on: date, random: Random) -> str:
    return f"{superior(unit).label[:2]}组〔{on.year}〕{random.randint(1, 99)}号"
