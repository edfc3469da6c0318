"""A lock-out, as the one sees it who mistyped (AN-02)."""

from playwright.sync_api import expect

from tests import build


def test_after_five_wrong_passwords_the_page_says_how_long_to_wait(portal, axe):
    user = build.user("zhangsan")
    portal.visit("/members/sign-in/")
    for _ in range(5):
        portal.fill("#id_username", user.username)
        portal.fill("#id_password", "not the password")
        with portal.expect_navigation():
            portal.click("main button.btn-primary")
        expect(portal.locator(".form-errors")).to_have_count(1)
    portal.fill("#id_password", build.PASSWORD)
    portal.click("main button.btn-primary")

    expect(portal.locator("main")).to_contain_text("15", use_inner_text=True)
    expect(portal.locator("main a.btn")).to_have_count(1)
    axe(portal)
    portal.visit("/members/roll/")
    assert "/sign-in/" in portal.url
