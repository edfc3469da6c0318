"""The list at a meeting without a connection: ticks wait in the browser, outlive a reload,
and are sent by themselves, once each."""

import json
import uuid

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from activities.models import Tick
from activities.services import ticks
from tests import build
from tests.browser.screens import PHONE

pytestmark = pytest.mark.parametrize("screen", [PHONE], ids=["phone"], indirect=True)


@pytest.fixture
def branch():
    return build.branch("中共青石村支部委员会")


@pytest.fixture
def host(branch):
    return build.secretary(of=branch)


@pytest.fixture
def people(branch):
    return [
        build.member(name, branch=branch) for name in ("王甲", "李乙", "张丙", "赵丁")
    ]


@pytest.fixture
def meeting(branch, people):
    return build.meeting(branch)


def open_list(portal, host, meeting):
    portal.sign_in(host)
    portal.visit(f"/activities/{meeting.pk}/")
    portal.click("#attendance a[href*='/check-in/']")
    portal.wait_for_selector("#check-in[data-copied]")


def box(portal, member):
    return portal.locator(f"input[name=present][value='{member.pk}']")


def kept(portal):
    """What the browser holds, by key."""
    found = portal.evaluate("() => ({...localStorage})")
    return {key: json.loads(text) for key, text in found.items()}


def names(meeting):
    return set(meeting.attendances.values_list("member__name", flat=True))


def test_ticks_wait_for_the_connection_and_are_merged_without_doubles(
    portal, axe, host, meeting, people, branch
):
    wang, li, zhang, zhao = people
    open_list(portal, host, meeting)
    axe(portal)
    state = portal.locator(".ticks-state")
    expect(state).to_contain_text("所有勾选都已保存", use_inner_text=True)

    portal.context.set_offline(True)
    box(portal, wang).check()
    box(portal, li).check()
    state.get_by_text("等待联网发送的勾选：2").wait_for()
    assert names(meeting) == set()
    (rows,) = kept(portal).values()
    assert [set(row) for row in rows] == [{"key", "member", "is_present", "at"}] * 2
    axe(portal)

    # Meanwhile a second host ticked one of them, and somebody else.
    second = build.secretary(of=branch)
    now = timezone.now()
    sent = [ticks.Sent(uuid.uuid4(), one.pk, True, now) for one in (wang, zhao)]
    ticks.take(meeting, sent, clock=now, by=second, now=now)

    portal.reload()  # from the copy of the page: there is no connection
    state.get_by_text("等待联网发送的勾选：2").wait_for()
    assert box(portal, wang).is_checked()
    assert box(portal, li).is_checked()
    assert not box(portal, zhang).is_checked()
    assert not box(portal, zhao).is_checked()  # the copy does not know it yet
    box(portal, zhang).check()
    state.get_by_text("等待联网发送的勾选：3").wait_for()

    portal.context.set_offline(False)
    state.get_by_text("所有勾选都已保存").wait_for()
    assert names(meeting) == {"王甲", "李乙", "张丙", "赵丁"}
    assert meeting.attendances.count() == 4
    assert box(portal, zhao).is_checked()
    assert Tick.objects.filter(member=wang).count() == 2
    assert kept(portal) == {}
    portal.reload()
    assert portal.locator(".ticks-count").inner_text() == "4"


def test_a_list_closed_meanwhile_refuses_at_the_row_and_loses_nothing(
    portal, axe, host, meeting, people
):
    wang, *_others = people
    open_list(portal, host, meeting)
    portal.context.set_offline(True)
    box(portal, wang).check()
    build.signed_minutes(meeting)
    portal.context.set_offline(False)

    row = portal.locator(".ticks li", has=box(portal, wang))
    row.get_by_text("会议记录已签字").wait_for()
    axe(portal)
    expect(portal.locator(".ticks-state")).to_contain_text(
        "未被接收的勾选：1", use_inner_text=True
    )
    assert len(kept(portal)) == 1
    assert names(meeting) == set()
    row.locator("[data-discard]").click()
    assert kept(portal) == {}
    assert not box(portal, wang).is_checked()


def test_a_session_that_ended_leaves_the_ticks_until_one_is_back(
    portal, host, meeting, people
):
    wang, *_others = people
    open_list(portal, host, meeting)
    portal.context.set_offline(True)
    box(portal, wang).check()
    portal.context.clear_cookies(name="sessionid")
    portal.context.set_offline(False)
    again = portal.locator(".ticks-state a")
    again.wait_for()
    assert names(meeting) == set()

    again.click()
    portal.wait_for_url("**/sign-in/**")
    portal.fill("#id_username", host.username)
    portal.fill("#id_password", build.PASSWORD)
    portal.click("main button.btn-primary")
    if portal.url.endswith("/sign-in/code/"):
        portal.fill("#id_code", build.code(host))
        portal.click("main button.btn-primary")
    portal.get_by_text("所有勾选都已保存").wait_for()
    assert names(meeting) == {"王甲"}
    assert kept(portal) == {}


def open_menu(portal):
    menu = portal.locator("details.menu:has(form[action$='/sign-out/'])")
    if menu.get_attribute("open") is None:
        menu.locator("> summary").click()


def test_signing_out_takes_ticks_and_copy_off_the_device(portal, host, meeting, people):
    wang, *_others = people
    open_list(portal, host, meeting)
    assert portal.evaluate("caches.keys()") == ["check-in"]
    portal.context.set_offline(True)
    box(portal, wang).check()
    portal.locator(".ticks-state").get_by_text("等待联网发送的勾选：1").wait_for()
    open_menu(portal)
    portal.click("form[action$='/sign-out/'] button")
    dialog = portal.locator("dialog[open]")
    expect(dialog).to_contain_text(
        "尚未发送", use_inner_text=True
    )  # asks before anything is lost
    dialog.locator("button[value='']").click()
    assert len(kept(portal)) == 1

    portal.context.set_offline(False)
    portal.get_by_text("所有勾选都已保存").wait_for()
    open_menu(portal)
    portal.click("form[action$='/sign-out/'] button")
    portal.wait_for_url("**/sign-in/**")
    portal.wait_for_function("async () => (await caches.keys()).length === 0")
    assert kept(portal) == {}
