"""Signing in and out, the first password, the inbox, own settings."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from members.models import Notification, User
from members.services import accounts
from tests import build

pytestmark = pytest.mark.django_db

SIGN_IN = "/members/sign-in/"
NEW = "another-good-sentence"


def sign_in(client, username, password=build.PASSWORD, **extra):
    return client.post(SIGN_IN, {"username": username, "password": password, **extra})


def test_one_signs_in_by_account_name(client):
    user = build.user("zhangsan")

    assert sign_in(client, "zhangsan").url == "/"
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.parametrize(
    "spelling", ["13912345678", "139 1234 5678", "１３９１２３４５６７８"]
)
def test_one_signs_in_by_phone_however_it_is_written(client, spelling):
    user = build.user(member=build.member(phone="13912345678"))
    sign_in(client, spelling)

    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_phone_that_two_accounts_share_signs_in_neither(client):
    for _ in range(2):
        build.user(member=build.member(phone="13912345678"))
    sign_in(client, "13912345678")

    assert "_auth_user_id" not in client.session


def test_wrong_name_wrong_password_and_disabled_look_the_same(client):  # AN-01
    build.user("present")
    build.user("disabled", is_active=False)
    answers = {
        sign_in(client, name, password).context["form"].errors.as_json()
        for name, password in [
            ("absent", build.PASSWORD),
            ("present", "wrong"),
            ("disabled", build.PASSWORD),
            ("disabled", "wrong"),
        ]
    }

    assert len(answers) == 1
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "https:evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "\nhttps://evil.example",
    ],
)
def test_signing_in_never_leads_to_another_host(client, target):  # IN-07
    build.user("zhangsan")

    assert sign_in(client, "zhangsan", next=target).url == "/"


def test_signing_in_leads_on_to_the_page_that_was_asked_for(client):
    build.user("zhangsan")
    asked = client.get("/members/inbox/")

    assert asked.url == f"{SIGN_IN}?next=/members/inbox/"
    assert sign_in(client, "zhangsan", next="/members/inbox/").url == "/members/inbox/"


def test_the_session_id_changes_at_sign_in_and_dies_at_sign_out(client):  # AN-04
    build.user("zhangsan")
    client.get(SIGN_IN)
    sign_in(client, "zhangsan")
    cookie = client.cookies["sessionid"].value
    client.post("/members/sign-out/")
    client.cookies["sessionid"] = cookie

    assert client.get("/").url.startswith(SIGN_IN)


def test_a_first_password_leads_to_the_change_wherever_one_goes(client):  # AN-09
    build.user("zhangsan", must_change_password=True)
    sign_in(client, "zhangsan")
    change = reverse("members:password_change")

    assert client.get("/").url == change
    assert client.get("/members/inbox/").url == change
    assert client.get("/admin/").url == change
    client.post(
        change,
        {
            "new_password1": NEW,
            "new_password2": NEW,
        },
    )

    assert client.get("/").status_code == 200
    user = User.objects.get()
    assert not user.must_change_password
    assert user.check_password(NEW)


@pytest.mark.parametrize(
    ("new", "field"),
    [
        (build.PASSWORD, "new_password2"),  # the old one
        ("short", "new_password2"),
        ("12345678901", "new_password2"),
        ("password123", "new_password2"),
    ],
)
def test_a_weak_or_old_password_is_refused_at_its_field(client, new, field):
    build.user("zhangsan", must_change_password=True)
    sign_in(client, "zhangsan")
    page = client.post(
        reverse("members:password_change"),
        {"new_password1": new, "new_password2": new},
    )

    assert field in page.context["form"].errors
    assert User.objects.get().must_change_password


def test_opening_an_account_gives_the_own_record_and_a_first_password(client):
    member = build.member("王小明")
    user, password = accounts.open_account(member, by=None)

    assert user.username == f"wxm{member.pk}"
    assert user.has_perm("members.view_member", member)
    assert user.must_change_password
    assert sign_in(client, user.username, password).url == "/"


def test_a_second_account_is_refused():
    member = build.member()
    accounts.open_account(member, by=None)

    with pytest.raises(ValidationError) as refusal:
        accounts.open_account(member, by=None)
    assert refusal.value.code == "has_account"


def test_who_left_the_roll_gets_no_account():
    with pytest.raises(ValidationError) as refusal:
        accounts.open_account(build.member(state="removed"), by=None)
    assert refusal.value.code == "not_live"


def test_an_office_held_before_the_account_gives_its_rights_with_it():
    branch = build.branch()
    member = build.member(branch=branch)
    build.appointment(member, branch=branch)
    user, _password = accounts.open_account(member, by=None)

    assert user.has_perm("members.manage_roll", branch)


def test_nobody_switches_off_the_own_account():
    user = build.user()

    with pytest.raises(ValidationError) as refusal:
        accounts.set_active(user, False, by=user)
    assert refusal.value.code == "own_account"


def test_the_inbox_shows_own_lines_and_marks_them_read(client):
    user, other = build.user(), build.user()
    for account in (user, user, other):
        Notification.objects.create(user=account, kind="welcome")
    client.force_login(user)

    assert [
        line.user for line, _ in client.get("/members/inbox/").context["lines"]
    ] == [
        user,
        user,
    ]
    client.post("/members/inbox/")
    assert set(Notification.objects.unread()) == {Notification.objects.get(user=other)}


def test_the_inbox_costs_the_same_for_one_line_and_for_fifty(
    client, django_assert_max_num_queries
):
    user = build.user()
    client.force_login(user)
    Notification.objects.bulk_create(
        Notification(user=user, kind="appointed", context={"office": "secretary"})
        for _ in range(50)
    )

    with django_assert_max_num_queries(8):
        client.get("/members/inbox/")


def test_the_elder_view_is_kept_by_the_account_and_before_it_by_the_browser(client):
    user = build.user("zhangsan")
    client.post("/members/account/elder-view/", {"next": SIGN_IN})
    assert 'class="elder' in client.get(SIGN_IN).content.decode()
    sign_in(client, "zhangsan")
    client.post("/members/account/elder-view/", {"next": "/"})

    assert User.objects.get(pk=user.pk).elder_view
    assert 'class="elder' in client.get("/").content.decode()


def test_the_language_is_chinese_unless_one_chose_another(client):
    headers = {"HTTP_ACCEPT_LANGUAGE": "en"}

    assert client.get(SIGN_IN, **headers).headers["Content-Language"] == "zh-hans"
    client.post("/language/", {"language": "en", "next": SIGN_IN})
    assert client.get(SIGN_IN).headers["Content-Language"] == "en"


def test_the_chosen_language_comes_along_to_another_browser(client):
    build.user("zhangsan", language="en")
    sign_in(client, "zhangsan")

    assert client.cookies["django_language"].value == "en"
