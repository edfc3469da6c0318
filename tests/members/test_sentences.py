"""What a line of the inbox says: a sentence for each kind, with all its words."""

import re

import pytest
from django.urls import reverse
from django.utils import translation

from activities.models import HelperTask
from activities.services import helper_tasks
from members.models import Notification, Office
from members.sentences import SENTENCES, sentences
from tests import build

pytestmark = pytest.mark.django_db
GIVEN = {
    "member": "薛丽华",
    "branch": "青石村党支部",
    "on": "2026-11-26",
    "count": 7,
    "file": "名册.xlsx",
    "name": "义务植树",
    "who": "邓立新",
    "reason": "换届核对",
    "office": "secretary",
    "field": "phone",
    "state": "full",
    "alarm": "audit_broken",
    "place": "村委会",
    "at": "2026-11-26T09:00:00+08:00",
    "task": "带两把铁锹",
}


def test_there_is_a_sentence_for_each_kind():
    assert set(SENTENCES) == set(Notification.Kind)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("kind", Notification.Kind.values)
def test_a_sentence_holds_each_of_its_words(kind, language):
    line = Notification(user=build.user(), kind=kind, context=GIVEN)
    with translation.override(language):
        words = re.findall(r"%\((\w+)\)s", str(SENTENCES[Notification.Kind(kind)]))
        office = Office.objects.get(code="secretary").name
        ((_line, said),) = sentences([line])

    assert set(words) <= set(GIVEN)
    for word in words:
        shown = {"office": office, "at": "2026-11-26 09:00"}.get(word, str(GIVEN[word]))
        if word not in {"field", "state", "alarm"}:  # told by their labels
            assert shown in said
    assert "%(" not in said


def test_who_is_given_a_task_reads_of_it(client):
    branch = build.branch()
    helper = build.user(member=build.member("薛丽华", branch=branch))
    activity = build.activity("义务植树", branch=branch)
    task = HelperTask(activity=activity, title="带两把铁锹", member=helper.member)
    helper_tasks.save_task(task, by=build.secretary(of=branch))

    client.force_login(helper)
    for page in ("desk", "members:inbox"):
        answer = client.get(reverse(page))
        assert "带两把铁锹" in answer.text, page
