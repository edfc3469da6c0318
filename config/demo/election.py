"""Elections on the minutes that are still written, of the first branch: two stand for one
seat of the committee, and of three for two seats of delegates one is elected (EL-10), so
that a seat is left (EL-12). Two who do not stand count."""

from collections.abc import Sequence
from datetime import datetime, time

from django.utils import timezone

from activities import ballots
from activities.models import Attendance, Ballot, Election, Minutes, MinutesItem
from activities.services import elections, voted, votes
from config.demo.organization import Calendar
from members.models import Member, User

LEAST = 6  # full members who are there
State = Attendance.State


def write_election(calendar: Calendar) -> None:
    draft = Minutes.objects.filter(state=Minutes.State.DRAFT).first()
    if draft is None:
        return
    fill(draft)
    there = Member.objects.filter(
        state=Member.State.FULL,
        attendances__activity=draft.activity_id,
        attendances__state=State.PRESENT,
    ).exclude(pk__in=[draft.chair_id, draft.recorder_id])
    full = list(there.order_by("pk")[:LEAST])
    if len(full) == LEAST:
        elect(
            draft, full, timezone.make_aware(datetime.combine(calendar.today, time(9)))
        )


def fill(draft: Minutes) -> None:
    """Let as many be there as an election asks for (EL-04); on leave are fewer."""
    eligible, present = votes.voters(draft.activity)
    missing = ballots.quorum(ballots.Rule.ELECTION, eligible) - present
    if missing <= 0:
        return
    away = voted.due(draft.activity).exclude(state=State.PRESENT).order_by("pk")
    keys = list(away.values_list("pk", flat=True)[:missing])
    Attendance.objects.filter(pk__in=keys).update(state=State.PRESENT, reason="")
    Ballot.objects.filter(item__minutes=draft).update(present=present + missing)


def elect(draft: Minutes, full: list[Member], now: datetime) -> None:
    one, two, three, *tellers = full[:5]
    last = draft.items.order_by("position").last()
    item = draft.items.create(
        position=last.position + 1 if last else 1,
        title="增补支部委员会委员，选举党代表大会代表",
        discussion="宣读选举办法，大家举手通过，推选监票人、计票人。",
    )
    _eligible, present = votes.voters(draft.activity)
    won, half = present * 3 // 4, present // 2
    committee, delegates = Election.Kind.COMMITTEE, Election.Kind.DELEGATES
    for title, kind, stand, yes in (
        ("支部委员会委员", committee, [one, two], (won, present - won)),
        ("镇党代表大会代表", delegates, [one, two, three], (won, half, 1)),
    ):
        election = put(item, title, kind, stand, tellers)
        count(election, yes, now)


def put(
    item: MinutesItem,
    title: str,
    kind: str,
    stand: Sequence[Member],
    tellers: Sequence[Member],
) -> Election:
    """One seat fewer than stand."""
    eligible, present = votes.voters(item.minutes.activity)
    election = Election(
        item=item,
        title=title,
        kind=kind,
        seats=len(stand) - 1,
        eligible=eligible,
        present=present,
        monitor=tellers[0],
        counter=tellers[1],
    )
    return elections.put(election, stand)


def count(election: Election, yes: Sequence[int], now: datetime) -> None:
    """All who are there vote; without an account of a teller it is counted later."""
    tellers = [election.monitor_id, election.counter_id]
    teller = User.objects.filter(member__in=tellers).first()
    if teller is None:
        return
    present = election.present
    totals = {"issued": present, "returned": present, "void": 0}
    counted = {
        row.pk: {"yes": number, "no": present - number}
        for row, number in zip(election.candidates.all(), yes, strict=True)
    }
    there = voted.there(election.item.minutes.activity)
    elections.count(election, totals, counted, handed=there, by=teller, now=now)
