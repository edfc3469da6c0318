"""Who holds which office when, in the demonstration."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from config.demo.lives import Life, moment, superior
from config.demo.organization import Calendar, document
from config.demo.tree import Kind, Setting, Unit
from members.algorithms import add_years
from members.models import Appointment, Branch, Office, PartyGroup, Term
from members.services.offices import MEMBERS_FOR_A_COMMITTEE

Basis = Appointment.Basis

COMMITTEE = ("secretary", "organization_officer", "publicity_officer")
LARGE_COMMITTEE = (*COMMITTEE, "deputy_secretary", "discipline_officer")
HIGHER_COMMITTEE = (
    *("secretary", "committee_deputy", "organization_officer", "publicity_officer"),
    *("discipline_officer", "committee_member", "committee_member"),
)
GENERAL_BRANCH = (*COMMITTEE, "deputy_secretary")
POOL_SIZE = 14  # people of the branches below from whom a committee is chosen


@dataclass(frozen=True)
class Held:
    """An appointment, and whose it is."""

    life: Life
    appointment: Appointment


class Officers:
    """Appoints; what the services would refuse is not made here either."""

    def __init__(self, random: Random, calendar: Calendar):
        self.random, self.calendar = random, calendar
        self.offices = {office.code: office for office in Office.objects.all()}
        self.pools: dict[Unit, list[Life]] = {}

    def of_branch(
        self, unit: Unit, branch: Branch, lives: list[Life], terms: list[Term]
    ) -> list[Held]:
        """The committee of a branch, now and in the terms before."""
        random = self.random
        full = [life for life in lives if life.last_state == "full"]
        able = [life for life in full if self.is_able(unit, life)]
        random.shuffle(able)
        codes = ("secretary",)
        if len(full) >= MEMBERS_FOR_A_COMMITTEE:
            codes = LARGE_COMMITTEE if len(full) >= 14 else COMMITTEE
        made: list[Held] = []
        for place, term in enumerate(terms):
            # Some stay from term to term; fewer offices are known of earlier terms.
            order = able if place == 0 or random.random() < 0.5 else able[1:] + able[:1]
            wanted = codes if place == 0 else codes[:2]
            made += self.elect(unit, branch, term, wanted, order, current=place == 0)
        busy = {id(held.life) for held in made}
        self.lend(unit, [life for life in able if id(life) not in busy])
        return made

    def lend(self, unit: Unit, able: list[Life]) -> None:
        """Offer people to the committees above, somebody else to each."""
        for life, above in zip(able, self.above(unit), strict=False):
            pool = self.pools.setdefault(above, [])
            if len(pool) < POOL_SIZE:
                pool.append(life)

    def of_higher(self, unit: Unit, branch: Branch, terms: list[Term]) -> list[Held]:
        """The committee of an organization without a roll, from branches below it."""
        codes = GENERAL_BRANCH if unit.kind == Kind.GENERAL_BRANCH else HIGHER_COMMITTEE
        if unit.kind == Kind.TEMP_BRANCH:
            return self.sent(unit, branch)
        if unit.kind in {Kind.LEADING_GROUP, Kind.DISCIPLINE} or not terms:
            return []
        pool = self.pools.get(unit, [])
        return self.elect(unit, branch, terms[0], codes, pool, current=True)

    def sent(self, unit: Unit, branch: Branch) -> list[Held]:
        """A temporary branch: whoever approved it appoints its secretary (ORG-12)."""
        pool = self.pools.get(unit.parent, [])
        if not pool:
            return []
        life, starts_on = pool[-1], branch.established_on
        found = self.appointment(unit, branch, life, "secretary", starts_on)
        found.basis, found.decided_by = Basis.APPOINTED, superior(unit).name
        return [Held(life, found)]

    def leaders(
        self,
        unit: Unit,
        branch: Branch,
        groups: Iterable[PartyGroup],
        lives: list[Life],
    ) -> list[Held]:
        """A leader for each Party group that has a full member."""
        made = []
        for group in groups:
            for life in lives:
                if life.member.party_group is group and self.is_able(unit, life):
                    starts_on = self.calendar.within(self.random)
                    found = self.appointment(
                        unit, branch, life, "group_leader", starts_on
                    )
                    found.basis, found.document_number = Basis.NAMED, ""
                    found.party_group = group
                    made.append(Held(life, found))
                    break
        return made

    def elect(
        self,
        unit: Unit,
        branch: Branch,
        term: Term,
        codes: Iterable[str],
        able: list[Life],
        *,
        current: bool,
    ) -> list[Held]:
        standing = [life for life in able if self.stood(life, term.starts_on)]
        made = []
        for code, life in zip(codes, standing, strict=False):
            found = self.appointment(unit, branch, life, code, term.starts_on)
            if not current or unit.term == "ending":
                found.ends_on = term.ends_on
                found.ended_reason = "" if current else "届满"
            made.append(Held(life, found))
        return made

    def appointment(
        self, unit: Unit, branch: Branch, life: Life, code: str, starts_on: date
    ) -> Appointment:
        office = self.offices[code]
        recorded_on = max(starts_on, self.calendar.begins)
        numbered = office.needs_superior
        return Appointment(
            member=life.member,
            office=office,
            branch=branch,
            starts_on=starts_on,
            basis=Basis.ELECTED,
            decided_by=f"{unit.short_name}党员大会",
            document_number=document(unit, starts_on, self.random) if numbered else "",
            recorded_at=moment(recorded_on, self.random),
        )

    def is_able(self, unit: Unit, life: Life) -> bool:
        """A full member in contact and at home; not too old, but among the retired."""
        born = life.member.birth_date
        oldest = 80 if unit.setting == Setting.RETIRED else 68
        return (
            life.last_state == "full"
            and life.now("out_of_contact_since") is None
            and (not life.now("is_floating") or unit.setting == Setting.FLOATING)
            and add_years(born, oldest) > self.calendar.today
        )

    def stood(self, life: Life, on: date) -> bool:
        """Whether the person had been a full member for a year by then (ORG-24)."""
        since = life.now("full_member_on")
        return since is not None and since + timedelta(days=366) <= on

    def above(self, unit: Unit) -> Iterable[Unit]:
        while unit.parent is not None:
            unit = unit.parent
            yield unit
