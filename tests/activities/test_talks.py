"""Heart-to-heart talks: noted, counted by pairs, and who waits for one (LIFE-09)."""

from datetime import date

import pytest
from django.db import connection

from activities import access_appraisal
from activities.models import Talk
from activities.services import talks
from members.models import AuditEntry
from tests import build
from tests.activities.test_appraisals import refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
TODAY = date(2026, 11, 26)


@pytest.fixture
def branch():
    return build.branch()


def note(first, second, *, by=None, **fields):
    talk = Talk(
        branch=fields.pop("branch", first.branch),
        first=first,
        second=second,
        held_on=fields.pop("held_on", TODAY),
        topic=fields.pop("topic", "work"),
        note=fields.pop("note", ""),
    )
    return talks.note(talk, by=by or build.user(member=first), today=TODAY)


def test_a_talk_is_noted_and_its_note_is_sealed(branch):
    first, second = (build.member(branch=branch) for _ in range(2))
    made = note(first, second, note="  家中有困难 ")
    assert Talk.objects.get().note == "家中有困难"
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM activities_talk")
        assert "家中有困难".encode() not in bytes(cursor.fetchone()[0])
    entry = AuditEntry.objects.get(act="talk_noted")
    assert (entry.subject_id, entry.context) == (made.pk, {"pair": "members"})


@pytest.mark.parametrize(
    ("offices", "pair"),
    [
        ((), "members"),
        (("secretary",), "mixed"),
        (("secretary", "organization_officer"), "committee"),
    ],
)
def test_the_class_of_a_pair_follows_the_offices(branch, offices, pair):
    two = [build.member(branch=branch) for _ in range(2)]
    for member, office in zip(two, offices, strict=False):
        build.appointment(member, office=office)
    assert note(*two).pair == pair
    # Of the day of the talk: nobody held an office then.
    assert talks.pair_of(build.talk(*two, held_on=date(2019, 1, 1))) == "members"


def test_the_same_talk_noted_by_both_is_one(branch):
    first, second = (build.member(branch=branch) for _ in range(2))
    note(first, second, note="mine")
    user = build.user(member=second)
    made = note(second, first, by=user, note="ours")
    assert Talk.objects.get().note == made.note == "ours"
    note(first, second, by=user)
    assert Talk.objects.get().note == "ours"
    note(first, second, by=user, topic="life")
    assert Talk.objects.count() == 2


def test_what_a_talk_lacks(branch):
    first, second = (build.member(branch=branch) for _ in range(2))
    user = build.user(member=first)
    assert refusal(note, first, build.member(), by=user) == {"not_here"}
    applicant = build.member(branch=branch, state="applicant")
    assert refusal(note, first, applicant, by=user) == {"not_here"}
    assert refusal(note, first, first, by=user) == {"same"}
    for day in (date(2026, 11, 27), date(2024, 12, 31)):
        assert refusal(note, first, second, by=user, held_on=day) == {"range"}
    assert refusal(note, first, second, by=user, topic="x") == {"no_choice"}
    assert refusal(note, first, second, by=user, note="x" * 4001) == {"too_long"}
    assert not Talk.objects.exists()


def test_those_whom_nobody_talked_with_are_named_in_the_order_of_names(branch):
    """Never by numbers, and a talk of the last year does not count."""
    names = ("赵甲", "李乙", "陈丙", "王丁")
    zhao, li, chen, wang = (build.member(name, branch=branch) for name in names)
    build.member(branch=branch, state="activist")
    build.talk(li, zhao, held_on=date(2026, 3, 1))
    build.talk(chen, wang, held_on=date(2025, 3, 1))
    assert list(talks.without(branch, 2026)) == [chen, wang]


def test_classes_of_pairs_are_those_the_branch_can_have(branch):  # LIFE-09
    first, second = (build.member(branch=branch) for _ in range(2))
    assert [one.pair for one in talks.classes(branch, 2026)] == ["members"]
    build.appointment(first, office="secretary")
    build.talk(first, second, pair="mixed", held_on=date(2026, 1, 5))
    found = [(one.pair, one.number) for one in talks.classes(branch, 2026)]
    assert found == [("mixed", 1), ("members", 0)]
    build.appointment(second, office="organization_officer")
    pairs = [one.pair for one in talks.classes(branch, 2026)]
    assert pairs == ["committee", "mixed", "members"]


def test_a_talk_is_read_by_the_two_and_by_the_right_in_that_branch(branch):
    parent = branch.parent or build.committee()
    branch.parent = parent
    branch.save()
    people = [build.user(member=build.member(branch=branch)) for _ in range(3)]
    talk = build.talk(people[0].member, people[1].member)
    readers = {
        "first": people[0],
        "second": people[1],
        "a third": people[2],
        "secretary": build.secretary(of=branch),
        "another branch": build.secretary(of=build.branch()),
        "above": build.secretary(of=parent, home=build.branch(parent=parent)),
        "publicity": build.officer("publicity_officer", of=branch),
        "system": build.administrator("system"),
    }
    sees = {
        name
        for name, user in readers.items()
        if access_appraisal.visible_talks(user).filter(pk=talk.pk).exists()
    }
    assert sees == {"first", "second", "secretary"}
