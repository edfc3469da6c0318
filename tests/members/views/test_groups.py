"""Party groups through their pages."""

from datetime import date

import pytest
import time_machine

from members.models import Appointment, PartyGroup
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-06-30T10:00:00+08:00", tick=False):
        yield


def url(group, page):
    return f"/members/branches/groups/{group.pk}/{page}/"


@pytest.mark.parametrize("page", ["edit", "dissolve"])
def test_who_opens_the_pages_of_a_group(client, page):
    top, left, right = build.tree()
    group = build.group(left)
    users = {
        "committee": build.secretary(of=top, home=right),
        "secretary": build.secretary(of=left),
        "organization": build.officer("organization_officer", of=left),
        "member": build.user(member=build.member(branch=left)),
        "sibling": build.secretary(of=right),
        "stranger": build.user(),
    }
    opened = set()
    for name, user in users.items():
        client.force_login(user)
        if client.get(url(group, page)).status_code == 200:
            opened.add(name)
        else:
            assert client.post(url(group, page), {"name": "x"}).status_code == 404

    assert opened == {"committee", "secretary"}
    client.logout()
    assert client.get(url(group, page)).url.startswith("/members/sign-in/")


def test_a_group_is_formed_and_filled(client):
    _top, left, _right = build.tree()
    people = [build.member(branch=left) for _ in range(3)]
    client.force_login(build.secretary(of=left))
    answer = client.post(f"/members/branches/{left.pk}/groups/add/", {"name": "第一组"})
    group = PartyGroup.objects.get()
    assert (group.branch, group.name, answer.url) == (
        left,
        "第一组",
        url(group, "edit"),
    )

    chosen = {person.pk for person in people[:2]}
    client.post(url(group, "edit"), {"name": "一组", "members": list(chosen)})
    group.refresh_from_db()
    assert (group.name, {member.pk for member in group.members.all()}) == (
        "一组",
        chosen,
    )
    client.post(url(group, "edit"), {"name": "一组", "members": [people[2].pk]})
    assert [member.pk for member in group.members.all()] == [people[2].pk]


def test_a_name_is_used_once_in_a_branch(client):
    _top, left, right = build.tree()
    build.group(right, "第一组")
    build.group(left, "第二组")
    client.force_login(build.secretary(of=left))
    add = f"/members/branches/{left.pk}/groups/add/"

    assert client.post(add, {"name": "第一组"}).status_code == 302
    refused = client.post(add, {"name": "第二组"})
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"name"})
    group = left.party_groups.get(name="第一组")
    refused = client.post(url(group, "edit"), {"name": "第二组"})
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"name"})
    group.refresh_from_db()
    assert group.name == "第一组"


def test_nobody_of_another_branch_gets_into_a_group(client):  # AZ-06, AZ-17
    top, left, right = build.tree()
    group, other = build.group(left), build.member(branch=right)
    own = build.member(branch=left)
    left_the_party = build.member(branch=left, state="removed")
    for user in (build.secretary(of=left), build.secretary(of=top, home=left)):
        client.force_login(user)
        for foreign in (other, left_the_party):
            posted = {"name": group.name, "members": [own.pk, foreign.pk]}
            refused = client.post(url(group, "edit"), posted)
            assert set(refused.context["form"].errors) == {"members"}
    assert not group.members.exists()


def test_who_is_in_another_group_is_marked_and_may_change_over(client):
    _top, left, _right = build.tree()
    first, second = build.group(left, "第一组"), build.group(left, "第二组")
    person = build.member("赵一", branch=left, party_group=first)
    client.force_login(build.secretary(of=left))

    choices = client.get(url(second, "edit")).context["form"].fields["members"].choices
    assert dict(choices)[person.pk] == "赵一 (第一组)"
    client.post(url(second, "edit"), {"name": "第二组", "members": [person.pk]})
    person.refresh_from_db()
    assert person.party_group == second


def test_without_the_right_to_the_roll_one_renames_only(client):
    _top, left, _right = build.tree()
    group = build.group(left)
    person = build.member(branch=left, party_group=group)
    user = build.user()
    build.branch_grant(user, left, "change_branch")
    client.force_login(user)
    form = client.get(url(group, "edit")).context["form"]
    client.post(url(group, "edit"), {"name": "新名", "members": []})
    group.refresh_from_db()

    assert set(form.fields) == {"name"}
    assert (group.name, list(group.members.all())) == ("新名", [person])


def test_a_group_with_people_is_not_dissolved(client):
    _top, left, _right = build.tree()
    group = build.group(left)
    person = build.member(branch=left, party_group=group)
    client.force_login(build.secretary(of=left))

    page = client.get(url(group, "dissolve"))
    assert (page.context["members"], "empty-state" in page.content.decode()) == (
        1,
        True,
    )
    assert client.post(url(group, "dissolve"), {"on": "2026-06-30"}).status_code == 422
    person.party_group = None
    person.save()
    assert client.post(url(group, "dissolve"), {"on": "2026-06-30"}).status_code == 302
    group.refresh_from_db()
    assert group.dissolved_on == date(2026, 6, 30)
    assert client.get(url(group, "edit")).status_code == 404


def test_the_office_of_its_leader_ends_with_a_group(client):
    _top, left, _right = build.tree()
    group = build.group(left)
    leader = build.member(branch=left)
    build.appointment(leader, office="group_leader", party_group=group)
    client.force_login(build.secretary(of=left))
    client.post(url(group, "dissolve"), {"on": "2026-06-30"})

    assert Appointment.objects.get(member=leader).ends_on == date(2026, 6, 30)
