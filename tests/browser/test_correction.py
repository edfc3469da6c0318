"""A member asks for a correction; the secretary accepts it; the member reads so. Another
takes the request back on the page of the own data."""

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
    assert portal.locator(".field-error").count() == 1
    axe(portal)
    portal.fill("#id_proposed", "139 5551 9999")
    portal.click("main form button.btn-primary")
    portal.wait_for_url(lambda url: "corrections/add" not in url)
    assert Correction.objects.get().state == "open"

    portal.context.clear_cookies()
    portal.sign_in(secretary)
    assert "薛丽华" in portal.locator("main").inner_text()
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
    assert "手机号码" in portal.locator("main").inner_text()


def test_a_member_reads_what_is_held_and_deletes_what_was_given_by_choice(portal, axe):
    """SEC-05: from the account to the deletion in three clicks (CR-13)."""
    member = build.user(member=build.member("薛丽华"))
    build.mail_address(member, "xue@mail.example")
    build.correction(member.member, by=member)

    portal.sign_in(member)
    portal.visit("/members/account/")
    portal.click("main a[href$='/me/data/']")
    axe(portal)
    assert portal.locator("#rule a[href*='/delete/']").count() == 0
    for kind in ("mail_address", "corrections"):
        portal.click(f"#{kind} a[href*='/delete/']")
        axe(portal)
        portal.click("main form button.btn-danger")
        portal.wait_for_selector(".message-success")
        assert portal.url.endswith("/me/data/")
        assert portal.locator(f"#{kind} a[href*='/delete/']").count() == 0

    assert not MailAddress.objects.exists()
    assert Correction.objects.get().state == "withdrawn"
