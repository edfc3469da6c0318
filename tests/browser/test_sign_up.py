"""A member signs up on the phone for what is full, waits, and moves up when somebody
withdraws (RL-01)."""

import pytest
from playwright.sync_api import expect

from tests import build
from tests.browser.screens import PHONE


@pytest.mark.parametrize("screen", [PHONE], ids=["phone"], indirect=True)
def test_from_the_waiting_list_to_a_seat_on_a_phone(portal, axe):
    branch = build.branch("中共青石村支部委员会")
    activity = build.activity("义务植树", branch=branch, seats=1)
    first, second = (
        build.user(member=build.member(name, branch=branch))
        for name in ("薛丽华", "孟昭庆")
    )
    panel = portal.locator("#sign-up")

    def open_as(user):
        portal.context.clear_cookies()
        portal.sign_in(user)
        portal.visit(activity.get_absolute_url())

    open_as(first)
    axe(portal)
    panel.locator("#id_note").fill("带两把铁锹")
    panel.locator("button.btn-primary").click()
    panel.locator(".tone-success").wait_for()
    expect(panel).to_contain_text("带两把铁锹", use_inner_text=True)
    assert activity.sign_ups.get().state == "confirmed"

    open_as(second)
    expect(panel.locator(".tone-success")).to_have_count(0)
    panel.locator("button.btn-primary").click()
    panel.locator(".tone-warning").wait_for()
    assert activity.sign_ups.get(member=second.member).state == "waiting"
    axe(portal)

    open_as(first)
    panel.locator("summary").click()
    axe(portal)
    panel.locator("button.btn-danger").click()
    panel.locator("#id_note").wait_for()  # one may sign up again

    open_as(second)
    expect(panel.locator(".tone-success")).to_have_count(1)
    portal.visit("/members/inbox/")
    assert (
        "义务植树" in portal.locator("main .is-unread, main .inbox").first.inner_text()
    )
    portal.locator(
        f"main a[href='{activity.get_absolute_url()}#sign-up']"
    ).first.click()
    panel.locator("#offer button.btn-primary").wait_for()  # "I take it", or pass it on
    axe(portal)
    panel.locator("#offer button:not(.btn-primary)").click()
    panel.locator("#id_note").wait_for()
    assert set(activity.sign_ups.values_list("state", flat=True)) == {"withdrawn"}
    assert portal.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
