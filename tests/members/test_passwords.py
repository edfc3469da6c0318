"""What a password may not be (SEC-25, AN-09)."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from members.services import passwords
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    branch = build.branch("中共青石村支部", parent=build.committee("中共云溪镇委员会"))
    return build.user("xlh1001", member=build.member("薛丽华", branch=branch))


def codes(password, user):
    try:
        validate_password(password, user)
    except ValidationError as refusal:
        return {error.code for error in refusal.error_list}
    return set()


@pytest.mark.parametrize(
    "password",
    [
        "qingshicun2026",
        "青石村支部2026！！",
        "Yunxizhen-1234",
        "云溪镇 党支部 2026",
        "xuelihua-19700101",
        "BranchPortal#1",
        "智慧党建2026智慧党建",
        "ｘｌｈ１００１ xlh1001",
    ],
)
def test_names_that_others_know_are_no_password(user, password):  # AN-09
    assert "context_words" in codes(password, user)


@pytest.mark.parametrize(
    "password",
    [
        "woxihuanzaochen-heyibeicha",
        "青石村的春天最适合去爬山",
        "早晨六点起床浇三盆花",
        "🔑 correct horse battery 電池",
        "long " * 30,
    ],
)
def test_sentences_in_any_script_are_passwords(user, password):  # AN-09
    assert codes(password, user) == set()


def test_common_passwords_are_refused(user):
    assert "password_too_common" in codes("1234567890", user)
    assert "password_too_short" in codes("qT7#xyz", user)


def test_words_of_the_place_are_added_by_setting(user, settings):
    settings.PASSWORD_CONTEXT_WORDS = ["黔州"]

    assert "context_words" in codes("黔州2026黔州2026", user)
    assert "context_words" in codes("qianzhou202611", user)


@pytest.mark.parametrize(
    ("password", "refused"),
    [
        ("all small letters here", True),
        ("Small and Capital 7", False),
        ("早晨六点起床Abc", False),
        ("早晨六点起床浇三盆花", True),
    ],
)
def test_administrators_mix_three_kinds_of_signs(password, refused):  # SEC-25
    found = codes(password, build.administrator("system"))

    assert ("composition" in found) == refused


def test_the_last_five_passwords_do_not_come_back(user):  # SEC-25
    used = [
        f"a sentence of number {word}"
        for word in ["one", "two", "three", "four", "five"]
    ]
    for password in used:
        passwords.change_password(user, password, keep=None)

    assert ["had_before" in codes(password, user) for password in used] == [True] * 5
    assert codes(build.PASSWORD, user) == set()
    assert user.past_passwords.count() == 4
    assert user.past_passwords.filter(password=user.password).count() == 0


def test_remembering_none_is_a_setting(user, settings):
    settings.PASSWORDS_REMEMBERED = 0
    passwords.change_password(user, "a sentence of ours", keep=None)

    assert user.past_passwords.count() == 0
