"""Organizational life on the home page: what comes next, what is owed, what waits."""

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from activities import access
from activities.models import AppraisalResult, Minutes
from activities.services import minutes, resolutions
from analytics import desk
from members.models import User
from tests import build

pytestmark = pytest.mark.django_db

COMING = "What comes next"
OWED = "Organizational life of the branch: still open"
UNRECORDED = "Took place, not recorded yet"
TO_SIGN = "Minutes wait for your signature"
APPRAISAL = "Appraisal of members"
GIVEN = "Resolutions for you to carry out"


@pytest.fixture(autouse=True)
def _english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def branch():
    return build.branch("中共青石村支部")


@pytest.fixture
def secretary(branch):
    return build.secretary(of=branch)


@pytest.fixture
def member(branch):
    return build.user(member=build.member("王小明", branch=branch))


def sections(user):
    return desk.of_life(User.objects.get(pk=user.pk), now=timezone.now())


def life(user):
    """The lines of each section, by its title."""
    found = sections(user)
    return {section.title: [line.text for line in section.lines] for section in found}


def test_a_member_sees_what_comes_next_in_order(branch, member):
    later = build.activity(
        "义务植树", branch=branch, starts_at=timezone.now() + timedelta(days=9)
    )
    sooner = build.activity("上党课", branch=branch)
    build.activity("草稿", branch=branch, state="draft")
    build.activity("别的支部", branch=build.branch())

    assert life(member)[COMING] == [sooner.title, later.title]


def test_nobody_is_told_of_meetings_of_others(branch, member, secretary):
    group = build.group(branch)
    soon = timezone.now() + timedelta(days=2)
    build.activity("支委会", branch=branch, audience="committee", starts_at=soon)
    build.activity(
        "二组会", branch=branch, audience="group", party_group=group, starts_at=soon
    )

    assert COMING not in life(member)
    assert life(secretary)[COMING] == ["支委会"]
    member.member.party_group = group
    member.member.save()
    assert life(member)[COMING] == ["二组会"]


@pytest.mark.parametrize(
    ("meant", "fits"),
    [
        ({"offices": ["secretary"]}, False),
        ({"offices": ["publicity_officer"]}, True),
        ({"occupations": ["50000"]}, True),
        ({"occupations": ["20000"]}, False),
        ({"interests": ["farming"]}, True),
        ({"interests": ["law"]}, False),
    ],
)
def test_what_is_meant_for_some_comes_to_them(branch, member, meant, fits):
    person = member.member
    build.appointment(person, office="publicity_officer", branch=branch)
    person.interests.create(interest="farming")
    person.occupation = "50000"
    person.save()
    activity = build.activity(branch=branch, seats=4, **meant)

    assert (COMING in life(member)) is fits
    assert access.invited(activity).filter(pk=person.pk).exists() is fits
    build.sign_up(activity, person)
    assert COMING in life(member)


def test_who_signed_up_elsewhere_is_reminded_there(member):
    elsewhere = build.activity("外支部的课", branch=build.branch(), seats=5)
    build.sign_up(elsewhere, member.member)

    assert life(member)[COMING] == ["外支部的课"]


@pytest.mark.parametrize("state", ["applicant", "stopped"])
def test_who_takes_no_part_is_not_invited(branch, state):  # MEM-07
    build.activity(branch=branch)
    person = build.user(member=build.member(branch=branch, state=state))

    assert COMING not in life(person)


def test_who_plans_sees_what_the_own_branch_owes_and_no_other(
    branch, secretary, member
):
    build.branch(parent=branch.parent)
    today = timezone.localdate()
    [owed] = [s for s in sections(secretary) if s.title == OWED]

    assert 0 < len(owed.lines) <= 5
    for line in owed.lines:
        assert f"branch={branch.pk}" in line.url
    assert str(today.year) in owed.lines[0].text
    assert "ago" not in " ".join(line.note for line in owed.lines)
    assert OWED not in life(member)


def test_what_took_place_waits_for_its_list(branch, secretary, member):
    build.activity(
        "昨天的课", branch=branch, starts_at=timezone.now() - timedelta(days=1)
    )
    build.activity(
        "办完了的",
        branch=branch,
        state="held",
        starts_at=timezone.now() - timedelta(days=2),
    )

    assert life(secretary)[UNRECORDED] == ["昨天的课"]
    assert UNRECORDED not in life(member)


def test_minutes_wait_for_the_second_of_two(branch, secretary, member):  # MIN-10
    meeting = build.meeting(branch, state="held")
    waiting = Minutes.objects.create(
        activity=meeting,
        revision=1,
        number=1,
        state="signing",
        begins_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        place=meeting.place,
        chair=secretary.member,
        recorder=member.member,
        recorder_signed_at=timezone.now(),
        recorder_signed_by=member,
    )

    assert life(secretary)[TO_SIGN] == [meeting.title]
    assert TO_SIGN not in life(member)
    Minutes.objects.filter(pk=waiting.pk).update(state="draft", recorder_signed_at=None)
    assert TO_SIGN not in life(secretary)


def test_the_page_shows_them_with_their_links(client, branch, member):
    activity = build.activity("上党课", branch=branch)
    client.force_login(member)
    page = client.get("/").content.decode()

    assert f'href="{activity.get_absolute_url()}"' in page
    assert activity.place in page


def test_it_costs_the_same_for_one_activity_and_for_many(
    client, branch, secretary, django_assert_max_num_queries
):
    for days in range(1, 12):
        build.activity(branch=branch, starts_at=timezone.now() + timedelta(days=days))
        build.activity(branch=branch, starts_at=timezone.now() - timedelta(days=days))
    client.force_login(secretary)

    with django_assert_max_num_queries(24):
        client.get("/")


def test_the_page_of_a_branch_leads_to_its_life(client, branch, secretary, member):
    client.force_login(member)
    page = client.get(branch.get_absolute_url()).content.decode()
    assert f"/activities/branches/{branch.pk}/duties/" in page
    assert f"/activities/branches/{branch.pk}/register/" not in page

    client.force_login(secretary)
    page = client.get(branch.get_absolute_url()).content.decode()
    for name in ("duties", "register", "effect", "modules"):
        address = f"/activities/branches/{branch.pk}/{name}/"
        assert address in page
        assert client.get(address).status_code == 200
    branch.closed_on = date(2026, 1, 1)
    branch.save()
    page = client.get(branch.get_absolute_url()).content.decode()
    assert "/modules/" not in page


def test_an_own_resolution_stands_on_the_desk_with_its_day_until_it_is_ticked(
    branch, secretary, member
):
    """MIN-09: for who is responsible, and for nobody else."""
    signed = build.signed_minutes(
        build.meeting(branch, title="三季度党员大会"),
        signers=(secretary, member),
        resolutions=[("修路", member.member), ("写总结", secretary.member)],
    )
    today = timezone.localdate()
    assert life(secretary)[GIVEN] == ["写总结"]
    [section] = given(member)
    assert (section.count, section.url) == (1, "/activities/resolutions/")
    [line] = section.lines
    assert (line.text, line.note) == ("修路", f"by {today} · 三季度党员大会")

    resolution = signed.resolutions.get(text="修路")
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        [line] = given(member)[0].lines
        assert line.note == f"was due on {today} · 三季度党员大会"
    resolutions.tick(resolution, by=member, now=timezone.now())
    assert GIVEN not in life(member)


def given(user):
    return [section for section in sections(user) if section.title == GIVEN]


def test_a_resolution_of_a_draft_is_not_on_the_desk(branch, member):
    draft = minutes.start(build.meeting(branch), by=member, now=timezone.now())
    due_on = timezone.localdate()
    draft.resolutions.create(text="修路", member=member.member, due_on=due_on)

    assert GIVEN not in life(member)


@pytest.mark.parametrize(
    ("step", "fields", "waits"),
    [
        ("self", {}, True),
        ("mutual", {}, False),
        ("poll", {"poll": "on_line"}, True),
        ("poll", {"poll": "on_paper"}, False),
        ("opinion", {}, False),
    ],
)
def test_the_own_appraisal_stands_there_while_it_waits(
    branch, member, secretary, step, fields, waits
):  # LIFE-23
    round_ = build.appraisal_round(branch, member.member, step=step, **fields)

    assert life(member).get(APPRAISAL, []) == ([round_.title] if waits else [])
    assert APPRAISAL not in life(secretary)  # takes no part in this one
    own = round_.appraisals.get()
    own.exempt_reason = "年老体弱"
    own.save()
    assert APPRAISAL not in life(member)


def test_a_result_waits_until_it_is_read(branch, member):
    round_ = build.appraisal_round(branch, member.member, step="feedback")
    own = round_.appraisals.get()
    result = AppraisalResult.objects.create(appraisal=own, opinion="踏实肯干")
    assert life(member)[APPRAISAL] == [round_.title]

    result.read_at = timezone.now()
    result.save()
    assert APPRAISAL not in life(member)
