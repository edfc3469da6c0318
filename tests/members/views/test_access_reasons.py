"""Why may this person see this? The page, and that it tells what the checks do."""

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members import access
from members.models import User
from tests import build

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-06-30T10:00:00+08:00", tick=False):
        yield


def urls(member):
    return (
        f"/members/branches/{member.branch_id}/access/",
        f"/members/{member.pk}/access/",
    )


def told(reasons):
    return {(r.user and r.user.username, r.kind, r.rights) for r in reasons}


def test_who_may_ask(client):
    top, left, right = build.tree()
    person = build.member(branch=left)
    users = {
        "committee": build.secretary(of=top, home=right),
        "secretary": build.secretary(of=left),
        "organization": build.officer("organization_officer", of=left),
        "owner": build.user(member=person),
        "sibling": build.secretary(of=right),
        "stranger": build.user(),
        "audit": build.administrator("audit"),
    }
    for url in urls(person):
        opened = set()
        for name, user in users.items():
            client.force_login(user)
            plain = client.get(url).status_code
            assert client.get(url, headers=HTMX).status_code == plain  # AZ-14
            if plain == 200:
                opened.add(name)
        assert opened == {"committee", "secretary"}
        client.logout()
        assert client.get(url).url.startswith("/members/sign-in/")


def test_every_ground_is_told(client):
    top, left, right = build.tree()
    person = build.member(branch=left)
    build.user("owner", member=person)
    user = build.secretary(of=left)
    above = build.officer("publicity_officer", of=top, home=right)
    inspector, guest = build.user("inspector"), build.user("guest")
    build.branch_grant(inspector, top, "view_roll", purpose="巡察")
    build.branch_grant(build.user("over"), top, "view_roll", ends_on=date(2026, 6, 29))
    build.member_grant(guest, person, purpose="核查")
    client.force_login(user)
    on_branch, on_member = (client.get(url) for url in urls(person))

    assert told(on_member.context["reasons"]) == {
        ("owner", "owner", ("view",)),
        (user.username, "appointment", ("view", "reveal", "change")),
        (above.username, "appointment", ("view",)),
        ("inspector", "purpose", ("view",)),
        ("guest", "record", ("view",)),
    }
    assert told(on_branch.context["reasons"]) == {
        (None, "membership", ("view",)),
        (user.username, "appointment", ("view", "change")),
        (above.username, "appointment", ("view",)),
    }
    (counted,) = (r for r in on_branch.context["reasons"] if r.kind == "membership")
    assert counted.count == 2
    assert "巡察" in on_member.content.decode()


def test_one_account_is_checked_by_name(client):
    top, left, right = build.tree()
    person = build.member(branch=left)
    above = build.secretary(of=top, home=right)
    sibling = build.secretary(of=right)
    client.force_login(build.secretary(of=left))
    _on_branch, url = urls(person)

    found = client.get(url, {"account": f" {above.username} "}).context
    assert [found[f"may_{right}"] for right in ("view", "reveal", "change")] == [
        *[True] * 3
    ]
    assert {reason.user for reason in found["found"]} == {above}
    unknown = client.get(url, {"account": "nobody"})
    other = client.get(url, {"account": sibling.username})
    for answer in (unknown, other):
        assert (answer.context["may_view"], answer.context["found"]) == (False, [])
    # Whether such an account exists is not betrayed.
    assert unknown.content.decode().count("nobody") == other.content.decode().count(
        sibling.username
    )


@pytest.mark.parametrize("account", ["", "\0", "x" * 500])
def test_an_odd_account_name_is_refused_at_its_field(client, account):
    branch = build.branch()
    client.force_login(build.secretary(of=branch))
    answer = client.get(f"/members/branches/{branch.pk}/access/", {"account": account})

    assert set(answer.context["form"].errors) == {"account"}


def test_htmx_gets_the_answer_alone(client):
    branch = build.branch()
    user = build.secretary(of=branch)
    client.force_login(user)
    for url in urls(user.member):
        page = client.get(
            url, {"account": user.username}, headers=HTMX
        ).content.decode()
        assert page.strip().startswith('<div id="answer"')
        assert user.member.name in page


def count_queries(client, url):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def test_more_accounts_cost_no_more_queries(client):
    top, left, right = build.tree()
    person = build.member(branch=left)
    client.force_login(build.secretary(of=left))
    few = [count_queries(client, url) for url in urls(person)]
    for _ in range(3):
        build.officer("publicity_officer", of=left)
        build.officer("publicity_officer", of=top, home=right)
        build.member_grant(build.user(), person)

    assert [count_queries(client, url) for url in urls(person)] == few


# --- the reasons and the checks -----------------------------------------------------------
def world():
    """Accounts with every kind of ground, some of them over, switched off or gone."""
    top, left, right = build.tree()
    below = build.branch(parent=build.branch(parent=top, kind="general_branch"))
    build.secretary(of=top, home=right)
    build.secretary(of=left)
    build.secretary(of=right, ends_on=date(2026, 6, 30))
    build.secretary(of=below, ends_on=date(2026, 6, 29))
    build.officer("organization_officer", of=left, starts_on=date(2026, 7, 1))
    build.officer("group_leader", of=left, party_group=build.group(left))
    for right_given in (
        *("view_branch", "view_roll", "change_branch", "manage_roll"),
        "reveal_sensitive",
    ):
        build.branch_grant(build.user(), top, right_given)
        build.branch_grant(build.user(), left, right_given, ends_on=date(2026, 1, 1))
        build.branch_grant(build.user(is_active=False), left, right_given)
        build.branch_grant(build.user(), left, right_given, purpose="a")
    for right_given in ("view_member", "change_member"):
        build.member_grant(build.user(), left.members.first(), right_given)
    build.user(member=build.member(branch=left))
    build.user(member=build.member(branch=left, state="removed"))
    build.user(member=build.member(branch=left), is_active=False)
    for role in ("system", "security", "audit"):
        slipped = build.administrator(role)
        build.branch_grant(slipped, top, "view_roll")
    return [top, left, right, below], left.members.all()


def test_an_account_has_a_ground_if_and_only_if_it_may():  # AZ-04
    branches, members = world()
    for user in User.objects.select_related("member__branch"):
        for record in [*branches, *members]:
            name = record._meta.model_name
            reasons = access.explain(record, user=user)
            for action in ("view", "change"):
                may = user.has_perm(f"members.{action}_{name}", record)
                has_ground = any(action in reason.rights for reason in reasons)
                assert (user, record, action, has_ground) == (user, record, action, may)
            if record in members:
                may = user.has_perm("members.reveal_sensitive", record)
                assert may == any("reveal" in reason.rights for reason in reasons)


def test_all_reasons_are_those_of_each_account_together():
    branches, members = world()
    for record in [*branches, *members]:
        listed = [r for r in access.explain(record) if r.kind != "membership"]
        each = [
            reason
            for user in User.objects.all()
            for reason in access.explain(record, user=user)
            if reason.kind != "membership"
        ]
        assert set(listed) == set(each)
        assert len(listed) == len(each)
