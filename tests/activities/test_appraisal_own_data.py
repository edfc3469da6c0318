"""What members take along of appraisals and talks: their own, and what was fed back."""

from datetime import date

import pytest

from activities.models import (
    AppraisalResult,
    AppraisalRound,
    FollowUp,
    MutualOpinion,
)
from members.services import own_data, own_kinds
from tests import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage():
    """Two in a round; what stands at the first says of which kind it is."""
    branch = build.branch()
    first = build.member("陈芳", branch=branch)
    second = build.member("邓立新", branch=branch)
    made = build.appraisal_round(branch, first, second, step="opinion")
    one, _other = made.appraisals.all()
    one.self_text = "own words"
    one.save()
    AppraisalResult.objects.create(
        appraisal=one, grade="basic", opinion="told", reason="kept back", basic=54321
    )
    MutualOpinion.objects.create(appraisal=one, author=second, text="on the first")
    FollowUp.objects.create(
        appraisal=one, kind="talk", plan="plan", owner=second, due_on=date(2026, 12, 1)
    )
    build.talk(first, second, note="quietly")
    return [build.user(member=member) for member in (first, second)]


def file_of(user):
    return own_data.take(user)["parts"]


def rows(user, part):
    return file_of(user)[part]["rows"]


def test_the_result_is_in_the_file_once_it_is_told(stage):
    first, second = stage
    assert rows(first, "appraisal_results") == []
    assert own_kinds.held(first)["appraisal_results"] == 0
    AppraisalRound.objects.update(step="feedback")
    (row,) = rows(first, "appraisal_results")
    assert (row["grade"], row["opinion"]) == ("基本合格", "told")
    assert own_kinds.held(first)["appraisal_results"] == 1
    text = str(file_of(first))
    assert "kept back" not in text
    assert "54321" not in text
    assert rows(second, "appraisal_results") == []


def test_own_words_go_along_and_those_of_others_do_not(stage):
    first, second = stage
    AppraisalRound.objects.update(step="done")
    assert rows(first, "appraisals")[0]["self_text"] == "own words"
    assert "on the first" not in str(file_of(first))
    (said,) = rows(second, "opinions_on_others")
    assert said["text"] == "on the first"
    assert "陈芳" not in str(said)


def test_a_talk_goes_along_with_both_and_without_the_name_of_the_other(stage):
    for user, other in zip(stage, ("邓立新", "陈芳"), strict=True):
        (talk,) = rows(user, "talks")
        assert talk["note"] == "quietly"
        assert other not in str(talk)


def test_help_goes_along_with_whom_it_is_for(stage):
    first, second = stage
    assert rows(first, "follow_ups")[0]["plan"] == "plan"
    assert rows(second, "follow_ups") == []
