"""Writes the demonstration: in batches, so that a million members fit.

Rows and their history carry the times at which they would have been written, which only
the owner of the database can bring about.
"""

import gc
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import islice
from operator import itemgetter
from random import Random
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission
from django.db import transaction
from pghistory.models import Context

from activities.models import Activity, Attendance, Minutes, Program, SignUp
from config.demo import activities, appraisals, planning, programs
from config.demo.attended import Attended
from config.demo.batch import BATCH, Batch
from config.demo.copying import NULL, Cells, analyze, copy, give_keys, write
from config.demo.election import write_election
from config.demo.history import (
    EVENT_COLUMNS,
    WRITTEN,
    copied_columns,
    event_model,
    midnight,
    remember,
    resting_triggers,
)
from config.demo.inbox import notices
from config.demo.lives import Life, Lives, moment
from config.demo.officers import Held, Officers
from config.demo.organization import (
    Calendar,
    change_branches,
    write_branches,
    write_codes,
    write_terms,
)
from config.demo.recorded import Recorded
from config.demo.requests import Requests
from config.demo.tree import Unit, organizations
from members.models import (
    Appointment,
    Branch,
    BranchGrant,
    Correction,
    Member,
    MemberGrant,
    Notification,
    PartyGroup,
    StateChange,
    Term,
    User,
)

LEAST_BRANCHES = 4  # a city, a county, a town and its first branch
USUAL_BRANCH = 50  # members
LARGE_BRANCH = 20  # members, from which on there are Party groups
COUNTED = {
    "branches": Branch,
    "members": Member,
    "accounts": User,
    "party_groups": PartyGroup,
    "terms": Term,
    "appointments": Appointment,
    "state_changes": StateChange,
    "corrections": Correction,
    "notifications": Notification,
    "activities": Activity,
    "sign_ups": SignUp,
    "attendances": Attendance,
    "minutes": Minutes,
    "programs": Program,
}


@transaction.atomic
def seed(*, members: int, branches: int, days: int, seed: int, today: date) -> None:
    """Write the whole demonstration into a database without branches."""
    calendar = Calendar(today - timedelta(days=days), today)
    with resting_triggers(), no_search_for_garbage():
        Seeding(seed, calendar).run(members, branches)
    analyze()


@contextmanager
def no_search_for_garbage() -> Iterator[None]:
    """Nobody here holds who holds them, so all are let go without; and the search among
    so many takes a sixth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def counts() -> dict[str, int]:
    return {name: model.objects.count() for name, model in COUNTED.items()}


class Seeding:
    def __init__(self, seed: int, calendar: Calendar):
        self.seed = seed
        self.random, self.calendar = Random(seed), calendar  # noqa: S311  no secret
        self.lives = Lives(self.random, begins=calendar.begins, today=calendar.today)
        self.officers = Officers(self.random, calendar)
        self.life = activities.Life(seed, calendar)
        self.attended = Attended(seed, calendar)
        self.recorded = Recorded(seed, calendar)
        self.requests = Requests(self.random, self.lives)
        self.rights = {
            office.pk: list(office.permissions.all())
            for office in self.officers.offices.values()
        }
        self.view_member = Permission.objects.get(
            content_type__app_label="members", codename="view_member"
        )
        self.no_password = make_password(None)

    def run(self, members: int, branches: int) -> None:
        random, calendar = self.random, self.calendar
        units = list(islice(organizations(random), branches))
        write_codes(units)
        found = write_branches(units, random, calendar)
        terms = write_terms(found, random, calendar)
        batch = Batch()
        for number, (unit, size) in enumerate(sizes(units, members)):
            # The first branch is the one a visitor of the demonstration looks at.
            share = 0.3 if number == 0 else 0.03
            self.people(batch, unit, found[unit], size, terms.get(unit, []), share)
            if len(batch.lives) >= BATCH:
                self.write(batch)
                batch = Batch()
        self.write(batch)
        higher = [unit for unit in units if not unit.weight and not unit.closed]
        self.write_offices(
            held
            for unit in higher
            for held in self.officers.of_higher(unit, found[unit], terms.get(unit, []))
        )
        planned = [
            one for unit in higher for one in self.life.of_higher(unit, found[unit])
        ]
        activities.write_activities(planned, {}, calendar)
        programs.write_programs(calendar)
        write_election(calendar)
        planning.write_plans(calendar)
        appraisals.write_appraisals(self.seed, calendar)
        for model in WRITTEN:
            remember(model, "insert", calendar.begins)
        for key, on in change_branches(found, random, calendar).items():
            remember(Branch, "update", calendar.begins, keys=[key], on=on)

    # --- the people of one branch ---
    def people(
        self,
        batch: Batch,
        unit: Unit,
        branch: Branch,
        size: int,
        terms: list[Term],
        share: float,
    ) -> None:
        """Add the people of a branch to the batch; `share` of the accounts ask for a
        correction."""
        random = self.random
        lives = [self.lives.life(unit, branch) for _ in range(size)]
        groups = self.groups(branch, lives)
        held = self.officers.of_branch(unit, branch, lives, terms)
        held += self.officers.leaders(unit, branch, groups, lives)
        officers = {id(one.life) for one in held}
        for life in lives:
            if id(life) in officers or random.random() < self.chance(life):
                life.account = self.account(life)
        keeper = self.keeper(held)
        if keeper is not None:
            batch.keepers[branch.pk] = keeper
        states = Correction.State.values
        for life in lives:
            if life.account is not None and random.random() < share:
                at = moment(self.recent_day(), random)
                state = states[len(batch.corrections) % len(states)]
                if found := self.requests.ask(life, keeper, at, state):
                    batch.corrections.append(found)
        full = sum(life.last_state == "full" for life in lives)
        batch.planned += self.life.of_branch(unit, branch, groups, full)
        batch.lives += lives
        batch.groups += groups
        batch.held += held

    def groups(self, branch: Branch, lives: list[Life]) -> list[PartyGroup]:
        """Party groups of a large branch, with everybody of it in one (ORG-15)."""
        if len(lives) < LARGE_BRANCH:
            return []
        number = min(len(lives) // 9, 6)
        groups = [
            PartyGroup(branch=branch, name=f"第{place}党小组")
            for place in "一二三四五六"[:number]
        ]
        for place, life in enumerate(lives):
            life.member.party_group = groups[place % number]
        return groups

    def chance(self, life: Life) -> float:
        """How likely somebody has an account: the old and those who left, seldom."""
        if life.last_state not in Member.LIVE:
            return 0.2
        old = life.member.birth_date.year < self.calendar.today.year - 75
        return 0.25 if old or life.now("out_of_contact_since") else 0.65

    def account(self, life: Life) -> User:
        return User(
            password=self.no_password,
            is_active=life.last_state in Member.LIVE,
            must_change_password=False,
            date_joined=life.member.created_at,
        )

    def keeper(self, held: list[Held]) -> User | None:
        """The account that keeps the roll of a branch: its secretary's."""
        for one in held:
            if one.appointment.office.code == "secretary" and self.is_not_over(one):
                return one.life.account
        return None

    def is_not_over(self, held: Held) -> bool:
        ends_on = held.appointment.ends_on
        return ends_on is None or ends_on >= self.calendar.today

    def recent_day(self) -> date:
        days = min((self.calendar.yesterday - self.calendar.begins).days, 90)
        return self.calendar.yesterday - timedelta(days=self.random.randint(0, days))

    # --- writing ---
    def write(self, batch: Batch) -> None:
        lives = batch.lives
        with_account = [life for life in lives if life.account is not None]
        write(batch.groups)
        give_keys([life.member for life in lives])
        give_keys([life.account for life in with_account])
        self.write_records(batch)
        self.write_accounts(with_account)
        lines = [life.first for life in lives]
        lines += [
            c.state_change for life in lives for c in life.changes if c.state_change
        ]
        for line in lines:
            line.recorded_by = batch.keepers.get(line.member.branch_id)
        write(lines)
        write(batch.corrections)
        self.write_offices(batch.held)
        write(notices(batch, self.calendar))
        batch.activities = activities.write_activities(
            batch.planned, batch.keepers, self.calendar
        )
        self.recorded.write(batch, self.attended.write(batch))

    def write_records(self, batch: Batch) -> None:
        """The history of the records, and the records as they are now."""
        signed, rows = self.signatures(batch), []
        columns = [*copied_columns(Member), *EVENT_COLUMNS]
        copy(event_model(Member), columns, self.history(batch, signed, rows))
        copy(Member, Cells(Member).columns, rows)

    def history(
        self, batch: Batch, signed: dict[int, uuid.UUID], rows: list[list[Any]]
    ) -> Iterator[list[Any]]:
        """Each record as it came and as it was after each of its changes; what it is in
        the end goes to `rows`."""
        cells, begins = Cells(Member), midnight(self.calendar.begins)
        kept = itemgetter(*map(cells.columns.index, copied_columns(Member)))
        for life in batch.lives:
            member = life.member
            row, at = cells.of(member), max(member.updated_at, begins)
            yield [*kept(row), member.pk, "insert", at, NULL]
            by = signed.get(member.branch_id, NULL)
            for change in life.changes:
                row = cells.again(member, row, change.take(member))
                at = max(change.at, begins)
                yield [*kept(row), member.pk, "update", at, by]
            rows.append(row)

    def signatures(self, batch: Batch) -> dict[int, uuid.UUID]:
        """What signs changes as made by the keeper of the roll, by branch."""
        signed = {life.member.branch_id for life in batch.lives if life.changes}
        contexts = {
            branch: Context(
                id=uuid.UUID(int=self.random.getrandbits(128), version=4),
                metadata={"user": batch.keepers[branch].pk},
                created_at=self.lives.latest,
                updated_at=self.lives.latest,
            )
            for branch in sorted(signed & batch.keepers.keys())
        }
        write(contexts.values())
        return {branch: context.pk for branch, context in contexts.items()}

    def write_accounts(self, lives: list[Life]) -> None:
        """Accounts of members, each the owner of the own record; nobody can sign in
        until a first password is given."""
        for life in lives:
            life.account.username = f"{life.member.initials}{life.member.pk}"
            # By key: an account and a record that hold each other are never let go.
            life.account.member_id = life.member.pk
        write(life.account for life in lives)
        write(
            MemberGrant(
                user=life.account,
                permission=self.view_member,
                content_object=life.member,
                purpose=MemberGrant.OWNER,
                starts_on=life.account.date_joined.date(),
            )
            for life in lives
        )

    def write_offices(self, held: Iterable[Held]) -> None:
        """Appointments, and the rights of those that are not over."""
        held = list(held)
        write(one.appointment for one in held)
        write(
            BranchGrant(
                user=one.life.account,
                permission=right,
                content_object=one.appointment.branch,
                appointment=one.appointment,
                starts_on=one.appointment.starts_on,
                ends_on=one.appointment.ends_on,
            )
            for one in held
            if one.life.account is not None and self.is_not_over(one)
            for right in self.rights[one.appointment.office_id]
        )


def sizes(units: list[Unit], members: int) -> Iterator[tuple[Unit, int]]:
    """How many people each roll holds: by weight, and `members` in all.

    The first, at which a visitor looks, is no larger than most, however many there are.
    """
    total = sum(unit.weight for unit in units)
    first = next(unit for unit in units if unit.weight)
    first.weight = min(first.weight, USUAL_BRANCH * total / members)
    total = sum(unit.weight for unit in units)
    reached, given = 0.0, 0
    for unit in units:
        if unit.weight:
            reached += unit.weight
            upto = round(members * reached / total)
            yield unit, upto - given
            given = upto
