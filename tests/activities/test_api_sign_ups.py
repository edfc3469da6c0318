"""Signing up by the API."""

import pytest
from rest_framework.test import APIClient

from tests import build

pytestmark = pytest.mark.django_db


def client_of(user):
    client = APIClient()
    client.force_login(user)
    return client


def url_of(activity):
    return f"/api/v1/activities/{activity.pk}/sign-up/"


def code_of(answer):
    return answer.status_code, [error["code"] for error in answer.json()["errors"]]


def test_one_signs_up_waits_reads_it_and_withdraws():
    activity = build.activity(seats=1)
    build.sign_up(activity, build.member(branch=activity.branch))
    build.sign_up(activity, build.member(branch=activity.branch), state="withdrawn")
    user = build.user(member=build.member(branch=activity.branch))
    client = client_of(user)

    made = [
        client.post(url_of(activity), {"note": "晚到"}, format="json") for _ in "12"
    ]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json() == made[1].json()
    own = made[0].json()
    assert (own["state"], own["place"], own["note"]) == ("waiting", 1, "晚到")
    seats = client.get(url_of(activity)).json()
    figures = {name: seats[name] for name in ("seats", "taken", "free", "waiting")}
    assert figures == {"seats": 1, "taken": 1, "free": 0, "waiting": 1}
    assert seats["sign_up"] == own
    assert client.get("/api/v1/sign-ups/").json()["results"] == [own]

    ended = [client.delete(url_of(activity)).json() for _time in range(2)]
    assert ended == [own | {"state": "withdrawn", "place": None}] * 2
    assert client.get("/api/v1/sign-ups/").json()["results"] == []
    assert client.get(url_of(activity)).json()["sign_up"] is None


def test_refusals_have_their_codes():
    branch = build.branch()
    user = build.user(member=build.member(branch=branch))
    client, none = client_of(user), client_of(build.secretary(of=branch))

    no_sign_up = client.post(url_of(build.activity(branch=branch)), {}, format="json")
    assert code_of(no_sign_up) == (400, ["no_sign_up"])
    activity = build.activity(branch=branch, seats=1)
    long = client.post(url_of(activity), {"note": "长" * 201}, format="json")
    assert code_of(long) == (400, ["max_length"])
    assert none.delete(url_of(activity)).status_code == 404
    elsewhere = build.activity(seats=1)
    for method in ("get", "post", "delete"):
        assert getattr(client, method)(url_of(elsewhere)).status_code == 404


def test_the_list_of_ones_own_costs_the_same_for_many(django_assert_num_queries):
    branch = build.branch()
    user = build.user(member=build.member(branch=branch))
    client = client_of(user)
    for count in (1, 9):
        for _each in range(count):
            build.sign_up(build.activity(branch=branch, seats=1), user.member)
        client.get("/api/v1/sign-ups/")
        with django_assert_num_queries(3):
            found = client.get("/api/v1/sign-ups/").json()["results"]
    assert len(found) == 10
