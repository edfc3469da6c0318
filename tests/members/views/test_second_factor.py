"""The second factor on the way in: no path around it (AN-06)."""

import re

import pytest
from django.conf import settings as configured
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from members import entry
from members.models import Authenticator, RecoveryCode
from members.services import accounts, administrators, second_factor
from tests import build
from tests.walk import PAGES, make_world, path_of

pytestmark = pytest.mark.django_db

CHECK, SET_UP = "/members/sign-in/code/", "/members/account/second-factor/set-up/"
OVERVIEW = "/members/account/second-factor/"


@pytest.fixture
def branch():
    return build.branch()


@pytest.fixture
def secretary(branch):
    return build.secretary(of=branch)


def signed_in(user, client=None):
    """A browser after the password alone."""
    client = client or Client()
    form = {"username": user.username, "password": build.PASSWORD}
    client.post("/members/sign-in/", form)
    return client


def enrol(client):
    page = client.get(SET_UP)
    key = page.context["key"]
    device = second_factor.prepared(page.wsgi_request.user, page.context["carried"])
    answer = client.post(
        SET_UP, {"carried": page.context["carried"], "code": device.next_code()}
    )
    return key, answer


# --- who ------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["system", "security", "audit"])
def test_administrators_need_it(role):
    client = signed_in(build.administrator(role))

    assert client.get("/admin/").url == SET_UP


@pytest.mark.parametrize(
    "office", ["secretary", "organization_officer", "dues_collector"]
)
def test_officers_need_it(branch, office):
    client = signed_in(build.officer(office, of=branch))

    assert client.get("/members/roll/").url == SET_UP


def test_holders_of_a_right_for_a_purpose_need_it(branch):
    user = build.user()
    build.branch_grant(user, branch, "view_roll")

    assert signed_in(user).get("/").url == SET_UP


@pytest.mark.parametrize("office", [None, "group_leader"])
def test_who_sees_no_records_never_meets_it(branch, office):
    member = build.member(branch=branch)
    user = build.user(member=member)
    if office:
        build.appointment(member, office=office, branch=branch)

    assert signed_in(user).get("/").status_code == 200


def test_who_comes_to_an_office_needs_it_from_the_next_page_on(branch):  # AZ-07
    member = build.member(branch=branch)
    client = signed_in(build.user(member=member))
    assert client.get("/").status_code == 200
    build.appointment(member, branch=branch)

    assert client.get("/").url == SET_UP


def test_the_setting_switches_the_need_off(secretary, settings):
    settings.SECOND_FACTOR = False

    assert signed_in(secretary).get("/").status_code == 200


# --- no path around it ------------------------------------------------------------------
@pytest.mark.parametrize("has_phone", [True, False])
@pytest.mark.parametrize("role", ["root", "system"])
def test_before_it_every_page_leads_to_it(role, has_phone):  # AN-06
    world = make_world()
    user = world.users[role]
    if has_phone:
        build.authenticator(user)
    client, step = signed_in(user), CHECK if has_phone else SET_UP
    name = entry.SECOND_FACTOR if has_phone else entry.SET_UP
    is_open = {*configured.PUBLIC_PAGES, "members:sign_out", "members:elder_view", name}
    if not has_phone:
        is_open.add("members:password_confirm")
    for method in ("get", "post"):
        for route, page in PAGES.items():
            if route in is_open:
                continue
            with transaction.atomic():
                answer = getattr(client, method)(path_of(world, route, page))
                transaction.set_rollback(True)

            assert (answer.status_code, answer.headers.get("Location")) == (
                302,
                step,
            ), (
                method,
                route,
            )


def test_the_administration_is_closed_before_it(secretary):  # AN-06
    build.authenticator(secretary)
    secretary.is_staff = True
    secretary.save()
    client = signed_in(secretary)

    assert client.get("/admin/members/member/").url == CHECK


def test_the_api_is_closed_to_a_session_without_it(secretary):  # AN-06
    for phone in (False, True):
        if phone:
            build.authenticator(secretary)
        client = signed_in(secretary, APIClient())
        answers = [client.get("/api/v1/members/"), client.post("/api/v1/members/", {})]

        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
            (403, "second_factor")
        }


def test_a_token_of_an_account_without_it_opens_nothing(secretary):  # AN-06
    _token, text = build.api_token(secretary)
    program = APIClient(headers={"Authorization": f"Bearer {text}"})
    assert program.get("/api/v1/me/").status_code == 200
    Authenticator.objects.all().delete()
    answer = program.get("/api/v1/me/")

    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor")


def test_a_token_costs_no_query_more_for_it(secretary, django_assert_num_queries):
    _token, text = build.api_token(secretary)
    program = APIClient(headers={"Authorization": f"Bearer {text}"})
    program.get("/api/v1/me/")

    with django_assert_num_queries(2):  # the token with its account, the rights
        program.get("/api/v1/me/")


def test_a_new_first_password_does_not_go_around_it(secretary):  # AN-06
    build.authenticator(secretary)
    password = accounts.reset_password(secretary, by=build.user())
    client = Client()
    form = {"username": secretary.username, "password": password}
    client.post("/members/sign-in/", form)

    assert client.get("/members/account/password/").url == CHECK
    assert client.get(SET_UP).url == CHECK


def test_no_device_is_remembered(secretary):  # AN-06
    build.authenticator(secretary)
    client = signed_in(secretary)
    client.post(CHECK, {"code": build.code(secretary)})
    assert client.get("/members/roll/").status_code == 200
    client.post("/members/sign-out/")
    signed_in(secretary, client)

    assert client.get("/members/roll/").url == CHECK


def test_who_has_it_by_choice_gives_it_too(branch):
    user = build.user(member=build.member(branch=branch))
    build.authenticator(user)

    assert signed_in(user).get("/members/me/").url == CHECK


def test_the_password_alone_does_not_replace_the_phone(secretary):  # AN-06
    build.authenticator(secretary)
    client = signed_in(secretary)
    session = client.session
    del session["second_factor"]  # as if the account had none when it signed in
    session.save()

    assert client.get(SET_UP).url == CHECK
    assert client.get("/").url == CHECK


# --- the way through --------------------------------------------------------------------
def test_from_the_password_over_the_phone_to_where_one_was_going(secretary):
    build.authenticator(secretary)
    client = Client()
    form = {"username": secretary.username, "password": build.PASSWORD}
    client.post("/members/sign-in/", form | {"next": "/members/roll/"})
    wrong = client.post(CHECK, {"code": "1"})
    answer = client.post(CHECK, {"code": build.code(secretary)})

    assert wrong.context["form"].errors["code"]
    assert answer.url == "/members/roll/"


def test_setting_it_up_shows_codes_once_and_lets_one_in(secretary):
    client = signed_in(secretary)
    key, answer = enrol(client)
    codes = answer.context["codes"]

    assert Authenticator.objects.get(user=secretary).key_text == key
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([a-z2-9]{4}-){2}[a-z2-9]{4}", code) for code in codes)
    assert "no-store" in answer.headers["Cache-Control"]
    assert client.get("/members/roll/").status_code == 200
    assert RecoveryCode.objects.filter(user=secretary).count() == 10


def test_a_wrong_first_code_keeps_the_picture(secretary):
    client = signed_in(secretary)
    page = client.get(SET_UP)
    again = client.post(SET_UP, {"carried": page.context["carried"], "code": "1"})

    assert again.context["form"].errors["code"]
    assert again.context["key"] == page.context["key"]
    assert again.context["qr"] == page.context["qr"]


def test_another_phone_takes_the_place_of_the_old(secretary):
    build.authenticator(secretary)
    client = Client()
    client.force_login(secretary)
    key, _answer = enrol(client)

    assert Authenticator.objects.get(user=secretary).key_text == key
    assert client.get("/members/roll/").status_code == 200


def test_the_overview_says_what_is_set_up(secretary):
    client = Client()
    client.force_login(secretary)
    assert client.get(OVERVIEW).context["device"] is None
    enrol(client)
    page = client.get(OVERVIEW)

    assert page.context["codes_left"] == 10
    assert page.context["is_needed"]


def test_who_chose_it_removes_it_and_is_told(branch):
    user = build.user(member=build.member(branch=branch))
    client = Client()
    client.force_login(user, second_factor=False)
    enrol(client)
    client.post(f"{OVERVIEW}remove/", {"confirmed": "1"})

    assert not second_factor.is_set_up(user)
    assert client.get("/").status_code == 200
    kinds = [line.kind for line in user.notifications.all()]
    assert kinds == ["second_factor_removed", "second_factor_set"]


def test_new_codes_are_made_only_when_asked_for(secretary):
    client = Client()
    client.force_login(secretary)
    enrol(client)
    client.get(f"{OVERVIEW}codes/")
    before = set(RecoveryCode.objects.values_list("digest", flat=True))
    answer = client.post(f"{OVERVIEW}codes/")

    assert len(answer.context["codes"]) == 10
    assert not before & set(RecoveryCode.objects.values_list("digest", flat=True))


@pytest.mark.parametrize(
    ("demo", "https", "shown"),
    [(True, False, True), (True, True, False), (False, False, False)],
)
def test_only_a_demonstration_shows_the_code(secretary, settings, demo, https, shown):
    settings.DEMO, settings.HTTPS = demo, https
    device = build.authenticator(secretary)
    page = signed_in(secretary).get(CHECK)

    assert bool(page.context["demonstration_code"]) == shown
    assert (device.next_code() in page.content.decode()) == shown


# --- the phone is lost ------------------------------------------------------------------
def test_the_branch_removes_it_from_the_account_of_a_member(branch, secretary):
    person = build.member(branch=branch)
    user = build.user(member=person)
    build.authenticator(user)
    client = Client()
    client.force_login(secretary)
    url = f"/members/{person.pk}/account/second-factor/"
    asked = client.post(url)
    assert second_factor.is_set_up(user)
    client.post(url, {"confirmed": "1"})

    assert asked.status_code == 200
    assert not second_factor.is_set_up(user)
    assert [line.kind for line in user.notifications.all()] == ["second_factor_removed"]


def test_a_secretary_does_not_remove_that_of_the_committee(branch):
    top = build.committee()
    above = build.secretary(of=top, home=branch)
    build.authenticator(above)
    client = Client()
    client.force_login(build.officer("organization_officer", of=branch))
    url = f"/members/{above.member.pk}/account/second-factor/"

    assert client.post(url, {"confirmed": "1"}).status_code == 404
    assert second_factor.is_set_up(above)


def test_the_system_administrator_removes_it_where_there_is_no_member():
    user = build.user("inspector")
    build.authenticator(user)
    client = Client()
    client.force_login(build.administrator("system"))
    url = f"/admin/members/user/{user.pk}/second-factor/"
    page = client.get(url)
    client.post(url)

    assert page.status_code == 200
    assert not second_factor.is_set_up(user)


@pytest.mark.parametrize("role", ["security", "audit", "system"])
def test_nobody_removes_that_of_an_administrator_in_the_portal(role):
    user = build.administrator("security" if role != "security" else "audit")
    build.authenticator(user)
    client = Client()
    client.force_login(build.administrator(role) if role != user.username else user)

    assert client.post(f"/admin/members/user/{user.pk}/second-factor/").status_code in {
        403,
        404,
    }
    with pytest.raises(ValidationError) as refusal:
        administrators.remove_second_factor(user, by=build.user())
    assert refusal.value.code == "is_administrator"
    assert second_factor.is_set_up(user)
