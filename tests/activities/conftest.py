"""What tests of organizational life may rely on."""

import pytest
from django.utils import translation

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
