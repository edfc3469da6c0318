"""Signed-in devices: seen, and ended from one another (AN-04)."""

from playwright.sync_api import expect

from tests import build


def sign_in(page, url, user):
    page.goto(f"{url}/members/sign-in/")
    page.fill("#id_username", user.username)
    page.fill("#id_password", build.PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_url(lambda found: "sign-in" not in found)


def test_ending_all_others_signs_the_other_browser_out(
    portal, axe, browser, live_server
):
    user = build.user(member=build.member("王小明"))
    portal.sign_in(user)
    elsewhere = browser.new_context(locale="zh-CN").new_page()
    sign_in(elsewhere, live_server.url, user)

    portal.visit("/members/account/")
    portal.click("main a[href$='/account/devices/']")
    expect(portal.locator("main tbody tr")).to_have_count(2)
    axe(portal)
    portal.click("button[value=others]")
    portal.wait_for_selector(".message-success")
    expect(portal.locator("main tbody tr")).to_have_count(1)

    elsewhere.goto(f"{live_server.url}/members/me/")
    assert "/sign-in/" in elsewhere.url
    sign_in(elsewhere, live_server.url, user)
    portal.visit("/members/account/devices/")
    portal.click("button[value=all]")
    portal.wait_for_url("**/members/sign-in/")
    elsewhere.goto(f"{live_server.url}/members/me/")
    assert "/sign-in/" in elsewhere.url
    elsewhere.context.close()
