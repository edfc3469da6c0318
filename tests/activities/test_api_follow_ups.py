"""What follows an appraisal, noted by the API (LIFE-26, MEM-14)."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from activities.models import AppraisalResult, FollowUp
from members.models import AuditEntry, Notification
from tests import build
from tests.activities.api import client_of, refusal

pytestmark = pytest.mark.django_db
URL = "/api/v1/follow-ups/"


class Stage:
    """A member whose grade asks for help, who gives it, and the secretary."""

    def __init__(self, grade="unqualified", step="feedback"):
        self.branch = build.branch(parent=build.committee())
        one, helper = (build.member(branch=self.branch) for _ in range(2))
        self.round = build.appraisal_round(self.branch, one, helper, step=step)
        self.appraisal = self.round.appraisals.get(member=one)
        AppraisalResult.objects.create(
            appraisal=self.appraisal, grade=grade, opinion="secret-0"
        )
        self.about, self.helper = (build.user(member=m) for m in (one, helper))
        self.manager = build.secretary(of=self.branch)
        self.today = timezone.localdate()

    def sent(self, **more):
        usual = {
            "appraisal": self.appraisal.pk,
            "kind": "education",
            "plan": "secret-1",
            "owner": self.helper.member_id,
            "due_on": (self.today + timedelta(days=30)).isoformat(),
        }
        return usual | more

    def add(self, **more):
        return client_of(self.manager).post(URL, self.sent(**more), format="json")

    def change(self, user, key, **sent):
        return client_of(user).patch(f"{URL}{key}/", sent, format="json")

    def end(self, user, key, **more):
        sent = {"outcome": "secret-2", "done_on": self.today.isoformat()} | more
        return client_of(user).post(f"{URL}{key}/end/", sent, format="json")


@pytest.fixture
def stage():
    return Stage()


def test_help_is_noted_ended_and_followed_by_a_measure(stage):
    made = stage.add()

    assert made.status_code == 201, made.content
    row = made.json()
    assert row == {
        "id": row["id"],
        "appraisal": stage.appraisal.pk,
        "kind": "education",
        "owner": stage.helper.member_id,
        "due_on": stage.sent()["due_on"],
        "done_on": None,
    }
    assert FollowUp.objects.get().plan == "secret-1"
    told = Notification.objects.get(user=stage.helper)
    assert told.kind == "follow_up_given"

    done = stage.end(stage.helper, row["id"])
    assert done.json() == row | {"done_on": stage.today.isoformat()}
    again = stage.end(stage.manager, row["id"], outcome="secret-3")
    assert again.json() == done.json()
    assert FollowUp.objects.get().outcome == "secret-3"
    assert stage.add(kind="correct").status_code == 201
    assert AuditEntry.objects.filter(act="follow_up_noted").count() == 4


def test_while_it_is_open_it_is_changed(stage):
    row = stage.add().json()
    about, manager = stage.about.member_id, stage.manager
    due = (stage.today + timedelta(days=9)).isoformat()
    past = (stage.today - timedelta(days=1)).isoformat()

    changed = stage.change(manager, row["id"], due_on=due, plan="secret-4")
    assert changed.json() == row | {"due_on": due}
    own = stage.change(manager, row["id"], owner=manager.member_id)
    assert own.json() == row | {"due_on": due, "owner": manager.member_id}
    assert stage.change(manager, row["id"]).json() == own.json()
    assert FollowUp.objects.get().plan == "secret-4"

    def refused(**sent):
        return refusal(stage.change(manager, row["id"], **sent))

    assert refused(plan="") == {"plan": "empty"}
    assert refused(owner=about) == {"owner": "not_here"}
    assert refused(owner=2**63 - 1) == {"owner": "not_here"}
    assert refused(due_on=past) == {"due_on": "range"}
    stage.end(manager, row["id"])
    assert refused(plan="later") == {None: "done"}


def test_what_is_told_in_confidence_leaves_by_no_route(stage):
    key = stage.add().json()["id"]
    stage.end(stage.helper, key)

    for user in (stage.manager, stage.helper):
        for url in (URL, f"{URL}{key}/"):
            assert "secret" not in client_of(user).get(url).content.decode()


def test_each_refusal_is_said_at_its_field(stage):
    past = (stage.today - timedelta(days=1)).isoformat()
    far = (stage.today + timedelta(days=400)).isoformat()

    assert refusal(stage.add(kind="remove")) == {"kind": "education_first"}
    assert refusal(stage.add(kind="talk")) == {"kind": "no_choice"}
    assert refusal(stage.add(kind="x")) == {"kind": "invalid_choice"}
    assert refusal(stage.add(plan=" ")) == {"plan": "empty"}
    assert refusal(stage.add(plan="长" * 4001)) == {"plan": "max_length"}
    assert refusal(stage.add(owner=stage.about.member_id)) == {"owner": "not_here"}
    assert refusal(stage.add(owner=build.member().pk)) == {"owner": "not_here"}
    assert refusal(stage.add(due_on=past)) == {"due_on": "range"}
    assert refusal(stage.add(due_on=far)) == {"due_on": "range"}
    foreign = Stage().appraisal.pk
    assert refusal(stage.add(appraisal=foreign)) == {"appraisal": "does_not_exist"}
    empty = client_of(stage.manager).post(URL, {}, format="json")
    assert refusal(empty) == dict.fromkeys(
        ("appraisal", "kind", "owner", "due_on"), "required"
    )
    assert not FollowUp.objects.exists()
    key = stage.add().json()["id"]
    late = (stage.today + timedelta(days=1)).isoformat()
    assert refusal(stage.end(stage.helper, key, done_on=late)) == {"done_on": "range"}
    assert refusal(stage.end(stage.helper, key, done_on="2020-01-01")) == {
        "done_on": "range"
    }
    assert refusal(stage.end(stage.helper, key, outcome="")) == {"outcome": "empty"}
    assert FollowUp.objects.get().done_on is None


def test_before_the_feedback_and_for_good_grades_nothing_follows():
    assert refusal(Stage(step="opinion").add()) == {None: "step"}
    assert refusal(Stage(grade="qualified").add()) == {None: "not_asked"}
    assert Stage(grade="basic").add(kind="talk").status_code == 201


def test_who_reads_notes_and_ends_them(stage):
    key = stage.add().json()["id"]
    users = {
        "manager": stage.manager,
        "helper": stage.helper,
        "about": stage.about,
        "above": build.secretary(of=stage.branch.parent, home=build.branch()),
        "sibling": build.secretary(of=build.branch()),
        "stranger": build.user(),
        "system": build.administrator("system"),
        "security": build.administrator("security"),
        "audit": build.administrator("audit"),
    }

    reads, lists, ends, changes = set(), set(), set(), set()
    for name, user in users.items():
        client = client_of(user)
        reads |= {name} if client.get(f"{URL}{key}/").status_code == 200 else set()
        rows = client.get(URL).json()["results"]
        lists |= {name} if [row["id"] for row in rows] == [key] else set()
        changes |= {name} if stage.change(user, key).status_code == 200 else set()
    for name, user in users.items():
        ends |= {name} if stage.end(user, key).status_code == 200 else set()
    adds = {
        name: client_of(user).post(URL, stage.sent(), format="json").status_code
        for name, user in users.items()
    }

    assert reads == lists == ends == {"manager", "helper"}
    assert changes == {"manager"}
    # In other branches the right counts there alone (LIFE-26).
    assert adds == dict.fromkeys(users, 403) | {
        "manager": 201,
        "above": 400,
        "sibling": 400,
    }
    assert stage.end(stage.about, key).status_code == 404
    nobody = APIClient()
    assert nobody.get(URL).status_code == 401
    assert nobody.post(f"{URL}{key}/end/").status_code == 401


def test_the_list_is_filtered_and_costs_the_same_for_many(
    stage, django_assert_num_queries
):
    api = client_of(stage.manager)
    key = stage.add().json()["id"]
    stage.end(stage.helper, key)
    open_one = stage.add().json()["id"]

    def found(query):
        return [row["id"] for row in api.get(f"{URL}?{query}").json()["results"]]

    assert found("is_done=true") == [key]
    assert found("is_done=false") == [open_one]
    assert found(f"appraisal={stage.appraisal.pk}&ordering=id") == [key, open_one]
    assert found(f"owner={stage.about.member_id}") == []
    assert api.get(f"{URL}?plan=x").status_code == 400
    with django_assert_num_queries(LIST):
        api.get(URL)
    for _each in range(7):
        build.follow_up(stage.appraisal, stage.helper.member)
    with django_assert_num_queries(LIST):
        assert len(api.get(URL).json()["results"]) == 9


LIST = 3
