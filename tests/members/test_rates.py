"""How often one may do what costs much: by account and by address (OP-08)."""

import math

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from config.cache import outage
from members.models import User
from members.rates import parse
from tests import build
from tests.rosters import HEADER, csv_file, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch():
    return build.branch()


def client_of(user, address="198.51.100.1"):
    client = Client(REMOTE_ADDR=address)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client.force_login(user)
    return client


def upload(client, branch):
    file = csv_file([HEADER, person(1)])
    sent = {"branch": branch.code, "file": ContentFile(file, "a.csv")}
    return client.post("/members/imports/add/", sent)


def export(client, branch):
    sent = {"branch": branch.code, "format": "csv", "reason": "换届"}
    return client.post("/members/exports/add/", sent)


def search_roll(client, _branch):
    return client.get("/members/roll/?q=a")


def search_branches(client, _branch):
    return client.get("/members/branches/?q=a")


def search_whom_to_appoint(client, branch):
    return client.get(f"/members/branches/{branch.pk}/appoint/?office=secretary&q=a")


def ask_who_sees_the_branch(client, branch):
    return client.get(f"/members/branches/{branch.pk}/access/")


def ask_who_sees_the_record(client, branch):
    person = branch.members.first()
    return client.get(f"/members/{person.pk}/access/?account=a")


def search_the_administration(client, _branch):
    return client.get("/admin/members/member/?q=a")


def search_in_a_field(client, _branch):
    named = {"app_label": "members", "model_name": "appointment"}
    asked = named | {"field_name": "member", "term": "a"}
    return client.get("/admin/autocomplete/", asked)


ACTS = [
    (search_whom_to_appoint, "search", "2/min", 60),
    (ask_who_sees_the_branch, "search", "2/min", 60),
    (ask_who_sees_the_record, "search", "2/min", 60),
    (search_the_administration, "search", "2/min", 60),
    (search_in_a_field, "search", "2/min", 60),
    (search_roll, "search", "2/min", 60),
    (search_branches, "search", "2/min", 60),
    (upload, "upload", "2/hour", 3600),
    (export, "export", "2/hour", 3600),
]


def test_a_rate_is_so_many_in_so_many_seconds():
    assert [parse(rate) for rate in ("3/s", "240/min", "60/hour", "9/day")] == [
        (3, 1),
        (240, 60),
        (60, 3600),
        (9, 86400),
    ]


@pytest.mark.parametrize(("act", "what", "rate", "longest"), ACTS)
def test_past_the_rate_one_is_told_when_to_come_again(
    settings, branch, act, what, rate, longest
):
    settings.RATES = {what: rate}
    client = client_of(build.secretary(of=branch))

    answers = [act(client, branch) for _ in range(20)]

    assert all(answer.status_code in {200, 302} for answer in answers[:2])
    assert {answer.status_code for answer in answers[2:]} == {429}
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= longest
    assert "短时间内操作过于频繁，请等待" in answers[-1].text


@pytest.mark.parametrize(("act", "what", "rate", "longest"), ACTS)
def test_others_are_not_slowed_but_for_those_of_one_address(
    settings, branch, act, what, rate, longest
):
    settings.RATES = {what: rate, f"{what}_of_address": "3/hour"}
    one, two = build.secretary(of=branch), build.officer("deputy_secretary", of=branch)
    for _ in range(3):
        act(client_of(one), branch)

    elsewhere = act(client_of(two, "198.51.100.2"), branch)
    beside = act(client_of(two), branch)

    assert elsewhere.status_code in {200, 302}
    assert beside.status_code == 429


def test_opening_a_page_is_no_search(settings, branch):
    settings.RATES = {"search": "1/hour", "upload": "1/hour", "export": "1/hour"}
    client = client_of(build.secretary(of=branch))

    pages = ["roll/", "branches/", "imports/add/", "exports/add/"]
    pages.append(f"branches/{branch.pk}/appoint/?office=secretary")
    for path in (*(f"/members/{page}" for page in pages), "/admin/members/member/"):
        for _ in range(3):
            assert client.get(path).status_code == 200


def test_nobody_is_slowed_while_the_cache_is_away(settings, branch, monkeypatch):
    settings.RATES = {"search": "1/hour"}
    client = client_of(build.secretary(of=branch))
    monkeypatch.setattr(outage, "until", math.inf)

    assert [search_roll(client, branch).status_code for _ in range(3)] == [200] * 3
