"""Minutes of what the demonstration held: signed, with votes and what was decided; and
two in work, for whoever looks at it (MIN-01 … MIN-10)."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from activities import ballots
from activities.models import (
    Activity,
    Attendance,
    Ballot,
    LifePoint,
    Minutes,
    MinutesItem,
    Resolution,
)
from activities.services import minutes as services
from config.demo import words
from config.demo.activities import Type
from config.demo.attended import Told, instant
from config.demo.batch import Batch
from config.demo.copying import write
from config.demo.lives import Life
from config.demo.organization import Calendar
from members.models import Member, User

State = Minutes.State
MINUTED = 6  # branches, the first ones
DECIDING = {Type.GENERAL_MEETING, Type.COMMITTEE_MEETING, Type.LIFE_MEETING}
DAYS_TO_DO = 25


@dataclass(frozen=True)
class Signer:
    """Somebody of an office, with the days of it."""

    life: Life
    office: str
    group: Any
    starts_on: Any
    ends_on: Any

    def is_in_force(self, on: Any) -> bool:
        return self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)


@dataclass
class Rows:
    """What is written together."""

    minutes: list[Minutes] = field(default_factory=list)
    items: list[MinutesItem] = field(default_factory=list)
    ballots: list[Ballot] = field(default_factory=list)
    life_points: list[LifePoint] = field(default_factory=list)
    resolutions: list[Resolution] = field(default_factory=list)


class Recorded:
    def __init__(self, seed: int, calendar: Calendar):
        self.random = Random(f"minutes {seed}")  # noqa: S311  no secret
        self.calendar = calendar
        self.branches: set[int] = set()
        self.general: set[int] = set()  # activities

    def write(self, batch: Batch, told: Iterable[Told]) -> None:
        """Write the minutes of the meetings among `told`."""
        people = {life.member.pk: life.member for life in batch.lives}
        signers = self.signers(batch)
        numbers: dict[Any, int] = {}
        rows = Rows()
        meetings = [one for one in told if self.is_minuted(one)]
        for one in sorted(meetings, key=lambda one: one.planned.on):
            planned = one.planned
            there = {row.member_id for row in one.present()}
            both = two_of(signers.get(planned.branch.pk, ()), planned, there)
            if both is None:
                continue
            of = (planned.branch.pk, planned.group, planned.kind, planned.on.year)
            numbers[of] = numbers.get(of, 0) + 1
            self.record(rows, one, both, numbers[of], people)
        self.leave_in_work(rows.minutes)
        for written in vars(rows).values():
            write(written)
        for minutes in rows.minutes:  # what is signed is known when all of it is there
            if minutes.state == State.SIGNING:
                found = Minutes.objects.filter(pk=minutes.pk)
                state = State.LOCKED if minutes.chair_signed_at else State.SIGNING
                found.update(digest=services.digest(found.get()), state=state)

    def is_minuted(self, one: Told) -> bool:
        branch = one.planned.branch.pk
        if branch not in self.branches and len(self.branches) < MINUTED:
            self.branches.add(branch)
        return branch in self.branches and one.planned.kind in Activity.MEETINGS

    def signers(self, batch: Batch) -> dict[int, list[Signer]]:
        found: dict[int, list[Signer]] = {}
        for held in batch.held:
            if held.life.account is not None:
                made = held.appointment
                signer = Signer(
                    held.life,
                    made.office.code,
                    made.party_group,
                    made.starts_on,
                    made.ends_on,
                )
                found.setdefault(made.branch_id or made.branch.pk, []).append(signer)
        return found

    def record(
        self,
        rows: Rows,
        one: Told,
        both: tuple[Life, Life],
        number: int,
        people: dict[int, Member],
    ) -> None:
        planned, (chair, recorder) = one.planned, both
        begins_at = instant(planned.on, planned.begins)
        ends_at = begins_at + timedelta(hours=planned.hours)
        minutes = Minutes(
            activity_id=one.key,
            revision=1,
            state=State.SIGNING,
            number=number,
            begins_at=begins_at,
            ends_at=ends_at,
            place=planned.place,
            chair=chair.member,
            recorder=recorder.member,
            people=people_of(one.rows, people),
            recorder_signed_at=ends_at + timedelta(hours=20),
            recorder_signed_by=recorder.account,
            chair_signed_at=ends_at + timedelta(hours=26),
            chair_signed_by=chair.account,
            created_by=recorder.account,
            created_at=ends_at + timedelta(hours=1),
        )
        rows.minutes.append(minutes)
        points = words.POINTS[planned.kind]
        for position, (title, said) in enumerate(points, start=1):
            speaker = chair.member.name if position == 1 else ""
            item = MinutesItem(
                minutes=minutes,
                position=position,
                title=title,
                speaker=speaker,
                discussion=said.format(name=self.random.choice(names(one, people))),
            )
            rows.items.append(item)
        if planned.kind == Type.GENERAL_MEETING:
            self.general.add(one.key)
            rows.ballots.append(self.ballot(item, one, people, recorder.account))
        if planned.kind == Type.LIFE_MEETING:
            rows.life_points += life_points(minutes, both)
        if planned.kind in DECIDING:
            rows.resolutions.append(self.resolution(minutes, both, one))

    def ballot(
        self, item: MinutesItem, one: Told, people: dict[int, Member], by: User | None
    ) -> Ballot:
        due = [
            row
            for row in one.rows
            if row.state != Attendance.State.EXEMPT
            and people[row.member_id].state == Member.State.FULL
        ]
        present = sum(row.state == Attendance.State.PRESENT for row in due)
        abstain = min(self.random.choice((0, 0, 1)), present)
        return Ballot(
            item=item,
            motion=words.MOTIONS[one.planned.on.month % len(words.MOTIONS)],
            rule=ballots.Rule.DECISION,
            eligible=len(due),
            present=present,
            issued=present,
            returned=present,
            yes=present - abstain,
            no=0,
            abstain=abstain,
            void=0,
            counted_at=instant(one.planned.on, one.planned.begins),
            counted_by=by,
        )

    def resolution(
        self, minutes: Minutes, both: tuple[Life, Life], one: Told
    ) -> Resolution:
        life = self.random.choice(both)
        due_on = one.planned.on + timedelta(days=DAYS_TO_DO)
        late = self.random.random() < 0.15
        done_on = due_on + timedelta(days=6 if late else -self.random.randint(1, 9))
        is_done = done_on < self.calendar.today
        return Resolution(
            minutes=minutes,
            key=uuid.UUID(int=self.random.getrandbits(128), version=4),
            text=self.random.choice(words.RESOLUTIONS),
            member=life.member,
            due_on=due_on,
            done_at=instant(done_on, one.planned.begins) if is_done else None,
            done_by=life.account if is_done else None,
        )

    def leave_in_work(self, minutes: list[Minutes]) -> None:
        """Of the first branch: the last general meeting is still written, and the newest
        of the others waits for its chair."""
        of = min(self.branches, default=None)
        first = [one for one in minutes if one.chair and one.chair.branch_id == of]
        general = [one for one in first if one.activity_id in self.general]
        for one in general[-1:]:
            one.state, one.people = State.DRAFT, {}
            one.recorder_signed_at = one.recorder_signed_by = None
            one.chair_signed_at = one.chair_signed_by = None
        for one in [one for one in first if one not in general[-1:]][-1:]:
            one.chair_signed_at = one.chair_signed_by = None


def two_of(
    signers: Iterable[Signer], planned: Any, there: set[int]
) -> tuple[Life, Life] | None:
    """Who chaired and who wrote, of those who were there: the secretary, of a group its
    leader (MEET-06), else another officer of those days."""
    leads = "secretary" if planned.group is None else "group_leader"
    found = {
        id(one.life): one.life
        for one in sorted(signers, key=lambda one: one.office != leads)
        if one.is_in_force(planned.on)
        and one.life.member.pk in there
        and (one.group is planned.group or one.office != "group_leader")
    }
    if len(found) < 2:
        return None
    chair, recorder, *_others = found.values()
    return chair, recorder


def life_points(minutes: Minutes, both: tuple[Life, Life]) -> Iterator[LifePoint]:
    """The own problem of each of the two, and what the other said of it (MIN-12)."""
    chair, recorder = (life.member for life in both)
    said = zip(
        (chair, recorder), (recorder, chair), words.OWN, words.CRITICISM, strict=True
    )
    for place, (member, other, own, criticism) in enumerate(said):
        of = {"minutes": minutes, "member": member}
        yield LifePoint(kind="own", position=2 * place + 1, text=own, **of)
        yield LifePoint(
            kind="criticism",
            position=2 * place + 2,
            text=criticism,
            speaker=other,
            **of,
        )


def names(one: Told, people: dict[int, Member]) -> list[str]:
    return [people[row.member_id].name for row in one.present()] or ["—"]


def people_of(rows: Iterable[Attendance], people: dict[int, Member]) -> dict[str, Any]:
    """As `services.minutes.people_of` would have frozen it."""
    found: dict[str, list[Any]] = {
        name: [] for name in ("names", "leave", "absent", "exempt", "guests")
    }
    for row in sorted(
        rows, key=lambda row: (people[row.member_id].pinyin, row.member_id)
    ):
        name = people[row.member_id].name
        if row.state == Attendance.State.PRESENT:
            found["names"].append(name)
        else:
            found[row.state].append([name, row.reason])
    present = len(found["names"])
    due = present + len(found["leave"]) + len(found["absent"])
    return {"due": due, "present": present, **found}
