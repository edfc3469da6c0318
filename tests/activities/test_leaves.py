"""Saying beforehand that one cannot come."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.models import Attendance
from activities.services import leaves
from tests import build
from tests.race import codes

pytestmark = pytest.mark.django_db


def ask(member, activity, reason="在外务工", *, now=None):
    now = now or timezone.now()
    return leaves.ask_leave(member, activity, reason=reason, by=None, now=now)


def take_back(member, activity, *, now=None):
    leaves.take_leave_back(member, activity, now=now or timezone.now())


def refusal(call, *args, **options):
    with pytest.raises(ValidationError) as raised:
        call(*args, **options)
    return codes(raised.value)


def test_leave_is_kept_with_its_reason_and_asked_again_the_new_one_stands():
    activity = build.activity()
    member = build.member(branch=activity.branch)

    ask(member, activity)
    ask(member, activity, " 住院 ")

    row = Attendance.objects.get()
    assert (row.activity, row.member) == (activity, member)
    assert (row.state, row.reason, row.way) == ("leave", "住院", "own")


def test_who_comes_after_all_takes_it_back_and_twice_is_once():
    activity = build.activity()
    member = build.member(branch=activity.branch)
    ask(member, activity)

    take_back(member, activity)
    take_back(member, activity)

    assert not Attendance.objects.exists()


def test_each_refusal():
    activity = build.activity()
    branch = activity.branch
    member, stranger = build.member(branch=branch), build.member()

    assert refusal(ask, member, build.activity(branch=branch, seats=1)) == {"sign_up"}
    assert refusal(ask, member, activity, "  ") == {"required"}
    assert refusal(ask, member, activity, "长" * 201) == {"max_length"}
    assert refusal(ask, stranger, activity) == {"not_invited"}
    for state in ("draft", "held"):
        over = build.activity(branch=branch, state=state)
        assert refusal(ask, member, over) == {"over"}
        assert refusal(take_back, member, over) == {"over"}
    for call in (ask, take_back):
        assert refusal(call, member, activity, now=activity.starts_at) == {"begun"}
    Attendance.objects.create(activity=activity, member=member, state="present")
    for call in (ask, take_back):
        assert refusal(call, member, activity) == {"recorded"}
    assert Attendance.objects.get().state == "present"
