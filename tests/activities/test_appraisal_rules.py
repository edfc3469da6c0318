"""The arithmetic of appraisals: the third, the order of the poll, papers (LIFE-20 …)."""

import pytest

from activities import appraisal_rules as rules
from activities.appraisal_rules import Graded, Papers


def votes(excellent=0, qualified=0, basic=0, unqualified=0):
    return {
        "excellent": excellent,
        "qualified": qualified,
        "basic": basic,
        "unqualified": unqualified,
    }


def test_there_are_four_grades_the_best_first():  # LIFE-20
    assert rules.ORDER == ("excellent", "qualified", "basic", "unqualified")


@pytest.mark.parametrize(
    ("members", "most"), [(15, 5), (16, 5), (17, 5), (18, 6), (2, 0), (0, 0)]
)
def test_a_third_is_excellent_as_a_rule(members, most):  # LIFE-21
    assert rules.most_excellent(members) == most


def test_what_most_chose_needs_no_reason():  # LIFE-25
    for grade in rules.ORDER:
        one = Graded(grade, votes(**{grade: 4}))
        assert not rules.needs_reason(one, [], is_crowded=False)


def test_another_grade_than_most_chose_needs_one():  # LIFE-25
    assert rules.needs_reason(Graded("basic", votes(qualified=4)), [], is_crowded=False)
    assert rules.needs_reason(
        Graded("qualified", votes(excellent=4)), [], is_crowded=False
    )
    # Of two equal ones either will do.
    even = votes(excellent=2, qualified=2)
    assert not rules.needs_reason(Graded("qualified", even), [], is_crowded=False)
    assert not rules.needs_reason(Graded("excellent", even), [], is_crowded=False)


def test_more_than_the_third_thought_excellent_need_none():  # LIFE-21, LIFE-25
    """Of three members, one place; two are excellent to most: one of them has it."""
    first = Graded("excellent", votes(excellent=5))
    second = Graded("qualified", votes(excellent=4, qualified=1))
    both = [first.counts, second.counts]
    assert rules.is_crowded(both, members=3)
    assert not rules.is_crowded(both, members=6)
    assert not rules.needs_reason(second, [first], is_crowded=True)
    assert rules.needs_reason(second, [first], is_crowded=False)


def test_turning_two_round_needs_one_reason_of_either():  # LIFE-25
    """Who has fewer votes is graded better."""
    less = Graded("excellent", votes(excellent=3, qualified=2))
    more = votes(excellent=5)
    other = Graded("qualified", more)
    assert rules.needs_reason(less, [other], is_crowded=True)
    assert rules.needs_reason(other, [less], is_crowded=True)
    explained = Graded("qualified", more, has_reason=True)
    assert not rules.needs_reason(less, [explained], is_crowded=True)
    # Votes alike leave the order to people.
    same = Graded("qualified", less.counts)
    assert not rules.needs_reason(less, [same], is_crowded=True)


def test_shares_are_compared_and_not_numbers():  # LIFE-25
    """Nobody votes on oneself, so some were judged by one more than others."""
    assert rules.place(votes(excellent=4)) > rules.place(votes(excellent=4, basic=1))
    assert rules.place(votes()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("papers", "faults"),
    [
        (Papers(5, 5, 0), {}),
        (Papers(5, 4, 1), {}),
        (Papers(6, 4, 1), {"issued": "more_than_voters"}),
        (Papers(4, 5, 0), {"returned": "more_than_issued"}),
        (Papers(5, 4, 5), {"void": "more_than_returned"}),
    ],
)
def test_papers_add_up(papers, faults):  # MIN-15
    assert rules.faults(papers, voters=5) == faults


def test_marks_are_as_many_as_valid_papers():  # MIN-15
    papers = Papers(5, 5, 1)
    assert rules.adds_up(papers, votes(3, 1) | {"blank": 0})
    assert rules.adds_up(papers, votes(3) | {"blank": 1})
    assert not rules.adds_up(papers, votes(3) | {"blank": 0})


def test_two_grades_would_tell_who_chose_what():  # LIFE-24
    assert not rules.may_be_kept(votes(1, 1) | {"blank": 7})
    assert rules.may_be_kept(votes(1, 2))
