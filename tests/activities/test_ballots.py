"""Quorum, sums and outcome of votes, with the numbers of the rules."""

import pytest

from activities import ballots
from activities.ballots import Count, Rule


def count(rule=Rule.DECISION, **numbers):
    """A vote in which all who are present vote in favor, but for what is said."""
    present = numbers.pop("present", 20)
    given = {"eligible": 20, "present": present, "issued": present}
    given |= {"no": 0, "abstain": 0, "void": 0} | numbers
    given.setdefault("yes", given["issued"] - given["no"] - given["abstain"])
    spoken = given["yes"] + given["no"] + given["abstain"] + given["void"]
    given.setdefault("returned", spoken)
    return Count(rule=rule, **given)


@pytest.mark.parametrize(("eligible", "present"), [(20, 16), (21, 17), (24, 20)])
def test_an_election_needs_four_fifths_of_those_due(eligible, present):  # EL-04
    assert ballots.quorum(Rule.ELECTION, eligible) == present


@pytest.mark.parametrize(("eligible", "present"), [(20, 10), (21, 11), (1, 1), (0, 0)])
def test_a_meeting_needs_half_of_those_due(eligible, present):  # MEET-01, MEET-05
    assert ballots.quorum(Rule.DECISION, eligible) == present


def test_an_admission_needs_more_than_half_of_those_due():  # DEV-V01
    assert ballots.quorum(Rule.ADMISSION, 20) == 11
    assert ballots.quorum(Rule.ADMISSION, 21) == 11


def test_a_meeting_of_half_may_meet_and_can_never_pass_anything():  # MEET-01, MEET-02
    found = ballots.outcome(count(eligible=20, present=10))

    assert (found.has_quorum, found.passed, found.needed) == (True, False, 11)


def test_a_decision_takes_more_than_half_of_those_due():  # MEET-02
    assert ballots.needed(Rule.DECISION, eligible=9, present=5) == 5
    assert ballots.outcome(count(eligible=20, present=12, yes=11, no=1)).passed
    assert not ballots.outcome(count(eligible=20, present=12, yes=10, no=2)).passed


@pytest.mark.parametrize(
    ("present", "yes", "is_elected"),
    [(16, 9, True), (17, 9, True), (16, 8, False), (17, 8, False)],
)
def test_an_election_takes_more_than_half_of_those_present(
    present, yes, is_elected
):  # EL-10
    no = present - yes
    vote = count(Rule.ELECTION, eligible=20, present=present, yes=yes, no=no)

    assert ballots.outcome(vote).passed is is_elected


def test_without_a_quorum_nobody_is_elected():  # EL-04
    found = ballots.outcome(count(Rule.ELECTION, eligible=20, present=15))

    assert (found.has_quorum, found.passed) == (False, False)


def test_written_opinions_count_for_an_admission_and_for_nothing_else():  # DEV-V02, V03
    numbers = {"eligible": 20, "present": 11, "yes": 9, "no": 2}
    written = {"written_opinions": 2, "written_yes": 2}

    assert ballots.outcome(count(Rule.ADMISSION, **numbers, **written)).passed
    assert not ballots.outcome(count(Rule.DECISION, **numbers, **written)).passed
    absent = count(Rule.ADMISSION, eligible=20, present=10, yes=10, **written)
    assert not ballots.outcome(absent).has_quorum


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ({}, {}),
        ({"void": 1, "yes": 19}, {}),
        ({"returned": 19}, {"returned": "sum"}),
        ({"yes": 21}, {"returned": "more_than_issued"}),
        ({"issued": 21, "yes": 20}, {"issued": "more_than_present"}),
        ({"present": 21, "issued": 20}, {"present": "more_than_due"}),
        ({"written_opinions": 1}, {"written_opinions": "more_than_absent"}),
        (
            {"present": 15, "written_opinions": 1, "written_yes": 2},
            {"written_yes": "more_than_written"},
        ),
    ],
)
def test_the_sums_are_checked(numbers, found):  # MIN-15, EL-08
    assert ballots.faults(count(**numbers)) == found


@pytest.mark.parametrize(("seats", "candidates"), [(3, 4), (5, 6), (7, 9), (10, 12)])
def test_a_fifth_more_candidates_than_seats(seats, candidates):  # EL-05
    assert ballots.candidates_needed(seats) == candidates


def test_the_highest_are_elected_first():  # EL-11
    votes = {"甲": 12, "乙": 16, "丙": 10, "丁": 8}

    found = ballots.elect(votes, seats=2, present=16)

    assert (found.elected, found.tied, found.vacant) == (("乙", "甲"), (), 0)


def test_a_tie_on_the_last_seat_is_voted_on_anew():  # EL-11
    found = ballots.elect({"甲": 12, "乙": 10, "丙": 10}, seats=2, present=16)

    assert (found.elected, found.tied, found.vacant) == (("甲",), ("乙", "丙"), 1)


def test_seats_are_left_where_too_few_have_more_than_half():  # EL-10, EL-12
    found = ballots.elect({"甲": 12, "乙": 8}, seats=2, present=16)

    assert (found.elected, found.tied, found.vacant) == (("甲",), (), 1)
