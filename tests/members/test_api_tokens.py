"""Tokens: what they open, and all the ways they do not (AN-11, IN-06)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from members.models import ApiToken, Member
from tests import build

pytestmark = pytest.mark.django_db

ME = "/api/v1/me/"


@pytest.fixture
def branch():
    return build.branch()


@pytest.fixture
def secretary(branch):
    return build.secretary(of=branch)


def with_token(text):
    return APIClient(headers={"Authorization": f"Bearer {text}"})


def test_a_token_does_what_its_account_may(secretary, branch):
    token, text = build.api_token(secretary)
    member = build.member(branch=branch)
    client = with_token(text)

    me = client.get(ME).json()
    answer = client.patch(
        f"/api/v1/members/{member.pk}/", {"employer": "新单位"}, format="json"
    )

    assert me["username"] == secretary.username
    assert me["rights"]["manage_roll"] == [branch.pk]
    assert me["token"] == {
        "name": token.name,
        "scope": "write",
        "expires_on": str(token.expires_on),
    }
    assert answer.status_code == 200
    assert Member.objects.get(pk=member.pk).employer == "新单位"


def test_the_history_names_who_used_a_token(secretary, branch):
    _token, text = build.api_token(secretary)
    member = build.member(branch=branch)
    url = f"/api/v1/members/{member.pk}/"

    with_token(text).patch(url, {"employer": "新单位"}, format="json")
    history = with_token(text).get(f"{url}history/").json()

    newest = history["versions"][0]
    assert newest["changed"] == ["employer"]
    assert newest["made_by"] == secretary.member.name


def test_a_token_that_may_only_read_changes_nothing(secretary, branch):
    _token, text = build.api_token(secretary, scope="read")
    member = build.member(branch=branch)
    client, url = with_token(text), f"/api/v1/members/{member.pk}/"

    answer = client.patch(url, {"employer": "新单位"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "read_only_token")
    assert client.get(url).status_code == 200
    assert Member.objects.get(pk=member.pk).employer == ""


@pytest.mark.parametrize(
    "text", ["", "x", "bpt_", "bpt__", "bpt_00000000_", "bpt_é_x", "bpt_\0_x", "a b"]
)
def test_what_is_no_token_is_a_401(text):
    answer = with_token(text).get(ME)

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="portal"'


def test_a_token_with_one_letter_changed_opens_nothing(secretary):
    _token, text = build.api_token(secretary)
    changed = text[:-1] + ("A" if text[-1] != "A" else "B")

    assert with_token(changed).get(ME).status_code == 401
    assert with_token(text.replace("bpt", "BPT")).get(ME).status_code == 401


def test_a_token_ends_with_its_last_day(secretary, time_machine):
    _token, text = build.api_token(
        secretary, created_on=date(2030, 1, 1), expires_on=date(2030, 3, 31)
    )
    time_machine.move_to("2030-03-31T15:59:59Z")
    before = with_token(text).get(ME).status_code
    time_machine.move_to("2030-03-31T16:00:00Z")  # 1 April in Shanghai

    assert (before, with_token(text).get(ME).status_code) == (200, 401)


def test_a_revoked_token_and_an_inactive_account_open_nothing(secretary):
    _token, revoked = build.api_token(secretary, revoked_at=timezone.now())
    _token, good = build.api_token(secretary)
    before = [with_token(text).get(ME).status_code for text in (revoked, good)]
    secretary.is_active = False
    secretary.save()

    assert before == [401, 200]
    assert with_token(good).get(ME).status_code == 401


def test_before_the_first_password_is_changed_there_is_no_api(secretary):
    _token, text = build.api_token(secretary)
    secretary.must_change_password = True
    secretary.save()
    session = APIClient()
    session.force_login(secretary)

    for client in (session, with_token(text)):
        answer = client.get(ME)
        assert (answer.status_code, answer.json()["code"]) == (403, "first_password")


@pytest.mark.parametrize("name", ["token", "access_token", "search", "Authorization"])
def test_a_token_in_the_address_is_refused(secretary, name):
    _token, text = build.api_token(secretary)
    session = APIClient()
    session.force_login(secretary)

    for client in (session, APIClient(), with_token(text)):
        answer = client.get("/api/v1/members/", {name: text})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_in_address")
        assert text.encode() not in answer.content


def test_only_a_hash_of_the_token_is_stored(secretary):
    token, text = build.api_token(secretary)
    _mark, _prefix, secret = text.split("_", 2)

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(t)::text FROM members_apitoken t")
        (row,) = cursor.fetchone()
    assert token.digest in row
    assert secret not in row
    assert len(secret) == 43  # 256 bits


def test_the_day_of_the_last_use_is_written_once_a_day(
    secretary, django_assert_num_queries
):
    token, text = build.api_token(secretary)
    with_token(text).get(ME)

    with django_assert_num_queries(2):  # the token, and the grants
        with_token(text).get(ME)
    assert ApiToken.objects.get(pk=token.pk).last_used_on == timezone.localdate()


def test_a_session_needs_the_csrf_token_and_a_bearer_none(secretary):
    _token, text = build.api_token(secretary)
    session = APIClient(enforce_csrf_checks=True)
    session.force_login(secretary)
    bearer = APIClient(
        enforce_csrf_checks=True, headers={"Authorization": f"Bearer {text}"}
    )
    body = {"field": "employer", "proposed": "新单位"}

    refused = session.post("/api/v1/corrections/", body, format="json")
    made = bearer.post("/api/v1/corrections/", body, format="json")

    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    assert made.status_code == 201


def test_a_token_speaks_the_language_of_its_account(secretary):
    _token, text = build.api_token(secretary)
    default = with_token(text).get("/api/v1/members/0/")
    secretary.language = "en"
    secretary.save()
    chosen = with_token(text).get("/api/v1/members/0/")

    assert default.headers["Content-Language"] == "zh-hans"
    assert chosen.headers["Content-Language"] == "en"


def test_another_kind_of_authorization_is_not_a_token():
    client = APIClient(headers={"Authorization": "Basic dTpw"})

    assert client.get(ME).json()["code"] == "not_authenticated"


def test_no_token_lasts_longer_than_a_year(secretary):
    with pytest.raises(Exception, match="ends_within_a_year"):
        build.api_token(secretary, expires_on=timezone.localdate() + timedelta(367))
