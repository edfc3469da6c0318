"""A member asks for a correction; the secretary accepts it; the member reads so. Another
takes the request back on the page of the own data."""

from playwright.sync_api import expect

from members.models import Correction, MailAddress, Member
from tests import build


def test_a_member_asks_and_is_answered(portal, axe):
    branch = build.branch("中共青石村支部委员会")
    member = build.user(
        member=build.member("薛丽华", branch=branch, phone="13955512345")
    )
    secretary = build.secretary(of=branch)

    portal.sign_in(member)
    portal.visit("/members/me/")
    portal.locator("a[href*='corrections'][href$='field=phone']").click()
    portal.fill("#id_proposed", "1395551")
    portal.click("main form button.btn-primary")
    expect(portal.locator(".field-error")).to_have_count(1)
    axe(portal)
    portal.fill("#id_proposed", "139 5551 9999")
    portal.click("main form button.btn-primary")
    portal.wait_for_url(lambda url: "corrections/add" not in url)
    assert Correction.objects.get().state == "open"

    portal.context.clear_cookies()
    portal.sign_in(secretary)
    expect(portal.locator("main")).to_contain_text("薛丽华", use_inner_text=True)
    portal.get_by_role("link", name="薛丽华").first.click()
    portal.wait_for_url("**/corrections/**")
    assert "13955519999" not in portal.content()
    axe(portal)
    portal.locator("form[action*='accept'] button.btn-primary").click()
    portal.wait_for_load_state("networkidle")
    assert Correction.objects.get().state == "accepted"
    assert Member.objects.get(pk=member.member_id).phone == "13955519999"

    portal.context.clear_cookies()
    portal.sign_in(member)
    expect(portal.locator("main")).to_contain_text("手机号码", use_inner_text=True)


def test_a_member_reads_what_is_held_and_deletes_what_was_given_by_choice(portal, axe):
    """SEC-05: from the account to the deletion in three clicks (CR-13)."""
    member = build.user(member=build.member("薛丽华"))
    build.mail_address(member, "xue@mail.example")
    build.correction(member.member, by=member)

    portal.sign_in(member)
    portal.visit("/members/account/")
    portal.click("main a[href$='/me/data/']")
    axe(portal)
    expect(portal.locator("#rule a[href*='/delete/']")).to_have_count(0)
    for kind in ("mail_address", "corrections"):
        portal.click(f"#{kind} a[href*='/delete/']")
        axe(portal)
        portal.click("main form button.btn-danger")
        portal.wait_for_selector(".message-success")
        assert portal.url.endswith("/me/data/")
        expect(portal.locator(f"#{kind} a[href*='/delete/']")).to_have_count(0)

    assert not MailAddress.objects.exists()
    assert Correction.objects.get().state == "withdrawn"
