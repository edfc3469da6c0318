"""The accounts of members: opened, reset and switched by those with their rights."""

import re
from datetime import date

import pytest

from members.models import MemberGrant, User
from tests import build

pytestmark = pytest.mark.django_db

VERBS = ("open", "reset", "switch")
SLIP_PASSWORD = re.compile(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}")


@pytest.fixture
def people():
    top, left, right = build.tree()
    person = build.member("薛丽华", branch=left, phone="13955512345")
    return {
        "person": person,
        "owner": build.user("owner", member=person),
        "secretary": build.secretary(of=left),
        "above": build.secretary(of=top, home=left),
        "sibling": build.secretary(of=right),
        "publicity": build.officer("publicity_officer", of=left),
        "stranger": build.user("stranger"),
        "security": build.administrator("security"),
    }


ROLES = (
    "owner",
    "secretary",
    "above",
    "sibling",
    "publicity",
    "stranger",
    "security",
)


def post(client, user, member, verb, **given):
    client.force_login(user)
    return client.post(f"/members/{member.pk}/account/{verb}/", given)


def password_on(answer):
    (found,) = set(SLIP_PASSWORD.findall(answer.content.decode()))
    return found


# --- who ------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", VERBS)
def test_only_those_who_manage_the_roll_keep_accounts(client, people, verb):
    person = people["person"]
    before = User.objects.get(pk=people["owner"].pk)

    allowed = {
        role
        for role in ROLES
        if post(client, people[role], person, verb).status_code != 404
    }

    after = User.objects.get(pk=people["owner"].pk)
    assert allowed == {"secretary", "above"}
    assert (after.password, after.is_active) == (before.password, True)
    client.logout()
    answer = client.post(f"/members/{person.pk}/account/{verb}/")
    assert answer.url.startswith("/members/sign-in/")


@pytest.mark.parametrize("verb", VERBS)
def test_none_of_it_happens_by_opening_a_page(client, people, verb):  # AZ-15
    client.force_login(people["secretary"])

    assert (
        client.get(f"/members/{people['person'].pk}/account/{verb}/").status_code == 405
    )


def test_a_branch_does_not_hand_out_an_account_with_rights_beyond_its_own(
    client, people
):  # AZ-08
    left = people["person"].branch
    top_secretary = people["above"].member  # on the roll of the branch
    given = {"confirmed": "1"}

    for verb in VERBS:
        refused = post(client, people["secretary"], top_secretary, verb, **given)
        assert refused.status_code == 404
    assert (
        post(client, people["above"], people["secretary"].member, "reset").status_code
        == 200
    )
    fellow = build.user(member=build.member(branch=left))
    assert post(client, people["secretary"], fellow.member, "reset", **given)

    build.branch_grant(fellow, left.parent, "view_roll")
    assert post(client, people["secretary"], fellow.member, "reset").status_code == 404
    assert post(client, people["above"], fellow.member, "reset").status_code == 200


def test_neither_one_whose_office_is_still_to_come(client, people):  # AZ-08
    left = people["person"].branch
    coming = build.member(branch=left)
    build.appointment(coming, branch=left.parent, starts_on=date(2090, 1, 1))

    assert post(client, people["secretary"], coming, "open").status_code == 404
    assert not User.objects.filter(member=coming).exists()


def test_nor_one_with_a_purpose_on_a_record_elsewhere(client, people):  # AZ-08
    fellow = build.user(member=build.member(branch=people["person"].branch))
    build.member_grant(fellow, build.member())

    assert post(client, people["secretary"], fellow.member, "reset").status_code == 404


def test_a_right_that_ended_stands_in_nobodys_way(client, people):
    left = people["person"].branch
    was = build.member(branch=left)
    build.appointment(was, branch=left.parent, ends_on=date(2021, 1, 1))

    assert post(client, people["secretary"], was, "open").status_code == 200


# --- opened ---------------------------------------------------------------------------
def test_an_account_is_opened_with_a_slip_shown_once(client, people):
    member = build.member("李四", branch=people["person"].branch)

    answer = post(client, people["secretary"], member, "open")

    account = User.objects.get(member=member)
    assert account.check_password(password_on(answer))
    assert account.username in answer.content.decode()
    assert account.must_change_password
    assert "no-store" in answer["Cache-Control"]
    assert MemberGrant.objects.filter(user=account, content_object=member).exists()
    assert not SLIP_PASSWORD.search(
        client.get(f"/members/{member.pk}/").content.decode()
    )


def test_opening_twice_gives_no_second_password(client, people):
    member = build.member("李四", branch=people["person"].branch)
    first = post(client, people["secretary"], member, "open")

    again = post(client, people["secretary"], member, "open")

    assert again.url == f"/members/{member.pk}/"
    assert User.objects.get(member=member).check_password(password_on(first))


def test_one_who_left_gets_no_account(client, people):
    gone = build.member(branch=people["person"].branch, state="removed")

    assert post(client, people["secretary"], gone, "open").status_code == 302
    assert not User.objects.filter(member=gone).exists()


# --- reset and switched ---------------------------------------------------------------
def test_a_reset_is_confirmed_first_and_ends_the_old_password(client, people):
    person, owner = people["person"], people["owner"]

    post(client, people["secretary"], person, "reset")
    owner.refresh_from_db()
    assert owner.check_password(build.PASSWORD)

    answer = post(client, people["secretary"], person, "reset", confirmed="1")
    owner.refresh_from_db()
    assert owner.check_password(password_on(answer))
    assert owner.must_change_password


def test_without_an_account_there_is_nothing_to_reset_or_switch(client, people):
    member = build.member(branch=people["person"].branch)

    for verb in ("reset", "switch"):
        answer = post(client, people["secretary"], member, verb, confirmed="1")
        assert answer.status_code == 404


def test_an_account_is_switched_off_once_confirmed_and_on_again(client, people):
    person, owner = people["person"], people["owner"]

    def is_active():
        owner.refresh_from_db()
        return owner.is_active

    post(client, people["secretary"], person, "switch")
    assert is_active()
    post(client, people["secretary"], person, "switch", confirmed="1")
    assert not is_active()
    assert post(client, people["secretary"], person, "reset").status_code == 404
    post(client, people["secretary"], person, "switch", active="1")
    assert is_active()


def test_nobody_switches_off_the_own_account(client, people):
    secretary = people["secretary"]

    post(client, secretary, secretary.member, "switch", confirmed="1")

    secretary.refresh_from_db()
    assert secretary.is_active


def test_only_declared_things_change(client, people):  # AZ-08, AZ-10
    post(
        client,
        people["secretary"],
        people["person"],
        "switch",
        active="1",
        is_staff="1",
        is_superuser="1",
        administrator="system",
        username="root",
    )

    owner = User.objects.get(pk=people["owner"].pk)
    assert (
        owner.is_staff,
        owner.is_superuser,
        owner.administrator,
        owner.username,
    ) == (
        False,
        False,
        "",
        "owner",
    )
