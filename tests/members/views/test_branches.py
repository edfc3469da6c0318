"""The page of a branch: who sees what of it, and what it says is due."""

from datetime import date

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.models import LocalCode, Office, User
from members.services import branches
from members.views import branches as views
from members.views.branches import region_name
from tests import build

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
ACTIONS = (
    "may_edit",
    "may_add",
    "may_move",
    "may_close",
    "may_appoint",
    "may_start_term",
    "may_group",
    "may_explain",
)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-06-30T10:00:00+08:00", tick=False):
        yield


def page(client, user, branch, **query):
    client.force_login(user)
    return client.get(f"/members/branches/{branch.pk}/", query)


def allowed(answer):
    return {name for name in ACTIONS if answer.context[name]}


def rules(hints):
    return [hint.rule for hint in hints]


# --- who sees it ----------------------------------------------------------------------
def test_what_each_office_may_do_on_the_page(client):
    top, left, _right = build.tree()
    committee = build.secretary(of=top, home=left)
    secretary = build.secretary(of=left)
    publicity = build.officer("publicity_officer", of=left)

    assert allowed(page(client, committee, left)) == set(ACTIONS) - {"may_add"}
    assert allowed(page(client, secretary, left)) == {
        "may_edit",
        "may_appoint",
        "may_start_term",
        "may_group",
        "may_explain",
    }
    assert allowed(page(client, publicity, left)) == set()
    assert "may_add" in allowed(page(client, committee, top))
    assert "may_move" not in allowed(page(client, committee, top))


def test_a_member_sees_the_page_without_numbers_and_actions(client):
    _top, left, _right = build.tree()
    build.group(left)
    secretary = build.secretary(of=left)
    answer = page(client, build.user(member=build.member(branch=left)), left)

    assert allowed(answer) == set()
    assert answer.context["states"] is None
    assert answer.context["groups"][0].members is None
    assert answer.context["hints"] == answer.context["committee_hints"] == []
    (seat,) = answer.context["seats"]
    assert [h.appointment.member for h in seat.holders] == [secretary.member]
    assert [h.may_see for h in seat.holders] == [False]
    assert "/members/roll/" not in answer.content.decode()


@pytest.mark.parametrize("office", ["secretary", "publicity_officer"])
def test_the_sibling_and_a_stranger_get_a_404(client, office):  # AZ-03
    top, left, right = build.tree()
    for user in (build.officer(office, of=right), build.user()):
        assert page(client, user, left).status_code == 404
    # From below one does not see what stands above.
    assert page(client, build.officer(office, of=left), top).status_code == 404


def test_signed_out_one_is_led_to_the_sign_in(client):
    answer = client.get(f"/members/branches/{build.branch().pk}/")

    assert (answer.status_code, answer.url[:17]) == (302, "/members/sign-in/")


@pytest.mark.parametrize("role", ["system", "security", "audit"])
def test_an_administrator_sees_no_name_and_no_number(client, role):  # AZ-09
    _top, left, _right = build.tree()
    holder = build.secretary(of=left).member
    answer = page(client, build.administrator(role), left)

    assert holder.name not in answer.content.decode()
    assert answer.context["states"] is None
    assert allowed(answer) == set()


def test_a_branch_above_is_named_and_linked_only_where_it_may_be_seen(client):
    top, left, _right = build.tree()
    seen = page(client, build.secretary(of=top, home=left), left).context["breadcrumbs"]
    unseen = page(client, build.secretary(of=left), left).context["breadcrumbs"]

    assert [(item["label"], bool(item["url"])) for item in seen] == [
        (str(top), True),
        (str(left), True),
    ]
    assert [(item["label"], bool(item["url"])) for item in unseen] == [
        (str(top), False),
        (str(left), True),
    ]


# --- what it says ---------------------------------------------------------------------
def test_people_are_counted_by_state(client):
    _top, left, _right = build.tree()
    user = build.secretary(of=left)
    for state in ("full", "probationary", "applicant", "removed"):
        build.member(branch=left, state=state)
    states = page(client, user, left).context["states"]

    assert {row["state"]: row["count"] for row in states} == {
        "full": 2,
        "probationary": 1,
        "applicant": 1,
    }


def test_a_committee_counts_the_people_below_it(client):
    top, left, right = build.tree()
    user = build.secretary(of=top, home=left)
    build.member(branch=right)
    states = page(client, user, top).context["states"]

    assert {row["state"]: row["count"] for row in states} == {"full": 2}


def test_too_many_branches_are_counted_in_the_roll(client, monkeypatch):
    monkeypatch.setattr(views, "COUNTED_BELOW", 2)
    top, left, _right = build.tree()
    answer = page(client, build.secretary(of=top, home=left), top)

    assert answer.context["states"] is None
    assert f"/members/roll/?branch={top.code}" in answer.content.decode()


def test_too_small_and_too_large_a_branch_is_pointed_out(client):  # ORG-14
    top, left, right = build.tree()
    user = build.secretary(of=top, home=left)
    for _ in range(2):
        build.member(branch=left)
    for i in range(51):
        build.member(branch=right, state="full" if i else "probationary")

    assert "ORG-14" not in rules(page(client, user, left).context["hints"])
    assert rules(page(client, user, right).context["hints"])[0] == "ORG-14"
    build.secretary(of=left)
    left.members.filter(pk=user.member.pk).update(branch=right)
    left.members.exclude(user=None).update(branch=right)
    assert rules(page(client, user, left).context["hints"])[0] == "ORG-14"


def test_a_large_branch_is_told_to_form_groups(client):  # ORG-15
    _top, left, _right = build.tree()
    user = build.secretary(of=left)
    for _ in range(19):
        build.member(branch=left)

    assert "ORG-15" in rules(page(client, user, left).context["hints"])
    build.group(left)
    assert "ORG-15" not in rules(page(client, user, left).context["hints"])


def test_a_group_says_what_it_lacks(client):  # ORG-07, ORG-15
    _top, left, _right = build.tree()
    user = build.secretary(of=left)
    group = build.group(left)
    (item,) = page(client, user, left).context["groups"]
    assert (item.members, rules(item.hints)) == (0, ["ORG-07", "ORG-15"])

    members = [build.member(branch=left, party_group=group) for _ in range(3)]
    build.appointment(members[0], office="group_leader", party_group=group)
    (item,) = page(client, user, left).context["groups"]
    assert (item.members, item.hints) == (3, [])
    assert [holder.appointment.member for holder in item.leaders] == [members[0]]


def test_vacant_offices_are_shown_as_the_rules_expect(client):  # ORG-19, ORG-21
    top, left, right = build.tree()
    user = build.secretary(of=top, home=right)

    def vacant():
        context = page(client, user, left).context
        empty = [seat.office.code for seat in context["seats"] if not seat.holders]
        return empty, rules(context["committee_hints"])

    assert vacant() == (["secretary"], ["ORG-21"])
    for _ in range(7):
        build.member(branch=left)
    assert vacant() == (
        [
            "secretary",
            "organization_officer",
            "publicity_officer",
            "discipline_officer",
        ],
        ["ORG-21", "ORG-19"],
    )
    for i, office in enumerate(
        ["secretary", "organization_officer", "publicity_officer"]
    ):
        build.appointment(left.members.all()[i], office=office, branch=left)
    assert vacant() == (["discipline_officer"], [])


def test_the_committee_is_shown_as_of_a_day(client):
    _top, left, _right = build.tree()
    user = build.secretary(of=left, starts_on=date(2024, 5, 1))
    before = build.member(branch=left)
    build.appointment(before, branch=left, ends_on=date(2024, 4, 30))

    def secretary(on):
        (seat,) = page(client, user, left, on=on).context["seats"]
        return [holder.appointment.member for holder in seat.holders]

    assert secretary("2024-04-30") == [before]
    assert secretary("2024-05-01") == [user.member]
    assert page(client, user, left, on="2019-12-31").context["seats"] == []


def test_a_day_that_is_none_is_refused_at_its_field(client):
    _top, left, _right = build.tree()
    answer = page(client, build.secretary(of=left), left, on="2024-02-30")

    assert "on" in answer.context["day_form"].errors
    assert answer.context["is_today"]


def test_htmx_gets_the_committee_alone(client):
    _top, left, _right = build.tree()
    user = build.secretary(of=left)
    client.force_login(user)
    answer = client.get(f"/members/branches/{left.pk}/?on=2021-01-01", headers=HTMX)

    assert user.member.name in answer.content.decode()
    assert answer.content.decode().strip().startswith('<div id="committee">')
    other = client.get(f"/members/branches/{_right.pk}/?on=2021-01-01", headers=HTMX)
    assert other.status_code == 404  # AZ-14


def test_who_comes_later_is_shown_apart(client):
    _top, left, _right = build.tree()
    user = build.secretary(of=left, ends_on=date(2026, 8, 31))
    later = build.appointment(
        build.member(branch=left), branch=left, starts_on=date(2026, 9, 1)
    )
    context = page(client, user, left).context

    assert [holder.appointment for holder in context["coming"]] == [later]
    assert [len(seat.holders) for seat in context["seats"]] == [1]


@pytest.mark.parametrize(
    ("ends_on", "due", "overdue"),
    [
        ("2027-01-01", False, False),
        ("2026-12-31", True, False),
        ("2026-06-30", True, False),
        ("2026-06-29", True, True),
    ],
)
def test_the_next_election_is_announced_six_months_before(
    client, ends_on, due, overdue
):
    _top, left, _right = build.tree()  # ORG-39
    build.term(left, starts_on=date(2023, 7, 1), ends_on=date.fromisoformat(ends_on))
    answer = page(client, build.secretary(of=left), left)

    assert ("ORG-39" in rules(answer.context["hints"])) == due
    assert ("tone-danger" in answer.content.decode()) == overdue


def test_a_temporary_branch_shows_no_term(client):  # ORG-12
    top = build.committee()
    temporary = build.branch(parent=top, kind="temp_branch")
    answer = page(client, build.secretary(of=top), temporary)

    assert not answer.context["may_start_term"]
    assert "/terms/add/" not in answer.content.decode()
    assert rules(answer.context["hints"]) == []


def test_history_tells_decisions_and_edits_with_who_made_them(client):
    top, left, _right = build.tree()
    user = build.secretary(of=top, home=left)
    branch = build.branch("中共北村支部", parent=top)
    client.force_login(user)
    client.post(
        f"/members/branches/{branch.pk}/edit/",
        {
            "name": "中共北村支部",
            "code": branch.code,
            "kind": "branch",
            "setting": "community",
            "established_on": "2010-07-01",
            "unit_relation": "same",
        },
    )
    general = build.branch("中共总支", parent=top, kind="general_branch")
    branches.move_branch(
        branch, general, decided_on=date(2026, 6, 1), document_number="1号", by=user
    )
    lines = page(client, user, branch).context["history"]
    # The database has a clock of its own, so their order is not told here.
    edited, moved = sorted(lines, key=lambda line: line.change is not None)

    assert (moved.change.kind, moved.day, moved.user) == (
        "moved",
        date(2026, 6, 1),
        user,
    )
    assert moved.edits == []
    assert [(edit.old != edit.new) for edit in edited.edits] == [True]
    assert edited.user == User.objects.get(pk=user.pk)


def test_a_closed_branch_keeps_its_page_and_offers_nothing_but_the_reasons(client):
    top, left, _right = build.tree()
    closed = build.branch(parent=top, closed_on=date(2020, 1, 1))

    assert allowed(page(client, build.secretary(of=top, home=left), closed)) == {
        "may_explain"
    }


def test_a_region_is_named_as_far_as_it_is_known():
    day = date(2026, 1, 1)
    LocalCode.objects.create(
        table="region", code="370100", name_zh="济南市", valid_from=day
    )

    assert region_name("") == ""
    assert region_name("370102").endswith("济南市 (370102)")
    LocalCode.objects.create(
        table="region", code="370102", name_zh="历下区", valid_from=day
    )
    assert region_name("370102").endswith("济南市 历下区")


def count_queries(client, branch):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/members/branches/{branch.pk}/").status_code == 200
    return len(queries)


def test_more_of_everything_costs_no_more_queries(client):
    top, left, _right = build.tree()
    user = build.secretary(of=top, home=left)
    branch = build.branch(parent=top)
    leader = build.member(branch=branch)
    build.appointment(leader, office="group_leader", party_group=build.group(branch))
    build.appointment(leader)
    build.term(branch)
    client.force_login(user)
    few = count_queries(client, branch)
    for number, office in enumerate(Office.objects.filter(in_committee=True)[:6]):
        build.appointment(build.member(branch=branch), office=office.code)
        build.term(
            branch,
            number=number + 2,
            starts_on=date(1990 + number, 1, 1),
            ends_on=date(1993 + number, 1, 1),
        )
        group = build.group(branch)
        member = build.member(branch=branch, party_group=group)
        build.appointment(member, office="group_leader", party_group=group)
        branch.notes = f"{number}"
        branch.save()

    assert count_queries(client, branch) == few
