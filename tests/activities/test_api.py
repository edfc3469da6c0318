"""Activities by the API, as on the pages (API-01, AZ-04)."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from activities.models import Activity
from tests import build

pytestmark = pytest.mark.django_db
LIST = "/api/v1/activities/"


def client_of(user):
    client = APIClient()
    client.force_login(user)
    return client


@pytest.fixture
def branch():
    return build.branch()


@pytest.fixture
def client(branch):
    return client_of(build.secretary(of=branch))


def plan(branch, **fields):
    starts_at = timezone.now() + timedelta(days=5)
    return {
        "branch": branch.pk,
        "kind": "theme_day",
        "title": "主题党日",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
        "place": "村委会",
        **fields,
    }


def told(answer):
    return {(e["field"], e["code"]) for e in answer.json()["errors"]}


def test_it_is_planned_changed_announced_and_cancelled(client, branch):
    agenda = [
        {"title": "学习", "speaker": "李"},
        {"title": "表决", "needs_ballot": True},
    ]
    answer = client.post(LIST, plan(branch, agenda=agenda), format="json")

    assert answer.status_code == 201
    made = answer.json()
    assert (made["state"], made["branch"], made["co_hosts"]) == ("draft", branch.pk, [])
    assert [p["title"] for p in made["agenda"]] == ["学习", "表决"]
    url = f"{LIST}{made['id']}/"
    changed = client.patch(url, {"place": "镇文化站", "agenda": []}, format="json")
    assert (changed.json()["place"], changed.json()["agenda"]) == ("镇文化站", [])
    assert client.post(f"{url}announce/").json()["state"] == "planned"
    assert told(client.post(f"{url}cancel/", {}, format="json")) == {
        ("reason", "required")
    }
    over = client.post(f"{url}cancel/", {"reason": "暴雨"}, format="json")
    assert over.json()["cancelled_reason"] == "暴雨"
    assert told(client.post(f"{url}held/")) == {(None, "over")}


def test_refusals_name_field_and_code(client, branch):
    other = build.group(build.branch())
    cases = {
        ("ends_at", "order"): plan(branch, ends_at=timezone.now().isoformat()),
        ("seats", "no_sign_up"): plan(branch, seats=3),
        ("party_group", "no_group"): plan(branch, kind="group_meeting"),
        ("party_group", "does_not_exist"): plan(branch, party_group=other.pk),
        ("branch", "does_not_exist"): plan(build.branch()),
        ("kind", "invalid_choice"): plan(branch, kind="dance"),
    }
    for expected, sent in cases.items():
        answer = client.post(LIST, sent, format="json")
        assert answer.status_code == 400
        assert told(answer) == {expected}
    assert not Activity.objects.exists()


def test_who_plans_nothing_is_refused_and_sees_what_is_announced(branch):
    member = client_of(build.user(member=build.member(branch=branch)))
    seen = build.activity(branch=branch)
    build.activity(branch=branch, state="draft")

    assert [row["id"] for row in member.get(LIST).json()["results"]] == [seen.pk]
    assert member.post(LIST, plan(branch), format="json").status_code == 403
    for verb in ("announce", "cancel", "held"):
        assert member.post(f"{LIST}{seen.pk}/{verb}/").status_code == 404
    assert member.patch(f"{LIST}{seen.pk}/", {}, format="json").status_code == 404


def test_a_group_leader_plans_meetings_of_the_own_group(branch):
    group = build.group(branch)
    person = build.member(branch=branch, party_group=group)
    build.appointment(person, office="group_leader", party_group=group, basis="named")
    leader = client_of(build.user(member=person))
    meeting = {"kind": "group_meeting", "audience": "group", "party_group": group.pk}

    refused = leader.post(LIST, plan(branch), format="json")
    assert told(refused) == {("kind", "not_yours_to_plan")}
    made = leader.post(LIST, plan(branch, **meeting), format="json")
    assert made.status_code == 201
    other = build.group(branch, "第二党小组")
    url = f"{LIST}{made.json()['id']}/"
    away = leader.patch(url, {"party_group": other.pk}, format="json")
    assert told(away) == {("kind", "not_yours_to_plan")}
    assert leader.patch(url, {"party_group": None}, format="json").status_code == 400


def test_co_hosts_are_branches_one_manages():
    top, left, right = build.tree()
    above = client_of(build.secretary(of=top, home=left))
    secretary = client_of(build.secretary(of=left))

    made = above.post(LIST, plan(left, co_hosts=[right.pk]), format="json")
    refused = secretary.post(LIST, plan(left, co_hosts=[right.pk]), format="json")

    assert made.json()["co_hosts"] == [right.pk]
    assert refused.status_code == 400


def test_the_list_is_filtered(client, branch):
    now = timezone.now()
    lecture = build.activity(branch=branch, kind="lecture")
    old = build.activity(
        branch=branch, state="held", starts_at=now - timedelta(days=40)
    )

    def found(**query):
        return [row["id"] for row in client.get(LIST, query).json()["results"]]

    assert found() == [lecture.pk, old.pk]
    assert found(kind="lecture") == [lecture.pk]
    assert found(state="held") == [old.pk]
    assert found(starts_from=now.isoformat()) == [lecture.pk]
    assert found(starts_before=now.isoformat()) == [old.pk]
    assert found(within=branch.pk) == [lecture.pk, old.pk]
    assert found(within=build.branch().pk) == []
    assert client.get(LIST, {"place": "x"}).status_code == 400


def test_the_list_costs_the_same_however_long(
    client, branch, django_assert_num_queries
):
    build.activity(branch=branch)
    client.get(LIST)
    for _number in range(2):
        with django_assert_num_queries(QUERIES):
            client.get(LIST)
        for _more in range(5):
            activity = build.activity(branch=branch)
            activity.agenda.create(position=1, title="学习")
            activity.co_hosts.create(branch=build.branch())


QUERIES = 5
