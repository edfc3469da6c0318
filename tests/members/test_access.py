"""Who may do what: exact sets, and the check and the list held together."""

from datetime import date, timedelta

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members import access
from members.models import Appointment, Branch, BranchGrant, Member, MemberGrant, User
from members.services import offices, states
from tests import build

pytestmark = pytest.mark.django_db

TODAY = date(2026, 6, 30)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-06-30T10:00:00+08:00", tick=False):
        yield


def fresh(user):
    """The account as the next request reads it."""
    return User.objects.get(pk=user.pk)


def test_a_secretary_sees_the_own_branch_and_all_below_it():
    top, left, right = build.tree()
    below = build.branch(parent=top, kind="general_branch")
    deep = build.branch(parent=below)
    committee, secretary = build.secretary(of=top, home=left), build.secretary(of=right)
    general = build.secretary(of=below, home=deep)

    assert set(access.managed_branches(committee)) == {top, left, right, below, deep}
    assert set(access.managed_branches(secretary)) == {right}
    assert set(access.managed_branches(general)) == {below, deep}


def test_the_sibling_branch_a_stranger_and_nobody_see_no_member():
    _top, left, right = build.tree()
    person = build.member(branch=left)
    secretary, sibling = build.secretary(of=left), build.secretary(of=right)
    stranger = build.user()

    assert set(access.visible_members(secretary)) == {person, secretary.member}
    assert set(access.visible_members(sibling)) == {sibling.member}
    assert set(access.visible_members(stranger)) == set()
    assert not sibling.has_perm("members.view_member", person)


def test_a_member_sees_the_own_record_and_branch_and_no_other():
    _top, left, _right = build.tree()
    other, person = build.member(branch=left), build.member(branch=left)
    user = build.user(member=person)

    assert set(access.visible_members(user)) == {person}
    assert set(access.visible_branches(user)) == {left}
    assert not user.has_perm("members.change_member", person)
    assert not user.has_perm("members.view_member", other)


@pytest.mark.parametrize("role", ["system", "security", "audit"])
def test_an_administrator_reads_no_record_of_a_person(role):  # AZ-09
    _top, left, _right = build.tree()
    build.member(branch=left)
    user = build.administrator(role)
    # Not even by a grant that somebody slips in.
    build.branch_grant(user, left, "view_roll")

    assert set(access.visible_members(user)) == set()
    assert not user.has_perm("members.view_member")


def test_the_rights_of_an_office_end_with_its_last_day():  # AZ-07, CNT-04
    branch = build.branch()
    user = build.secretary(of=branch, ends_on=TODAY)
    person = build.member(branch=branch)

    with time_machine.travel("2026-06-30T23:59:59+08:00", tick=False):
        assert fresh(user).has_perm("members.view_member", person)
    with time_machine.travel("2026-07-01T00:00:00+08:00", tick=False):
        assert not fresh(user).has_perm("members.view_member", person)


def test_rights_do_not_begin_before_the_first_day():
    branch = build.branch()
    user = build.secretary(of=branch, starts_on=TODAY + timedelta(days=1))
    person = build.member(branch=branch)

    assert not user.has_perm("members.view_member", person)


def test_a_switched_off_account_may_do_nothing():  # AZ-07
    branch = build.branch()
    user = build.secretary(of=branch)
    user.is_active = False

    assert set(access.visible_members(user)) == set()
    assert not user.has_perm("members.view_branch", branch)


def test_a_grant_on_one_record_reaches_that_record_until_it_ends():
    _top, left, _right = build.tree()
    person, other = build.member(branch=left), build.member(branch=left)
    user = build.user()
    build.member_grant(user, person, ends_on=TODAY)

    assert set(access.visible_members(user)) == {person}
    assert not user.has_perm("members.view_member", other)
    with time_machine.travel("2026-07-01T00:00:00+08:00", tick=False):
        assert set(access.visible_members(fresh(user))) == set()


def test_who_leaves_the_roll_loses_office_and_account():
    branch = build.branch()
    user = build.secretary(of=branch)
    states.change_state(
        user.member,
        "expelled",
        body="discipline",
        decided_on=TODAY,
        document_number="纪〔2026〕1号",
        by=None,
    )

    assert not fresh(user).is_active
    assert set(Appointment.objects.not_over(TODAY + timedelta(days=1))) == set()


def test_ending_an_appointment_tomorrow_leaves_today(django_assert_num_queries):
    branch = build.branch()
    user = build.secretary(of=branch)
    appointment = Appointment.objects.get()
    offices.end_appointment(appointment, on=TODAY, reason="换届", by=None)

    assert fresh(user).has_perm("members.view_roll", branch)
    with time_machine.travel("2026-07-01T00:00:00+08:00", tick=False):
        assert not fresh(user).has_perm("members.view_roll", branch)


def test_nobody_deletes():
    branch = build.branch()
    user = build.secretary(of=branch)

    for perm, record in (("member", user.member), ("branch", branch)):
        assert not user.has_perm(f"members.delete_{perm}", record)
    assert set(access.reachable(user, Member, "delete")) == set()


def test_scope_costs_one_query_and_is_kept_for_the_request(django_assert_num_queries):
    user = fresh(build.secretary(of=build.branch()))

    with django_assert_num_queries(1):
        access.scope(user, "view_roll")
        access.scope(user, "manage_roll")


# --- AZ-04 ----------------------------------------------------------------------------
@st.composite
def worlds(draw):
    """A random tree, with people, offices, grants, accounts and a day to look."""
    size = draw(st.integers(2, 7))
    parents = [draw(st.integers(0, i - 1)) for i in range(1, size)]
    kinds = [draw(st.booleans()) for _ in range(size)]  # a branch, or a committee
    people = draw(
        st.lists(
            st.tuples(st.integers(0, size - 1), st.booleans(), st.booleans()),
            min_size=1,
            max_size=5,
        )
    )
    day = st.integers(-3, 3)
    appointments = draw(
        st.lists(
            st.tuples(
                st.integers(0, len(people) - 1),
                st.sampled_from(
                    ["secretary", "publicity_officer", "organization_officer"]
                ),
                st.integers(0, size - 1),
                day,
                st.none() | st.integers(0, 4),
            ),
            max_size=5,
        )
    )
    grants = draw(
        st.lists(
            st.tuples(
                st.integers(0, len(people) - 1),
                st.booleans(),  # on a branch, or on a record
                st.integers(0, 9),
                day,
                st.integers(0, 4),
            ),
            max_size=4,
        )
    )
    moved = draw(
        st.none() | st.tuples(st.integers(1, size - 1), st.integers(0, size - 1))
    )
    return parents, kinds, people, appointments, grants, moved


def build_world(world):
    parents, kinds, people, appointments, grants, moved = world
    branches = [build.committee()]
    for parent, is_branch in zip(parents, kinds[1:], strict=True):
        above = branches[parent]
        kind = "branch" if is_branch else "committee"
        branches.append(build.branch(parent=above, kind=kind))
    users = []
    for at, live, active in people:
        state = "full" if live else "removed"
        person = build.member(branch=branches[at], state=state)
        users.append(build.user(member=person, is_active=active))
    for who, office, where, start, length in appointments:
        starts_on = TODAY + timedelta(days=start)
        build.appointment(
            users[who].member,
            office=office,
            branch=branches[where],
            starts_on=starts_on,
            ends_on=None if length is None else starts_on + timedelta(days=length),
        )
    for who, on_branch, where, start, length in grants:
        starts_on = TODAY + timedelta(days=start)
        dates = {"starts_on": starts_on, "ends_on": starts_on + timedelta(days=length)}
        if on_branch:
            given = branches[where % len(branches)]
            held = BranchGrant.objects.filter(
                user=users[who], content_object=given, appointment=None
            )
            if not held.exists():
                build.branch_grant(users[who], given, "view_roll", **dates)
        else:
            record = users[where % len(users)].member
            held = MemberGrant.objects.filter(
                user=users[who], content_object=record, purpose="inspection"
            )
            if not held.exists():
                build.member_grant(users[who], record, **dates)
    if moved is not None:
        move(branches[moved[0]], branches[moved[1]])
    return users


def move(branch, parent):
    """Rewrite the paths as a move does, unless it would make a cycle."""
    parent.refresh_from_db()
    branch.refresh_from_db()
    if parent.path.startswith(branch.path):
        return
    old, new = branch.path, f"{parent.path}{branch.pk}."
    for below in Branch.objects.filter(path__startswith=old):
        below.path = new + below.path[len(old) :]
        below.parent = parent if below.pk == branch.pk else below.parent
        below.save()


def oracle(user, member):
    """Whether `user` may see `member`, told by the tables and parent keys alone."""
    if not user.is_active:
        return False

    def holds_today(row):
        ends_on = row.ends_on
        return row.starts_on <= TODAY and (ends_on is None or ends_on >= TODAY)

    for grant in MemberGrant.objects.filter(user=user, content_object=member):
        if holds_today(grant):
            return True
    above, branch = set(), member.branch
    while branch is not None:
        above.add(branch.pk)
        branch = branch.parent
    offices_held = Appointment.objects.filter(member=user.member, branch__in=above)
    if any(holds_today(row) for row in offices_held):
        return True
    purposes = BranchGrant.objects.filter(
        user=user, content_object__in=above, appointment=None
    )
    return any(holds_today(row) for row in purposes)


@settings(
    max_examples=1000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=worlds())
def test_the_check_and_the_list_agree_on_random_worlds(world):  # AZ-04
    from django.db import transaction  # noqa: PLC0415

    sid = transaction.savepoint()
    try:
        for user in build_world(world):
            account = fresh(user)
            listed = set(access.visible_members(account))
            by_check = {
                member
                for member in Member.objects.all()
                if account.has_perm("members.view_member", member)
            }
            expected = {
                member for member in Member.objects.all() if oracle(user, member)
            }
            assert listed == by_check == expected
    finally:
        transaction.savepoint_rollback(sid)
