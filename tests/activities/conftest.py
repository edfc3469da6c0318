"""What tests of organizational life may rely on."""

import pytest
from django.utils import timezone, translation

from activities.models import AgendaItem, Minutes
from activities.services import minutes
from tests import build


@pytest.fixture
def in_english(settings):
    """Sentences are compared in the language of the code."""
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def branch():
    return build.branch("中共青石村支部")


@pytest.fixture
def chair(branch):
    """The secretary, who chairs the meetings and signs as such."""
    user = build.user("chair", member=build.member("张书记", branch=branch))
    build.appointment(user.member, branch=branch)
    return user


@pytest.fixture
def recorder(branch, chair):
    """Who writes the minutes, and signs as such."""
    return build.user("recorder", member=build.member("李记录", branch=branch))


@pytest.fixture
def tellers(branch):
    return [
        build.user(member=build.member(name, branch=branch))
        for name in ("监票", "计票")
    ]


@pytest.fixture
def people(branch):
    names = ("丁甲", "王乙", "田丙", "江丁")  # of 2, 4, 5 and 6 strokes
    return [build.member(name, branch=branch) for name in names]


@pytest.fixture
def election_draft(branch, chair, recorder, tellers, people):
    """Minutes of an election, with all eight marked as present."""
    meeting = build.meeting(branch, title="选举大会")
    AgendaItem.objects.create(activity=meeting, position=1, title="选举支部委员会")
    for member in (chair.member, recorder.member, *people):
        build.attendance(meeting, member)
    for user in tellers:
        build.attendance(meeting, user.member)
    draft = minutes.start(meeting, by=chair, now=timezone.now())
    minutes.save(draft, {"recorder": recorder.member}, [], [])
    return Minutes.objects.get(pk=draft.pk)
