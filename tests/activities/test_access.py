"""Who sees an activity, and who plans it (MEET-06, AZ-04)."""

from datetime import date

import pytest

from activities import access
from activities.models import Activity, CoHost
from activities.views.activities import ways_of
from members.access import may, reachable
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def lives():
    """A committee with two branches; a group with its leader in the left one."""
    top, left, right = build.tree()
    group, other = build.group(left), build.group(left, "第二党小组")
    leader = build.member(branch=left, party_group=group)
    users = {
        "leader": build.user(member=leader),
        "member": build.user(member=build.member(branch=left)),
        "secretary": build.secretary(of=left),
        "sibling": build.secretary(of=right),
        "above": build.secretary(of=top, home=right),
        "stranger": build.user(),
        "system": build.administrator("system"),
    }
    build.appointment(leader, office="group_leader", party_group=group, basis="named")
    made = {
        "announced": build.activity(branch=left),
        "draft": build.activity(branch=left, state="draft"),
        "of_group": meeting(group),
        "group_draft": meeting(group, state="draft"),
        "other_draft": meeting(other, state="draft"),
        "below": build.activity(branch=top, audience="below"),
        "top_alone": build.activity(branch=top),
        "shared": build.activity(branch=right),
    }
    CoHost.objects.create(activity=made["shared"], branch=left)
    return users, made


def meeting(group, **fields):
    return build.activity(
        branch=group.branch,
        kind="group_meeting",
        party_group=group,
        audience="group",
        **fields,
    )


def names(made, queryset):
    keys = set(queryset.values_list("pk", flat=True))
    return {name for name, activity in made.items() if activity.pk in keys}


OF_LEFT = {"announced", "of_group", "below", "shared"}
LEFT_DRAFTS = {"draft", "group_draft", "other_draft"}
SEEN = {
    "member": OF_LEFT,
    "leader": OF_LEFT | {"group_draft"},
    "secretary": OF_LEFT | LEFT_DRAFTS,
    "sibling": {"below", "shared"},
    "above": OF_LEFT | LEFT_DRAFTS | {"top_alone"},
    "stranger": set(),
    "system": set(),
}
MANAGED = {
    "member": set(),
    "leader": {"of_group", "group_draft"},
    "secretary": {"announced", "of_group"} | LEFT_DRAFTS,
    "sibling": {"shared"},
    "above": OF_LEFT | LEFT_DRAFTS | {"top_alone"},
    "stranger": set(),
    "system": set(),
}


@pytest.mark.parametrize("role", SEEN)
def test_what_one_sees_and_what_one_plans(lives, role):
    users, made = lives

    assert names(made, access.visible_activities(users[role])) == SEEN[role]
    assert names(made, access.managed_activities(users[role])) == MANAGED[role]


@pytest.mark.parametrize("role", SEEN)
def test_the_ways_of_the_list_lead_to_what_one_sees(lives, role):
    users, made = lives
    found = Activity.objects.none()
    for way in ways_of(users[role]):
        found |= Activity.objects.announced().filter(way.condition)

    announced = access.visible_activities(users[role]).announced()
    assert names(made, found) == names(made, announced)


@pytest.mark.parametrize("role", SEEN)
def test_a_check_agrees_with_the_list(lives, role):
    users, made = lives
    for name, activity in made.items():
        allowed = name in MANAGED[role]
        assert may(users[role], "activities.change_activity", activity) == allowed


def test_who_led_a_group_plans_its_meetings_no_more(lives):
    users, made = lives
    users["leader"].member.appointments.update(ends_on=date(2020, 2, 1))

    assert names(made, access.managed_activities(users["leader"])) == set()
    assert not access.may_plan(users["leader"])


def test_what_one_may_plan_for(lives):
    users, made = lives
    left, group = made["draft"].branch, made["of_group"].party_group
    planned = {
        name: (
            set(access.planning_branches(user)) >= {left},
            access.may_host(user, left),
            group in access.planned_groups(user, left),
            access.planned_groups(user, left).count(),
        )
        for name, user in users.items()
    }

    assert planned == {
        "leader": (True, False, True, 1),
        "member": (False, False, False, 0),
        "secretary": (True, True, True, 2),
        "sibling": (False, False, False, 0),
        "above": (True, True, True, 2),
        "stranger": (False, False, False, 0),
        "system": (False, False, False, 0),
    }


def test_a_leader_plans_a_group_meeting_and_nothing_else(lives):
    users, made = lives
    leader = users["leader"]

    assert access.may_plan_this(leader, made["group_draft"])
    assert not access.may_plan_this(leader, made["other_draft"])
    assert not access.may_plan_this(leader, made["draft"])


def test_co_hosts_are_chosen_among_the_own_and_those_below():
    top, left, right = build.tree()
    secretary, above = build.secretary(of=left), build.secretary(of=top, home=right)
    of_left, of_top = build.activity(branch=left), build.activity(branch=top)

    assert set(access.co_hosts_for(secretary, of_left)) == set()
    assert set(access.co_hosts_for(above, of_left)) == {top, right}
    assert set(access.co_hosts_for(above, of_top)) == {left, right}


def test_sign_ups_and_attendance_of_a_group_are_the_leaders(lives):
    users, made = lives
    sign_up = build.sign_up(made["of_group"], users["leader"].member)
    hidden = build.sign_up(made["announced"], users["member"].member)

    assert set(reachable(users["leader"], type(sign_up), "change")) == {sign_up}
    assert set(reachable(users["secretary"], type(sign_up))) == {sign_up, hidden}


def test_where_the_navigation_shows_activities(lives):
    users, _made = lives
    shown = {name for name, user in users.items() if access.sees_some(user)}

    assert shown == {"leader", "member", "secretary", "sibling", "above"}


@pytest.mark.parametrize("audience", ["branch", "below"])
def test_whose_membership_is_stopped_is_not_expected(audience):  # MEM-07, MIN-04
    branch = build.branch()
    there = build.member(branch=branch)
    build.member(branch=branch, state="stopped")
    build.member(branch=branch, state="activist")

    found = access.expected(build.activity(branch=branch, audience=audience))

    assert list(found) == [there]
