"""The compartment of appraisals has a right of its own (LIFE-24, DESIGN: compartments)."""

import pytest

from activities import access_appraisal
from activities.models import (
    Appraisal,
    AppraisalResult,
    AppraisalRound,
    AppraisalTally,
    FollowUp,
    MutualOpinion,
    Talk,
)
from members import access
from members.models import Branch
from tests import build

pytestmark = pytest.mark.django_db
MODELS = (
    *(AppraisalRound, Appraisal, AppraisalResult, MutualOpinion),
    *(FollowUp, Talk, AppraisalTally),
)


def a_round(branch=None):
    """One row of each table, in a branch of its own."""
    branch = branch or build.branch()
    first, second = (build.member(branch=branch) for _ in range(2))
    made = build.appraisal_round(branch, first, second)
    one = made.appraisals.first()
    AppraisalResult.objects.create(appraisal=one, grade="basic", opinion="x")
    AppraisalTally.objects.create(round=made, counts="0")
    MutualOpinion.objects.create(appraisal=one, author=second, text="x")
    FollowUp.objects.create(
        appraisal=one, kind="talk", plan="x", owner=second, due_on="2026-12-31"
    )
    build.talk(first, second)
    return made, one


def reached(user):
    return {model for model in MODELS if access.reachable(user, model).exists()}


@pytest.mark.parametrize(
    ("office", "opens"),
    [
        ("secretary", True),
        ("deputy_secretary", True),
        ("organization_officer", True),
        ("discipline_officer", True),
        ("publicity_officer", False),
    ],
)
def test_four_offices_of_the_branch_open_it(office, opens):
    made, one = a_round()
    user = build.officer(office, of=made.branch)
    assert reached(user) == (set(MODELS) - {AppraisalTally} if opens else set())
    assert access_appraisal.managed_rounds(user).exists() is opens
    assert access_appraisal.managed_appraisals(user).filter(pk=one.pk).exists() is opens


def test_who_manages_activities_alone_does_not_open_it():
    made, _one = a_round()
    user = build.user()
    build.branch_grant(user, made.branch, "manage_activities")
    assert reached(user) == set()
    assert not access_appraisal.sees_some(user)


def test_the_right_in_a_branch_above_does_not_open_it():
    top, left, _right = build.tree()
    a_round(left)
    user = build.secretary(of=top, home=build.branch(parent=top))
    assert reached(user) == set()
    assert left not in access_appraisal.managed_branches(user)


@pytest.mark.parametrize("role", ["system", "security", "audit"])
def test_no_administrator_opens_it(role):
    made, one = a_round()
    user = build.administrator(role)
    # Not with a right given by mistake either.
    build.branch_grant(user, made.branch, "manage_appraisals")
    assert reached(user) == set()
    assert not access_appraisal.managed_branches(user).exists()
    assert not access_appraisal.own_appraisals(user).exists()
    assert one.pk


def test_a_right_that_is_over_does_not_open_it():
    made, _one = a_round()
    user = build.secretary(of=made.branch, ends_on="2021-01-01")
    assert reached(user) == set()


def test_members_find_their_own_part_and_their_peers_and_no_more():
    made, one = a_round()
    a_round()
    user = build.user(member=one.member)
    assert list(access_appraisal.own_appraisals(user)) == [one]
    others = set(made.appraisals.exclude(pk=one.pk))
    assert set(access_appraisal.other_appraisals(user)) == others
    assert reached(user) == {Talk}
    for model in MODELS:
        assert not access.reachable(user, model, "change").exists()


def test_who_helps_reaches_the_follow_up_alone():  # LIFE-26
    made, one = a_round()
    helper = build.user(member=made.appraisals.exclude(pk=one.pk).get().member)
    assert list(access_appraisal.owned_follow_ups(helper)) == list(one.follow_ups.all())
    assert reached(helper) == {FollowUp, Talk}


def test_who_left_finds_nothing():
    _made, one = a_round()
    user = build.user(member=one.member)
    one.member.state = "removed"
    one.member.save()
    user.refresh_from_db()
    assert not access_appraisal.own_appraisals(user).exists()
    assert not access_appraisal.own_talks(user).exists()
    assert not access_appraisal.sees_some(user)


def test_the_right_is_given_on_branches_and_explained_as_such():
    made, _one = a_round()
    user = build.secretary(of=made.branch)
    assert access.may(user, "members.manage_appraisals", made.branch)
    assert not access.may(user, "members.manage_appraisals", build.branch())
    assert "manage_appraisals" in access.rights_on(
        user, Branch.objects.get(pk=made.branch_id)
    )
