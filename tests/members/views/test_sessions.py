"""Sessions: how long they last, how they are seen, and how they end (AN-04, AN-05)."""

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from members import hashing
from members.models import AuditEntry, Session
from members.services import accounts, administrators, sessions
from members.views.sessions import name_of
from tests import build

pytestmark = pytest.mark.django_db

LIST, END = "/members/account/devices/", "/members/account/devices/end/"
NEW = {"new_password1": "a-sentence-of-ours", "new_password2": "a-sentence-of-ours"}


@pytest.fixture
def user():
    return build.user("zhangsan", member=build.member())


def signed_in(user, agent="", **options):
    client = Client(HTTP_USER_AGENT=agent, **options)
    form = {"username": user.username, "password": build.PASSWORD}
    client.post("/members/sign-in/", form)
    return client


def key_of(client):
    return client.cookies["sessionid"].value


def replay(key):
    """What the home page says to a second client with that cookie."""
    client = Client()
    client.cookies["sessionid"] = key
    answer = client.get("/")
    return "out" if answer.status_code == 302 and "/sign-in/" in answer.url else "in"


# --- AN-04: each way a session ends -----------------------------------------------------
def sign_out(client, user):
    client.post("/members/sign-out/")


def switch_off(client, user):
    accounts.set_active(user, False, by=None)


def end_all(client, user):
    client.post(END, {"which": "all"})


def change_password(client, user):
    client.post("/members/account/password/", NEW)


def give_first_password(client, user):
    accounts.reset_password(user, by=user)


@pytest.mark.parametrize(
    "end", [sign_out, switch_off, end_all, change_password, give_first_password]
)
def test_the_old_cookie_is_dead_in_every_other_client(user, end):  # AN-04
    client, elsewhere = signed_in(user), signed_in(user)
    keys = [key_of(client)] + ([] if end is sign_out else [key_of(elsewhere)])
    assert {replay(key) for key in keys} == {"in"}
    end(client, user)

    assert {replay(key) for key in keys} == {"out"}
    if end is not switch_off:
        assert not Session.objects.filter(session_key__in=keys).exists()
    assert [key for key in keys if cache.get(f"session:{key}")] == []


def test_so_it_is_when_a_role_changes():  # AN-04, AZ-07
    user = build.user("lisi")
    key = key_of(signed_in(user))
    security = build.administrator("security")
    administrators.settle_role(user, administrator="audit", is_staff=True, by=security)

    assert replay(key) == "out"


def test_the_session_id_changes_with_the_second_factor(user):  # AN-04
    build.authenticator(user)
    client = signed_in(user)
    before = key_of(client)
    client.post("/members/sign-in/code/", {"code": build.code(user)})

    assert key_of(client) != before
    assert replay(before) == "out"
    assert replay(key_of(client)) == "in"


def test_the_session_id_changes_with_the_password_and_one_stays_in(user):  # AN-04
    client = signed_in(user)
    before = key_of(client)
    change_password(client, user)

    assert key_of(client) != before
    assert client.get("/").status_code == 200


def test_a_session_that_ended_does_not_come_back_from_an_open_page(user):
    client = signed_in(user)
    store = client.session
    store["seen"] = 1
    sessions.end(user, by=user)

    with pytest.raises(UpdateError):
        store.save()
    assert replay(key_of(client)) == "out"


# --- AN-05: limits ----------------------------------------------------------------------
def test_after_half_an_hour_without_use_one_signs_in_again(user, later):  # AN-05
    client = signed_in(user)
    later(minutes=31)
    answer = client.get("/members/inbox/?page=1")
    page = client.get(answer.url)

    assert answer.url == "/members/sign-in/?next=/members/inbox/%3Fpage%3D1"
    assert "30" in str(next(iter(page.context["messages"])))
    assert page.context["next"] == "/members/inbox/?page=1"
    assert not Session.objects.filter(user=user).exists()


def test_who_uses_it_stays_in(user, later):
    client = signed_in(user)
    for _ in range(4):
        later(minutes=29)

        assert client.get("/").status_code == 200


def test_administrators_have_a_quarter_of_an_hour(later):  # SEC-26
    client = Client()
    client.force_login(build.administrator("system"))
    later(minutes=16)

    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize(("role", "hours"), [("member", 12), ("administrator", 8)])
def test_a_session_ends_however_much_it_is_used(user, later, role, hours):  # AN-05
    client = Client()
    client.force_login(user if role == "member" else build.administrator("audit"))
    for _ in range(hours * 6 - 1):
        later(minutes=10)
        client.get("/members/inbox/")
    assert client.get("/members/inbox/").status_code == 200
    later(minutes=11)

    assert client.get("/members/inbox/").status_code == 302


def test_limits_by_role_are_settings(user, later, settings):
    settings.SESSION_IDLE_MINUTES = settings.SESSION_IDLE_MINUTES | {"member": 60}
    client, officer = Client(), Client()
    client.force_login(user)
    officer.force_login(build.secretary(of=build.branch()))
    later(minutes=31)

    assert client.get("/").status_code == 200
    assert officer.get("/").status_code == 302


def test_the_api_says_that_the_session_is_over(user, later):
    client = signed_in(user)
    later(minutes=31)

    assert client.get("/api/v1/me/").status_code == 401


def test_a_clock_that_is_set_back_leaves_no_session_open(user, later):  # RL-13
    client = signed_in(user)
    later(minutes=-40)

    assert client.get("/").status_code == 302


def test_use_is_noted_once_a_minute_and_costs_no_query_else(user, later):
    client = Client()
    client.force_login(user)
    client.get("/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/")
    assert [row for row in queries if "members_session" in row["sql"]] == []
    later(seconds=61)
    with CaptureQueriesContext(connection) as queries:
        client.get("/")

    written = [row for row in queries if "members_session" in row["sql"]]
    assert [row["sql"][:6] for row in written] == ["UPDATE"]


# --- the page ---------------------------------------------------------------------------
CHROME = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/130 Safari/537"


def test_the_page_lists_where_one_is_signed_in_and_no_key(user):
    here = signed_in(user, CHROME)
    signed_in(user, "Mozilla/5.0 (Windows NT 10.0) Firefox/130", REMOTE_ADDR="10.1.2.3")
    signed_in(build.user())
    lines = here.get(LIST).context["lines"]
    page = here.get(LIST).content.decode()

    assert [(line["name"], line["is_here"]) for line in lines] == [
        ("Chrome · Android", True),
        ("Firefox · Windows", False),
    ]
    assert [line["session"].address for line in lines] == ["127.0.0.1", "10.1.2.3"]
    assert [
        key for key in Session.objects.values_list("pk", flat=True) if key in page
    ] == []


def test_one_device_is_ended_and_the_others_stay(user):
    here, second, third = (signed_in(user) for _ in range(3))
    lines = here.get(LIST).context["lines"]
    wanted = next(
        line["id"] for line in lines if line["session"].session_key == key_of(second)
    )
    here.post(END, {"session": wanted})

    assert [replay(key_of(client)) for client in (here, second, third)] == [
        "in",
        "out",
        "in",
    ]


def test_all_others_are_ended_and_it_is_written_down(user):  # AN-04
    here, elsewhere = signed_in(user), signed_in(user)
    here.post(END, {"which": "others"})
    ended = AuditEntry.objects.get(act=AuditEntry.Act.SESSIONS_ENDED)

    assert (replay(key_of(here)), replay(key_of(elsewhere))) == ("in", "out")
    assert (ended.by, ended.context) == (user, {"count": 1})


def test_nobody_ends_the_session_of_another(user):
    here, foreign = signed_in(user), signed_in(build.user())
    line = foreign.get(LIST).context["lines"][0]
    here.post(END, {"session": line["id"]})

    assert replay(key_of(foreign)) == "in"


def test_the_page_costs_the_same_for_one_device_and_for_ten(
    user, django_assert_max_num_queries
):
    here = signed_in(user)
    for _ in range(9):
        signed_in(user)

    with django_assert_max_num_queries(9):
        here.get(LIST)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (iPhone; CPU) MicroMessenger/8.0 Safari", "WeChat · iPhone"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X) Version/17 Safari/605",
            "Safari · Mac",
        ),
        ("curl/8", "未知浏览器"),
    ],
)
def test_a_browser_is_named_as_it_says(agent, name):
    assert name_of(agent) in {name, "Unknown browser"}


def test_a_long_agent_is_cut(user):  # IN-11
    signed_in(user, "x" * 5000)

    assert len(Session.objects.get(user=user).agent) == 200


def test_sessions_that_are_over_are_forgotten(user, later):
    signed_in(user)
    later(hours=13)
    sessions.tidy()

    assert not Session.objects.exists()


def test_hashing_is_no_part_of_an_ordinary_page(user, monkeypatch):
    client = signed_in(user)
    monkeypatch.setattr(hashing, "in_turn", None)

    assert client.get("/").status_code == 200
