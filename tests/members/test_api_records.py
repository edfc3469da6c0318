"""What records of the API hold, and what may be written of them (AZ-10, AZ-11)."""

import json
from datetime import date

import pytest
from django.db import connection
from django.forms.models import model_to_dict
from rest_framework.test import APIClient

from members.algorithms import next_demo_id_number
from members.api import account
from members.models import Appointment, Branch, LocalCode, Member
from tests import build

pytestmark = pytest.mark.django_db

BORN = date(1980, 5, 1)
ID_NUMBER = next_demo_id_number("110000", BORN, 2)  # even: a woman's
SECRETS = {
    "id_number": ID_NUMBER,
    "phone": "13987654321",
    "landline": "010-87654321",
    "address": "广东省某某路一百零一号",
}


@pytest.fixture
def branch():
    return build.branch()


@pytest.fixture
def secretary(branch):
    return build.secretary(of=branch)


@pytest.fixture
def client(secretary):
    client = APIClient()
    client.force_login(secretary)
    return client


NEW = {
    "name": "赵新",
    "ethnic_group": "01",
    "state": "full",
    "applied_on": "2003-01-01",
    "admitted_on": "2005-07-01",
    "full_member_on": "2006-07-01",
    **SECRETS,
}


def test_somebody_new_comes_on_the_roll(client, branch):
    answer = client.post(
        "/api/v1/members/",
        NEW | {"branch": branch.pk, "decided_by": "支部委员会"},
        format="json",
    )

    assert answer.status_code == 201, answer.content
    member = Member.objects.get(pk=answer.json()["id"])
    assert {name: getattr(member, name) for name in SECRETS} == SECRETS | {
        "landline": member.landline
    }
    assert (member.sex, str(member.birth_date)) == ("2", "1980-05-01")
    assert member.state_changes.get().decided_by == "支部委员会"


def test_a_number_that_is_on_a_roll_is_refused(client, branch):
    build.member(branch=branch, id_number=ID_NUMBER, birth_date=BORN)

    answer = client.post("/api/v1/members/", NEW | {"branch": branch.pk}, format="json")

    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("id_number", "already_on_roll")
    assert ID_NUMBER not in answer.content.decode()


def test_asking_for_numbers_elsewhere_is_counted_and_limited(client, branch, settings):
    settings.ROLL_INQUIRIES_PER_HOUR = 2
    build.member(id_number=ID_NUMBER, birth_date=BORN)  # on a roll out of reach
    body = NEW | {"branch": branch.pk}

    codes = [
        client.post("/api/v1/members/", body, format="json").json()["errors"][0]["code"]
        for _time in range(3)
    ]

    assert codes == ["already_on_roll", "already_on_roll", "too_many_inquiries"]


def test_sealed_values_leave_masked_and_by_no_route(client, branch, secretary):
    member = build.member(branch=branch)
    for name, value in SECRETS.items():
        setattr(member, name, value)
    member.birth_date = BORN
    member.save()
    request = build.correction(member, field="phone", proposed="13911112222")
    routes = [
        "members/",
        f"members/{member.pk}/",
        f"members/{member.pk}/history/",
        "corrections/",
        f"corrections/{request.pk}/",
        "appointments/",
        "branches/",
        "me/",
    ]

    pages = {route: client.get(f"/api/v1/{route}").content.decode() for route in routes}

    for route, page in pages.items():
        for secret in (*SECRETS.values(), "87654321", "13911112222"):
            assert secret not in page, route
    record = json.loads(pages[f"members/{member.pk}/"])
    masks = {name: value for name, value in record.items() if name.endswith("_masked")}
    assert masks == {
        "id_number_masked": "*" * 14 + ID_NUMBER[-4:],
        "phone_masked": "139****4321",
        "landline_masked": masks["landline_masked"],
        "address_masked": "广东省****",
    }
    assert json.loads(pages[f"corrections/{request.pk}/"])["proposed_masked"] == (
        "139****2222"
    )


def test_a_request_about_an_open_field_shows_what_it_proposes(client, branch):
    request = build.correction(
        build.member(branch=branch), field="employer", proposed="新单位"
    )

    found = client.get(f"/api/v1/corrections/{request.pk}/").json()

    assert found["proposed_masked"] == "新单位"


def test_a_damaged_field_says_so_and_the_rest_is_there(client, branch):
    member = build.member(branch=branch)
    sealed = bytes(Member.objects.values_list("phone", flat=True).get(pk=member.pk))
    broken = sealed[:-1] + bytes([sealed[-1] ^ 1])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_member SET phone = %s WHERE id = %s", [broken, member.pk]
        )

    answer = client.get(f"/api/v1/members/{member.pk}/")

    assert answer.status_code == 200
    assert answer.json()["name"] == member.name
    assert answer.json()["phone_masked"] not in {"", "139****"}


def test_only_declared_fields_are_written(client, branch):
    elsewhere = build.branch()
    member = build.member(branch=branch)
    before = model_to_dict(Member.objects.get(pk=member.pk))
    everything = {field.name: "x" for field in Member._meta.concrete_fields}
    for name in ("name", "pinyin", "initials"):
        everything[name] = before[name]
    undeclared = {
        "id": 1,
        "branch": elsewhere.pk,
        "state": "expelled",
        "increase": "admitted",
        "enrolled_on": "1999-01-01",
        "created_at": "1999-01-01T00:00:00Z",
        "updated_at": "1999-01-01T00:00:00Z",
        "phone_index": "x",
        "id_number_masked": "x",
        "is_superuser": True,
    }

    answer = client.patch(f"/api/v1/members/{member.pk}/", undeclared, format="json")

    assert answer.status_code == 200
    assert model_to_dict(Member.objects.get(pk=member.pk)) == before


def test_a_branch_keeps_its_place_and_its_end(client, branch):
    before = model_to_dict(Branch.objects.get(pk=branch.pk))
    undeclared = {"parent": None, "path": "9.", "closed_on": "2020-01-01", "id": 9}

    answer = client.patch(f"/api/v1/branches/{branch.pk}/", undeclared, format="json")

    assert answer.status_code == 200
    assert model_to_dict(Branch.objects.get(pk=branch.pk)) == before


def test_an_empty_text_clears_a_sealed_field_and_silence_keeps_it(client, branch):
    member = build.member(branch=branch)
    url = f"/api/v1/members/{member.pk}/"

    kept = client.patch(url, {"employer": "新单位"}, format="json").json()
    cleared = client.patch(url, {"phone": ""}, format="json").json()

    assert kept["phone_masked"].startswith("139****")
    assert cleared["phone_masked"] == ""
    assert cleared["id_number_masked"] == kept["id_number_masked"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "12345"),
        ("landline", "abc"),
        ("id_number", "110101199001010000"),
        ("sex", "7"),
        ("title", "abcd"),
        ("name", "王<script>"),
        ("is_retired", "perhaps"),
    ],
)
def test_unsound_values_are_refused_at_their_field(client, branch, field, value):
    member = build.member(branch=branch)
    before = model_to_dict(Member.objects.get(pk=member.pk))

    answer = client.patch(
        f"/api/v1/members/{member.pk}/", {field: value}, format="json"
    )

    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {field}
    if field in SECRETS:
        assert value not in answer.content.decode()
    assert model_to_dict(Member.objects.get(pk=member.pk)) == before


def test_a_step_is_taken_once_and_told_in_the_history(client, branch):
    member = build.member(branch=branch, state="applicant", applied_on="2024-05-01")
    step = {
        "to_state": "activist",
        "body": "branch_committee",
        "decided_on": "2025-05-01",
    }
    url = f"/api/v1/members/{member.pk}/"

    first = client.post(f"{url}change-state/", step, format="json")
    again = client.post(f"{url}change-state/", step, format="json")
    history = client.get(f"{url}history/").json()

    assert first.json() == again.json()
    assert [change["to_state"] for change in history["state_changes"]] == ["activist"]
    assert history["versions"][0]["changed"] == ["state"]


def test_an_appointment_is_made_once_and_ended(branch):
    top = build.committee()
    branch = build.branch(parent=top)
    client = APIClient()
    client.force_login(build.secretary(of=top, home=build.branch(parent=top)))
    body = {
        "member": build.member(branch=branch).pk,
        "office": "secretary",
        "branch": branch.pk,
        "starts_on": "2026-01-01",
        "basis": "elected",
        "decided_by": "党员大会",
        "document_number": "[2026] 1",
    }

    made = [client.post("/api/v1/appointments/", body, format="json") for _ in "12"]
    url = f"/api/v1/appointments/{made[0].json()['id']}/end/"
    ended = client.post(url, {"on": "2026-06-30", "reason": "换届"}, format="json")

    assert made[0].json() == made[1].json()
    assert ended.json()["ends_on"] == "2026-06-30"
    assert Appointment.objects.get(branch=branch).ended_reason == "换届"


def test_a_member_asks_and_the_branch_answers(client, branch):
    member = build.member(branch=branch)
    own = APIClient()
    own.force_login(build.user(member=member))

    asked = own.post(
        "/api/v1/corrections/",
        {"field": "employer", "proposed": "新单位", "note": "调动"},
        format="json",
    ).json()
    url = f"/api/v1/corrections/{asked['id']}/"
    answer = client.post(f"{url}accept/", {"answer": "已改"}, format="json").json()
    again = client.post(f"{url}accept/", {}, format="json")

    assert (asked["state"], asked["note"]) == ("open", "调动")
    assert (answer["state"], answer["answer"]) == ("accepted", "已改")
    assert again.json()["errors"][0]["code"] == "already_answered"
    assert Member.objects.get(pk=member.pk).employer == "新单位"


def test_who_is_no_member_asks_for_no_correction():
    client = APIClient()
    client.force_login(build.user())
    body = {"field": "employer", "proposed": "新单位"}

    assert client.post("/api/v1/corrections/", body, format="json").status_code == 403


def test_code_tables_are_there_in_both_languages(client):
    LocalCode.objects.create(
        table="post", code="P1", name_zh="岗", name_en="post", valid_from="2020-01-01"
    )
    LocalCode.objects.create(
        table="post",
        code="P0",
        name_zh="旧岗",
        valid_from="2000-01-01",
        valid_until="2001-01-01",
    )

    sex = client.get("/api/v1/codes/sex/").json()
    post = client.get("/api/v1/codes/post/").json()
    offices = client.get("/api/v1/codes/office/").json()

    assert {"code": "1", "name_zh": "男", "name_en": "Male"} in sex["codes"]
    assert post["codes"] == [{"code": "P1", "name_zh": "岗", "name_en": "post"}]
    assert "secretary" in {row["code"] for row in offices["codes"]}
    assert client.get("/api/v1/codes/passwords/").status_code == 404


def test_me_tells_the_rights_by_branch(client, secretary, branch):
    me = client.get("/api/v1/me/").json()

    assert me == {
        "id": secretary.pk,
        "username": secretary.username,
        "name": secretary.member.name,
        "member": secretary.member.pk,
        "administrator": "",
        "language": "",
        "rights": {right: [branch.pk] for right in account.RIGHTS},
        "token": None,
    }
