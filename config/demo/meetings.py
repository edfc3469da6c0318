"""One meeting of the demonstration with all that hangs on it: who was there, a vote, an
election, what is to be done, and minutes that wait for their signatures."""

from datetime import datetime, time, timedelta

from django.utils import timezone, translation

from activities.models import Activity, Election, Minutes
from activities.services import attendances, elections, minutes, votes
from activities.services.attendances import Mark
from activities.services.minutes import Decided, Point
from config.demo.organization import Calendar
from members.models import Branch, Member, User

State = Activity.State
REASONS = ("外出务工", "探望病人")
POINTS = (
    ("通报支部工作", "书记通报全年工作，大家没有不同意见。"),
    ("增补支部委员会委员", "宣读选举办法，大家举手通过。"),
    ("讨论修整村道", "多数赞成年内动工，两人建议先征求沿路住户意见。"),
)
DECIDED = ("征求沿路住户意见，形成清单", "与施工方商定方案并张榜公布")


def write_meeting(calendar: Calendar) -> None:
    """The last general meeting that the first branch held, of those with an account."""
    branch = Branch.objects.holding_members().order_by("pk").first()
    meeting = (
        Activity.objects.filter(
            branch=branch,
            kind=Activity.Kind.GENERAL_MEETING,
            state=State.HELD,
            starts_at__lt=timezone.make_aware(datetime.combine(calendar.today, time())),
        )
        .order_by("-starts_at")
        .first()
    )
    writer = User.objects.filter(member__branch=branch).order_by("pk").first()
    if meeting is not None and writer is not None:
        with translation.override("zh-hans"):
            write_one(meeting, writer, calendar)


def write_one(meeting: Activity, writer: User, calendar: Calendar) -> None:
    now = timezone.make_aware(datetime.combine(calendar.today, time(9)))
    people = list(attendances.listed(meeting))
    marks = [Mark(one, "present") for one in people]
    for place, reason in zip((-1, -2), REASONS, strict=True):
        if len(people) > 9:
            marks[place] = Mark(people[place], "leave", reason)
    attendances.record(meeting, marks, by=writer, now=now)
    draft = minutes.start(meeting, by=writer, now=now)
    there = [mark.member for mark in marks if mark.state == "present"]
    recorder = next((one for one in there if one != draft.chair), None)
    until = calendar.today + timedelta(days=30)
    standing = list(draft.items.all())
    points = [Point(str(item.pk), "") for item in standing] + [
        Point(f"new{place}", title, "", said)
        for place, (title, said) in enumerate(POINTS, start=1)
    ]
    decided = [
        Decided(f"new{place}", text, draft.chair or recorder, until)
        for place, text in enumerate(DECIDED, start=1)
    ]
    minutes.save(draft, {"recorder": recorder}, points, decided)
    full = [one for one in there if one.state == Member.State.FULL]
    if len(full) > 6:
        elect(draft, full, now)


def elect(draft: Minutes, full: list[Member], now: datetime) -> None:
    """Two stand for one seat, and two who do not stand count."""
    one, two, monitor, counter = full[1:5]
    eligible, present = votes.voters(draft.activity)
    election = Election(
        item=draft.items.get(position=2),
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
