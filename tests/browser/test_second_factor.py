"""The second factor, from its set-up over daily use to a lost phone (AN-06, AN-07)."""

import base64

from django_otp.oath import TOTP
from playwright.sync_api import expect

from members.models import Authenticator
from tests import build


def typed_password(page, user):
    page.visit("/members/sign-in/")
    page.fill("#id_username", user.username)
    page.fill("#id_password", build.PASSWORD)
    page.click("main button.btn-primary")


def code_of(key_text):
    """What an app shows that was given the key of the page."""
    return f"{TOTP(base64.b32decode(key_text.replace(' ', ''))).token():06}"


def test_from_the_first_code_to_a_lost_phone(portal, axe):
    secretary = build.secretary(of=build.branch("中共青石村支部"))
    typed_password(portal, secretary)
    portal.wait_for_url("**/second-factor/set-up/")
    axe(portal)
    shown = portal.locator("img.qr").bounding_box()
    assert shown["width"] > 150
    portal.click("main details summary")
    key = portal.locator(".slip-word").inner_text()
    portal.fill("#id_code", "000000")
    portal.click("main button.btn-primary")
    expect(portal.locator(".field-error")).to_have_count(1)
    axe(portal)

    portal.fill("#id_code", code_of(key))
    portal.click("main button.btn-primary")
    portal.wait_for_selector(".codes")
    codes = portal.locator(".codes li").all_inner_texts()
    axe(portal)
    with portal.expect_download() as kept:
        portal.click("main a[download]")
    assert kept.value.path().read_text().split() == codes
    portal.click("main .form-actions a.btn-primary")
    portal.wait_for_url(lambda url: url.endswith("/"))

    sign_out(portal)
    typed_password(portal, secretary)
    portal.wait_for_url("**/sign-in/code/")
    axe(portal)
    portal.visit("/members/roll/")
    assert portal.url.endswith("/sign-in/code/")
    portal.fill("#id_code", build.code(secretary))
    portal.click("main button.btn-primary")
    portal.wait_for_url(lambda url: url.endswith("/"))

    sign_out(portal)
    typed_password(portal, secretary)
    portal.fill("#id_code", codes[0])
    portal.click("main button.btn-primary")
    portal.wait_for_url(lambda url: url.endswith("/"))
    portal.visit("/members/account/second-factor/")
    expect(portal.locator("main")).to_contain_text("9", use_inner_text=True)
    axe(portal)


def sign_out(page):
    page.context.clear_cookies()


def test_a_member_without_an_office_never_meets_it(portal):
    member = build.user(member=build.member("王小明"))
    typed_password(portal, member)
    portal.wait_for_url(lambda url: url.endswith("/"))

    assert not Authenticator.objects.exists()


def test_the_secretary_helps_a_member_who_lost_the_phone(portal, axe):
    branch = build.branch("中共青石村支部")
    person = build.member("王小明", branch=branch)
    build.authenticator(build.user(member=person))
    portal.sign_in(build.secretary(of=branch))
    portal.visit(f"/members/{person.pk}/")
    portal.click("form[action$='/account/second-factor/'] button")
    axe(portal)
    portal.click("main button.btn-danger")
    portal.wait_for_url(f"**/members/{person.pk}/")

    assert not Authenticator.objects.filter(user__member=person).exists()
    expect(portal.locator(".message-success")).to_have_count(1)
