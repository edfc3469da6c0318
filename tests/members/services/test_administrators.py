"""The three administrators exclude one another, and nobody becomes one alone (AZ-09)."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from members.models import ApiToken, User
from members.services import administrators
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def security():
    return build.administrator("security")


def settle(user, role, by, *, is_staff=False):
    return administrators.settle_role(
        user, administrator=role, is_staff=is_staff, by=by
    )


def code_of(refused):
    error = refused.value
    if hasattr(error, "error_dict"):
        ((error,),) = error.error_dict.values()
    return error.code


def test_an_account_is_named_an_administrator_and_loses_that_again(security):
    user = settle(build.user("new"), "audit", security)
    assert (user.administrator, user.is_staff) == ("audit", True)

    user = settle(user, "", security)
    assert (user.administrator, user.is_staff) == ("", False)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: build.administrator("system"), "second_role"),
        (lambda: build.user(member=build.member()), "is_member"),
        (lambda: build.user(must_change_password=True), "first_password"),
    ],
)
def test_who_cannot_be_an_administrator(security, make, code):
    with pytest.raises(ValidationError) as refused:
        settle(make(), "audit", security)

    assert code_of(refused) == code


def test_who_holds_rights_on_a_branch_cannot_be_an_administrator(security):
    user = build.user()
    build.branch_grant(user, build.committee(), "view_roll")

    with pytest.raises(ValidationError) as refused:
        settle(user, "audit", security)

    assert code_of(refused) == "holds_grants"


def test_nobody_settles_the_own_role(security):
    with pytest.raises(ValidationError) as refused:
        settle(security, "", security)

    assert code_of(refused) == "own_account"
    assert User.objects.get(pk=security.pk).administrator == "security"


def test_the_database_refuses_what_the_services_would():
    for fields in (
        {"administrator": "both", "is_staff": True},
        {"administrator": "audit", "is_staff": False},
        {"administrator": "audit", "is_staff": True, "member": build.member()},
        {"is_superuser": True},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(username="x", **fields)


def test_a_member_may_be_let_into_the_administration(security):
    user = build.user(member=build.member())

    assert settle(user, "", security, is_staff=True).is_staff is True


def test_an_account_is_made_with_a_first_password():
    user, password = administrators.create_account(
        " founder ", by=None, display_name="筹备组"
    )

    assert (user.username, user.display_name) == ("founder", "筹备组")
    assert user.check_password(password)
    assert (user.must_change_password, user.is_staff, user.administrator) == (
        True,
        False,
        "",
    )


@pytest.mark.parametrize("name", ["", "taken", "a name with spaces"])
def test_an_unsound_account_name_is_refused_at_its_field(name):
    build.user("taken")

    with pytest.raises(ValidationError) as refused:
        administrators.create_account(name, by=None)

    assert list(refused.value.error_dict) == ["username"]


def test_an_account_is_renamed_and_switched():
    user, system = build.user("old"), build.administrator("system")

    administrators.change_account(user, display_name="新名", is_active=False, by=system)

    stored = User.objects.get(pk=user.pk)
    assert (stored.display_name, stored.is_active) == ("新名", False)


def test_an_administrator_is_not_switched_off_by_the_system_administrator(security):
    system = build.administrator("system")

    with pytest.raises(ValidationError) as refused:
        administrators.change_account(
            security, display_name="", is_active=False, by=system
        )

    assert code_of(refused) == "is_administrator"
    assert User.objects.get(pk=security.pk).is_active


def test_a_new_first_password_ends_the_old_one_and_the_tokens():
    user, system = build.user(member=build.member()), build.administrator("system")

    password = administrators.new_first_password(user, by=system)

    stored = User.objects.get(pk=user.pk)
    assert stored.check_password(password)
    assert not stored.check_password(build.PASSWORD)
    assert stored.must_change_password
    assert not ApiToken.objects.filter(user=user, revoked_at=None).exists()


@pytest.mark.parametrize(
    ("own", "code"), [(True, "own_account"), (False, "is_administrator")]
)
def test_an_administrators_password_is_not_made_anew_here(security, own, code):
    system = build.administrator("system")

    with pytest.raises(ValidationError) as refused:
        administrators.new_first_password(system if own else security, by=system)

    assert code_of(refused) == code


def test_the_command_makes_an_administrator_and_a_new_password(capsys):
    call_command("create_administrator", "anna", role="system")
    first = json_of(capsys)
    call_command("create_administrator", "anna", role="system")
    second = json_of(capsys)

    user = User.objects.get(username="anna")
    assert (user.administrator, user.is_staff, user.must_change_password) == (
        "system",
        True,
        True,
    )
    assert first["role"] == "system"
    assert not user.check_password(first["first_password"])
    assert user.check_password(second["first_password"])


def json_of(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize("role", ["", "audit"])
def test_the_command_takes_no_other_account_over(role):
    user = build.administrator(role) if role else build.user("audit")

    with pytest.raises(CommandError, match=r"\S"):
        call_command("create_administrator", user.username, role="system")

    assert User.objects.get(pk=user.pk).administrator == role
