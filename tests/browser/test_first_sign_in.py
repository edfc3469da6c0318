"""The first sign-in: a first password, choosing the own one, the own record."""

from playwright.sync_api import expect

from members.services import accounts
from tests import build


def test_a_member_signs_in_for_the_first_time(portal, axe):
    member = build.member("王小明", branch=build.branch("中共青石村支部委员会"))
    _user, password = accounts.open_account(member, by=None)

    portal.visit("/")
    axe(portal)
    portal.fill("#id_username", member.phone)
    portal.fill("#id_password", "not the password")
    portal.click("main button.btn-primary")
    assert portal.locator(".alert, .field-error, .form-errors").count() >= 1
    axe(portal)

    portal.fill("#id_password", password)
    portal.click("main button.btn-primary")
    portal.wait_for_url("**/members/account/password/")
    axe(portal)
    portal.fill("#id_new_password1", "12345678901")
    portal.fill("#id_new_password2", "12345678901")
    portal.click("main button.btn-primary")
    expect(portal.locator(".field-error")).to_have_count(1)

    portal.fill("#id_new_password1", "a sentence of my own")
    portal.fill("#id_new_password2", "a sentence of my own")
    portal.click("main button.btn-primary")
    portal.wait_for_url(lambda url: url.endswith("/"))
    expect(portal.locator("h1")).to_contain_text("王小明", use_inner_text=True)
    axe(portal)
