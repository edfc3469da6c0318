"""Who was at what the demonstration held, and what came of it: attendance, hours of study,
sign-ups, surveys (MIN-04, LIFE-27, EDU-01).

It is told of the first TOLD branches only: of a million people it would be most of the
rows, and no page shows more of it.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from django.utils import timezone

from activities import access
from activities.models import (
    Activity,
    Attendance,
    Effect,
    SignUp,
    SurveyAnswer,
    SurveyTurn,
)
from config.demo import words
from config.demo.activities import Planned, Type
from config.demo.batch import Batch
from config.demo.copying import write
from config.demo.lives import Life
from config.demo.organization import Calendar
from members.models import CreditHour, User

State, Way = Attendance.State, Attendance.Way
Audience = Activity.Audience

TOLD = 200  # branches
OLD = 82  # years, from which on somebody is exempt where health asks for it
SURVEY_DAYS = 10
WITH_SIGN_UPS = {Activity.State.HELD, Activity.State.PLANNED}
SURVEYED = {Type.LECTURE, Type.VOLUNTEER}


@dataclass
class Person:
    """A member as the lists of a branch know them: in the Party from `since` until
    `until`, in the committee on the days of `seats`."""

    life: Life
    since: date
    until: date | None
    seats: list[tuple[date, date | None]]
    diligence: float

    @property
    def pk(self) -> int:
        return self.life.member.pk

    def is_on_roll(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on < self.until)

    def is_in_committee(self, on: date) -> bool:
        return any(a <= on and (b is None or on <= b) for a, b in self.seats)


@dataclass(frozen=True)
class Told:
    """What is written of one activity."""

    key: int
    planned: Planned
    rows: list[Attendance]

    def present(self) -> list[Attendance]:
        return [row for row in self.rows if row.state == State.PRESENT]


class Attended:
    """Draws who came. It has a chance of its own, as what is planned has."""

    def __init__(self, seed: int, calendar: Calendar):
        self.random = Random(f"attendance {seed}")  # noqa: S311  no secret
        self.calendar = calendar
        self.branches: set[int] = set()

    def write(self, batch: Batch) -> list[Told]:
        """Write all that hangs on the activities of a batch; what was told, in order."""
        rolls = self.rolls(batch)
        keepers = {key: batch.keepers.get(key) for key in rolls}
        told, sign_ups = [], []
        for key, one in batch.activities.items():
            roll = rolls.get(one.branch.pk)
            if roll is None:
                continue
            by = keepers[one.branch.pk]
            expected = [p for p in roll if is_expected(p, one)]
            if one.seats is not None and one.state in WITH_SIGN_UPS:
                found = list(self.signed_up(key, one, one.seats, expected))
                sign_ups += found
                seated = {s.member_id for s in found if s.state == "confirmed"}
                expected = [p for p in expected if p.pk in seated]
            if one.state == Activity.State.HELD:
                rows = [self.attendance(key, one, p, by) for p in expected]
                told.append(Told(key, one, rows))
        write(sign_ups)
        write(row for one in told for row in one.rows)
        write(line for one in told for line in hours(one))
        self.write_effects(told, keepers)
        return told

    def rolls(self, batch: Batch) -> dict[int, list[Person]]:
        """The people of each told branch; those that come after TOLD are not."""
        seats: dict[int, list[tuple[date, date | None]]] = {}
        for held in batch.held:
            if held.appointment.office.in_committee:
                spans = seats.setdefault(id(held.life), [])
                spans.append((held.appointment.starts_on, held.appointment.ends_on))
        found: dict[int, list[Person]] = {}
        for life in batch.lives:
            key = life.member.branch_id
            if key not in self.branches and len(self.branches) >= TOLD:
                continue
            self.branches.add(key)
            roll = found.setdefault(key, [])
            if person := self.person(life, seats.get(id(life), [])):
                roll.append(person)
        return found

    def person(self, life: Life, seats: list) -> Person | None:
        member = life.member
        if member.admitted_on is None:
            return None
        until = None
        if member.state not in access.TAKE_PART:
            steps = [c.state_change for c in life.changes if c.state_change]
            if not steps:
                return None
            until = steps[-1].effective_on
        since = max(filter(None, (member.admitted_on, member.enrolled_on)))
        return Person(life, since, until, seats, self.random.uniform(0.78, 0.98))

    # --- one activity ---
    def attendance(
        self, key: int, one: Planned, person: Person, by: User | None
    ) -> Attendance:
        random, begins = self.random, instant(one.on, one.begins)
        noted_at = begins + timedelta(hours=one.hours)
        member = person.life.member
        row = Attendance(
            activity_id=key,
            member_id=member.pk,
            state=State.PRESENT,
            recorded_by=by,
            recorded_at=noted_at,
            way=Way.PAPER if one.branch.setting == "village" else Way.LIST,
        )
        if one.on.year - member.birth_date.year >= OLD and person.diligence < 0.9:
            row.state, row.reason = State.EXEMPT, words.EXEMPT
        elif random.random() < person.diligence:
            row.counted_at = noted_at
            if one.kind in SURVEYED and person.life.account and random.random() < 0.6:
                row.way, row.recorded_by = Way.CODE, person.life.account
                row.checked_in_at = begins - timedelta(minutes=random.randint(1, 25))
        elif random.random() < 0.75:
            row.state, row.reason = State.LEAVE, random.choice(words.LEAVES)
        else:
            row.state = State.ABSENT
        return row

    def signed_up(
        self, key: int, one: Planned, seats: int, expected: list[Person]
    ) -> Iterator[SignUp]:
        """In the order of asking: as many as there are seats, and some who wait."""
        if one.state == Activity.State.PLANNED:
            # The first of the roll look at the demonstration: they have yet to sign up.
            expected = expected[len(expected) // 3 :]
        willing = [p for p in expected if self.random.random() < 0.7]
        first = min(one.on - timedelta(days=9), self.calendar.yesterday)
        for place, person in enumerate(willing[: seats + 2], start=1):
            at = instant(first, time(9)) + timedelta(minutes=7 * place)
            has_seat = place <= seats
            yield SignUp(
                activity_id=key,
                member_id=person.pk,
                state=SignUp.State.CONFIRMED if has_seat else SignUp.State.WAITING,
                place=place,
                note=words.NOTES.get(place, ""),
                asked_at=at,
                changed_at=at,
            )

    # --- what came of it ---
    def write_effects(self, told: list[Told], keepers: dict[int, User | None]) -> None:
        """The host's note of lectures and service, and what those present said."""
        effects, answers, turns = [], [], []
        for one in told:
            if one.planned.kind not in SURVEYED:
                continue
            on = one.planned.on
            until = on + timedelta(days=SURVEY_DAYS)
            outcome, change = self.random.choice(words.OUTCOMES)
            effects.append(
                Effect(
                    activity_id=one.key,
                    survey_until=until,
                    outcome=outcome,
                    change=change,
                    written_by=keepers[one.planned.branch.pk],
                    written_at=instant(on, time(18)),
                )
            )
            for row in one.present():
                if self.random.random() < 0.6:
                    answers.append(self.answer(one.key))
                    turns.append(self.turn(one.key, row.member_id))
        write(effects)
        # The order in which they are written tells nothing either.
        write(sorted(answers, key=lambda answer: answer.pk))
        write(sorted(turns, key=lambda turn: turn.pk))

    def answer(self, key: int) -> SurveyAnswer:
        satisfaction = self.random.choices((3, 4, 5), (1, 4, 6))[0]
        return SurveyAnswer(
            pk=self.uuid(),
            activity_id=key,
            satisfaction=satisfaction,
            usefulness=self.random.choices((3, 4, 5), (2, 5, 4))[0],
            remark=self.random.choice(words.REMARKS) if satisfaction < 5 else "",
        )

    def turn(self, key: int, member: int) -> SurveyTurn:
        return SurveyTurn(pk=self.uuid(), activity_id=key, member_id=member)

    def uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.random.getrandbits(128), version=4)


def is_expected(person: Person, one: Planned) -> bool:
    """As the portal would have said on the day (`activities.access.expected`)."""
    if not person.is_on_roll(one.on):
        return False
    if one.audience == Audience.GROUP:
        return person.life.member.party_group is one.group
    if one.audience == Audience.COMMITTEE:
        return person.is_in_committee(one.on)
    return True


def hours(one: Told) -> Iterator[CreditHour]:
    """A line for each who was there, where it gave hours (EDU-01)."""
    if one.planned.credit_hours is None:
        return
    for row in one.present():
        yield CreditHour(
            member_id=row.member_id,
            hours=Decimal(one.planned.credit_hours),
            on=one.planned.on,
            source=CreditHour.Source.ACTIVITY,
            key=str(one.key),
            note=one.planned.title,
            recorded_at=row.recorded_at,
        )


def instant(on: date, at: time) -> datetime:
    return timezone.make_aware(datetime.combine(on, at))
