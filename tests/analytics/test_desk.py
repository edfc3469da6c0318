"""The desk: what is due or stuck comes first, for those who can act on it."""

from datetime import date

import pytest
import time_machine

from analytics import desk
from members.models import ImportBatch, User
from tests import build

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 10)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-11-10T10:00:00+08:00", tick=False):
        yield


def texts(user):
    """The lines of each section on the desk of `user`, by its icon."""
    user = User.objects.get(pk=user.pk)
    return {
        section.icon: [line.text for line in section.lines]
        for section in desk.sections(user, on=TODAY)
    }


def sound_branch(parent=None, name=""):
    """A branch with which nothing is wrong, and the account of its secretary."""
    branch = build.branch(name, parent=parent)
    build.term(branch, starts_on=date(2024, 1, 1), ends_on=date(2028, 12, 31))
    for _ in range(2):
        build.member(branch=branch)
    return branch, build.secretary(of=branch)


def test_a_sound_branch_has_an_empty_desk():
    _branch, secretary = sound_branch()

    assert texts(secretary) == {}


def test_a_term_is_due_six_months_before_its_end():  # ORG-39
    branch, secretary = sound_branch(name="中共东村支部")
    term = branch.terms.get()
    term.ends_on = date(2027, 5, 11)
    term.save()
    assert texts(secretary) == {}
    term.ends_on = date(2027, 5, 10)
    term.save()

    assert texts(secretary) == {"calendar-event": ["中共东村支部"]}


def test_only_the_newest_term_counts():
    branch, secretary = sound_branch()
    build.term(branch, starts_on=date(2019, 1, 1), ends_on=date(2023, 12, 31), number=2)

    assert texts(secretary) == {}


def test_a_correction_reaches_the_secretary_and_not_the_sibling():
    top = build.committee()
    branch, secretary = sound_branch(top)
    _other, sibling = sound_branch(top)
    build.correction(build.member("王小明", branch=branch))

    assert texts(secretary) == {"message-report": ["王小明"]}
    assert texts(sibling) == {}


@pytest.mark.parametrize(
    ("since", "shown"),
    [
        (date(2026, 8, 11), []),
        (date(2026, 8, 10), ["王小明"]),
        (date(2026, 5, 10), ["王小明"]),
    ],
)
def test_out_of_contact_is_shown_from_the_third_month(since, shown):  # MEM-23
    branch, secretary = sound_branch()
    build.member("王小明", branch=branch, out_of_contact_since=since)

    assert texts(secretary).get("phone-off", []) == shown


def test_probation_is_shown_a_month_before_it_ends():  # DEV-V12
    branch, secretary = sound_branch()
    build.member(
        "甲一", branch=branch, state="probationary", admitted_on=date(2025, 12, 10)
    )
    build.member(
        "乙二", branch=branch, state="probationary", admitted_on=date(2025, 12, 11)
    )

    assert texts(secretary) == {"user-check": ["甲一"]}


def test_a_branch_too_small_is_shown_to_those_who_lead_it():  # ORG-14
    top = build.committee()
    branch, _secretary = sound_branch(top)
    branch.members.exclude(user__isnull=False).first().delete()
    above = build.secretary(of=top, home=sound_branch(top)[0])

    assert texts(above)["users"] == [str(branch)]


def test_a_branch_without_a_secretary_is_shown_to_those_who_appoint():  # ORG-26
    top = build.committee()
    above = build.secretary(of=top, home=sound_branch(top)[0])
    vacant = build.branch("中共西村支部", parent=top)

    assert texts(above)["user-question"] == [str(vacant)]


def test_an_own_roster_waits_on_the_desk():
    branch, secretary = sound_branch()
    ImportBatch.objects.create(
        branch=branch, uploaded_by=secretary, file_name="名册.xlsx", state="checked"
    )

    assert texts(secretary) == {"upload": ["名册.xlsx"]}


def test_a_member_without_office_sees_nothing_of_the_branch(client):
    branch, _secretary = sound_branch()
    build.member(branch=branch, out_of_contact_since=date(2026, 1, 1))
    member = build.user(member=build.member("王小明", branch=branch))
    client.force_login(member)
    page = client.get("/")

    assert page.context["sections"] == []
    assert "王小明" in page.content.decode()


def test_the_desk_costs_the_same_for_one_branch_and_for_ten(
    client, django_assert_max_num_queries
):
    top = build.committee()
    above = build.secretary(of=top, home=sound_branch(top)[0])
    for _ in range(10):
        branch, _secretary = sound_branch(top)
        build.member(branch=branch, out_of_contact_since=date(2026, 1, 1))
        build.correction(build.member(branch=branch))
    client.force_login(above)

    with django_assert_max_num_queries(24):
        client.get("/")
