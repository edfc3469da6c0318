"""A draft of another kind, and an earlier activity as the pattern of a new one."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.models import Activity
from activities.services import activities
from tests import build
from tests.activities.test_sign_up_pages import address, client_of, text_of
from tests.race import codes

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch():
    return build.branch()


@pytest.fixture
def client(branch):
    return client_of(build.secretary(of=branch))


def draft(branch, **fields):
    return build.activity(branch=branch, state="draft", **fields)


def turned(client, activity, kind, **given):
    answer = client.post(
        address("activity_kind", activity), {"kind": kind, **given}, follow=True
    )
    return answer, Activity.objects.get(pk=activity.pk)


def test_a_service_becomes_a_meeting_of_all(branch, client):
    activity = draft(
        branch,
        title="志愿服务",
        kind="volunteer",
        seats=5,
        sign_up_ends_at=timezone.now(),
        offices=["secretary"],
        interests=["law"],
        credit_hours=1,
    )

    answer, stands = turned(client, activity, "general_meeting")

    assert answer.redirect_chain[-1][0] == address("activity_edit", activity)
    assert "The kind is changed: look the plan through." in text_of(answer)
    assert (stands.kind, stands.audience, stands.title) == (
        "general_meeting",
        "branch",
        "志愿服务",
    )
    assert not stands.needs_sign_up
    assert (stands.seats, stands.sign_up_ends_at, stands.credit_hours) == (
        None,
        None,
        None,
    )
    assert (stands.offices, stands.interests) == ([], [])


def test_a_meeting_becomes_a_lecture_with_its_hour(branch, client):
    activity = draft(branch, kind="committee_meeting", audience="committee")

    _answer, stands = turned(client, activity, "lecture")

    assert (stands.kind, stands.audience, stands.credit_hours) == (
        "lecture",
        "branch",
        1,
    )


def test_a_group_meeting_needs_its_group(branch, client):
    group = build.group(branch)
    foreign = build.group(build.branch())
    activity = draft(branch)

    answer, stands = turned(client, activity, "group_meeting")
    assert answer.status_code == 422
    assert 'id="id_party_group_error"' in answer.content.decode()
    answer, stands = turned(client, activity, "group_meeting", party_group=foreign.pk)
    assert 'id="id_party_group_error"' in answer.content.decode()
    assert stands.kind == "theme_day"
    _answer, stands = turned(client, activity, "group_meeting", party_group=group.pk)
    assert (stands.audience, stands.party_group) == ("group", group)
    _answer, stands = turned(client, activity, "theme_day")
    assert (stands.audience, stands.party_group) == ("branch", None)


def test_a_kind_that_does_not_exist_is_refused(branch, client):
    answer, stands = turned(client, draft(branch), "party")
    assert answer.status_code == 422
    assert 'id="id_kind_error"' in answer.content.decode()
    assert stands.kind == "theme_day"


def test_what_is_announced_keeps_its_kind(branch, client):
    activity = build.activity(branch=branch)

    answer, stands = turned(client, activity, "visit")
    assert "It is announced: its kind stays." in text_of(answer)
    stands.kind = "visit"
    with pytest.raises(ValidationError) as refused:
        activities.change(stands, by=None)
    assert codes(refused.value) == {"announced"}
    page = client.get(address("activity_edit", activity)).content.decode()
    assert address("activity_kind", activity) not in page


def test_who_leads_a_group_changes_no_kind(branch):
    group = build.group(branch)
    leader = build.user(member=build.member(branch=branch, party_group=group))
    build.appointment(leader.member, office="group_leader", party_group=group)
    meeting = draft(branch, kind="group_meeting", audience="group", party_group=group)
    client = client_of(leader)

    page = client.get(address("activity_edit", meeting))
    assert page.status_code == 200
    assert address("activity_kind", meeting) not in page.content.decode()
    assert client.get(address("activity_kind", meeting)).status_code == 404


def test_planning_begins_from_an_earlier_activity_as_well(branch, client):
    earlier = build.activity("植树", branch=branch, state="held")
    build.activity("他处", branch=build.branch())

    page = client.get("/activities/add/").content.decode()

    assert address("activity_copy", earlier) in page
    assert "他处" not in page
