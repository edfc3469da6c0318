"""One record of a meeting yields all: minutes, register, statistics, hours, facts, and
each member's own history (MIN-01 … MIN-14, EDU-01, EDU-11)."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.utils import timezone
from docx import Document

from activities.models import Activity
from activities.services import (
    activities,
    attendances,
    effect,
    minutes,
    own_life,
    register,
    sign_off,
)
from activities.services.attendances import Mark
from activities.signals import took_part, took_part_not
from members.models import AuditEntry, CreditHour
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def facts():
    found = []

    def came(sender, activity, member, kind, on, **more):
        found.append(("came", member.name, kind))

    def came_not(sender, activity, member, kind, on, **more):
        found.append(("came not", member.name, kind))

    took_part.connect(came)
    took_part_not.connect(came_not)
    yield found
    took_part.disconnect(came)
    took_part_not.disconnect(came_not)


def hours_of(member):
    return CreditHour.objects.filter(member=member).total()


def test_one_meeting_from_the_plan_to_every_paper(client, facts):
    now = timezone.now()
    branch = build.branch("中共青石村支部")
    chair = build.user(member=build.member("张书记", branch=branch))
    build.appointment(chair.member, branch=branch)
    recorder = build.user(member=build.member("李记录", branch=branch))
    early = build.member("王早退", branch=branch)
    away = build.member("赵请假", branch=branch)
    begins = now - timedelta(hours=3)
    meeting = activities.plan(
        Activity(
            branch=branch,
            kind="general_meeting",
            title="三季度党员大会",
            starts_at=begins,
            ends_at=begins + timedelta(hours=4),
            place="村委会",
            credit_hours=Decimal("3.0"),
        ),
        by=chair,
    )
    activities.announce(meeting, by=chair, now=now)

    marks = [
        Mark(chair.member, "present"),
        Mark(recorder.member, "present"),
        Mark(early, "present", "", begins + timedelta(minutes=100)),
        Mark(away, "leave", "出差"),
    ]
    attendances.record(meeting, marks, by=chair, now=now)
    assert (facts, CreditHour.objects.count()) == ([], 0)  # not held yet

    draft = minutes.start(meeting, by=recorder, now=now)
    decided = minutes.Decided("new1", "修通村道", recorder.member, timezone.localdate())
    minutes.save(draft, {"ends_at": begins + timedelta(hours=3)}, [], [decided])
    for user in (chair, recorder):
        draft.refresh_from_db()
        sign_off.sign(draft, seen=minutes.digest(draft), by=user, now=now)

    people = ("张书记", "李记录", "王早退")
    assert sorted(facts) == sorted(("came", one, "general_meeting") for one in people)
    given = [hours_of(one) for one in (chair.member, recorder.member, early, away)]
    assert given == [3, 3, Decimal("1.5"), 0]

    (line,) = register.lines(branch, begins.year)
    assert (line.expected, line.present, line.number) == (4, 3, 1)
    assert (line.chair, line.resolutions) == ("张书记", ["修通村道"])
    client.force_login(chair)
    page = f"/activities/branches/{branch.pk}/register/"
    year = timezone.localtime(begins).year
    assert "修通村道" in client.get(f"{page}?year={year}").text
    paper = Document(BytesIO(client.post(f"{page}file/?year={year}").content))
    cells = [cell.text for cell in paper.tables[0].rows[1].cells]
    assert ("三季度党员大会" in cells, "4 / 3" in cells) == (True, True)
    assert AuditEntry.objects.filter(act="export_downloaded").count() == 1

    found = effect.of(Activity.objects.filter(branch=branch))
    assert (found.expected, found.present, found.resolutions) == (4, 3, 1)

    life = own_life.of(early, year, today=timezone.localdate())
    assert (life.hours, life.demand, len(life.attended)) == (Decimal("1.5"), 32, 1)
    of_chair = own_life.of(chair.member, year, today=timezone.localdate())
    assert of_chair.demand == 56  # EDU-02

    # A correction of the minutes opens the list again; all follows.
    facts.clear()
    meeting.refresh_from_db()
    sign_off.correct(draft, reason="王早退未到会", by=recorder)
    marks = [Mark(early, "absent")]
    attendances.record(meeting, marks, by=chair, now=now)
    attendances.record(meeting, marks, by=chair, now=now)
    assert facts == [("came not", "王早退", "general_meeting")]
    assert hours_of(early) == 0
    lines = CreditHour.objects.filter(member=early).order_by("turn")
    assert [line.hours for line in lines] == [Decimal("1.5"), Decimal("-1.5")]
