"""The pages on which an account makes and revokes its API tokens (AN-10, AN-11)."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from members.models import ApiToken, Notification
from members.services import accounts
from tests import build

pytestmark = pytest.mark.django_db

LIST, ADD = "/members/account/tokens/", "/members/account/tokens/add/"


@pytest.fixture
def user():
    return build.user(member=build.member())


@pytest.fixture
def client(client, user):
    client.force_login(user)
    return client


def new_token(**changes):
    last_day = timezone.localdate() + timedelta(days=30)
    return {
        "name": "花名册程序",
        "scope": "read",
        "expires_on": last_day.isoformat(),
    } | changes


def test_the_list_holds_the_own_tokens_alone(client, user):
    own, _text = build.api_token(user, name="own program")
    foreign, _text = build.api_token(build.user(), name="foreign program")

    page = client.get(LIST).content.decode()

    assert own.name in page
    assert own.beginning in page
    assert foreign.name not in page
    assert own.digest not in page


def test_the_empty_list_says_what_to_do_first(client):
    page = client.get(LIST).content.decode()

    assert "empty-state" in page
    assert f'href="{ADD}"' in page


def test_a_new_token_is_shown_once_and_works(client, user):
    page = client.post(ADD, new_token())

    text = page.context["token_text"]
    token = ApiToken.objects.get()
    answer = APIClient(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/me/")
    assert text in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert text not in client.get(LIST).content.decode()
    assert (token.user, token.name, token.scope) == (user, "花名册程序", "read")
    assert answer.json()["username"] == user.username


def test_making_one_tells_the_person(client, user):
    client.post(ADD, new_token())

    line = Notification.objects.get(user=user)
    assert (line.kind, line.context) == ("token_issued", {"name": "花名册程序"})
    assert "花名册程序" in client.get("/members/inbox/").content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"scope": "admin"}, "scope"),
        ({"expires_on": "2000-01-01"}, "expires_on"),
        ({"expires_on": "2999-01-01"}, "expires_on"),
    ],
)
def test_what_is_not_sound_is_refused_at_its_field(client, changes, field):
    page = client.post(ADD, new_token(**changes))

    assert set(page.context["form"].errors) == {field}
    assert not ApiToken.objects.exists()


def test_twenty_usable_tokens_are_enough(client, user):
    for _number in range(20):
        build.api_token(user)

    page = client.post(ADD, new_token())

    assert page.context["form"].non_field_errors()
    assert ApiToken.objects.count() == 20


def test_revoking_asks_first_and_ends_the_token(client, user):
    token, text = build.api_token(user)
    url = f"{LIST}{token.pk}/revoke/"
    program = APIClient(headers={"Authorization": f"Bearer {text}"})

    client.get(url)
    before = program.get("/api/v1/me/").status_code
    answer = client.post(url, {"confirmed": "1"})

    assert answer.headers["Location"] == LIST
    assert (before, program.get("/api/v1/me/").status_code) == (200, 401)


def test_a_foreign_token_cannot_be_revoked(client):
    token, _text = build.api_token(build.user())

    for send in (client.get, client.post):
        assert send(f"{LIST}{token.pk}/revoke/").status_code == 404
    assert ApiToken.objects.get().revoked_at is None


def test_a_password_given_anew_ends_all_tokens(user):
    _token, text = build.api_token(user)

    accounts.reset_password(user, by=build.user())
    user.refresh_from_db()
    user.must_change_password = False
    user.save()

    program = APIClient(headers={"Authorization": f"Bearer {text}"})
    assert program.get("/api/v1/me/").status_code == 401
