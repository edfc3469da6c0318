"""The calendar of a member: by a secret that can be revoked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from activities import calendar_file
from activities.models import CalendarFeed
from activities.services import calendar
from members.models import User
from tests import build

pytestmark = pytest.mark.django_db
FEED = "/activities/calendar.ics"


def read(client, secret):
    return client.get(FEED, {"key": secret})


@pytest.fixture
def member():
    return build.user(member=build.member(branch=build.branch()), language="zh-hans")


def test_the_secret_opens_it_without_a_sign_in(client, member):
    branch = member.member.branch
    build.activity("主题党日", branch=branch, place="一楼, 东侧; 102")
    build.activity("取消的", branch=branch, state="cancelled", cancelled_reason="雨")
    build.activity("草稿", branch=branch, state="draft")
    build.activity("别人的")
    secret = calendar.make_address(member)

    answer = read(client, secret)

    text = answer.content.decode().replace("\r\n ", "")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert text.count("BEGIN:VEVENT") == 2
    assert "LOCATION:一楼\\, 东侧\\; 102" in text
    assert "STATUS:CANCELLED" in text
    assert "草稿" not in text
    assert "别人的" not in text
    assert secret not in str(CalendarFeed.objects.values_list())


def test_who_plans_has_no_drafts_in_the_calendar(client):
    secretary = build.secretary(of=build.branch())
    build.activity("草稿", branch=secretary.member.branch, state="draft")

    text = read(client, calendar.make_address(secretary)).content.decode()

    assert "BEGIN:VEVENT" not in text


def test_a_wrong_an_old_and_a_revoked_secret_open_nothing(client, member):
    old = calendar.make_address(member)
    new = calendar.make_address(member)

    for wrong in ("", "x", "党", "a\0b", old, new[:-1]):
        assert read(client, wrong).status_code == 404, wrong
    assert read(client, new).status_code == 200
    calendar.revoke_address(member)
    calendar.revoke_address(member)
    assert read(client, new).status_code == 404


def test_an_account_that_is_switched_off_has_no_calendar(client, member):
    secret = calendar.make_address(member)
    User.objects.filter(pk=member.pk).update(is_active=False)

    assert read(client, secret).status_code == 404


def test_the_address_is_shown_once_on_its_page(client, member):
    client.force_login(member)
    page = client.post("/activities/calendar/")
    secret = page.context["address"].partition("key=")[2]

    assert read(client, secret).status_code == 200
    assert secret in page.content.decode()
    assert "key=" not in client.get("/activities/calendar/").content.decode()
    client.post("/activities/calendar/revoke/")
    assert not CalendarFeed.objects.exists()


def test_the_calendar_costs_the_same_however_much_it_holds(
    client, member, django_assert_num_queries
):
    secret = calendar.make_address(member)
    for count in (1, 6):
        for _number in range(count):
            build.activity(branch=member.member.branch)
        with django_assert_num_queries(2):
            read(client, secret)


def test_lines_are_folded_at_75_bytes_between_characters():
    activity = build.activity("党" * 60)

    text = calendar_file.written([activity], host="https://dj.example", name="活动")

    lines = text.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert f"SUMMARY:{'党' * 60}" in text.decode().replace("\r\n ", "")


def test_no_text_breaks_out_of_its_line():  # IN-12
    activity = build.activity("党课\r\nATTACH:http://x", purpose="一\n二\\;,")

    text = calendar_file.written([activity], host="https://dj.example", name="活动")

    lines = text.decode().split("\r\n")
    assert "SUMMARY:党课\\nATTACH:http://x" in lines
    assert not any(line.startswith("ATTACH") for line in lines)
    assert f"UID:activity-{activity.pk}@dj.example" in lines


def test_old_and_far_activities_are_left_out(member):
    now, branch = timezone.now(), member.member.branch
    for days in (-200, -10, 10, 500):
        build.activity(f"{days}", branch=branch, starts_at=now + timedelta(days=days))
    calendar.make_address(member)

    found = calendar.shown_to(CalendarFeed.objects.get(), now)

    assert [activity.title for activity in found] == ["-10", "10"]
