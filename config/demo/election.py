"""A by-election on the minutes that are still written, of the first branch: two stand for
one seat, and two who do not stand count (EL-10)."""

from datetime import datetime, time

from django.utils import timezone

from activities.models import Election, Minutes
from activities.services import elections, votes
from config.demo.organization import Calendar
from members.models import Member, User

LEAST = 6  # full members who are there


def write_election(calendar: Calendar) -> None:
    draft = Minutes.objects.filter(state=Minutes.State.DRAFT).first()
    if draft is None:
        return
    there = Member.objects.filter(
        state=Member.State.FULL,
        attendances__activity=draft.activity_id,
        attendances__state="present",
    ).exclude(pk__in=[draft.chair_id, draft.recorder_id])
    full = list(there.order_by("pk")[:LEAST])
    if len(full) == LEAST:
        elect(
            draft, full, timezone.make_aware(datetime.combine(calendar.today, time(9)))
        )


def elect(draft: Minutes, full: list[Member], now: datetime) -> None:
    one, two, monitor, counter = full[:4]
    eligible, present = votes.voters(draft.activity)
    last = draft.items.order_by("position").last()
    item = draft.items.create(
        position=last.position + 1 if last else 1,
        title="增补支部委员会委员",
        discussion="宣读选举办法，大家举手通过，推选监票人、计票人。",
    )
    election = Election(
        item=item,
        title="支部委员会委员",
        kind=Election.Kind.COMMITTEE,
        seats=1,
        eligible=eligible,
        present=present,
        monitor=monitor,
        counter=counter,
    )
    elections.put(election, [one, two])
    teller = User.objects.filter(member__in=[monitor, counter]).first()
    if teller is None:
        return  # they count it once they have an account
    won = present * 3 // 4
    rows = election.candidates.all()
    totals = {"issued": present, "returned": present, "void": 0}
    counted = {
        row.pk: {"yes": yes, "no": present - yes}
        for row, yes in zip(rows, (won, present - won), strict=True)
    }
    elections.count(election, totals, counted, by=teller, now=now)
