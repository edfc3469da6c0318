"""Programs by the API: begun, read, and decided step by step (API-01, KIND-01)."""

from datetime import date

import pytest
from rest_framework.test import APIClient

from activities.models import Indicator, Milestone, Module, ProgramItem, ProgramPhoto
from activities.services import modules
from tests import build

pytestmark = pytest.mark.django_db
LIST = "/api/v1/programs/"


def test_a_program_is_begun_read_and_decided():
    branch = build.branch()
    client = APIClient()
    client.force_login(build.secretary(of=branch))
    sent = {"branch": branch.pk, "preset": "revitalization", "starts_on": "2025-01-01"}

    made = client.post(LIST, sent, format="json").json()
    url = f"{LIST}{made['id']}/"
    assert client.post(f"{url}start/").json()["state"] == "under_way"
    indicator = made["indicators"][0]["id"]
    reading = {"indicator": indicator, "on": "2025-03-01", "value": "30"}
    assert client.post(f"{url}readings/", reading, format="json").status_code == 201
    assert [one["value"] for one in client.get(f"{url}readings/").json()] == ["30.00"]

    step = {"step": "review", "on": "2025-02-01", "body": "党员大会"}
    counts = {"yes": 3, "no": 0, "abstain": 0}
    early = client.post(f"{url}steps/", step | counts, format="json")
    assert [one["code"] for one in early.json()["errors"]] == ["too_early"]
    first = step | {"step": "propose"}
    assert client.post(f"{url}steps/", first, format="json").status_code == 201
    assert [one["step"] for one in client.get(f"{url}steps/").json()] == ["propose"]

    stranger = APIClient()
    stranger.force_login(build.secretary(of=build.branch()))
    assert stranger.get(url).status_code == 404
    assert stranger.post(f"{url}steps/", first, format="json").status_code == 404


@pytest.fixture
def program():
    return build.program(build.branch())


@pytest.fixture
def client(program):
    return as_(build.secretary(of=program.branch))


def as_(user):
    client = APIClient()
    client.force_login(user)
    return client


def codes(answer):
    assert answer.status_code == 400, answer.content
    return {(one["field"], one["code"]) for one in answer.json()["errors"]}


PARTS = {
    "program-indicators": (
        {"name": "旱厕改造", "unit": "户", "baseline": "40", "target": "0"},
        {"target": "5"},
    ),
    "program-milestones": ({"title": "开工", "due_on": "2026-05-01"}, {"note": "雨停"}),
    "program-items": ({"kind": "project", "title": "修路"}, {"content": "1.8公里"}),
}


@pytest.mark.parametrize("noun", PARTS)
def test_a_part_is_added_changed_and_taken_out(client, program, noun):
    first, changed = PARTS[noun]
    url = f"/api/v1/{noun}/"

    made = client.post(url, first | {"program": program.pk}, format="json")
    assert made.status_code == 201, made.content
    one = f"{url}{made.json()['id']}/"
    edited = client.patch(one, changed, format="json").json()
    assert edited == client.get(one).json()
    assert all(edited[name].startswith(value) for name, value in changed.items())
    assert client.post(f"{one}remove/").status_code == 204
    assert client.get(one).status_code == 404


@pytest.mark.parametrize("noun", PARTS)
def test_parts_are_out_of_reach_for_members_and_other_branches(program, noun):
    model = {"program-indicators": Indicator, "program-milestones": Milestone}
    part = build.program_part(model.get(noun, ProgramItem), program)
    one = f"/api/v1/{noun}/{part.pk}/"
    member = as_(build.user(member=build.member(branch=program.branch)))
    other = as_(build.secretary(of=build.branch()))

    assert member.get(one).status_code == 200
    assert other.get(one).status_code == 404
    for stranger in (member, other):
        assert stranger.patch(one, {}, format="json").status_code == 404
        assert stranger.post(f"{one}remove/").status_code == 404
    sent = PARTS[noun][0] | {"program": program.pk}
    assert member.post(f"/api/v1/{noun}/", sent, format="json").status_code == 403
    refused = other.post(f"/api/v1/{noun}/", sent, format="json")
    assert codes(refused) == {("program", "does_not_exist")}


def test_what_a_part_may_not_say_is_refused_at_the_field(client, program):
    def add(noun, **fields):
        sent = PARTS[noun][0] | {"program": program.pk} | fields
        return client.post(f"/api/v1/{noun}/", sent, format="json")

    late = add("program-milestones", done_on="2199-01-01")
    assert codes(late) == {("done_on", "future")}
    same = add("program-indicators", target="40")
    assert codes(same) == {("target", "no_change")}
    elsewhere = build.member()
    stranger = add("program-items", member=elsewhere.pk)
    assert codes(stranger) == {("member", "does_not_exist")}
    program.state = "finished"
    program.save()
    assert {code for _field, code in codes(add("program-items"))} == {"over"}


def test_photos_are_told_fetched_and_taken_out(client, program):
    photo = build.program_part(ProgramPhoto, program, image=b"\xff\xd8picture")
    one = f"/api/v1/program-photos/{photo.pk}/"

    [told] = client.get(f"{LIST}{program.pk}/").json()["photos"]
    assert told["caption"] == client.get(one).json()["caption"] == "新路"
    image = client.get(f"{one}image/")
    assert (image.content, image["Content-Type"]) == (b"\xff\xd8picture", "image/jpeg")
    other = as_(build.secretary(of=build.branch()))
    assert other.get(f"{one}image/").status_code == 404
    assert other.post(f"{one}remove/").status_code == 404
    assert client.post(f"{one}remove/").status_code == 204
    assert not program.photos.exists()


def test_modules_are_read_and_switched(client, program):  # KIND-11
    url = f"/api/v1/branches/{program.branch_id}/modules/"
    before = {one["module"]: one["is_on"] for one in client.get(url).json()}
    assert before["revitalization"]
    assert not before["research"]

    sent = {"module": "revitalization", "is_on": False}
    after = client.post(url, sent, format="json").json()
    assert {"module": "revitalization", "is_on": False} in after
    assert Module.REVITALIZATION not in modules.of(program.branch)
    assert client.get(f"{LIST}{program.pk}/").status_code == 404
    wrong = client.post(url, {"module": "nothing", "is_on": True}, format="json")
    assert codes(wrong) == {("module", "invalid_choice")}
    other = as_(build.secretary(of=build.branch()))
    assert other.get(url).status_code == 404
    assert other.post(url, sent, format="json").status_code == 404


def test_a_program_costs_the_same_however_much_hangs_on_it(
    client, program, django_assert_num_queries
):
    def ask():
        return client.get(f"{LIST}{program.pk}/").json()

    ask()
    for number in (1, 6):
        for _one in range(number):
            for model in (Milestone, ProgramItem, ProgramPhoto):
                build.program_part(model, program)
            name = f"指标{program.indicators.count()}"
            part = build.program_part(Indicator, program, name=name)
            part.readings.create(on=date(2026, 1, 1), value=12)
        with django_assert_num_queries(READ_QUERIES):
            ask()


READ_QUERIES = 8


def test_what_came_of_its_activities_is_told_to_who_manages(client, program):
    held = build.meeting(program.branch, state="held")
    member = build.member(branch=program.branch)
    build.attendance(held, member)
    program.links.create(activity=held)
    url = f"{LIST}{program.pk}/effect/"

    found = client.get(url).json()
    assert (found["activities"], found["present_rate"]) == (1, 1.0)
    assert as_(build.user(member=member)).get(url).status_code == 404
