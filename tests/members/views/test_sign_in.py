"""Signing in and out: who is refused, how often, and what is written down of it."""

import subprocess
import sys
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from members import hashing
from members.models import AuditEntry, User
from members.services import accounts, administrators
from tests import build
from tests.walk import all_routes

pytestmark = pytest.mark.django_db

SIGN_IN = "/members/sign-in/"
Act = AuditEntry.Act


@pytest.fixture
def user():
    return build.user("zhangsan")


def sign_in(client, username="zhangsan", password=build.PASSWORD, **extra):
    form = {"username": username, "password": password}
    return client.post(SIGN_IN, form, **extra)


def is_in(client):
    return "_auth_user_id" in client.session


def wrong(client, count, username="zhangsan", **extra):
    return [
        sign_in(client, username, "wrong", **extra).status_code for _ in range(count)
    ]


# --- AN-01: nothing tells whether an account exists -------------------------------------
@pytest.fixture
def computed(monkeypatch):
    """The passwords that were hashed."""
    counted, compute = [], hashing._pbkdf2_sm3
    monkeypatch.setattr(
        hashing,
        "_pbkdf2_sm3",
        lambda password, *rest: counted.append(password) or compute(password, *rest),
    )
    return counted


def test_every_try_costs_one_hash(client, user, computed):  # AN-01
    build.user("disabled", is_active=False)
    build.user("unused", must_change_password=True)
    past = timezone.now() - timedelta(days=15)
    User.objects.filter(username="unused").update(password_set_at=past)
    User.objects.create_user("without", None)
    tries = [
        ("absent", build.PASSWORD),
        ("zhangsan", "wrong"),
        ("disabled", build.PASSWORD),
        ("disabled", "wrong"),
        ("unused", build.PASSWORD),
        ("without", build.PASSWORD),
        ("13900000000", "wrong"),
        ("zhangsan", build.PASSWORD),
    ]
    counts = []
    for name, password in tries:
        computed.clear()
        sign_in(Client(), name, password)
        counts.append(len(computed))

    assert counts == [1] * len(tries)


def test_the_lock_looks_the_same_for_unknown_names_and_costs_no_hash(
    client, user, computed
):  # AN-01
    pages = []
    for name in ("zhangsan", "absent"):
        wrong(client, 5, name)
        computed.clear()
        answer = sign_in(client, name)
        lines = answer.content.decode().splitlines()
        pages.append([line for line in lines if "csrf" not in line])

        assert (answer.status_code, computed) == (429, [])
    assert pages[0] == pages[1]


def test_there_is_no_way_to_reset_a_password_by_mail():  # AN-08
    routes = " ".join([*all_routes(), *map(str, all_routes().values())])

    assert "reset" not in routes.replace("account_reset", "").replace(
        "account/reset", ""
    )
    assert "forgot" not in routes


def test_a_first_password_dies_at_its_first_use_and_after_two_weeks(client):  # AN-08
    account, password = accounts.open_account(build.member(), by=None)
    sign_in(client, account.username, password)
    new = {"new_password1": "a-sentence-of-ours", "new_password2": "a-sentence-of-ours"}
    client.post("/members/account/password/", new)
    other, unused = accounts.open_account(build.member(), by=None)
    past = timezone.now() - timedelta(days=15)
    User.objects.filter(pk=other.pk).update(password_set_at=past)

    for name, given in [(account.username, password), (other.username, unused)]:
        again = Client()
        sign_in(again, name, given)

        assert not is_in(again)


# --- AN-02: brute force stops -----------------------------------------------------------
def test_the_right_password_does_not_help_after_five_wrong_ones(client, user):  # AN-02
    statuses = wrong(client, 5)
    answer = sign_in(client)

    assert statuses == [200] * 5
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60
    assert "15" in answer.content.decode()
    assert not is_in(client)


def test_the_lock_opens_by_itself(client, user, later):
    wrong(client, 6)
    later(minutes=15, seconds=1)
    sign_in(client)

    assert is_in(client)


def test_one_password_tried_with_many_names_locks_the_address(client):  # AN-02
    statuses = [sign_in(client, f"name {n}", "1").status_code for n in range(101)]

    assert statuses == [200] * 100 + [429]


def test_a_forged_header_changes_neither_counter_nor_log(client, user):  # AN-03
    for number in range(6):
        wrong(client, 1, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")

    assert sign_in(client).status_code == 429
    assert {row.ip_address for row in AccessAttempt.objects.all()} == {"127.0.0.1"}
    assert {row.address for row in AuditEntry.objects.all()} == {"127.0.0.1"}


def test_our_own_proxy_says_where_a_client_is(client, user, settings):  # AN-03
    settings.PROXIES = 1
    wrong(client, 5, HTTP_X_FORWARDED_FOR="198.51.100.7, 203.0.113.1")

    assert sign_in(client, HTTP_X_FORWARDED_FOR="203.0.113.1").status_code == 429
    sign_in(client, HTTP_X_FORWARDED_FOR="203.0.113.2")
    assert is_in(client)


def from_everywhere(name="zhangsan"):
    for number in range(4):
        wrong(Client(REMOTE_ADDR=f"198.51.100.{number}"), 5, name)


def test_strangers_everywhere_lock_an_account_that_has_only_a_password(client, user):
    from_everywhere()

    assert sign_in(client).status_code == 429


def test_but_not_for_its_owner_where_the_owner_signs_in(client, user):  # AN-03
    sign_in(client)
    client.post("/members/sign-out/")
    from_everywhere()
    sign_in(client)

    assert is_in(client)


def test_nor_where_a_second_factor_follows(client, user):  # AN-03
    build.authenticator(user)
    from_everywhere()

    assert sign_in(client, password="wrong").status_code == 429
    assert sign_in(client).status_code == 302
    assert client.get("/").url == "/members/sign-in/code/"


def test_unknown_names_are_locked_everywhere_too(client, computed):
    from_everywhere("absent")
    computed.clear()

    assert sign_in(client, "absent").status_code == 429
    assert len(computed) == 1  # as for an account


def test_a_password_asked_once_more_is_counted_as_well(client, user):
    client.force_login(user)
    answers = [
        client.post("/members/account/confirm/", {"password": "wrong"}).status_code
        for _ in range(6)
    ]

    assert answers == [200] * 5 + [429]


def test_losing_the_cache_frees_nobody(client, user):  # AN-02
    wrong(client, 5)
    cache.clear()

    assert sign_in(client).status_code == 429


def test_accounts_with_rights_that_nobody_uses_are_switched_off(later):  # SEC-29
    branch = build.branch()
    officer, administrator = build.secretary(of=branch), build.administrator("audit")
    member, never = build.user(member=build.member()), build.secretary(of=branch)
    used = [officer, administrator, member]
    User.objects.filter(pk__in=[one.pk for one in used]).update(
        last_login=timezone.now()
    )
    assert accounts.switch_off_unused(now=timezone.now()) == 0
    later(days=91)

    assert accounts.switch_off_unused(now=timezone.now()) == 2
    assert accounts.switch_off_unused(now=timezone.now()) == 0
    assert set(User.objects.filter(is_active=True)) == {member, never}


# --- what is written down ---------------------------------------------------------------
def acts():
    return list(AuditEntry.objects.order_by("pk").values_list("act", "result"))


def test_entry_and_exit_are_written_down_once_each(client, user):  # AU-01
    sign_in(client)
    client.post("/members/sign-out/")

    assert acts() == [(Act.SIGNED_IN, "done"), (Act.SIGNED_OUT, "done")]
    assert {row.by for row in AuditEntry.objects.all()} == {user}


def test_failures_are_written_down_without_what_was_typed(client, user):  # AU-05
    wrong(client, 1, "13912345678 my password")
    wrong(client, 7)

    failed = AuditEntry.objects.filter(act=Act.SIGN_IN_FAILED)
    assert [row.subject_id for row in failed.order_by("pk")] == [None] + [user.pk] * 5
    assert "my password" not in str([row.told() for row in AuditEntry.objects.all()])
    assert acts().count((Act.LOCKED_OUT, "refused")) == 1


def test_signing_in_costs_a_constant_number_of_queries(
    client, user, django_assert_max_num_queries
):
    with django_assert_max_num_queries(40):
        sign_in(client)


# --- AN-12 ------------------------------------------------------------------------------
def test_cookies_of_production_stay_in_this_host_and_out_of_scripts(client):  # AN-12
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from config import settings as s; print(s.SESSION_COOKIE_NAME,"
            "s.SESSION_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY,"
            "s.SESSION_COOKIE_SAMESITE, s.CSRF_COOKIE_NAME, s.CSRF_COOKIE_SECURE)",
        ],
        env={"HTTPS": "1", "SECRET_KEY": "x" * 50, "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.split() == [
        "__Host-sessionid",
        "True",
        "True",
        "Lax",
        "__Host-csrftoken",
        "True",
    ]


def test_the_cookies_that_are_set_say_so(client, user, settings):  # AN-12
    settings.SESSION_COOKIE_NAME = "__Host-sessionid"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    answer = client.post(
        SIGN_IN, {"username": "zhangsan", "password": build.PASSWORD}, secure=True
    )
    cookie = answer.cookies["__Host-sessionid"]

    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""


# --- the password once more (AN-10) -----------------------------------------------------
SENSITIVE = [
    "/members/account/password/",
    "/members/account/tokens/add/",
    "/members/account/second-factor/set-up/",
    "/members/account/second-factor/codes/",
    "/members/account/second-factor/remove/",
    "/members/me/corrections/add/?field=phone",
]


@pytest.mark.parametrize("path", SENSITIVE)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_sensitive_asks_for_the_password_again(
    client, later, path, method
):  # AN-10
    user = build.user("lisi", member=build.member())
    build.authenticator(user)
    client.force_login(user)
    later(minutes=11)
    before = User.objects.get(pk=user.pk).password
    data = {"field": "phone"} if "corrections" in path else {}
    answer = getattr(client, method)(path, data)
    asked = client.get(answer.url)
    refused = client.post(answer.url, {"password": "wrong"})
    went_on = client.post(
        "/members/account/confirm/",
        {"password": build.PASSWORD, "next": asked.context["next"]},
    )

    assert answer.url.startswith("/members/account/confirm/?next=")
    assert refused.context["form"].errors["password"]
    assert went_on.url.startswith(path.partition("?")[0])
    assert User.objects.get(pk=user.pk).password == before
    assert client.get(went_on.url).status_code == 200


def test_a_changed_password_tells_the_person(client, user):  # AN-10
    client.force_login(user)
    new = {"new_password1": "a-sentence-of-ours", "new_password2": "a-sentence-of-ours"}
    client.post("/members/account/password/", new)

    assert [line.kind for line in user.notifications.all()] == ["password_changed"]
    assert (Act.PASSWORD_CHANGED, "done") in acts()


def test_an_administrator_is_led_to_a_new_password_after_ninety_days(
    client,
):  # SEC-25
    client.force_login(build.administrator("system"))
    assert client.get("/").status_code == 200
    User.objects.update(password_set_at=timezone.now() - timedelta(days=90, minutes=1))

    assert client.get("/admin/").url == "/members/account/password/"


def test_the_machine_brings_back_an_administrator_who_lost_the_phone(client):
    user = build.administrator("audit")
    build.authenticator(user)
    _user, password = administrators.create_administrator("audit", "audit")
    sign_in(client, "audit", password)

    assert client.get("/").url == "/members/account/password/"
    assert not User.objects.filter(authenticator__isnull=False).exists()
